//! What comes of the items, one after the other.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::task::{Id, JoinSet};

use super::{BulkCall, BulkError};
use crate::client::Client;
use crate::concurrency::{self, Concurrency};
use crate::error::Error;
use crate::transport::{carried_over, given_up};

/// What comes of each item of a bulk run, in the order in which it comes: what [`Bulk::run`](super::Bulk::run) and
/// [`run_stream`](super::Bulk::run_stream) return.
///
/// Every item comes exactly once: with what its call gave, or in a [`BulkError`]. It is polled with [`next`](Self::next), or
/// as a [`Stream`](https://docs.rs/futures-core/latest/futures_core/stream/trait.Stream.html). Nothing is sent before; calls
/// that were begun go on by themselves while their caller does something else, and the next are begun when this is polled
/// again.
///
/// Each call has the timeout and the attempts that its builder or the client says, and takes its retries out of the client's
/// one [reserve](crate::RetryPolicy::budget). To try those that failed once more, begin another run with their items.
///
/// To end a run early, drop it, or take it [apart](Self::into_parts) to know what is left. The calls under way are
/// cancelled then, which does not call back what was sent: they may have been applied.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(3).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let mut hashes: Vec<_> = client.list().send().await?.keys.into_iter().map(|key| key.hash).collect();
/// # hashes.push("0000".parse()?);
/// let mut keys = client.bulk().run(hashes, |client, hash| client.get(hash));
/// let (mut found, mut gone) = (0, Vec::new());
/// while let Some(result) = keys.next().await {
///     match result {
///         Ok(_) => found += 1,
///         Err(failed) if failed.error.is_not_found() => gone.extend(failed.item),
///         Err(failed) => return Err(failed.into()),
///     }
/// }
/// # assert_eq!((found, gone.len()), (3, 1));
/// # Ok(())
/// # }
/// ```
///
/// `S` is where the items come from, `T` what they are, `O` what a call gives, and `F` what makes the call.
///
/// # Panics
/// Where it is polled outside of a tokio runtime, and with the panic of a call, if one panics.
#[must_use = "nothing is sent before the first result is asked for"]
pub struct BulkStream<S, T, O, F> {
    client: Client,
    concurrency: Concurrency,
    source: Source<S, T>,
    call: F,
    /// Taken from the source, and not begun yet.
    pulled: Option<T>,
    /// What the calls under way are for, with how many were begun before.
    items: HashMap<Id, (u64, T)>,
    begun: u64,
    /// Ends the calls with itself.
    calls: JoinSet<Result<O, Error>>,
}

type Outcome<T, O> = Result<(T, O), BulkError<T>>;

/// The next item of a source.
pub(super) type Pull<S, T> = fn(&mut S, &mut Context<'_>) -> Poll<Option<Result<T, Error>>>;

struct Source<S, T> {
    items: S,
    pull: Pull<S, T>,
    /// The run makes no sense, and nothing is taken.
    refused: Option<Error>,
    has_ended: bool,
}

impl<S, T> Source<S, T> {
    /// The next item, and nothing more after the end or an error.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let item = match self.refused.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None => (self.pull)(&mut self.items, context),
        };
        self.has_ended = matches!(item, Poll::Ready(None | Some(Err(_))));
        item
    }
}

impl<S, T, O, F> BulkStream<S, T, O, F> {
    pub(super) fn new(
        client: Client,
        concurrency: usize,
        items: S,
        pull: Pull<S, T>,
        call: F,
    ) -> Self {
        let refused = concurrency::checked(concurrency).err();
        let most = concurrency.clamp(1, client.settings().in_flight.most());
        Self {
            concurrency: Concurrency::from_most(most, client.rate_limits()),
            client,
            source: Source {
                items,
                pull,
                refused,
                has_ended: false,
            },
            call,
            pulled: None,
            items: HashMap::new(),
            begun: 0,
            calls: JoinSet::new(),
        }
    }

