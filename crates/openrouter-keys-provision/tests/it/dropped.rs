//! Calls that are dropped at whatever point they wait, as a timeout or a client that hangs up does.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use openrouter_keys_emulator::{Fault, Route};
use openrouter_keys_provision::{Ensure, Entry, Ledger, LedgerError, Provisioner};
use tokio::task::yield_now;

use crate::support::{Shared, World};

/// More turns than any call here takes.
const MOST_TURNS: usize = 500;

/// Polls the future so many times at the most, and drops it. What it came to, if it came to its end.
async fn polled<T>(turns: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = turns;
    std::future::poll_fn(move |context: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A ledger that waits before and after each thing that it does: what was dropped may have been done.
struct Waiting(Shared);

impl Ledger for Waiting {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        yield_now().await;
        let entries = self.0.read(intent).await;
        yield_now().await;
        entries
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        yield_now().await;
        let appended = self.0.append(intent, position, entry).await;
        yield_now().await;
        appended
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        yield_now().await;
        self.0.intents().await
    }
}

fn provisioner(world: &World) -> Provisioner<Waiting> {
    let ledger = Waiting(Arc::clone(&world.ledger));
    Provisioner::new(world.client.clone(), ledger)
        .longest_delay(Duration::ZERO)
        .patience(Duration::ZERO)
}

fn ensure(provisioner: &Provisioner<Waiting>) -> Ensure<'_, Waiting> {
    provisioner.ensure("a", |key| key.limit(5)).name("A")
}

/// With a lost answer in it, the call also looks, removes and sends again.
#[tokio::test]
async fn ensure_dropped_at_every_point_and_called_again_makes_one_key() {
    for fault in [None, Some(Fault::commit_then_reset().on(Route::Create))] {
        for turns in 0.. {
            assert!(turns < MOST_TURNS, "it does not end");
            let world = World::new().await;
            if let Some(fault) = &fault {
                world.emulator.inject(fault.clone());
            }
            let provisioner = provisioner(&world);
            let first = polled(turns, ensure(&provisioner).into_future()).await;

            // With the same provisioner, whose turn must be free again, and what it learned true.
            let made = ensure(&provisioner).await;
            let made = made.unwrap_or_else(|error| panic!("after {turns} turns: {error}"));
            assert_eq!(made.key.name, "A");
            assert_eq!(made.key.limit, Some(5.0));
            let opened = world.opens(made.secret).await;
            assert_eq!(opened, made.key.label, "after {turns} turns");
            // A create that was on its way when it was dropped may have arrived after it was looked for.
            provisioner.sweep().await.expect("the emulator answers");
            let hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
            assert_eq!(hashes, [made.key.hash], "after {turns} turns");
            if first.is_some() {
                println!("ensure waits {turns} times");
                assert!(turns > 16, "for four answers, and twice for each entry");
                break;
            }
        }
    }
}

#[tokio::test]
async fn remove_dropped_at_every_point_and_called_again_leaves_nothing() {
    for is_ready in [true, false] {
        for turns in 0.. {
            assert!(turns < MOST_TURNS, "it does not end");
            let world = World::new().await;
            let provisioner = provisioner(&world);
            if !is_ready {
                let refused = Fault::status(500).on(Route::Update);
                world.emulator.inject(refused);
            }
            assert_eq!(ensure(&provisioner).await.is_ok(), is_ready);
            let first = polled(turns, provisioner.remove("a")).await;
            provisioner.remove("a").await.expect("it is known");
            assert_eq!(world.keys().await, [], "after {turns} turns");
            if first.is_some() {
                println!("remove waits {turns} times");
                assert!(turns > 4, "for an answer, and twice for each entry");
                break;
            }
        }
    }
}
