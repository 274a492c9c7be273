//! The keys of a listing, a page at a time.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use futures_core::Stream;

use super::ahead::Ahead;
use super::scan::{Paging, Verdict};
use super::task::Task;
use crate::concurrency::Concurrency;
use crate::error::{Error, ErrorKind, Inner};
use crate::model::{Key, KeyHash, Page};
use crate::operations::{ListKeys, Listing};
use crate::transport::Operation;

/// Every key that a listing matches, newest first and some at a time: what [`ListKeys::pages`] returns.
///
/// What comes are the keys of a page that no page before it had: never none, and at most as many as the service puts on
/// a page. All that [`KeyStream`](super::KeyStream) says of keys holds here too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(250).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let store = async |_: Vec<openrouter_keys::Key>| {};
/// let mut pages = client.list().include_all().pages();
/// while let Some(keys) = pages.next().await {
///     store(keys?).await;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As of [`KeyStream`](super::KeyStream#errors).
///
/// # Panics
/// As [`KeyStream`](super::KeyStream#panics).
#[must_use = "nothing is sent before keys are asked for"]
pub struct PageStream {
    /// What is being listed. `None`: nothing any more.
    listing: Option<Current>,
    /// What is to be listed after it.
    later: VecDeque<ListKeys>,
    /// What is wrong with the arguments.
    invalid: Option<Error>,
    concurrency: usize,
}

/// One listing, and what it has under way.
struct Current {
    list: ListKeys,
    ahead: Ahead<KeyHash, DateTime<Utc>, Task<Page>>,
    /// Requests since there was a new key.
    fruitless: u32,
}

impl PageStream {
    pub(crate) fn new(listing: Result<Listing, Error>) -> Self {
        let (listing, invalid) = match listing {
            Ok(listing) => (listing, None),
            Err(error) => (Listing::default(), Some(error)),
        };
        let mut stream = Self {
            listing: None,
            later: listing.parts.into(),
            invalid,
            concurrency: listing.concurrency,
        };
        stream.go_on();
        stream
    }

    /// More keys, or `None` after the last ones and after an error.
    ///
    /// The future may be dropped before it is done: see [`KeyStream::next`](super::KeyStream::next).
    ///
    /// # Errors
    /// See [`KeyStream`](super::KeyStream#errors).
    pub async fn next(&mut self) -> Option<Result<Vec<Key>, Error>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Key>, Error>>> {
        if let Some(error) = self.invalid.take() {
            return Poll::Ready(Some(Err(error)));
        }
        // Taken out while it is polled: a listing whose request panicked has ended.
        while let Some(mut current) = self.listing.take() {
            match current.poll(context) {
                Poll::Pending => {
                    self.listing = Some(current);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(keys))) => {
                    self.listing = Some(current);
                    if !keys.is_empty() {
                        return Poll::Ready(Some(Ok(keys)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.later.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => self.go_on(),
            }
        }
        Poll::Ready(None)
    }

    /// Begins with what is to be listed next.
    fn go_on(&mut self) {
        let next = self.later.pop_front();
        self.listing = next.map(|list| Current::new(list, self.concurrency));
    }
}

impl Current {
    fn new(list: ListKeys, concurrency: usize) -> Self {
        let from_one = Concurrency::from_one(concurrency, list.rate_limits());
        Self {
            ahead: Ahead::new(Paging::service(concurrency), list.start(), from_one),
            list,
            fruitless: 0,
        }
    }

    /// The new keys of the next page, of which there may be none, or `None` at the end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<Key>, Error>>> {
        let list = &self.list;
        let Some(request) = self.ahead.ask(|offset| Task::spawn(list.page(offset))) else {
            return Poll::Ready(None);
        };
        let answer = ready!(Pin::new(request).poll(context));
        Poll::Ready(Some(answer.and_then(|page| self.receive(page.keys))))
    }

    fn receive(&mut self, keys: Vec<Key>) -> Result<Vec<Key>, Error> {
        self.fruitless += 1;
        match self.ahead.receive(&keys, self.list.rate_limits()) {
            Verdict::Accept { new, .. } => {
                if !new.is_empty() {
                    self.fruitless = 0;
                }
                Ok(self.select(keys, &new))
            }
            Verdict::StepBack => Ok(Vec::new()),
            Verdict::Lost => Err(lost(self.fruitless)),
        }
    }

    /// Those of the keys that are at these places, which rise.
    fn select(&self, mut keys: Vec<Key>, places: &[usize]) -> Vec<Key> {
        let mut places = places.iter().peekable();
        let mut place = 0;
        keys.retain_mut(|key| {
            let is_new = places.next_if_eq(&&place).is_some();
            place += 1;
            if is_new && key.workspace_id.is_none() {
                key.workspace_id = self.list.workspace().map(ToOwned::to_owned);
            }
            is_new
        });
        keys
    }
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

impl Stream for PageStream {
    type Item = Result<Vec<Key>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl fmt::Debug for PageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("PageStream");
        if let Some(Current { list, ahead, .. }) = &self.listing {
            debug
                .field("list", list)
                .field("under_way", &ahead.under_way());
        }
        debug
            .field("later", &self.later.len())
            .finish_non_exhaustive()
    }
}
