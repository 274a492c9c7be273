//! Sending the request, and the head of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openrouter_keys::ErrorKind::{BadRequest, Connect, Decode, Timeout};
use openrouter_keys::{Client, RetryPolicy};
use tokio::net::TcpListener;

use super::expect::{ambiguous, assert_safe, builder, typed};
use super::{Case, case};
use crate::support::{Answer, HASH, Scripted, TOKEN, Verb, VirtualClock, created, one_key};

/// What an attempt may take by default.
const ATTEMPT: Duration = Duration::from_secs(20);

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("12", "reset right after the accept", reset_after_accept()),
        case("13", "reset in mid-body", async {
            ambiguous(Connect, |_| Answer::after_head().then_reset()).await;
            reset_in_a_long_body().await;
        }),
        case("14", "early 413", async {
            typed(BadRequest, too_large()).await;
            too_large_in_a_long_body().await;
        }),
        case("15", "the peer stops reading", stops_reading()),
        case(
            "16",
            "nothing comes back but the end",
            ambiguous(Connect, |_| Answer::nothing()),
        ),
        case("17", "a head that comes a byte a second", async {
            ambiguous(Timeout, dripped).await;
            dripped_past_the_deadline().await;
        }),
        case(
            "18",
            "two hundred headers, each of 64 KiB",
            ambiguous(Decode, |_| Answer::raw(headers()).then_close()),
        ),
    ]
}

/// Whether the client had begun to send by then is a matter of chance. What it says must be true either way, so the server
/// looks at what came before it resets.
async fn reset_after_accept() {
    for turns in 0..24 {
        for verb in Verb::ALL {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base_url = format!("http://{}/api/v1", listener.local_addr().unwrap());
            let saw_any = Arc::new(AtomicBool::new(false));
            let server = tokio::spawn({
                let saw_any = Arc::clone(&saw_any);
                async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        // A little later each time, so that all there is between nothing and a whole request is met.
                        for _ in 0..turns {
                            tokio::task::yield_now().await;
                        }
                        let read = stream.try_read(&mut [0; 1]);
                        saw_any.fetch_or(read.is_ok_and(|read| read > 0), Ordering::SeqCst);
                        stream.set_zero_linger().unwrap();
                    }
                }
            });
            let client = Client::builder()
                .management_key(TOKEN)
                .base_url(base_url)
                .clock(VirtualClock::new());
            let result = verb.call(&client.build().unwrap()).await;
            server.abort();
            let error = result.map(drop).unwrap_err();
            assert_safe(&error);
            assert_eq!(error.kind(), Connect, "{error}");
            let saw_any = saw_any.load(Ordering::SeqCst);
            if verb.changes() && saw_any {
                assert!(error.maybe_applied(), "{verb:?}: {error}");
            }
            if verb == Verb::Create {
                // Sent again as long as it was certain that nothing had left.
                assert!(error.attempts() == 3 || error.maybe_applied(), "{error}");
            } else {
                assert_eq!(error.attempts(), 3, "{error}");
            }
        }
    }
    // The server saw it, so it may have acted.
    let server = Scripted::start([Answer::raw("").then_reset(), created()]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let error = Verb::Create.call(&client).await.map(drop).unwrap_err();
    assert!(error.maybe_applied(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

/// More than fits into the buffers between the two.
fn long_name() -> String {
    "n".repeat(32 << 20)
}

async fn reset_in_a_long_body() {
    let server = Scripted::start([Answer::after_head().then_reset(), created()]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let error = client.create(long_name()).send().await.unwrap_err();
    assert_safe(&error);
    assert_eq!((error.kind(), error.attempts()), (Connect, 1), "{error}");
    assert!(error.maybe_applied());
    assert_eq!(server.requests().len(), 1);
}

fn too_large() -> Answer {
    let head = "HTTP/1.1 413 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    Answer::after_head().then_send(head).then_stall()
}

async fn too_large_in_a_long_body() {
    let server = Scripted::start([too_large(), too_large()]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let create = client.create(long_name()).send().await.map(drop);
    let update = client.update(HASH).name(long_name()).send().await.map(drop);
    for error in [create.unwrap_err(), update.unwrap_err()] {
        assert_safe(&error);
        assert_eq!((error.kind(), error.attempts()), (BadRequest, 1), "{error}");
        assert!(!error.maybe_applied(), "{error}");
    }
    assert_eq!(server.requests().len(), 2);
}

async fn stops_reading() {
    let stops = |clock: &VirtualClock| Answer::after_head().then_advance(clock, ATTEMPT);
    let clock = VirtualClock::new();
    let server = Scripted::start([stops(&clock).then_ignore(), created()]).await;
    let client: Client = builder(&server, &clock).build().unwrap();
    let error = client.create(long_name()).send().await.unwrap_err();
    assert_safe(&error);
    assert_eq!((error.kind(), error.attempts()), (Timeout, 1), "{error}");
    assert!(error.maybe_applied());
    assert_eq!(server.requests().len(), 1);

    let server = Scripted::start([stops(&clock).then_ignore(), one_key()]).await;
    let client = builder(&server, &clock).build().unwrap();
    let update = client.update(HASH).name(long_name());
    update.clone().send().await.unwrap();
    assert_eq!(server.requests().len(), 2);
    let server = Scripted::start([stops(&clock).then_ignore()]).await;
    let client = builder(&server, &clock).build().unwrap();
    let update = client
        .update(HASH)
        .name(long_name())
        .retry(RetryPolicy::none());
    let error = update.send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_applied()),
        (Timeout, true),
        "{error}"
    );
}

const DRIPPED: &str = "HTTP/1.1 200 Such a long reason that it takes far more than a minute and a half to be sent, byte by byte.\r\n\r\n";

fn dripped(clock: &VirtualClock) -> Answer {
    Answer::raw("").then_drip(DRIPPED, clock, Duration::from_secs(1))
}

/// An attempt that may take for ever ends with the call.
async fn dripped_past_the_deadline() {
    let clock = VirtualClock::new();
    let server = Scripted::start([dripped(&clock), one_key()]).await;
    let client = builder(&server, &clock).attempt_timeout(Duration::MAX);
    let error = client.build().unwrap().get(HASH).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (Timeout, 1), "{error}");
    assert!(clock.elapsed() >= Duration::from_secs(90), "{clock:?}");
    assert_eq!(server.requests().len(), 1);
}

fn headers() -> String {
    let value = "v".repeat(64 << 10);
    let header = format!("x-long: {value}\r\n");
    format!("HTTP/1.1 200 X\r\n{}\r\n", header.repeat(200))
}
