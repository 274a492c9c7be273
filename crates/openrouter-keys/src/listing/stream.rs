//! The keys of a listing, one after the other.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use super::PageStream;
use crate::error::Error;
use crate::model::Key;

/// Every key that a listing matches, newest first: what [`ListKeys::stream`](crate::operations::ListKeys::stream) returns.
///
/// A key that matches from the first request to the last comes exactly once, whatever is made, changed and removed
/// meanwhile, by the caller too. One that begins or ceases to match on the way comes once or not at all.
///
/// Requests are begun only when all keys of a page have been taken and another key is asked for; each has the timeout and
/// the retries that the listing was given. The first three pages are asked for one at a time. Of a listing that has more,
/// pages are fetched ahead, more at a time as it goes on, up to
/// [`concurrency`](crate::operations::ListKeys::concurrency); fewer again when the service answers 429, and one at a time
/// again when keys came or went so that what was fetched does not fit. That is done on tasks of the tokio runtime, which
/// end when the stream is dropped.
///
/// What is kept in memory does not grow with the number of keys, as long as they come in the order of their creation and
/// not very many were made in the same instant.
///
/// [`next`](Self::next) needs no further crate. For the combinators of `futures` or `tokio-stream`, it is a
/// [`Stream`](https://docs.rs/futures-core/latest/futures_core/stream/trait.Stream.html) too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(250).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let mut keys = client.list().include_all().stream();
/// let mut spent = 0.0; // USD
/// while let Some(key) = keys.next().await {
///     spent += key?.usage.total;
/// }
/// # assert!(spent > 0.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// An error is the last thing that comes: after it the stream has ended, and another one begins anew. It is the error
/// of a page that could not be had, or of kind [`Listing`](crate::ErrorKind::Listing) where so many keys came and went
/// between two requests that the pages no longer connect: usually 7 requests in a row brought nothing new, at most 13 and
/// two more for each page that was fetched ahead. Then try again later, when fewer keys come and go. What came before it
/// is right, but not all.
///
/// # Panics
/// Where it is polled outside of a tokio runtime, and with the panic of a request, if one panics.
#[must_use = "nothing is sent before a key is asked for"]
pub struct KeyStream {
    pages: PageStream,
    /// What came and was not taken yet.
    ready: vec::IntoIter<Key>,
}

impl KeyStream {
    pub(crate) fn new(pages: PageStream) -> Self {
        Self {
            pages,
            ready: Vec::new().into_iter(),
        }
    }

    /// The next key, or `None` after the last one and after an error.
    ///
    /// The future may be dropped before it is done, in a `select!` for instance: no key is lost by it, and the requests
    /// that were under way go on.
    ///
    /// # Errors
    /// See [`KeyStream`](Self#errors).
    pub async fn next(&mut self) -> Option<Result<Key, Error>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Key, Error>>> {
        loop {
            if let Some(key) = self.ready.next() {
                return Poll::Ready(Some(Ok(key)));
            }
            match ready!(self.pages.poll(context)) {
                Some(Ok(keys)) => self.ready = keys.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Stream for KeyStream {
    type Item = Result<Key, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl fmt::Debug for KeyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStream")
            .field("pages", &self.pages)
            .field("ready", &self.ready.len())
            .finish()
    }
}
