//! After a 429, all calls with the key wait.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openrouter_keys::{Client, Clock, Error, ErrorKind, RetryPolicy};
use tokio::task::JoinHandle;

use crate::support::{
    Answer, ByHand, HASH, Scripted, TOKEN, VirtualClock, answer_all, builder, builder_at, error,
    one_key,
};

const SECOND: Duration = Duration::from_secs(1);

fn client(server: &ByHand, clock: &VirtualClock) -> Client {
    let builder = builder_at(server.base_url());
    builder.clock(clock.clone()).build().unwrap()
}

fn get(client: &Client, hash: &str) -> JoinHandle<Result<(), Error>> {
    let call = client.get(hash).send();
    tokio::spawn(async move { call.await.map(drop) })
}

/// 429, and the wish to come back after so many seconds.
fn busy(seconds: u64) -> Answer {
    Answer::with_headers(429, &format!("retry-after: {seconds}\r\n"), "")
}

fn once() -> RetryPolicy {
    RetryPolicy::none()
        .min_backoff(Duration::ZERO)
        .max_backoff(Duration::ZERO)
}

#[tokio::test]
async fn a_429_holds_back_the_other_calls_and_no_siblings() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let client = client(&server, &clock);
    let sibling = client.with_key(TOKEN);
    let (first, under_way) = (get(&client, "01"), get(&client, "02"));
    let mut held = server.several(2).await;
    held.remove(0).answer(busy(30));
    server.nothing_more().await;
    clock.advance(10 * SECOND);
    let of_a_clone = get(&client.clone(), "03");
    server.nothing_more().await;
    assert_eq!(clock.waits(), [30 * SECOND, 20 * SECOND]);

    // What is under way is not disturbed, and a sibling has nothing to wait for.
    held.remove(0).answer(one_key());
    let of_a_sibling = get(&sibling, "04");
    let held = server.next().await;
    assert_eq!(held.hash(), "04");
    held.answer(one_key());
    of_a_sibling.await.unwrap().unwrap();
    under_way.await.unwrap().unwrap();

    clock.advance(19 * SECOND);
    server.nothing_more().await;
    clock.advance(SECOND);
    answer_all(server.several(2).await, &one_key());
    first.await.unwrap().unwrap();
    of_a_clone.await.unwrap().unwrap();
    // Then it is over.
    let last = get(&client, "05");
    server.next().await.answer(one_key());
    last.await.unwrap().unwrap();
    assert_eq!(clock.waits().len(), 2);
}

/// One wait, of the longer of both.
#[tokio::test]
async fn a_retry_waits_for_the_end_of_the_pause_too() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let client = client(&server, &clock);
    let calls: Vec<_> = (0..4).map(|_| get(&client, HASH)).collect();
    let answers = [busy(30), busy(5), error(500, "down"), busy(40)];
    for (held, answer) in server.several(4).await.into_iter().zip(answers) {
        held.answer(answer);
        server.nothing_more().await;
    }
    let seconds: Vec<_> = clock.waits().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [30, 30, 30, 40]);
    // Three have had their wait, and were told of another ten seconds meanwhile.
    clock.advance(30 * SECOND);
    server.nothing_more().await;
    let seconds: Vec<_> = clock.waits().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [30, 30, 30, 40, 10, 10, 10]);
    clock.advance(10 * SECOND);
    answer_all(server.several(4).await, &one_key());
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(clock.waits().len(), 7);
}

/// Without a `Retry-After`, it is as long as the call that met it waits, or would wait at first.
#[tokio::test]
async fn a_backoff_is_a_pause_too() {
    for attempts in [1, 2] {
        let mut server = ByHand::start().await;
        let clock = VirtualClock::patient();
        let policy = RetryPolicy::default().attempts(attempts);
        let client = builder_at(server.base_url())
            .clock(clock.clone())
            .retry(policy.min_backoff(4 * SECOND).max_backoff(4 * SECOND))
            .build()
            .unwrap();
        let first = get(&client, "01");
        server.next().await.answer(error(429, "busy"));
        server.nothing_more().await;
        let second = get(&client, "02");
        server.nothing_more().await;
        let waits = clock.waits();
        // The call that met it waits itself, if it has another attempt.
        assert_eq!(waits.len(), attempts as usize);
        if attempts == 1 {
            assert_eq!(waits, [4 * SECOND]);
        } else {
            assert_eq!(waits[0], waits[1]);
            assert!((4 * SECOND..=8 * SECOND).contains(&waits[0]), "{waits:?}");
        }
        clock.advance(waits[0]);
        answer_all(server.several(waits.len()).await, &one_key());
        assert_eq!(first.await.unwrap().is_ok(), attempts == 2);
        second.await.unwrap().unwrap();
    }
}

