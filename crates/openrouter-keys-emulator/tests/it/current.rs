//! What a key is told about itself.

use openrouter_keys_emulator::DEFAULT_WORKSPACE_ID;
use serde_json::{Value, json};

use crate::http::{Answer, call, create, manage, sha256, start};
use openrouter_keys_emulator::Emulator;

async fn current(emulator: &Emulator, token: &str) -> Answer {
    call(emulator, "GET", "/key", Some(token), "")
        .await
        .expect(200)
}

/// The answer to a key with nothing special about it.
fn plain(label: &str) -> Value {
    json!({
        "label": label,
        "limit": null,
        "limit_remaining": null,
        "limit_reset": null,
        "include_byok_in_limit": false,
        "usage": 0,
        "usage_daily": 0,
        "usage_weekly": 0,
        "usage_monthly": 0,
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "is_free_tier": false,
        "is_management_key": false,
        "is_provisioning_key": false,
        "creator_user_id": null,
        "rate_limit": {
            "requests": -1,
            "interval": "10s",
            "note": "This field is deprecated and means nothing.",
        },
        "expires_at": null,
        "workspace_id": DEFAULT_WORKSPACE_ID,
        "organization_id": null,
        "allowed_data_regions": ["global"],
        "free_model_daily_requests": {"limit": 1000, "remaining": 1000, "used": 0},
        "budgets": [],
        "effective_budget": null,
    })
}

#[tokio::test]
async fn the_management_key_has_no_budget() {
    let emulator = start().await;
    let key = emulator.management_key();
    let label = format!("{}...{}", &key[..12], &key[key.len() - 4..]);
    let mut expected = plain(&label);
    expected["is_management_key"] = json!(true);
    expected["is_provisioning_key"] = json!(true);
    expected["workspace_id"] = Value::Null;
    let me = current(&emulator, key).await;
    assert_eq!(me.body, json!({"data": expected}));
}

#[tokio::test]
async fn a_chosen_management_key_is_not_given_away_by_its_label() {
    let emulator = Emulator::builder()
        .management_key("hunter2")
        .start()
        .await
        .expect("started");
    let me = current(&emulator, "hunter2").await;
    assert_eq!(me.body["data"]["label"], "...");
}

#[tokio::test]
async fn an_unlimited_key_has_no_budget() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    let expected = plain(key.body["data"]["label"].as_str().expect("a label"));
    let me = current(&emulator, key.plaintext()).await;
    assert_eq!(me.body, json!({"data": expected}));
}

#[tokio::test]
async fn a_limit_is_a_budget() {
    let emulator = start().await;
    let key = create(
        &emulator,
        r#"{"name":"k","limit":5,"limit_reset":"daily","include_byok_in_limit":true,
            "expires_at":"2099-01-01T00:00:00Z","creator_user_id":"user_1"}"#,
    )
    .await;
    let me = current(&emulator, key.plaintext()).await;
    let data = &me.body["data"];
    let resets_at = data["effective_budget"]["resets_at"]
        .as_str()
        .expect("a time");
    assert!(resets_at.ends_with("T00:00:00Z"), "{resets_at}");

    let budget = json!({
        "scope": "key_limit",
        "limit_usd": 5,
        "spend_usd": 0,
        "remaining_usd": 5,
        "include_byok": true,
        "reset_interval": "daily",
        "resets_at": resets_at,
        "guardrail_id": null,
        "budget_id": null,
    });
    let mut expected = plain(data["label"].as_str().expect("a label"));
    for (field, value) in [
        ("limit", json!(5)),
        ("limit_remaining", json!(5)),
        ("limit_reset", json!("daily")),
        ("include_byok_in_limit", json!(true)),
        ("expires_at", json!("2099-01-01T00:00:00Z")),
        ("creator_user_id", json!("user_1")),
        ("budgets", json!([budget])),
        ("effective_budget", budget),
    ] {
        expected[field] = value;
    }
    assert_eq!(data, &expected);

    // A limit that never resets has no next reset.
    let body = r#"{"limit_reset":null}"#;
    manage(&emulator, "PATCH", &key.path(), body)
        .await
        .expect(200);
    let me = current(&emulator, key.plaintext()).await;
    let budget = &me.body["data"]["effective_budget"];
    assert_eq!(budget["reset_interval"], Value::Null);
    assert_eq!(budget["resets_at"], Value::Null);
}

#[tokio::test]
async fn an_overdrawn_limit_is_less_than_nothing() {
    let emulator = Emulator::builder().keys(60).start().await.expect("started");
    let page = manage(&emulator, "GET", "/keys", "").await.expect(200);
    let keys = page.body["data"].as_array().expect("a page");
    let key = keys
        .iter()
        .find(|key| {
            key["limit_remaining"]
                .as_f64()
                .is_some_and(|left| left < 0.0)
        })
        .expect("an overdrawn key");
    let name = key["name"].as_str().expect("a name");
    let me = current(&emulator, &format!("sk-or-v1-{}", sha256(name))).await;
    let budget = &me.body["data"]["effective_budget"];
    assert_eq!(budget["limit_usd"], key["limit"]);
    assert_eq!(budget["spend_usd"], key["usage"]);
    assert_eq!(budget["remaining_usd"], key["limit_remaining"]);
    assert_eq!(me.body["data"]["limit_remaining"], key["limit_remaining"]);
}
