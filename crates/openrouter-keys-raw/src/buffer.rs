//! The bytes of an answer as they come in, and of a request as it goes out.

use std::mem;

use bytes::Bytes;
use zeroize::Zeroize as _;

/// A body that grows. One that is secret leaves nothing behind in the memory that it gives back.
pub(crate) struct Buffer {
    /// The first piece as it came, which is mostly all there is, until there is a second. Of what is secret, nothing: whoever
    /// it comes from would not overwrite it.
    first: Bytes,
    bytes: Vec<u8>,
    /// How long it is said to become.
    announced: usize,
    is_secret: bool,
}

impl Buffer {
    pub(crate) fn new(is_secret: bool) -> Self {
        Self {
            first: Bytes::new(),
            bytes: Vec::new(),
            announced: 0,
            is_secret,
        }
    }

    /// One that is secret and full. Where nobody else holds the bytes, as nobody does of a request that was just written,
    /// they stay in their place, and none are left behind.
    pub(crate) fn secret(bytes: Bytes) -> Self {
        let mut buffer = Self::new(true);
        buffer.bytes = bytes.into();
        buffer
    }

    /// Room for so much is made when it is needed.
    pub(crate) fn expect(&mut self, length: usize) {
        self.announced = length;
    }

    pub(crate) fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub(crate) fn extend(&mut self, chunk: Bytes) {
        if !self.is_secret && self.len() == 0 {
            self.first = chunk;
            return;
        }
        let first = mem::take(&mut self.first);
        self.copy(&first);
        self.copy(&chunk);
    }

    fn copy(&mut self, chunk: &[u8]) {
        let needed = self.bytes.len() + chunk.len();
        if needed > self.bytes.capacity() {
            // A vector that grows by itself gives its old memory back as it is.
            let most = needed.max(2 * self.bytes.capacity());
            let mut larger = Vec::with_capacity(most.max(self.announced));
            larger.extend_from_slice(&self.bytes);
            if self.is_secret {
                self.bytes.zeroize();
            }
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(chunk);
    }

    /// All that came in. The buffer is empty afterwards; what is secret is overwritten with the last clone of this.
    pub(crate) fn freeze(&mut self) -> Bytes {
        let mut full = mem::replace(self, Self::new(self.is_secret));
        if full.bytes.is_empty() {
            return mem::take(&mut full.first);
        }
        Bytes::from_owner(full)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        if self.bytes.is_empty() {
            &self.first
        } else {
            &self.bytes
        }
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
            buffer.extend(Bytes::from_static(b"c"));
            buffer.extend(Bytes::from_static(b"an"));
            let place = buffer.bytes.as_ptr();
            buffer.extend(Bytes::from_static(b"ary"));
            assert_eq!(
                (buffer.bytes.as_ptr(), buffer.as_ref()),
                (place, &b"canary"[..])
            );
            buffer.extend(Bytes::from_static(b", and more than was announced"));
            assert_eq!(buffer.freeze(), "canary, and more than was announced");
        }
    }

    #[test]
    fn one_piece_is_copied_only_if_it_is_secret() {
        for is_secret in [false, true] {
            let piece = Bytes::from(b"canary".to_vec());
            let place = piece.as_ptr();
            let mut buffer = Buffer::new(is_secret);
            buffer.extend(piece);
            assert_eq!(buffer.as_ref(), b"canary");
            assert_eq!(buffer.freeze().as_ptr() != place, is_secret);
        }
    }

    #[test]
    fn what_comes_in_comes_out() {
        for is_secret in [false, true] {
            let mut buffer = Buffer::new(is_secret);
            let mut expected = Vec::new();
            for size in [0, 1, 7, 100, 5000, 3] {
                let chunk: Vec<_> = (0..=u8::MAX).cycle().take(size).collect();
                expected.extend_from_slice(&chunk);
                buffer.extend(chunk.into());
                assert_eq!(buffer.len(), expected.len());
            }
            assert_eq!(buffer.freeze(), expected);
            assert_eq!((buffer.len(), buffer.freeze().len()), (0, 0));
        }
    }
}
