//! All keys, one after the other, for those who wait.

use std::fmt;
use std::vec;

use super::mode::Blocking;
use crate::error::Error;
use crate::listing::PageStream;
use crate::model::Key;
use crate::transport::Operation;

/// Every key that a listing matches, newest first, exactly once: the iterator of a
/// [`ListKeys`](crate::operations::ListKeys) that a [`blocking::Client`](super::Client) made.
///
/// It waits when the keys of a page have been taken. All else is as [`KeyStream`](crate::KeyStream) has it, the errors too:
/// one is the last thing that comes.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let servers = tokio::runtime::Runtime::new()?;
/// # let emulator = servers.block_on(openrouter_keys_emulator::Emulator::builder().keys(250).start())?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build_blocking()?;
/// let mut spent = 0.0; // USD
/// for key in client.list().include_all() {
///     spent += key?.usage.total;
/// }
/// # assert!(spent > 0.0);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before a key is asked for"]
pub struct KeyIter {
    mode: Blocking,
    /// `None`: it has ended.
    pages: Option<PageStream>,
    /// What came and was not taken yet.
    ready: vec::IntoIter<Key>,
}

impl KeyIter {
    pub(crate) fn new(mode: Blocking, pages: PageStream) -> Self {
        Self {
            mode,
            pages: Some(pages),
            ready: Vec::new().into_iter(),
        }
    }
}

impl Iterator for KeyIter {
    type Item = Result<Key, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.ready.next() {
                return Some(Ok(key));
            }
            let mut pages = self.pages.take()?;
            let next = self.mode.wait(Operation::List, async move {
                let keys = pages.next().await.transpose()?;
                Ok(keys.map(|keys| (keys, pages)))
            });
            match next.transpose()? {
                Ok((keys, pages)) => {
                    self.ready = keys.into_iter();
                    self.pages = Some(pages);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl std::iter::FusedIterator for KeyIter {}

impl fmt::Debug for KeyIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIter")
            .field("pages", &self.pages)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
