//! How many requests are under way at once.

use std::time::Duration;

use openrouter_keys::{Client, ErrorKind, RetryPolicy};
use tokio::task::{JoinHandle, JoinSet};

use crate::support::listing::{offset, page_at};
use crate::support::{ByHand, HASH, TOKEN, VirtualClock, answer_all, builder_at, error, one_key};

fn client(server: &ByHand, clock: &VirtualClock, most: usize) -> Client {
    builder_at(server.base_url())
        .clock(clock.clone())
        .max_in_flight(most)
        .build()
        .unwrap()
}

fn get(client: &Client, hash: &str) -> JoinHandle<Result<(), openrouter_keys::Error>> {
    let call = client.get(hash).send();
    tokio::spawn(async move { call.await.map(drop) })
}

#[tokio::test]
async fn clones_and_siblings_have_no_more_than_there_may_be() {
    let mut server = ByHand::start().await;
    let client = client(&server, &VirtualClock::new(), 3);
    let mut calls = JoinSet::new();
    for number in 0..12 {
        let client = if number % 2 == 0 {
            client.clone()
        } else {
            client.with_key(TOKEN)
        };
        calls.spawn(async move { client.get(HASH).send().await });
    }
    let mut held = server.several(3).await;
    server.nothing_more().await;
    for _ in 3..12 {
        held.remove(0).answer(one_key());
        held.push(server.next().await);
        server.nothing_more().await;
    }
    answer_all(held, &one_key());
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(server.most(), 3);
}

#[tokio::test]
async fn without_a_word_there_are_32() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let calls: Vec<_> = (0..40).map(|_| get(&client, HASH)).collect();
    let held = server.several(32).await;
    server.nothing_more().await;
    answer_all(held, &one_key());
    let rest = server.several(8).await;
    answer_all(rest, &one_key());
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// A request is under way until its whole answer is there.
#[tokio::test]
async fn room_is_kept_until_the_body_is_read() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock, 1);
    let (first, second) = (get(&client, "01"), get(&client, "02"));
    let beginning = crate::support::Answer::raw("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{");
    server.next().await.answer(beginning.then_stall());
    server.nothing_more().await;
    // The attempt is given up, and then there is room; it comes again after the one that waits.
    clock.advance(Duration::from_secs(20));
    let held = server.next().await;
    assert_eq!(held.hash(), "02");
    held.answer(one_key());
    server.next().await.answer(one_key());
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_came_first_goes_first() {
    let mut server = ByHand::start().await;
    let client = client(&server, &VirtualClock::new(), 1);
    let hashes = ["01", "02", "03", "04", "05"];
    let calls: Vec<_> = hashes.iter().map(|hash| get(&client, hash)).collect();
    for hash in hashes {
        let held = server.next().await;
        assert_eq!(held.hash(), hash);
        held.answer(one_key());
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_call_whose_time_runs_out_was_not_sent() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock, 2);
    let calls = [get(&client, HASH), get(&client, HASH)];
    let held = server.several(2).await;

    let second = Duration::from_secs(1);
    let waiting = client.create("Customer 42").timeout(10 * second).send();
    let waiting = tokio::spawn(waiting);
    server.nothing_more().await;
    // It would have less time than a connection may take, which is 5 seconds.
    clock.advance(4 * second);
    server.nothing_more().await;
    assert!(!waiting.is_finished());
    clock.advance(second);
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!((error.attempts(), error.status()), (0, None));
    assert!(!error.maybe_applied() && error.is_retryable(), "{error}");
    assert_eq!(
        error.to_string(),
        "create key: not sent in time: the client had 2 requests under way, as many as its max_in_flight allows"
    );

    answer_all(held, &one_key());
    for call in calls {
        call.await.unwrap().unwrap();
    }
    server.nothing_more().await;
}

