//! Arguments that would be something else than a value.

use openrouter_keys::{Client, KeyHash};

use super::expect::{builder, refused};
use super::{Case, case};
use crate::support::{HASH, Scripted, TOKEN, VirtualClock, one_key};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("67", "a hash that names something else", hashes()),
        case("68", "line breaks in a token or a header", line_breaks()),
    ]
}

async fn hashes() {
    let server = Scripted::start([one_key()]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let long = "a".repeat(10_000);
    for hash in [
        "..",
        ".",
        "",
        "a/b",
        "/",
        "..\\credits",
        "\\",
        "%2e%2e",
        "%",
        "a?b",
        "a#b",
        "a\0b",
        "\0",
        "a\nb",
        "\r\n",
        "a b",
        "\t",
        "é",
        "\u{202e}",
        "sk-or-v1-canary",
        "SK-OR-v1-canary",
        &long,
    ] {
        refused("hash", hash.parse::<KeyHash>());
        refused("hash", client.get(hash).send().await);
        refused("hash", client.update(hash).name("a").send().await);
        refused("hash", client.delete(hash).send().await);
    }
    assert!(server.requests().is_empty());
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.only_request().target, format!("/api/v1/keys/{HASH}"));
}

async fn line_breaks() {
    let server = Scripted::start([]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    for text in ["canary\r\nX: 1", "canary\n", "\rcanary", "can\0ary"] {
        refused(
            "management_key",
            Client::builder().management_key(text).build(),
        );
        refused("key", client.with_key(text).list().send().await);
        refused("header", client.list().header("X-A", text).send().await);
        refused("header", client.list().header(text, "1").send().await);
        let own = || Client::builder().management_key(TOKEN);
        refused("user_agent", own().user_agent(text).build());
        refused("app_title", own().app_title(text).build());
    }
    assert!(server.requests().is_empty());
}
