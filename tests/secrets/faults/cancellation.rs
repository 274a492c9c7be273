//! Calls that nobody waits for any more, and time.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use openrouter_keys::chrono::TimeDelta;
use tokio::sync::Notify;

use super::expect::builder;
use super::{Case, case};
use crate::support::{
    Answer, HASH, Scripted, Verb, VirtualClock, created, error, news_travels, one_key,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("63", "dropped before the send", before_the_send()),
        case("64", "dropped in mid-create", mid_create()),
        case(
            "65",
            "the runtime shuts down in mid-call",
            runtime_shutdown(),
        ),
        case("66", "the time of day jumps by a year", jump()),
    ]
}

async fn before_the_send() {
    let server = Scripted::start([]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    drop(client.create("a"));
    // A future does nothing until it is polled.
    drop(client.create("a").send());
    drop(client.delete(HASH).send());
    // One that is dropped while it connects has sent nothing either.
    let mut call = Box::pin(client.create("a").send());
    let polled = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context)));
    assert!(polled.await.is_pending());
    drop(call);
    news_travels().await;
    assert!(server.requests().is_empty());
}

async fn mid_create() {
    let arrived = Arc::new(Notify::new());
    let hangs = Answer::raw("").then_notify(&arrived).then_stall();
    let half = Answer::raw("HTTP/1.1 201 X\r\ncontent-length: 99\r\n\r\n{")
        .then_notify(&arrived)
        .then_stall();
    for trouble in [hangs, half] {
        let server = Scripted::start([trouble, created()]).await;
        let client = builder(&server, &VirtualClock::new()).build().unwrap();
        tokio::select! {
            result = client.create("a").send() => panic!("{result:?}"),
            () = arrived.notified() => {}
        }
        let _ = client.create("b").send().await.unwrap();
        let [first, second] = &server.requests()[..] else {
            panic!("two requests were expected");
        };
        assert_ne!(
            first.connection, second.connection,
            "the connection was used again"
        );
        assert_eq!(second.json()["name"], "b");
    }
}

async fn runtime_shutdown() {
    for verb in Verb::ALL {
        let arrived = Arc::new(Notify::new());
        let hangs = Answer::raw("").then_notify(&arrived).then_stall();
        let server = Scripted::start([hangs]).await;
        let client = builder(&server, &VirtualClock::new()).build().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let call = runtime.spawn(async move { verb.call(&client).await.map(drop) });
        arrived.notified().await;
        runtime.shutdown_background();
        let error = call.await.expect_err("the runtime is gone");
        assert!(error.is_cancelled(), "{error}");
    }
}

/// What a client waits, and how long a call may take, has nothing to do with the clock on the wall, which is set during
/// an attempt and between two of them.
async fn jump() {
    for days in [365, -365] {
        let clock = VirtualClock::new();
        let year = TimeDelta::days(days);
        let fails = |answer: Answer| answer.then_jump(&clock, year);
        let script = [
            fails(error(500, "no")),
            fails(Answer::raw("HTTP/1.1 5")).then_close(),
            one_key(),
        ];
        let server = Scripted::start(script).await;
        let client = builder(&server, &clock).build().unwrap();
        client.get(HASH).send().await.unwrap();
        assert_eq!((clock.waits().len(), server.requests().len()), (2, 3));
        assert!(clock.elapsed() <= Duration::from_millis(600), "{clock:?}");

        // It ends with the time that it was given, neither earlier nor later.
        let slow = || {
            let minute = Duration::from_secs(60);
            let late = Answer::raw("").then_jump(&clock, year);
            late.then_settle().then_advance(&clock, minute).then_stall()
        };
        let server = Scripted::start([slow(), slow(), slow()]).await;
        let client = builder(&server, &clock).attempt_timeout(Duration::MAX);
        let begun = clock.elapsed();
        let error = client
            .build()
            .unwrap()
            .get(HASH)
            .timeout(Duration::from_secs(50));
        let error = error.send().await.unwrap_err();
        assert_eq!(error.attempts(), 1, "{error}");
        assert_eq!(clock.elapsed(), begun + Duration::from_secs(60));
    }
}
