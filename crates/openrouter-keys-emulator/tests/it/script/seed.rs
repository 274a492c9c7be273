//! Keys that appear from nowhere.

use openrouter_keys_emulator::{DEFAULT_WORKSPACE_ID, Emulator, Fleet, LimitReset};
use serde_json::json;

use super::{listed, refused};
use crate::control::answer;
use crate::http::{call, create, sha256, start};

const ELSEWHERE: &str = "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789";

#[tokio::test]
async fn a_fleet_is_the_same_by_both_doors() {
    let [inside, outside] = [start().await, start().await];
    for emulator in [&inside, &outside] {
        emulator.freeze_time();
        emulator.set_time(
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000),
        );
    }
    let expiry: chrono::DateTime<chrono::Utc> = "2028-01-01T00:00:00Z".parse().expect("a time");
    for (fleet, body) in [
        (Fleet::of(12), json!({"count": 12})),
        // The next numbers.
        (Fleet::of(2), json!({"count": 2})),
        (
            Fleet::of(3)
                .named("customer-")
                .workspace_id(ELSEWHERE)
                .limit(7.5)
                .limit_reset(LimitReset::Weekly)
                .disabled()
                .expires_at(expiry)
                .creator_user_id("user_1"),
            json!({
                "count": 3, "name": "customer-", "workspace_id": ELSEWHERE, "limit": 7.5, "limit_reset": "weekly",
                "disabled": true, "expires_at": "2028-01-01T00:00:00Z", "creator_user_id": "user_1",
            }),
        ),
        (
            Fleet::of(1).named("free-").unlimited(),
            json!({"count": 1, "name": "free-", "limit": null, "limit_reset": null, "disabled": false, "expires_at": null}),
        ),
    ] {
        let hashes = inside.seed(&fleet).expect("seeded");
        let told = answer(&outside, "POST", "keys", &body.to_string())
            .await
            .expect(201);
        assert_eq!(told.body, json!({"hashes": hashes}));
    }
    assert_eq!(inside.snapshot(), outside.snapshot());

    let keys = listed(&inside).await;
    let names: Vec<_> = keys.iter().map(|key| &key["name"]).collect();
    assert_eq!(names.len(), 15);
    assert_eq!(names[..3], ["free-00001", "fleet-00014", "fleet-00013"]);
    assert_eq!(keys[0]["limit"], json!(null));
    assert_eq!(keys[0]["created_at"], "2027-01-15T08:00:00Z");

    let token = format!("sk-or-v1-{}", sha256("customer-00003"));
    let disabled = call(&inside, "GET", "/key", Some(&token), "").await;
    assert_eq!(disabled.expect(401).message(), "This API key is disabled");
    let query = format!("/keys?workspace_id={ELSEWHERE}&include_disabled=true");
    let key = crate::http::manage(&inside, "GET", &query, "")
        .await
        .expect(200);
    let key = &key.body["data"][0];
    assert_eq!(key["hash"], sha256(&token));
    assert_eq!(
        (&key["limit"], &key["limit_reset"]),
        (&json!(7.5), &json!("weekly"))
    );
    assert_eq!(key["expires_at"], "2028-01-01T00:00:00Z");
    assert_eq!(key["creator_user_id"], "user_1");
}

#[tokio::test]
async fn a_number_whose_plaintext_somebody_has_is_left_out() {
    let first = format!("sk-or-v1-{}", sha256("fleet-00001"));
    let second = format!("sk-or-v1-{}", sha256("fleet-00002"));
    let emulator = Emulator::builder()
        .management_key(&first)
        .start()
        .await
        .expect("started");
    let body = json!({"name": "k", "external": {"user": "u", "api_key": second}});
    create(&emulator, &body.to_string()).await;
    emulator.seed(&Fleet::of(1)).expect("seeded");
    let keys = listed(&emulator).await;
    assert_eq!(keys[0]["name"], "fleet-00003");
    assert_eq!(keys[0]["workspace_id"], DEFAULT_WORKSPACE_ID);
}

#[tokio::test]
async fn what_cannot_be_seeded_is_refused() {
    let emulator = Emulator::builder().keys(1).start().await.expect("started");
    for (body, begins) in [
        (json!({}), "count is required: a whole number of at least 1"),
        (
            json!({"count": 0}),
            "count must be a whole number of at least 1",
        ),
        (
            json!({"count": 1_000_000}),
            "count must leave the emulator with no more than 1000000 keys",
        ),
        (
            json!({"count": u64::MAX}),
            "count must leave the emulator with no more than 1000000 keys",
        ),
        (json!({"count": 1, "name": 7}), "name must be a string"),
        (
            json!({"count": 1, "workspace_id": "here"}),
            "workspace_id must be a UUID",
        ),
        (
            json!({"count": 1, "limit": -1}),
            "limit must be a number of USD that is not negative, or null",
        ),
        (
            json!({"count": 1, "limit_reset": "yearly"}),
            "limit_reset must be daily, weekly, monthly or null",
        ),
        (
            json!({"count": 1, "disabled": null}),
            "disabled must be true or false",
        ),
        (
            json!({"count": 1, "expires_at": "soon"}),
            "expires_at must be an RFC 3339 date-time",
        ),
        (
            json!({"count": 1, "creator_user_id": ""}),
            "creator_user_id must be a string of at least 1 character",
        ),
    ] {
        let message = refused(&emulator, "keys", body.clone()).await;
        assert!(message.starts_with(begins), "{body}: {message}");
    }
    assert!(emulator.seed(&Fleet::of(1_000_000)).is_err());
    assert_eq!(listed(&emulator).await.len(), 1);
}

#[test]
#[should_panic(expected = "an expiry has a year of four digits")]
fn an_expiry_that_could_not_be_written_is_refused() {
    let _ = Fleet::of(1).expires_at(chrono::DateTime::<chrono::Utc>::MAX_UTC);
}
