//! Calls that nobody waits for any more, and time.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::chrono::TimeDelta;
use tokio::sync::Notify;

use super::expect::builder;
use super::{Case, case};
use crate::support::{Answer, HASH, Scripted, Verb, VirtualClock, created, error, one_key};

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
        client.create("b").send().await.unwrap();
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

/// What a client waits, and how long a call may take, has nothing to do with the clock on the wall.
async fn jump() {
    for days in [365, -365] {
        let clock = VirtualClock::new();
        let server = Scripted::start([error(500, "no"), error(500, "no"), one_key()]).await;
        let client = builder(&server, &clock).build().unwrap();
        clock.jump(TimeDelta::days(days));
        client.get(HASH).send().await.unwrap();
        assert_eq!((clock.waits().len(), server.requests().len()), (2, 3));
        assert!(clock.elapsed() <= Duration::from_millis(600), "{clock:?}");
    }
}
