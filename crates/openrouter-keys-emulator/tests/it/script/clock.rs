//! Time that is set, and passes when a test says so.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use openrouter_keys_emulator::Emulator;
use serde_json::json;

use super::{listed, refused};
use crate::control::control;
use crate::http::{call, create, manage, start};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[tokio::test]
async fn a_frozen_clock_shows_the_same_by_both_doors() {
    let emulator = start().await;
    let body = r#"{"set":"2026-10-27T23:59:58.5Z","frozen":true}"#;
    let shown = control(&emulator, "POST", "clock", body).await;
    let expected = json!({"now": "2026-10-27T23:59:58.500Z", "frozen": true});
    assert_eq!(shown, expected);
    assert_eq!(emulator.now(), at("2026-10-27T23:59:58.5Z"));

    emulator.advance(Duration::from_millis(1500));
    let shown = control(&emulator, "GET", "clock", "").await;
    assert_eq!(
        shown,
        json!({"now": "2026-10-28T00:00:00Z", "frozen": true})
    );
    let shown = control(&emulator, "POST", "clock", r#"{"advance_seconds":0.25}"#).await;
    assert_eq!(shown["now"], "2026-10-28T00:00:00.250Z");

    emulator.set_time(at("2001-01-01T00:00:00Z"));
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    assert_eq!(key.body["data"]["created_at"], "2001-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_clock_that_is_not_frozen_goes_on() {
    let emulator = start().await;
    emulator.freeze_time();
    let stood_at = emulator.now();
    assert_eq!(emulator.now(), stood_at);
    emulator.unfreeze_time();
    emulator.set_time(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    let began = at("2001-09-09T01:46:40Z");
    let shown = control(&emulator, "GET", "clock", "").await;
    assert_eq!(shown["frozen"], false);
    let passed = emulator.now() - began;
    assert!(
        (TimeDelta::zero()..TimeDelta::hours(1)).contains(&passed),
        "{passed}"
    );
}

#[tokio::test]
async fn a_key_expires_when_its_time_has_come() {
    let emulator = start().await;
    emulator.freeze_time();
    emulator.set_time(at("2026-10-27T12:00:00Z"));
    let body = r#"{"name":"k","expires_at":"2026-10-27T12:00:01Z"}"#;
    let key = create(&emulator, body).await;
    let list = async |query| {
        let answer = manage(&emulator, "GET", query, "").await.expect(200);
        answer.names().len()
    };
    let sign_in = async || {
        let answer = call(&emulator, "GET", "/key", Some(key.plaintext()), "").await;
        answer.status
    };

    emulator.advance(Duration::from_micros(999_999));
    assert_eq!((list("/keys").await, sign_in().await), (1, 200));
    emulator.advance(Duration::from_micros(1));
    assert_eq!((list("/keys").await, sign_in().await), (0, 401));
    assert_eq!(list("/keys?include_expired=true").await, 1);

    // And it had not yet, before that.
    emulator.set_time(at("2026-10-27T12:00:00Z"));
    assert_eq!((list("/keys").await, sign_in().await), (1, 200));
}

#[tokio::test]
async fn the_clock_says_when_a_key_was_changed_and_used() {
    let emulator = Emulator::builder().keys(1).start().await.expect("started");
    emulator.freeze_time();
    emulator.set_time(at("2026-10-27T12:00:00Z"));
    let hash = listed(&emulator).await[0]["hash"].clone();
    let path = format!("/keys/{}", hash.as_str().expect("a hash"));
    let changed = manage(&emulator, "PATCH", &path, r#"{"name":"other"}"#).await;
    assert_eq!(
        changed.expect(200).body["data"]["updated_at"],
        "2026-10-27T12:00:00Z"
    );
    emulator.advance(Duration::from_secs(60));
    emulator
        .spend(hash.as_str().expect("a hash"), 1.0)
        .expect("spent");
    assert_eq!(
        listed(&emulator).await[0]["last_used_at"],
        "2026-10-27T12:01:00Z"
    );
}

#[tokio::test]
async fn what_is_no_time_is_refused() {
    let emulator = start().await;
    emulator.freeze_time();
    let before = emulator.now();
    for (body, begins) in [
        (
            json!({}),
            "The request body must have set, advance_seconds or frozen",
        ),
        (
            json!({"set": "2026-10-27T12:00:00Z", "advance_seconds": 1}),
            "set must be left out where advance_seconds is given",
        ),
        (
            json!({"set": "noon"}),
            "set must be an RFC 3339 date-time in UTC",
        ),
        (
            json!({"set": null}),
            "set must be an RFC 3339 date-time in UTC",
        ),
        (
            json!({"set": "9999-01-01T00:00:00Z"}),
            "set must lead to a time between",
        ),
        (
            json!({"set": "1969-12-31T23:59:59Z"}),
            "set must lead to a time between",
        ),
        (
            json!({"advance_seconds": -1}),
            "advance_seconds must be a number of seconds",
        ),
        (
            json!({"advance_seconds": "1"}),
            "advance_seconds must be a number of seconds",
        ),
        (
            json!({"advance_seconds": 1e300}),
            "advance_seconds must be a number of seconds",
        ),
        (
            json!({"advance_seconds": 1e12}),
            "advance_seconds must lead to a time between",
        ),
        (json!({"frozen": 1}), "frozen must be true or false"),
    ] {
        let message = refused(&emulator, "clock", body.clone()).await;
        assert!(message.starts_with(begins), "{body}: {message}");
    }
    assert_eq!(emulator.now(), before);
}