/// The retry's own wait may be the longer one.
#[tokio::test]
async fn a_retry_does_not_come_with_the_end_of_a_shorter_pause() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let client = client(&server, &clock);
    let calls = [get(&client, "01"), get(&client, "02")];
    let later = Answer::with_headers(503, "retry-after: 30\r\n", "");
    for (held, answer) in server.several(2).await.into_iter().zip([busy(5), later]) {
        held.answer(answer);
        server.nothing_more().await;
    }
    assert_eq!(clock.waits(), [5 * SECOND, 30 * SECOND]);
    clock.advance(30 * SECOND);
    answer_all(server.several(2).await, &one_key());
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// A service that says "at once" gets a moment, and a caller's own backoff of an hour holds nobody else back that long.
#[tokio::test]
async fn a_pause_is_neither_nothing_nor_longer_than_a_minute() {
    let hour = RetryPolicy::none().min_backoff(3600 * SECOND);
    let hour = hour.max_backoff(3600 * SECOND);
    let cases = [
        (busy(0), once(), SECOND / 10),
        (error(429, "busy"), hour, 60 * SECOND),
    ];
    for (answer, policy, wait) in cases {
        let clock = VirtualClock::new();
        let server = Scripted::start([answer, one_key()]).await;
        let client = builder(&server).clock(clock.clone()).build().unwrap();
        client.get(HASH).retry(policy).send().await.unwrap_err();
        client.get(HASH).send().await.unwrap();
        assert_eq!(clock.waits(), [wait]);
    }
}

/// A wait of an hour is heeded for a minute.
#[tokio::test]
async fn a_long_pause_is_reported_at_once_and_tried_after_a_minute() {
    let clock = VirtualClock::new();
    let server = Scripted::start([busy(3600), busy(3600), one_key(), one_key()]).await;
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    let get = async || client.get(HASH).send().await;
    for time in [3600, 3601] {
        let error = get().await.unwrap_err();
        assert_eq!(error.status().unwrap(), 429, "{time}");
        let sent = server.requests().len();
        for passed in [0, 59] {
            clock.advance(passed * SECOND);
            let error = client.create("a").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited);
            assert_eq!((error.status(), error.attempts()), (None, 0));
            let left = 3600 - u64::from(passed);
            assert_eq!(error.retry_after(), Some(Duration::from_secs(left)));
            assert!(!error.maybe_applied() && error.is_retryable(), "{error}");
            assert_eq!(
                error.to_string(),
                format!(
                    "create key: not sent: another request was answered 429, and the client has to wait {left} s"
                )
            );
        }
        assert_eq!(server.requests().len(), sent);
        clock.advance(SECOND);
    }
    get().await.unwrap();
    get().await.unwrap();
    assert!(clock.waits().is_empty());
}

/// A call that has not the time to wait ends at once.
#[tokio::test]
async fn a_call_waits_only_if_it_has_the_time_for_it() {
    let clock = VirtualClock::new();
    let server = Scripted::start([busy(30), one_key()]).await;
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    client.get(HASH).retry(once()).send().await.unwrap_err();
    // A connection may take five seconds.
    let short = client.get(HASH).timeout(34 * SECOND);
    let error = short.send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 0)
    );
    assert_eq!(error.retry_after(), Some(30 * SECOND));
    assert!(clock.waits().is_empty());
    let long = client.get(HASH).timeout(35 * SECOND);
    long.send().await.unwrap();
    assert_eq!(clock.waits(), [30 * SECOND]);
}

