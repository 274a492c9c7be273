//! What a create makes.

use std::collections::HashSet;
use std::sync::Arc;

use openrouter_keys_emulator::DEFAULT_WORKSPACE_ID;
use serde_json::{Value, json};

use crate::http::{call, create, manage, sha256, start};

#[tokio::test]
async fn a_fresh_key_has_every_field() {
    let emulator = start().await;
    let created = create(&emulator, r#"{"name":"Customer 42"}"#).await;
    let plaintext = created.plaintext();

    let digits = plaintext.strip_prefix("sk-or-v1-").expect("the prefix");
    assert_eq!(digits.len(), 64);
    assert!(
        digits
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    );

    let data = &created.body["data"];
    let created_at = data["created_at"].as_str().expect("a time");
    assert!(created_at.ends_with('Z'), "{created_at}");
    let label = format!("sk-or-v1-{}...{}", &digits[..3], &digits[60..]);
    assert_eq!(
        created.body,
        json!({
            "key": plaintext,
            "data": {
                "hash": sha256(plaintext),
                "name": "Customer 42",
                "label": label,
                "disabled": false,
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
                "created_at": created_at,
                "updated_at": null,
                "expires_at": null,
                "last_used_at": null,
                "creator_user_id": null,
                "workspace_id": DEFAULT_WORKSPACE_ID,
                "external_user": null,
            }
        })
    );

    // No later answer holds the plaintext, and the key reads back as it was answered.
    let read = manage(&emulator, "GET", &created.path(), "")
        .await
        .expect(200);
    assert_eq!(read.body["data"], created.body["data"]);
    let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
    assert_eq!(list.body, json!({"data": [created.body["data"]]}));
    for answer in [read, list] {
        assert!(!answer.text.contains(digits));
    }
}

#[tokio::test]
async fn what_is_asked_for_is_what_is_made() {
    let emulator = start().await;
    let created = create(
        &emulator,
        r#"{
            "name": "é 🔑",
            "limit": 12.345678901234567,
            "limit_reset": "monthly",
            "include_byok_in_limit": true,
            "expires_at": "2099-01-31T12:00:00+00:00",
            "workspace_id": "0B5F9C2E-1D34-4A7B-9C0D-EF0123456789",
            "creator_user_id": "user_1",
            "external": {"user": "their-user", "more": 1},
            "disabled": true,
            "unheard_of": [1, 2, 3]
        }"#,
    )
    .await;
    let data = &created.body["data"];
    for (field, value) in [
        ("name", json!("é 🔑")),
        ("limit_reset", json!("monthly")),
        ("include_byok_in_limit", json!(true)),
        ("expires_at", json!("2099-01-31T12:00:00Z")),
        (
            "workspace_id",
            json!("0b5f9c2e-1d34-4a7b-9c0d-ef0123456789"),
        ),
        ("creator_user_id", json!("user_1")),
        ("external_user", json!("their-user")),
        // A create knows no such field.
        ("disabled", json!(false)),
        ("unheard_of", Value::Null),
    ] {
        assert_eq!(data[field], value, "{field}");
    }
    // As text, since comparing floats as JSON values would hide a lost digit.
    assert!(created.text.contains(r#""limit":12.345678901234567,"#));
    assert!(
        created
            .text
            .contains(r#""limit_remaining":12.345678901234567,"#)
    );
}

#[tokio::test]
async fn null_is_as_good_as_absent_where_it_is_allowed() {
    let emulator = start().await;
    let created = create(
        &emulator,
        r#"{"name":"k","limit":null,"limit_reset":null,"expires_at":null,"creator_user_id":null}"#,
    )
    .await;
    for field in ["limit", "limit_reset", "expires_at", "creator_user_id"] {
        assert_eq!(created.body["data"][field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn a_trailing_slash_creates_and_lists_too() {
    let emulator = start().await;
    manage(&emulator, "POST", "/keys/", r#"{"name":"k"}"#)
        .await
        .expect(201);
    let list = manage(&emulator, "GET", "/keys/", "").await.expect(200);
    assert_eq!(list.names(), ["k"]);
}

#[tokio::test]
async fn a_partners_key_signs_in_and_is_never_shown() {
    let emulator = start().await;
    let partner = "partner-canary-of-thirty-two-chars";
    let body = format!(r#"{{"name":"p","external":{{"user":"u","api_key":"{partner}"}}}}"#);
    let created = create(&emulator, &body).await;
    let own = call(&emulator, "GET", "/key", Some(created.plaintext()), "")
        .await
        .expect(200);
    let theirs = call(&emulator, "GET", "/key", Some(partner), "")
        .await
        .expect(200);
    assert_eq!(theirs.body, own.body);

    let again = manage(&emulator, "POST", "/keys", &body).await.expect(400);
    assert!(again.message().contains("external.api_key"));
    let deleted = manage(&emulator, "DELETE", &created.path(), "").await;
    for answer in [&created, &own, &theirs, &again, &deleted] {
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }

    // It goes with the key that it was given for, and is free again.
    call(&emulator, "GET", "/key", Some(partner), "")
        .await
        .expect(401);
    create(&emulator, &body).await;
}

#[tokio::test]
async fn nobody_elses_credential_can_be_a_partners_key() {
    let emulator = start().await;
    let other = create(&emulator, r#"{"name":"other"}"#).await;
    for taken in [other.plaintext(), emulator.management_key()] {
        let body = json!({"name": "p", "external": {"user": "u", "api_key": taken}});
        manage(&emulator, "POST", "/keys", body.to_string())
            .await
            .expect(400);
    }
    // Neither was taken over.
    manage(&emulator, "GET", "/keys", "").await.expect(200);
    let me = call(&emulator, "GET", "/key", Some(other.plaintext()), "").await;
    assert_eq!(
        me.expect(200).body["data"]["label"],
        other.body["data"]["label"]
    );

    // What is forgotten is free.
    manage(&emulator, "DELETE", &other.path(), "")
        .await
        .expect(200);
    let body = json!({"name": "p", "external": {"user": "u", "api_key": other.plaintext()}});
    create(&emulator, &body.to_string()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_created_at_once_are_all_different() {
    const TASKS: usize = 8;
    const EACH: usize = 25;

    let emulator = Arc::new(start().await);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let emulator = Arc::clone(&emulator);
            tokio::spawn(async move {
                let mut hashes = Vec::new();
                for _ in 0..EACH {
                    // The same name every time: a create is not idempotent.
                    let created = create(&emulator, r#"{"name":"same"}"#).await;
                    hashes.push(created.path());
                }
                hashes
            })
        })
        .collect();
    let mut hashes = HashSet::new();
    for task in tasks {
        hashes.extend(task.await.expect("a task"));
    }
    assert_eq!(hashes.len(), TASKS * EACH);
    for (offset, size) in [(0, 100), (100, 100), (200, 0)] {
        let path = format!("/keys?offset={offset}");
        let page = manage(&emulator, "GET", &path, "").await.expect(200);
        assert_eq!(page.names().len(), size);
    }
}
