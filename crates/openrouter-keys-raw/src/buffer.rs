//! The bytes of an answer as they come in, and of a request as it goes out.

use std::mem;

use bytes::Bytes;
use zeroize::Zeroize as _;

/// A body that grows. One that is secret leaves nothing behind in the memory that it gives back.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    is_secret: bool,
}

impl Buffer {
    pub(crate) fn new(is_secret: bool) -> Self {
        Self {
            bytes: Vec::new(),
            is_secret,
        }
    }

    /// One that is secret and full. Where nobody else holds the bytes, as nobody does of a request that was just written,
    /// they stay in their place, and none are left behind.
    pub(crate) fn secret(bytes: Bytes) -> Self {
        Self {
            bytes: bytes.into(),
            is_secret: true,
        }
    }

    /// Makes room for what is announced, if nothing came in yet.
    pub(crate) fn expect(&mut self, length: usize) {
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(length);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn extend(&mut self, chunk: &[u8]) {
        let needed = self.bytes.len() + chunk.len();
        if self.is_secret && needed > self.bytes.capacity() {
            // A vector that grows by itself gives its old memory back as it is.
            let mut larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()));
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(chunk);
    }

    /// All that came in. The buffer is empty afterwards; what is secret is overwritten with the last clone of this.
    pub(crate) fn freeze(&mut self) -> Bytes {
        let empty = Self::new(self.is_secret);
        Bytes::from_owner(mem::replace(self, empty))
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.is_secret {
            self.bytes.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Buffer;

    #[test]
    fn bytes_that_nobody_else_holds_stay_where_they_are() {
        let mut text = Vec::with_capacity(100);
        text.extend_from_slice(b"canary");
        let place = text.as_ptr();
        let body = Buffer::secret(Bytes::from(text)).freeze();
        assert_eq!((&*body, body.as_ptr()), (&b"canary"[..], place));
    }

    #[test]
    fn what_was_announced_is_not_moved() {
        for is_secret in [false, true] {
            let mut buffer = Buffer::new(is_secret);
            buffer.expect(10);
            buffer.extend(b"can");
            let place = buffer.bytes.as_ptr();
            buffer.extend(b"ary");
            assert_eq!(
                (buffer.bytes.as_ptr(), buffer.as_ref()),
                (place, &b"canary"[..])
            );
            buffer.extend(b", and more than was announced");
            assert_eq!(buffer.freeze(), "canary, and more than was announced");
        }
    }

    #[test]
    fn what_comes_in_comes_out() {
        for is_secret in [false, true] {
            let mut buffer = Buffer::new(is_secret);
            let mut expected = Vec::new();
            for size in [0, 1, 7, 100, 5000, 3] {
                let chunk: Vec<_> = (0..=u8::MAX).cycle().take(size).collect();
                buffer.extend(&chunk);
                expected.extend_from_slice(&chunk);
                assert_eq!(buffer.len(), expected.len());
            }
            assert_eq!(buffer.freeze(), expected);
            assert_eq!((buffer.len(), buffer.freeze().len()), (0, 0));
        }
    }
}
