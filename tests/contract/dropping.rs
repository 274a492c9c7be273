//! Futures that are dropped at whatever point they wait: nothing panics, and the client goes on.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use openrouter_keys::{Client, Clock, Error, RetryPolicy};
use openrouter_keys_emulator::Emulator;

use crate::support::{Scripted, Verb, builder, client_of, error};

/// More turns than any call here takes.
const MOST_TURNS: usize = 500;

/// Waits between attempts for one turn.
#[derive(Debug)]
struct OneTurn;

impl Clock for OneTurn {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::task::yield_now())
    }
}

/// Polls the future so many times at the most, and drops it. Whether it came to its end.
async fn polled<T>(turns: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut left = turns;
    std::future::poll_fn(move |context: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// Drops calls of `verb` after one turn, two turns and so on, until one comes to its end; after each, the client makes a
/// call that goes well, as `ends` says. How many turns there are.
async fn dropped_everywhere(client: &Client, verb: Verb, ends: impl Fn(&Error) -> bool) -> usize {
    for turns in 0..MOST_TURNS {
        let is_done = polled(turns, verb.call(client)).await;
        if let Err(error) = verb.call(client).await {
            assert!(ends(&error), "{verb:?} after one that was dropped: {error}");
        }
        if is_done {
            return turns;
        }
    }
    panic!("{verb:?} does not end");
}

#[tokio::test]
async fn calls_of_the_emulator() {
    let emulator = Emulator::builder().keys(3).start().await.unwrap();
    let client = client_of(&emulator);
    for verb in Verb::ALL {
        let turns = dropped_everywhere(&client, verb, Error::is_not_found);
        assert!(turns.await > 1, "{verb:?} never waited");
    }
}

/// The answer comes in pieces, with a wait for each.
#[tokio::test]
async fn calls_that_succeed_slowly() {
    for verb in Verb::ALL {
        let answer = verb.good_answer().in_pieces(50);
        let server = Scripted::start(vec![answer; 2 * MOST_TURNS]).await;
        // Where a call that is dropped would keep its room, there would be none for the next one.
        let client = builder(&server).max_in_flight(1).build().unwrap();
        let turns = dropped_everywhere(&client, verb, |_| false).await;
        // An answer with a key in it is more than ten pieces.
        let fewest = if verb == Verb::Delete { 2 } else { 10 };
        assert!(turns >= fewest, "{verb:?} waited {turns} times");
    }
}

#[tokio::test]
async fn calls_that_are_repeated() {
    for verb in Verb::ALL {
        let server = Scripted::start(vec![error(429, "busy"); 6 * MOST_TURNS]).await;
        let policy = RetryPolicy::default().budget(u32::MAX);
        let client = builder(&server)
            .clock(OneTurn)
            .retry(policy)
            .max_in_flight(1)
            .build()
            .unwrap();
        let turns = dropped_everywhere(&client, verb, Error::is_rate_limited).await;
        assert!(turns > 4, "{verb:?} waited {turns} times");
    }
}
