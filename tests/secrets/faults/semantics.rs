//! What is asked, and what the answer means.

use openrouter_keys::chrono::TimeDelta;
use openrouter_keys::{Client, Clock as _, ErrorKind};
use openrouter_keys_emulator::Emulator;
use serde_json::json;

use super::expect::{assert_safe, builder, refused, typed_for};
use super::{Case, case};
use crate::support::{Answer, HASH, Scripted, Verb, VirtualClock, client_of, key};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("52", "deleted: false", async {
            let not_deleted = Answer::json(200, &json!({"deleted": false}));
            typed_for(&[Verb::Delete], ErrorKind::Decode, false, not_deleted).await;
        }),
        case("53", "a limit that is negative, NaN or infinite", limits()),
        case("54", "expires_at in the past", expiry()),
        case("55", "an empty name", names()),
        case(
            "56",
            "an update with nothing to change",
            nothing_to_change(),
        ),
        case("57", "limit_remaining negative", overdrawn()),
        case(
            "58",
            "one kind of key where the other is needed",
            wrong_kind_of_key(),
        ),
    ]
}

/// A server that must not be asked anything, and a client of it.
async fn unasked() -> (Scripted, Client) {
    let server = Scripted::start([]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    (server, client)
}

async fn limits() {
    let (server, client) = unasked().await;
    for usd in [
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.01,
        -f64::MIN_POSITIVE,
        f64::MIN,
    ] {
        refused("limit", client.create("a").limit(usd).send().await);
        refused("limit", client.update(HASH).limit(usd).send().await);
        // A later value does not hide it.
        refused(
            "limit",
            client.update(HASH).limit(usd).limit(1).send().await,
        );
    }
    assert!(server.requests().is_empty());
}

async fn expiry() {
    let server = Scripted::start([]).await;
    let clock = VirtualClock::new();
    let client = builder(&server, &clock).build().unwrap();
    let now = clock.utc_now();
    for past in [
        now,
        now - TimeDelta::seconds(1),
        now - TimeDelta::days(36_500),
    ] {
        refused(
            "expires_at",
            client.create("a").expires_at(past).send().await,
        );
    }
    // It was in the future when the builder was told.
    let create = client.create("a").expires_at(now + TimeDelta::hours(1));
    clock.jump(TimeDelta::hours(2));
    refused("expires_at", create.send().await);
    assert!(server.requests().is_empty());
}

async fn names() {
    let (server, client) = unasked().await;
    refused("name", client.create("").send().await);
    refused("name", client.update(HASH).name("").send().await);
    assert!(server.requests().is_empty());
}

async fn nothing_to_change() {
    let (server, client) = unasked().await;
    refused("update", client.update(HASH).send().await);
    assert!(server.requests().is_empty());
}

async fn overdrawn() {
    let mut data = key();
    data["limit_remaining"] = json!(-0.37);
    let server = Scripted::start([Answer::json(200, &json!({"data": data}))]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let key = client.get(HASH).send().await.unwrap();
    assert_eq!(key.limit_remaining, Some(-0.37));
}

/// The emulator says what the service says.
async fn wrong_kind_of_key() {
    let emulator = Emulator::start().await.unwrap();
    let client = client_of(&emulator);
    let ordinary = client.create("a").send().await.unwrap().secret;
    let theirs = client.with_key(ordinary);
    for verb in Verb::ALL {
        let result = theirs_or_error(verb, &theirs).await;
        if verb == Verb::Current {
            result.expect("an ordinary key may look at itself");
            continue;
        }
        let error = result.expect_err("an ordinary key may do nothing else");
        assert_safe(&error);
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
        assert_eq!(error.attempts(), 1, "{error}");
        assert!(!error.maybe_applied() && !error.is_retryable(), "{error}");
    }
    // One that the service does not know.
    let unknown = client.with_key("sk-or-v1-canary-unknown-key");
    let error = unknown.current().send().await.unwrap_err();
    assert_safe(&error);
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    // A management key may look at itself too.
    let me = client.current().send().await.unwrap();
    assert_eq!(me.is_management_key, Some(true));
}

async fn theirs_or_error(verb: Verb, client: &Client) -> Result<(), openrouter_keys::Error> {
    verb.call(client).await.map(drop)
}
