//! How a bulk run is begun.

use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;

use super::BulkCall;
use super::stream::{BulkStream, Pull};
use crate::client::Client;
use crate::concurrency;
use crate::error::Error;

/// Makes the same call for many items, several at a time: what [`Client::bulk`] returns.
///
/// What comes of each item is handed out as soon as it is known, so a failure ends nothing but its own call. No more than
/// the items under way are held in memory.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(30).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let customers = client.list().send().await?.keys.into_iter().map(|key| key.hash);
/// let mut paused = client.bulk().run(customers, |client, hash| client.update(hash).disabled(true));
/// while let Some(result) = paused.next().await {
///     match result {
///         Ok((hash, key)) => assert!(key.disabled, "{hash}"),
///         Err(failed) => eprintln!("{:?}: {failed}", failed.item),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the next() of a run"]
pub struct Bulk {
    client: Client,
    concurrency: usize,
}

impl Bulk {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            concurrency: concurrency::DEFAULT,
        }
    }

    /// How many calls are under way at once: 8 by default, at least one.
    ///
    /// That many are begun with. When the service answers one of the client's calls with 429, it is half as many, and
    /// then more again as long as there is no further 429, up to this number. There are never more than the
    /// client's [`max_in_flight`](crate::ClientBuilder::max_in_flight).
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Makes `call` for each of `items`, and gives what comes of them in the order in which it comes.
    ///
    /// `call` gets a client and an item, and returns the builder of an update, a delete or a get. The next item is taken
    /// when there is room for its call.
    ///
    /// See [`BulkStream`] for what it hands out.
    pub fn run<I, F, C>(self, items: I, call: F) -> BulkStream<I::IntoIter, I::Item, C::Output, F>
    where
        I: IntoIterator,
        F: FnMut(&Client, &I::Item) -> C,
        C: BulkCall,
    {
        let pull: Pull<I::IntoIter, I::Item> = |items, _| Poll::Ready(items.next().map(Ok));
        BulkStream::new(self.client, self.concurrency, items.into_iter(), pull, call)
    }

    /// Makes `call` for each item of a stream, such as a listing: as [`run`](Self::run) does it.
    ///
    /// An error of the stream is handed out as one without an item, and is the last that is taken of it. The calls that are
    /// under way then are made to their end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(120).start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// let keys = client.list().include_all().stream();
    /// let mut removed = client.bulk().run_stream(keys, |client, key| client.delete(&key.hash));
    /// while let Some(result) = removed.next().await {
    ///     let (key, ()) = result?;
    ///     println!("removed {}", key.name);
    /// }
    /// # assert!(client.list().include_all().send().await?.keys.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A stream that is not `Unpin` goes in as `Box::pin(stream)`.
    pub fn run_stream<S, T, F, C>(self, keys: S, call: F) -> BulkStream<S, T, C::Output, F>
    where
        S: Stream<Item = Result<T, Error>> + Unpin,
        F: FnMut(&Client, &T) -> C,
        C: BulkCall,
    {
        let pull: Pull<S, T> = |keys, context| Pin::new(keys).poll_next(context);
        BulkStream::new(self.client, self.concurrency, keys, pull, call)
    }
}
