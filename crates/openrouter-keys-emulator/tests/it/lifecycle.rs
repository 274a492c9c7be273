//! A key after its creation: read, updated, deleted.

use openrouter_keys_emulator::{DEFAULT_WORKSPACE_ID, Emulator};
use serde_json::{Value, json};

use crate::http::{Answer, call, create, manage, start};

const ELSEWHERE: &str = "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789";

async fn patch(emulator: &Emulator, key: &Answer, body: &str) -> Answer {
    manage(emulator, "PATCH", &key.path(), body)
        .await
        .expect(200)
}

#[tokio::test]
async fn absent_leaves_alone_null_clears_and_a_value_sets() {
    let emulator = start().await;
    let body = r#"{"name":"k","limit":50,"limit_reset":"weekly","include_byok_in_limit":true}"#;

    for (change, field, value) in [
        (r#"{"name":"other"}"#, "name", json!("other")),
        (r#"{"disabled":true}"#, "disabled", json!(true)),
        (r#"{"limit":7.5}"#, "limit", json!(7.5)),
        (r#"{"limit":0}"#, "limit", json!(0)),
        (r#"{"limit":null}"#, "limit", Value::Null),
        (r#"{"limit_reset":"daily"}"#, "limit_reset", json!("daily")),
        (r#"{"limit_reset":null}"#, "limit_reset", Value::Null),
        (
            r#"{"include_byok_in_limit":false}"#,
            "include_byok_in_limit",
            json!(false),
        ),
        (
            r#"{"workspace_id":"0b5f9c2e-1d34-4a7b-9c0d-ef0123456789"}"#,
            "workspace_id",
            json!(ELSEWHERE),
        ),
    ] {
        let created = create(&emulator, body).await;
        let updated = patch(&emulator, &created, change).await;

        let mut expected = created.body["data"].clone();
        expected[field] = value.clone();
        if field == "limit" {
            expected["limit_remaining"] = value;
        }
        let at = &updated.body["data"]["updated_at"];
        assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{change}");
        expected["updated_at"] = at.clone();
        assert_eq!(updated.body, json!({"data": expected}), "{change}");

        let read = manage(&emulator, "GET", &created.path(), "").await;
        assert_eq!(read.expect(200).body, updated.body, "{change}");
    }
}

#[tokio::test]
async fn an_update_that_changes_nothing_leaves_no_trace() {
    let emulator = start().await;
    let created = create(&emulator, r#"{"name":"k","limit":1}"#).await;
    for body in [
        "{}".to_owned(),
        r#"{"name":"k","limit":1.0}"#.to_owned(),
        format!(r#"{{"workspace_id":"{DEFAULT_WORKSPACE_ID}"}}"#),
        // An update knows none of these.
        r#"{"expires_at":"2020-01-01T00:00:00Z","creator_user_id":"u","external":7,"x":1}"#
            .to_owned(),
    ] {
        let updated = patch(&emulator, &created, &body).await;
        assert_eq!(updated.body["data"], created.body["data"], "{body}");
    }
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let emulator = start().await;
    let created = create(&emulator, r#"{"name":"k","limit":1}"#).await;
    let body = r#"{"name":"other","limit":null,"workspace_id":"nowhere"}"#;
    manage(&emulator, "PATCH", &created.path(), body)
        .await
        .expect(400);
    let read = manage(&emulator, "GET", &created.path(), "").await;
    assert_eq!(read.expect(200).body["data"], created.body["data"]);
}

#[tokio::test]
async fn disabling_takes_effect_at_once_and_can_be_undone() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    for (body, status) in [
        (r#"{"disabled":true}"#, 401),
        (r#"{"disabled":false}"#, 200),
    ] {
        patch(&emulator, &key, body).await;
        call(&emulator, "GET", "/key", Some(key.plaintext()), "")
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone_for_everyone() {
    let emulator = start().await;
    let doomed = create(&emulator, r#"{"name":"doomed"}"#).await;
    create(&emulator, r#"{"name":"spared"}"#).await;

    let deleted = manage(&emulator, "DELETE", &doomed.path(), "").await;
    assert_eq!(deleted.expect(200).body, json!({"deleted": true}));

    for (method, body) in [("GET", ""), ("PATCH", r#"{"name":"x"}"#), ("DELETE", "")] {
        let answer = manage(&emulator, method, &doomed.path(), body).await;
        assert_eq!(answer.expect(404).message(), "Resource not found");
    }
    call(&emulator, "GET", "/key", Some(doomed.plaintext()), "")
        .await
        .expect(401);
    let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
    assert_eq!(list.names(), ["spared"]);
}

#[tokio::test]
async fn only_the_exact_hash_names_a_key() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    let hash = key.path().replace("/keys/", "");
    let encoded = format!("%{:x}{}", hash.as_bytes()[0], &hash[1..]);
    manage(&emulator, "GET", &format!("/keys/{encoded}"), "")
        .await
        .expect(200);
    for segment in [
        hash.to_uppercase() + "A",
        hash[1..].to_owned(),
        format!("{hash}0"),
        format!("{hash}%20"),
        format!("{hash}%2F"),
        format!("{hash}/"),
        format!("{hash}%00"),
        "..".to_owned(),
        "%2e%2e".to_owned(),
        "%2F".to_owned(),
        "%zz".to_owned(),
        "%".to_owned(),
        "%ff%fe".to_owned(),
        "k".to_owned(),
    ] {
        let path = format!("/keys/{segment}");
        manage(&emulator, "GET", &path, "").await.expect(404);
        manage(&emulator, "DELETE", &path, "").await.expect(404);
    }
    manage(&emulator, "GET", &key.path(), "").await.expect(200);
}
