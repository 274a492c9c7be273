//! Requests beyond what a key may send.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openrouter_keys_emulator::{Emulator, Fault, Route};
use serde_json::json;

use crate::control::{answer, control};
use crate::http::{Answer, call, create, manage, start};

const HOUR: Duration = Duration::from_secs(3600);

/// What the headers of a 429 say: the limit, what is left of it, in how many seconds it starts afresh, and how many to wait.
fn said(answer: &Answer) -> (&str, &str, f64, Option<&str>) {
    let header = |name| answer.header(name);
    let reset = header("x-ratelimit-reset").expect("a reset");
    let reset: u64 = reset.parse().expect("a number");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time");
    let ahead = Duration::from_millis(reset).as_secs_f64() - now.as_secs_f64();
    (
        header("x-ratelimit-limit").expect("a limit"),
        header("x-ratelimit-remaining").expect("a rest"),
        ahead,
        header("retry-after"),
    )
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_to_wait() {
    let outside = start().await;
    let body = r#"{"requests":3,"per_ms":3600000}"#;
    let told = control(&outside, "PUT", "rate_limit", body).await;
    let limit = json!({"rate_limit": {"requests": 3, "per_ms": 3_600_000}});
    assert_eq!(told, limit);
    let inside = start().await;
    inside.limit_rate(3, HOUR);
    let from_the_start = Emulator::builder()
        .rate_limit(3, HOUR)
        .start()
        .await
        .expect("started");

    for emulator in [outside, inside, from_the_start] {
        assert_eq!(control(&emulator, "GET", "rate_limit", "").await, limit);
        let key = create(&emulator, r#"{"name":"k"}"#).await;
        for _ in 0..2 {
            manage(&emulator, "GET", "/keys", "").await.expect(200);
        }
        let refused = manage(&emulator, "POST", "/keys", r#"{"name":"k"}"#)
            .await
            .expect(429);
        assert_eq!(refused.message(), "Rate limit exceeded");
        let (limit, left, ahead, wait) = said(&refused);
        assert_eq!((limit, left), ("3", "0"));
        assert!((3000.0..=3600.5).contains(&ahead), "{ahead}");
        let wait: u64 = wait.expect("a time").parse().expect("seconds");
        assert!((3000..=3600).contains(&wait), "{wait}");
        assert_eq!(emulator.request_log()[3].status, Some(429));

        // Another key has its own, and one that nobody knows is told just that.
        call(&emulator, "GET", "/key", Some(key.plaintext()), "")
            .await
            .expect(200);
        call(&emulator, "GET", "/key", None, "").await.expect(401);
        // Nothing was done, which shows once there is no limit.
        assert_eq!(
            control(&emulator, "DELETE", "rate_limit", "").await,
            json!({"rate_limit": null})
        );
        let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
        assert_eq!(list.names(), ["k"]);
        emulator.limit_rate(1, HOUR);
        manage(&emulator, "GET", "/keys", "").await.expect(200);
        manage(&emulator, "GET", "/keys", "").await.expect(429);
        emulator.unlimit_rate();
        manage(&emulator, "GET", "/keys", "").await.expect(200);
    }
}

#[tokio::test]
async fn a_reset_brings_back_the_limit_of_the_start() {
    let emulator = Emulator::builder()
        .rate_limit(7, HOUR)
        .start()
        .await
        .expect("started");
    let at_the_start = control(&emulator, "GET", "rate_limit", "").await;
    emulator.limit_rate(1, HOUR);
    manage(&emulator, "GET", "/keys", "").await.expect(200);
    emulator.reset();
    manage(&emulator, "GET", "/keys", "").await.expect(200);
    assert_eq!(
        control(&emulator, "GET", "rate_limit", "").await,
        at_the_start
    );
}

#[tokio::test]
async fn a_429_that_is_a_fault_has_the_same_headers() {
    let emulator = start().await;
    emulator.inject(
        Fault::status(429)
            .retry_after(Duration::from_secs(9))
            .on(Route::List),
    );
    let struck = manage(&emulator, "GET", "/keys", "").await.expect(429);
    let (limit, left, ahead, wait) = said(&struck);
    assert_eq!((limit, left, wait), ("100", "0", Some("9")));
    assert!((0.0..=9.5).contains(&ahead), "{ahead}");

    emulator.inject(Fault::commit_then_status(429));
    let struck = manage(&emulator, "POST", "/keys", r#"{"name":"k"}"#)
        .await
        .expect(429);
    assert_eq!(said(&struck).3, None);
    emulator.inject(Fault::status(503));
    let struck = manage(&emulator, "GET", "/keys", "").await.expect(503);
    assert_eq!(struck.header("x-ratelimit-limit"), None);
}

#[tokio::test]
async fn what_is_no_limit_is_refused() {
    let emulator = start().await;
    for (body, begins) in [
        (
            json!({}),
            "requests is required: a whole number of at least 1",
        ),
        (
            json!({"requests": 1}),
            "per_ms is required: a whole number of milliseconds",
        ),
        (
            json!({"requests": 0, "per_ms": 1}),
            "requests must be a whole number of at least 1",
        ),
        (
            json!({"requests": 1, "per_ms": 0}),
            "per_ms must be a whole number of milliseconds",
        ),
        (
            json!({"requests": 1, "per_ms": 1, "per": 1}),
            "per is not known here",
        ),
    ] {
        let answer = answer(&emulator, "PUT", "rate_limit", &body.to_string()).await;
        let answer = answer.expect(400);
        assert!(
            answer.message().starts_with(begins),
            "{body}: {}",
            answer.message()
        );
    }
    assert_eq!(
        control(&emulator, "GET", "rate_limit", "").await,
        json!({"rate_limit": null})
    );
}
