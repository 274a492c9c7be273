//! Pages, and what is left out of them.

use openrouter_keys_emulator::{DEFAULT_WORKSPACE_ID, Emulator};
use serde_json::{Value, json};

use crate::http::{call, create, manage, sha256, start};

const ELSEWHERE: &str = "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789";

async fn names(emulator: &Emulator, query: &str) -> Vec<String> {
    let page = manage(emulator, "GET", &format!("/keys{query}"), "").await;
    let page = page.expect(200);
    page.names().into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_fleet_comes_newest_first_in_pages_of_a_hundred() {
    let emulator = Emulator::builder()
        .keys(250)
        .start()
        .await
        .expect("started");
    let mut all = Vec::new();
    for (offset, size) in [(0, 100), (100, 100), (200, 50), (250, 0), (300, 0)] {
        let page = names(&emulator, &format!("?offset={offset}")).await;
        assert_eq!(page.len(), size, "offset {offset}");
        all.extend(page);
    }
    let expected: Vec<_> = (1..=250).rev().map(|n| format!("fleet-{n:05}")).collect();
    assert_eq!(all, expected);
    assert_eq!(names(&emulator, "").await, expected[..100]);
    assert_eq!(names(&emulator, "?offset=249").await, ["fleet-00001"]);
    for beyond in [
        "18446744073709551615",
        "18446744073709551616",
        &"9".repeat(1000),
    ] {
        let page = names(&emulator, &format!("?offset={beyond}")).await;
        assert_eq!(page, [""; 0], "offset {beyond}");
    }

    // What is created comes before the fleet, and moves it along by one.
    create(&emulator, r#"{"name":"newcomer"}"#).await;
    assert_eq!(names(&emulator, "").await[..2], ["newcomer", "fleet-00250"]);
    assert_eq!(names(&emulator, "?offset=100").await[0], "fleet-00151");
    for nothing in ["?offset=", "?offset=null"] {
        assert_eq!(names(&emulator, nothing).await[0], "newcomer", "{nothing}");
    }
}

#[tokio::test]
async fn a_fleet_is_the_same_in_every_run() {
    let first = Emulator::builder().keys(60).start().await.expect("started");
    let second = Emulator::builder().keys(60).start().await.expect("started");
    let page = manage(&first, "GET", "/keys", "").await.expect(200);
    let again = manage(&second, "GET", "/keys", "").await.expect(200);
    assert_eq!(page.body, again.body);
    let keys = page.body["data"].as_array().expect("a page");

    // One second apart, and enough variety to be worth auditing.
    assert_eq!(keys[0]["created_at"], "2025-01-01T00:01:00Z");
    assert_eq!(keys[59]["created_at"], "2025-01-01T00:00:01Z");
    let some = |what: fn(&Value) -> bool| keys.iter().any(what);
    assert!(some(|key| key["limit"].is_null()));
    assert!(some(|key| key["usage"] == 0));
    assert!(some(
        |key| key["limit_remaining"].as_f64() < Some(0.0) && !key["limit_remaining"].is_null()
    ));
    for reset in ["daily", "weekly", "monthly"] {
        assert!(keys.iter().any(|key| key["limit_reset"] == reset));
    }
    for key in keys {
        assert_eq!(key["disabled"], false);
        assert_eq!(key["expires_at"], Value::Null);
        assert_eq!(key["workspace_id"], DEFAULT_WORKSPACE_ID);
        if let Some(limit) = key["limit"].as_f64() {
            let spend = if key["limit_reset"].is_null() {
                key["usage"].as_f64().expect("a number")
            } else {
                0.0
            };
            assert_eq!(
                key["limit_remaining"].as_f64(),
                Some(limit - spend),
                "{key}"
            );
        }
    }

    // The documented plaintext signs in.
    let plaintext = format!("sk-or-v1-{}", sha256("fleet-00007"));
    let me = call(&first, "GET", "/key", Some(&plaintext), "").await;
    assert_eq!(me.expect(200).body["data"]["label"], keys[53]["label"]);
    assert_eq!(keys[53]["name"], "fleet-00007");
    assert_eq!(keys[53]["hash"], sha256(&plaintext).as_str());
}

#[tokio::test]
async fn disabled_and_expired_keys_are_shown_on_demand() {
    let emulator = start().await;
    let both = r#"{"name":"both","expires_at":"2020-01-01T00:00:00Z"}"#;
    let both = create(&emulator, both).await;
    let disabled = create(&emulator, r#"{"name":"disabled"}"#).await;
    for key in [&both, &disabled] {
        manage(&emulator, "PATCH", &key.path(), r#"{"disabled":true}"#)
            .await
            .expect(200);
    }
    create(
        &emulator,
        r#"{"name":"expired","expires_at":"2020-01-01T00:00:00Z"}"#,
    )
    .await;
    create(
        &emulator,
        r#"{"name":"lasting","expires_at":"2099-01-01T00:00:00Z"}"#,
    )
    .await;

    for (query, expected) in [
        ("", &["lasting"][..]),
        (
            "?include_disabled=false&include_expired=false",
            &["lasting"],
        ),
        ("?include_disabled=true", &["lasting", "disabled"]),
        ("?include_expired=true", &["lasting", "expired"]),
        (
            "?include_disabled=true&include_expired=true",
            &["lasting", "expired", "disabled", "both"],
        ),
        // The offset counts only what is shown.
        ("?include_disabled=true&offset=1", &["disabled"]),
        ("?offset=1", &[]),
        ("?include%5Fdisabled=tru%65&", &["lasting", "disabled"]),
        ("?unheard_of=1&unheard_of=2&&=", &["lasting"]),
    ] {
        assert_eq!(names(&emulator, query).await, expected, "{query}");
    }
    // A key that is not listed can be read all the same.
    manage(&emulator, "GET", &both.path(), "").await.expect(200);
}

#[tokio::test]
async fn a_listing_shows_one_workspace() {
    let emulator = start().await;
    let here = create(&emulator, r#"{"name":"here"}"#).await;
    let there = json!({"name": "there", "workspace_id": ELSEWHERE}).to_string();
    create(&emulator, &there).await;

    let default = format!("?workspace_id={DEFAULT_WORKSPACE_ID}");
    let elsewhere = format!("?workspace_id={}", ELSEWHERE.to_uppercase());
    assert_eq!(names(&emulator, "").await, ["here"]);
    assert_eq!(names(&emulator, &default).await, ["here"]);
    assert_eq!(names(&emulator, &elsewhere).await, ["there"]);

    let body = json!({"workspace_id": ELSEWHERE}).to_string();
    manage(&emulator, "PATCH", &here.path(), body)
        .await
        .expect(200);
    assert_eq!(names(&emulator, "").await, [""; 0]);
    // Moving does not make a key any newer.
    assert_eq!(names(&emulator, &elsewhere).await, ["there", "here"]);
}