/// What an earlier attempt did is not forgotten.
#[tokio::test]
async fn a_further_attempt_without_room_leaves_open_what_the_first_one_did() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock, 1);
    let update = client.update(HASH).unlimited();
    let update = tokio::spawn(update.timeout(Duration::from_secs(10)).send());
    let first = server.next().await;
    let other = get(&client, "02");
    server.nothing_more().await;
    first.answer(error(500, "down"));
    let held = server.next().await;
    assert_eq!(held.hash(), "02");
    server.nothing_more().await;
    clock.advance(Duration::from_secs(5));
    let error = update.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(error.maybe_applied() && error.is_retryable(), "{error}");
    held.answer(one_key());
    other.await.unwrap().unwrap();
}

/// The wait for room is not the attempt's.
#[tokio::test]
async fn an_attempt_has_its_whole_time() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock, 1);
    let (first, second) = (get(&client, "01"), get(&client, "02"));
    let held = server.next().await;
    server.nothing_more().await;
    // Of the 20 seconds that an attempt has.
    clock.advance(Duration::from_secs(15));
    held.answer(one_key());
    first.await.unwrap().unwrap();
    let held = server.next().await;
    clock.advance(Duration::from_secs(15));
    server.nothing_more().await;
    held.answer(one_key());
    second.await.unwrap().unwrap();
    assert!(clock.waits().is_empty(), "there was one attempt of each");
}

#[tokio::test]
async fn a_call_that_waits_to_try_again_takes_no_room() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let second = Duration::from_secs(1);
    let policy = RetryPolicy::default();
    let client = builder_at(server.base_url())
        .clock(clock.clone())
        .retry(policy.min_backoff(second).max_backoff(second))
        .max_in_flight(1)
        .build()
        .unwrap();
    let first = get(&client, "01");
    server.next().await.answer(error(500, "down"));
    server.nothing_more().await;
    assert_eq!(clock.waits().len(), 1);
    let second_call = get(&client, "02");
    server.next().await.answer(one_key());
    second_call.await.unwrap().unwrap();
    clock.advance(2 * second);
    server.next().await.answer(one_key());
    first.await.unwrap().unwrap();
}

/// Whether it was under way or waited: one that is dropped leaves its room to the next.
#[tokio::test]
async fn calls_that_are_dropped_leave_their_room() {
    let mut server = ByHand::start().await;
    let client = client(&server, &VirtualClock::new(), 1);
    let under_way = get(&client, "01");
    let held = server.next().await;
    let (waiting, last) = (get(&client, "02"), get(&client, "03"));
    server.nothing_more().await;
    waiting.abort();
    under_way.abort();
    held.given_up().await;
    let held = server.next().await;
    assert_eq!(held.hash(), "03");
    held.answer(one_key());
    last.await.unwrap().unwrap();
}

/// A server that takes 15 of the 90 seconds that a call has: eight at once, of which seven wait, would run out of time.
#[tokio::test]
async fn neither_runs_nor_listings_take_their_own_time_away() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock, 1);
    let hashes: Vec<_> = (0..20).map(|number| format!("{number:02}")).collect();
    let bulk = client.bulk().concurrency(20);
    let mut run = bulk.run(hashes, |client, hash| client.get(hash));
    let run = tokio::spawn(async move {
        while let Some(result) = run.next().await {
            result.unwrap();
        }
    });
    for _ in 0..20 {
        let held = server.next().await;
        server.nothing_more().await;
        clock.advance(Duration::from_secs(15));
        held.answer(one_key());
    }
    run.await.unwrap();

    let listing = tokio::spawn(client.list().collect_all());
    for _ in 0..22 {
        let held = server.next().await;
        server.nothing_more().await;
        clock.advance(Duration::from_secs(15));
        let page = page_at(2000, offset(&held.request).unwrap_or(0));
        held.answer(page);
    }
    assert_eq!(listing.await.unwrap().unwrap().len(), 2000);
}

#[test]
fn there_must_be_room_for_one() {
    let builder = builder_at("http://127.0.0.1:1/api/v1".to_owned());
    let error = builder.max_in_flight(0).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid `max_in_flight`: must be at least one request"
    );
}
