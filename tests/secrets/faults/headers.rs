//! The headers of the answer.

use std::time::Duration;

use openrouter_keys::ErrorKind::{RateLimited, Server};

use super::expect::{builder, created_all_the_same, run};
use super::{Case, case};
use crate::support::{Answer, HASH, PLAINTEXT, Scripted, Verb, VirtualClock, key, one_key};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "38",
            "Retry-After: 0",
            waits_for("retry-after: 0", Duration::from_millis(100)),
        ),
        case("39", "Retry-After above a minute", too_long()),
        case("40", "Retry-After as a date", dates()),
        case("41", "Retry-After past the deadline", past_the_deadline()),
        case("42", "content type absent or wrong", content_types()),
    ]
}

/// Waits exactly so long, and then repeats the call: a create after a 429 only.
async fn waits_for(lines: &str, wait: Duration) {
    let lines = format!("{lines}\r\n");
    for verb in Verb::ALL {
        for status in [429, 503] {
            let clock = VirtualClock::new();
            let asks = Answer::with_headers(status, &lines, "");
            let outcome = run(verb, vec![asks, verb.good_answer()], &clock).await;
            if verb == Verb::Create && status == 503 {
                assert_eq!(outcome.requests, 1);
                let error = outcome.error();
                assert!(error.maybe_applied() && error.kind() == Server, "{error}");
                assert!(clock.waits().is_empty());
            } else {
                outcome.assert_ok(2);
                assert_eq!(clock.waits(), [wait], "{lines:?}");
            }
        }
    }
}

/// The error comes at once, and says how long the server asks to wait.
async fn at_once(lines: &str, asked: Duration) {
    for verb in Verb::ALL {
        let clock = VirtualClock::new();
        let asks = Answer::with_headers(429, &format!("{lines}\r\n"), "");
        let outcome = run(verb, vec![asks, verb.good_answer()], &clock).await;
        assert_eq!((outcome.requests, clock.waits().len()), (1, 0));
        let error = outcome.error();
        assert_eq!(error.kind(), RateLimited);
        assert_eq!(error.retry_after(), Some(asked), "{error}");
        assert!(error.is_retryable(), "{error}");
    }
}

async fn too_long() {
    at_once("retry-after: 61", Duration::from_secs(61)).await;
    let most = Duration::from_secs(u64::MAX);
    at_once("retry-after: 18446744073709551615", most).await;
    at_once("retry-after: 18446744073709551616", most).await;
    at_once(&format!("retry-after: {}", "9".repeat(400)), most).await;
    waits_for("retry-after: 60", Duration::from_secs(60)).await;
}

async fn dates() {
    let now = "date: Sun, 06 Nov 1994 08:49:37 GMT";
    for past in [
        "Sun, 06 Nov 1994 08:49:07 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:07 GMT",
    ] {
        let lines = format!("{now}\r\nretry-after: {past}");
        waits_for(&lines, Duration::from_millis(100)).await;
    }
    // By the server's own clock, which is decades behind ours.
    let seconds = Duration::from_secs;
    for future in [
        "Sun, 06 Nov 1994 08:50:07 GMT",
        "Sunday, 06-Nov-94 08:50:07 GMT",
        "Sun Nov  6 08:50:07 1994",
    ] {
        let lines = format!("{now}\r\nretry-after: {future}");
        waits_for(&lines, seconds(30)).await;
    }
    let late = "Sun, 06 Nov 1994 09:49:37 GMT";
    at_once(&format!("{now}\r\nretry-after: {late}"), seconds(3600)).await;
    // Without it, by ours: the clock of these tests says that it is New Year.
    waits_for("retry-after: Thu, 01 Jan 2026 00:00:10 GMT", seconds(10)).await;
}

async fn past_the_deadline() {
    at_once("retry-after: 3600", Duration::from_secs(3600)).await;
    // A wait that would be granted, in a call that has no time for it.
    let clock = VirtualClock::new();
    let asks = Answer::with_headers(429, "retry-after: 30\r\n", "");
    let server = Scripted::start([asks, one_key()]).await;
    let client = builder(&server, &clock).build().unwrap();
    let call = client.get(HASH).timeout(Duration::from_secs(20));
    let error = call.send().await.unwrap_err();
    assert_eq!(
        error.retry_after(),
        Some(Duration::from_secs(30)),
        "{error}"
    );
    assert_eq!((server.requests().len(), clock.waits().len()), (1, 0));
}

async fn content_types() {
    for lines in ["", "content-type: text/html\r\n", "content-type: ,;\r\n"] {
        let body = serde_json::json!({"data": key(), "key": PLAINTEXT}).to_string();
        created_all_the_same(Answer::with_headers(201, lines, &body)).await;
        let clock = VirtualClock::new();
        let body = serde_json::json!({"data": key()}).to_string();
        let answer = Answer::with_headers(200, lines, &body);
        run(Verb::Get, vec![answer], &clock).await.assert_ok(1);
    }
}
