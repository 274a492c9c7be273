//! The keys of a listing, one after the other.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use chrono::{DateTime, Utc};
use futures_core::Stream;

use super::scan::{Paging, Scan, Verdict};
use crate::error::{Error, ErrorKind, Inner};
use crate::model::{Key, KeyHash, Page};
use crate::operations::ListKeys;
use crate::transport::Operation;

/// Every key that a listing matches, newest first: what [`ListKeys::stream`] returns.
///
/// A key that matches from the first request to the last comes exactly once, whatever is made, changed and removed
/// meanwhile, by the caller too. One that begins or ceases to match on the way comes once or not at all.
///
/// Pages are asked for one at a time, each when the keys of the one before have been taken, and each request has the
/// timeout and the retries that the listing was given. What is kept in memory does not grow with the number of keys,
/// as long as they come in the order of their creation and not very many were made in the same instant.
///
/// [`next`](Self::next) needs no further crate. For the combinators of `futures` or `tokio-stream`, it is a
/// [`Stream`] too.
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
/// of a page that could not be had, or of kind [`Listing`](ErrorKind::Listing) where so many keys came and went between
/// two requests that the pages no longer connect: at most 13 requests in a row brought nothing new, usually 7. Then try
/// again later, when fewer keys come and go. What came before it is right, but not all.
#[must_use = "nothing is sent before a key is asked for"]
pub struct KeyStream {
    list: ListKeys,
    scan: Scan<KeyHash, DateTime<Utc>>,
    /// What came and was not taken yet.
    ready: vec::IntoIter<Key>,
    /// Kept here and not in the future of `next`, so that nothing is lost when that is dropped.
    request: Option<Request>,
    next: Next,
    /// Requests since there was a new key.
    fruitless: u32,
}

type Request = Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>;

#[derive(Clone, Copy, Debug)]
enum Next {
    /// The first page, as the caller described it.
    First,
    /// The page at this offset.
    At(u64),
    Nothing,
}

impl KeyStream {
    /// `list` begins at the offset `start`.
    pub(crate) fn new(list: ListKeys, start: u64) -> Self {
        Self {
            list,
            scan: Scan::new(Paging::SERVICE, start),
            ready: Vec::new().into_iter(),
            request: None,
            next: Next::First,
            fruitless: 0,
        }
    }

    /// The next key, or `None` after the last one and after an error.
    ///
    /// The future may be dropped before it is done, in a `select!` for instance: no key is lost by it, and the request
    /// that was under way goes on with the next call.
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
            let request = match (&mut self.request, self.next) {
                (Some(request), _) => request,
                (none, Next::First) => none.insert(Box::pin(self.list.clone().send())),
                (none, Next::At(offset)) => {
                    none.insert(Box::pin(self.list.clone().offset(offset).send()))
                }
                (_, Next::Nothing) => return Poll::Ready(None),
            };
            let answer = ready!(request.as_mut().poll(context));
            self.request = None;
            if let Err(error) = answer.and_then(|page| self.receive(page)) {
                self.next = Next::Nothing;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn receive(&mut self, page: Page) -> Result<(), Error> {
        let rows = page
            .keys
            .iter()
            .map(|key| (key.hash.clone(), key.created_at));
        self.fruitless += 1;
        match self.scan.receive(&rows.collect::<Vec<_>>()) {
            Verdict::Accept { new, next } => {
                if !new.is_empty() {
                    self.fruitless = 0;
                }
                self.ready = select(page.keys, &new).into_iter();
                self.next = next.map_or(Next::Nothing, Next::At);
                Ok(())
            }
            Verdict::StepBack(offset) => {
                self.next = Next::At(offset);
                Ok(())
            }
            Verdict::Lost => Err(lost(self.fruitless)),
        }
    }
}

/// Those of the keys that are at these places, which rise.
fn select(keys: Vec<Key>, places: &[usize]) -> Vec<Key> {
    let mut places = places.iter().peekable();
    keys.into_iter()
        .enumerate()
        .filter_map(|(at, key)| places.next_if_eq(&&at).map(|_| key))
        .collect()
}

fn lost(requests: u32) -> Error {
    Error::new(Inner {
        kind: Some(ErrorKind::Listing),
        operation: Some(Operation::List),
        detail: "keys came and went faster than they could be listed: try again later, when fewer are made and \
                 removed"
            .to_owned(),
        attempts: requests,
        retryable: true,
        ..Inner::default()
    })
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
            .field("list", &self.list)
            .field("next", &self.next)
            .field("ready", &self.ready.len())
            .field("under_way", &self.request.is_some())
            .finish_non_exhaustive()
    }
}
