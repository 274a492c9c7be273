//! Calls that are dropped at whatever point they wait, as a timeout or a client that hangs up does.

use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use openrouter_keys_emulator::{Fault, Route};

use crate::support::World;

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

/// With a lost answer in it, the call also looks, removes and sends again.
#[tokio::test]
async fn ensure_dropped_at_every_point_and_called_again_makes_one_key() {
    for fault in [None, Some(Fault::commit_then_reset().on(Route::Create))] {
        let mut is_done = false;
        let mut turns = 0;
        while !is_done {
            assert!(turns < MOST_TURNS, "it does not end");
            let world = World::new().await;
            if let Some(fault) = &fault {
                world.emulator.inject(fault.clone());
            }
            let provisioner = world.provisioner();
            let ensure = || provisioner.ensure("a", |key| key.limit(5)).name("A");
            let first = polled(turns, ensure().into_future()).await;
            is_done = first.is_some();

            // With the same provisioner, whose turn must be free again, and what it learned true.
            let made = ensure().await;
            let made = made.unwrap_or_else(|error| panic!("after {turns} turns: {error}"));
            assert_eq!(made.key.name, "A");
            assert_eq!(made.key.limit, Some(5.0));
            assert_eq!(
                world.opens(made.secret).await,
                made.key.label,
                "after {turns} turns"
            );
            // A create that was on its way when it was dropped may have arrived after it was looked for.
            let later = world.provisioner().longest_delay(Duration::ZERO);
            later.sweep().await.expect("the emulator answers");
            let hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
            assert_eq!(hashes, [made.key.hash], "after {turns} turns");
            turns += 1;
        }
        println!("dropped after each of {turns} turns");
        assert!(turns > 4, "it waits for four answers at the least");
    }
}