    /// Ends the run, and gives the items whose outcome was not handed out, in the order in which they were begun, and the
    /// rest of the source, from which nothing else was taken.
    ///
    /// Their calls are cancelled. Each may have been applied, and may even have ended, so begin them again: an update or
    /// a delete that is done twice comes to the same as one, but for a delete's 404.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(30).start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let hashes = client.list().send().await?.keys.into_iter().map(|key| key.hash);
    /// let mut paused = client.bulk().run(hashes, |client, hash| client.update(hash).disabled(true));
    /// for _ in 0..10 {
    ///     paused.next().await.expect("there are more")?;
    /// }
    /// let (under_way, rest) = paused.into_parts();
    ///
    /// // Later:
    /// let left = under_way.into_iter().chain(rest);
    /// let mut paused = client.bulk().run(left, |client, hash| client.update(hash).disabled(true));
    /// while let Some(result) = paused.next().await {
    ///     result?;
    /// }
    /// # assert!(client.list().include_all().send().await?.keys.iter().all(|key| key.disabled));
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_parts(self) -> (Vec<T>, S) {
        let mut items: Vec<_> = self.items.into_values().collect();
        items.sort_by_key(|(number, _)| *number);
        let items = items.into_iter().map(|(_, item)| item);
        (items.chain(self.pulled).collect(), self.source.items)
    }
}

impl<S, T, O, F, C> BulkStream<S, T, O, F>
where
    F: FnMut(&Client, &T) -> C,
    C: BulkCall<Output = O>,
    O: Send + 'static,
{
    /// What came of the next item whose call is over, or `None` when there is none left.
    ///
    /// The future may be dropped before it is done, in a `select!` for instance: nothing is lost by it, and all calls go on.
    ///
    /// # Errors
    /// See [`BulkError`]. After one without an item, only what was under way comes.
    pub async fn next(&mut self) -> Option<Result<(T, O), BulkError<T>>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Outcome<T, O>>> {
        let mut is_over = false;
        while self.calls.len() < self.concurrency.now() {
            if self.pulled.is_none() {
                match self.source.poll(context) {
                    Poll::Ready(Some(Ok(item))) => self.pulled = Some(item),
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Some(Err(BulkError { item: None, error })));
                    }
                    Poll::Ready(None) => {
                        is_over = true;
                        break;
                    }
                    Poll::Pending => break,
                }
            }
            self.begin();
        }
        match self.calls.poll_join_next_with_id(context) {
            Poll::Ready(Some(Ok((id, result)))) => Poll::Ready(Some(self.end(id, result))),
            Poll::Ready(Some(Err(failure))) => {
                // Of a call that panicked, the item is one whose outcome was not handed out.
                let id = failure.id();
                Poll::Ready(Some(self.end(id, Err(given_up(failure, C::given_up)))))
            }
            Poll::Ready(None) if is_over => Poll::Ready(None),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Begins the call for what was pulled. The item stays where it is until then, whatever panics.
    fn begin(&mut self) {
        let Some(item) = &self.pulled else {
            return;
        };
        let call = (self.call)(&self.client, item).make();
        // A task of its own, so that calls go on when nobody polls, and only those are polled that have a reason.
        let id = self.calls.spawn(carried_over(call)).id();
        if let Some(item) = self.pulled.take() {
            self.items.insert(id, (self.begun, item));
            self.begun += 1;
        }
    }

    fn end(&mut self, id: Id, result: Result<O, Error>) -> Outcome<T, O> {
        self.concurrency.answered(self.client.rate_limits());
        let (_, item) = self
            .items
            .remove(&id)
            .expect("a call has its item from when it is begun until it ends, and it ends once");
        match result {
            Ok(output) => Ok((item, output)),
            Err(error) => Err(BulkError {
                item: Some(item),
                error,
            }),
        }
    }
}

/// Nothing in it is pinned.
impl<S, T, O, F> Unpin for BulkStream<S, T, O, F> {}

impl<S, T, O, F, C> Stream for BulkStream<S, T, O, F>
where
    F: FnMut(&Client, &T) -> C,
    C: BulkCall<Output = O>,
    O: Send + 'static,
{
    type Item = Result<(T, O), BulkError<T>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl<S, T, O, F> fmt::Debug for BulkStream<S, T, O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkStream")
            .field("client", &self.client)
            .field("begun", &self.begun)
            .field("under_way", &self.items.len())
            .field("concurrency", &self.concurrency.now())
            .field("source_ended", &self.source.has_ended)
            .finish_non_exhaustive()
    }
}