/// Calls with less time than a connection may take are sent when there is no pause, and after a short one too.
#[tokio::test]
async fn a_short_pause_is_no_error_to_a_call_with_little_time() {
    let clock = VirtualClock::new();
    let server = Scripted::start([busy(2), one_key()]).await;
    let client = builder(&server).clock(clock.clone()).timeout(4 * SECOND);
    let client = client.build().unwrap();
    client.get(HASH).retry(once()).send().await.unwrap_err();
    let shorter = client.get(HASH).timeout(3 * SECOND);
    let error = shorter.send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 0)
    );
    client.get(HASH).send().await.unwrap();
    assert_eq!(clock.waits(), [2 * SECOND]);
}

/// For a further attempt there must be as much time left as a connection may take.
#[tokio::test]
async fn a_retry_after_a_pause_needs_the_time_of_a_connection() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let client = client(&server, &clock);
    let short = client.get("01").timeout(8 * SECOND).send();
    let short = tokio::spawn(async move { short.await.map(drop) });
    let doubtful = server.next().await;
    let limited = tokio::spawn(client.get("02").retry(once()).send());
    server.next().await.answer(busy(4));
    limited.await.unwrap().unwrap_err();
    doubtful.answer(error(500, "down"));
    server.nothing_more().await;
    assert!(clock.waits().is_empty());
    let error = short.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
}

#[tokio::test]
async fn a_retry_that_would_wait_too_long_leaves_open_what_the_first_attempt_did() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::new();
    let client = client(&server, &clock);
    let update = tokio::spawn(client.update("01").unlimited().send());
    let doubtful = server.next().await;
    let limited = get(&client, "02");
    server.next().await.answer(busy(3600));
    assert_eq!(limited.await.unwrap().unwrap_err().attempts(), 1);
    doubtful.answer(error(500, "down"));
    let error = update.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
    assert!(error.maybe_applied() && error.is_retryable(), "{error}");
    assert_eq!(
        error.to_string(),
        "update key: not sent: another request was answered 429, and the client has to wait 3600 s \
         (the server may have done it)"
    );
    server.nothing_more().await;
}

/// Those who wait for room when the pause begins, and those who waited for one pause when the next begins.
#[tokio::test]
async fn nobody_who_waited_for_something_else_gets_past_a_pause() {
    let mut server = ByHand::start().await;
    let clock = VirtualClock::patient();
    let client = builder_at(server.base_url())
        .clock(clock.clone())
        .retry(once())
        .max_in_flight(1)
        .build()
        .unwrap();
    let calls: Vec<_> = (0..3).map(|_| get(&client, HASH)).collect();
    server.next().await.answer(busy(30));
    server.nothing_more().await;
    clock.advance(30 * SECOND);
    server.next().await.answer(busy(20));
    server.nothing_more().await;
    clock.advance(20 * SECOND);
    server.next().await.answer(one_key());
    let mut succeeded = 0;
    for call in calls {
        succeeded += usize::from(call.await.unwrap().is_ok());
    }
    assert_eq!(succeeded, 1);
    server.nothing_more().await;
}

/// Ends every wait at once, and stands still.
#[derive(Clone, Debug)]
struct Hurry {
    now: Instant,
    waits: Arc<AtomicUsize>,
}

impl Clock for Hurry {
    fn now(&self) -> Instant {
        self.now
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let waits = self.waits.fetch_add(1, Ordering::SeqCst);
        assert!(waits < 10, "waits for ever");
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_clock_that_stands_still_makes_nobody_wait_twice() {
    let clock = Hurry {
        now: Instant::now(),
        waits: Arc::default(),
    };
    let server = Scripted::start([busy(30), one_key(), one_key()]).await;
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    client.get(HASH).send().await.unwrap();
    assert_eq!(clock.waits.load(Ordering::SeqCst), 1);
    client.get(HASH).send().await.unwrap();
    assert_eq!(clock.waits.load(Ordering::SeqCst), 2);
}

#[test]
fn a_blocking_client_waits_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Scripted::start([busy(30), one_key()]));
    let clock = VirtualClock::new();
    let builder = builder(&server).clock(clock.clone()).retry(once());
    let client = builder.build_blocking().unwrap();
    client.get(HASH).send().unwrap_err();
    client.clone().get(HASH).send().unwrap();
    assert_eq!(clock.waits(), [30 * SECOND]);
}
