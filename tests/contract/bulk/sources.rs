//! Where the items come from, and when they are taken.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;
use openrouter_keys::{Client, Error};
use openrouter_keys_emulator::{Emulator, Route};

use super::{hashes, pause};
use crate::support::{ByHand, answer_all, base_url_of, builder_at, client_of, emulator, one_key};

/// Nothing is taken before there is room for its call.
#[tokio::test]
async fn items_are_taken_one_by_one() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let taken = Rc::new(Cell::new(0));
    let counts = Rc::clone(&taken);
    let items = hashes(10).into_iter().inspect(move |_| {
        counts.set(counts.get() + 1);
    });
    let mut run = client.bulk().concurrency(3).run(items, pause);
    assert_eq!(taken.get(), 0);
    for done in 0..10 {
        // Polls it until a request is there that was not answered, and then answers that.
        let held = tokio::select! {
            biased;
            result = run.next() => panic!("nobody answered: {result:?}"),
            held = server.next() => held,
        };
        assert_eq!(taken.get(), (done + 3).min(10));
        held.answer(one_key());
        run.next().await.unwrap().unwrap();
        assert_eq!(taken.get(), (done + 3).min(10));
    }
    assert!(run.next().await.is_none());
}

/// Hands these out, each after it was asked in vain, and must not be asked after the last one or an error.
struct Waits {
    items: VecDeque<Result<String, Error>>,
    is_ready: bool,
    has_ended: bool,
}

impl Waits {
    fn new(items: impl IntoIterator<Item = Result<String, Error>>) -> Self {
        Self {
            items: items.into_iter().collect(),
            is_ready: false,
            has_ended: false,
        }
    }
}

impl Stream for Waits {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        assert!(!self.has_ended, "it has ended");
        self.is_ready = !self.is_ready;
        if self.is_ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = self.items.pop_front();
        self.has_ended = item.as_ref().is_none_or(Result::is_err);
        Poll::Ready(item)
    }
}

#[tokio::test]
async fn a_stream_that_waits_is_waited_for() {
    let emulator = emulator(Emulator::builder().keys(20)).await;
    let client = client_of(&emulator);
    let keys = client.list().send().await.unwrap().keys;
    let items = Waits::new(keys.into_iter().map(|key| Ok(key.hash.to_string())));
    let mut run = client.bulk().concurrency(3).run_stream(items, pause);
    let mut done = 0;
    while let Some(result) = run.next().await {
        assert!(result.unwrap().1.disabled);
        done += 1;
    }
    assert_eq!(done, 20);
}

/// Its error comes once, and what was under way after it.
#[tokio::test]
async fn a_stream_that_fails_ends_nothing_but_itself() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let failure = client.get("..").send().await.unwrap_err();
    let says = failure.to_string();
    let items = hashes(2).into_iter().map(Ok);
    let items = items.chain([Err(failure)]).chain([Ok("03".to_owned())]);
    let mut run = client.bulk().run_stream(Waits::new(items), pause);
    let failed = run.next().await.unwrap().unwrap_err();
    assert_eq!((failed.item, failed.error.to_string()), (None, says));
    answer_all(server.several(2).await, &one_key());
    let mut done = Vec::new();
    while let Some(result) = run.next().await {
        done.push(result.unwrap().0);
    }
    done.sort();
    assert_eq!(done, hashes(2));
    let (_, rest) = run.into_parts();
    assert_eq!(rest.items.len(), 1);
}

/// The rows that are listed go away while the next page is asked for.
#[tokio::test]
async fn what_is_listed_is_removed() {
    // What is listed ahead does not stay where it was.
    for (room, concurrency) in [(1, 8), (8, 8), (64, 64)] {
        let emulator = emulator(Emulator::builder().keys(2000)).await;
        let client = Client::builder()
            .base_url(base_url_of(&emulator))
            .management_key(emulator.management_key())
            .max_in_flight(room)
            .build()
            .unwrap();
        let keys = client.list().include_all().concurrency(concurrency);
        let mut run = client
            .bulk()
            .concurrency(concurrency)
            .run_stream(keys.stream(), |client, key| client.delete(&key.hash));
        let mut removed = 0;
        while let Some(result) = run.next().await {
            result.unwrap();
            removed += 1;
        }
        assert_eq!(removed, 2000, "{room}, {concurrency}");
        let left = client.list().include_all().send().await.unwrap();
        assert!(left.keys.is_empty());
        assert!(
            emulator.requests(Route::List) < 150,
            "{room}, {concurrency}"
        );
    }
}
