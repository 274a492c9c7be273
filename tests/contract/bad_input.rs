//! Nonsense is refused before anything is sent, by an error that names the argument and repeats no secret.

use std::time::Duration;

use chrono::{TimeDelta, TimeZone as _, Utc};
use openrouter_keys::{Client, Error, ErrorKind, RetryPolicy};

use crate::support::{HASH, Scripted, TOKEN, client};

fn assert_names(argument: &str, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(error.attempts(), 0);
    assert!(!error.maybe_applied() && !error.is_retryable());
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("invalid `{argument}`: must ")),
        "{text}"
    );
    let printed = format!("{error} {error:?}");
    assert!(
        !printed.contains("canary") && !printed.contains('\n'),
        "{printed}"
    );
}

macro_rules! refused {
    ($server:ident: $($argument:literal: $call:expr,)+) => {$({
        let error = $call.send().await.expect_err(stringify!($call));
        assert_names($argument, &error);
        assert!($server.requests().is_empty(), "{} was sent", stringify!($call));
    })+};
}

#[tokio::test]
async fn every_setter_of_every_builder() {
    let server = Scripted::start([]).await;
    let client = client(&server);
    let past = Utc::now() - TimeDelta::seconds(1);
    let far = Utc.with_ymd_and_hms(10_000, 1, 1, 0, 0, 0).unwrap();
    let second = Duration::from_secs(1);
    let many = "canary ".repeat(50);

    refused!(server:
        "name": client.create(""),
        "limit": client.create("a").limit(f64::NAN),
        "limit": client.create("a").limit(f64::INFINITY),
        "limit": client.create("a").limit(-0.01),
        "limit_reset": client.create("a").limit_reset(""),
        "expires_at": client.create("a").expires_at(past),
        "expires_at": client.create("a").expires_at(far),
        "workspace_id": client.create("a").workspace_id("canary"),
        "creator_user_id": client.create("a").creator_user_id(""),
        "external_user": client.create("a").external_user(""),
        "external_user": client.create("a").external_user_with_key("", "canary, and long enough to be a key"),
        "partner_key": client.create("a").external_user_with_key("u", "canary under thirty-two"),
        "name": client.update(HASH).name(""),
        "limit": client.update(HASH).limit(f64::NEG_INFINITY),
        "limit_reset": client.update(HASH).limit_reset(String::new()),
        "workspace_id": client.update(HASH).workspace_id(&many),
        "update": client.update(HASH),
        "hash": client.update("..").name("a"),
        "hash": client.get("canary/../credits"),
        "hash": client.get("sk-or-v1-canary"),
        "hash": client.get(""),
        "hash": client.get("\"sk-or-v1-canary\""),
        "hash": client.get("Bearer:SK-OR-V1-canary"),
        "hash": client.delete("."),
        "hash": client.delete("a?b"),
        "offset": client.list().offset(u64::MAX),
        "workspace_id": client.list().workspace_id(""),
        "header": client.list().header("Authorization", "Bearer canary"),
        "header": client.list().header("HOST", "canary"),
        "header": client.list().header("Content-Length", "1"),
        "header": client.list().header("Transfer-Encoding", "chunked"),
        "header": client.create("a").header("Accept-Encoding", "gzip"),
        "header": client.create("a").header("content-type", "text/plain"),
        "header": client.create("a").header("Connection", "upgrade"),
        "header": client.create("a").header("Expect", "100-continue"),
        "header": client.list().header("X-Canary\r\nX", "1"),
        "header": client.list().header("X", "canary\r\nAuthorization: x"),
        "header": client.current().header("", "canary"),
        "timeout": client.current().timeout(Duration::ZERO),
        "attempts": client.current().retry(RetryPolicy::default().attempts(0)),
        "min_backoff": client.current().retry(RetryPolicy::default().min_backoff(2 * second).max_backoff(second)),
        "key": client.with_key("canary\nX-Injected: 1").current(),
        "key": client.with_key("").current(),
        "key": client.with_key("canary é").list(),
    );
}

/// The first mistake is the one that is told, and a later good value does not hide it.
#[tokio::test]
async fn a_mistake_is_not_forgotten() {
    let server = Scripted::start([]).await;
    let create = client(&server)
        .create("a")
        .limit(f64::NAN)
        .workspace_id("b")
        .limit(5);
    assert_names("limit", &create.clone().send().await.unwrap_err());
    assert!(format!("{create:?}").contains("invalid `limit`"));
    assert!(server.requests().is_empty());
}

#[test]
fn every_setting_of_a_client() {
    let good = || Client::builder().management_key(TOKEN);
    let zero = Duration::ZERO;
    let cases = vec![
        ("management_key", Client::builder()),
        ("management_key", Client::builder().management_key("")),
        (
            "management_key",
            Client::builder().management_key("canary\r\nX: 1"),
        ),
        (
            "management_key",
            Client::builder().management_key(" canary"),
        ),
        (
            "management_key",
            Client::builder().management_key("canary\u{e9}"),
        ),
        ("base_url", good().base_url("")),
        ("base_url", good().base_url("openrouter.ai/canary")),
        (
            "base_url",
            good().base_url("https://openrouter.ai/api/v1?canary=1"),
        ),
        (
            "base_url",
            good().base_url("https://openrouter.ai/api/v1#canary"),
        ),
        (
            "base_url",
            good().base_url("https://canary@openrouter.ai/api/v1"),
        ),
        ("base_url", good().base_url("http://openrouter.ai/api/v1")),
        (
            "base_url",
            good().base_url("http://127.0.0.1.example/api/v1"),
        ),
        ("base_url", good().base_url("ftp://127.0.0.1/canary")),
        ("user_agent", good().user_agent("")),
        ("user_agent", good().user_agent("canary\n")),
        ("app_url", good().app_url("canary\r\nX: 1")),
        ("app_title", good().app_title("")),
        ("app_categories", good().app_categories(["a", "b\0canary"])),
        ("app_categories", good().app_categories::<[&str; 0]>([])),
        ("connect_timeout", good().connect_timeout(zero)),
        ("attempt_timeout", good().attempt_timeout(zero)),
        ("timeout", good().timeout(zero)),
        (
            "attempts",
            good().retry(RetryPolicy::default().attempts(101)),
        ),
    ];
    for (argument, builder) in cases {
        assert_names(argument, &builder.build().expect_err(argument));
    }
}
