//! The whole state: taken, put back, and begun again.

use openrouter_keys_emulator::{Emulator, Fault, Fleet, Route, Snapshot};
use serde_json::json;

use super::listed;
use crate::control::{answer, control};
use crate::http::{call, create, manage, sha256, start};

/// An emulator with a bit of everything, and the plaintexts of one of its keys.
async fn lived_in() -> (Emulator, [String; 2]) {
    let emulator = Emulator::builder().keys(3).start().await.expect("started");
    emulator.freeze_time();
    let partner = "a partner's key, which is not a real one".to_owned();
    let body = json!({
        "name": "Zoë \u{1f511}", "limit": 0.1, "limit_reset": "weekly", "include_byok_in_limit": true,
        "expires_at": "2099-12-31T23:59:59.999999Z", "creator_user_id": "user_1",
        "workspace_id": "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789",
        "external": {"user": "customer", "api_key": partner},
    });
    let key = create(&emulator, &body.to_string()).await;
    let hash = sha256(key.plaintext());
    emulator.spend(&hash, 0.3).expect("spent");
    emulator.spend_byok(&hash, 1e-9).expect("spent");
    manage(&emulator, "PATCH", &key.path(), r#"{"name":"Zoë"}"#)
        .await
        .expect(200);
    emulator
        .seed(&Fleet::of(2).named("more-").disabled())
        .expect("seeded");
    let plaintexts = [key.plaintext().to_owned(), partner];
    (emulator, plaintexts)
}

#[tokio::test]
async fn a_snapshot_is_put_back_whole() {
    let (emulator, plaintexts) = lived_in().await;
    let before = emulator.snapshot();
    let shown = control(&emulator, "GET", "state", "").await;
    assert_eq!(shown, serde_json::to_value(&before).expect("JSON"));
    for secret in plaintexts
        .iter()
        .map(String::as_str)
        .chain([emulator.management_key()])
    {
        assert!(!shown.to_string().contains(secret));
    }

    // In another emulator, by each door: all that a caller can see is the same.
    let [inside, outside] = [start().await, start().await];
    inside.restore(before.clone()).expect("restored");
    let told = control(&outside, "PUT", "state", &shown.to_string()).await;
    assert_eq!(told, json!({"keys": 6}));
    for other in [&inside, &outside] {
        assert_eq!(other.snapshot(), before);
        assert_eq!(listed(other).await, listed(&emulator).await);
        for plaintext in &plaintexts {
            let me = call(other, "GET", "/key", Some(plaintext), "")
                .await
                .expect(200);
            assert_eq!(me.body["data"]["usage"], 0.3);
        }
        // The next numbers, and no hash twice.
        other.seed(&Fleet::of(1)).expect("seeded");
        assert_eq!(listed(other).await[0]["name"], "fleet-00004");
    }

    // Back in the first one, what came later is gone.
    let later = create(&emulator, r#"{"name":"later"}"#).await;
    emulator.restore(before.clone()).expect("restored");
    assert_eq!(emulator.snapshot(), before);
    manage(&emulator, "GET", &later.path(), "")
        .await
        .expect(404);
}

#[tokio::test]
async fn a_snapshot_reads_back_as_what_it_was() {
    let (emulator, _) = lived_in().await;
    let before = emulator.snapshot();
    let text = serde_json::to_string(&before).expect("JSON");
    let after: Snapshot = serde_json::from_str(&text).expect("a snapshot");
    assert_eq!(after, before);
    assert_eq!(format!("{after:?}"), "Snapshot { keys: 6, .. }");
}

#[tokio::test]
async fn what_is_no_state_is_refused_and_changes_nothing() {
    let (emulator, _) = lived_in().await;
    let before = emulator.snapshot();
    let good = serde_json::to_value(&before).expect("JSON");
    let foreign = "it is no state of this emulator";
    for (why, at, value) in [
        (foreign, "", json!([])),
        (foreign, "", json!({"canary": 1})),
        (foreign, "/fleets", json!(1)),
        (foreign, "/keys/0", json!({"canary": 1})),
        (
            foreign,
            "/keys/0/usage/day",
            json!({"credits": 1, "byok": 1, "canary": 1}),
        ),
        (foreign, "/keys/0/hash", json!("canary")),
        (foreign, "/keys/0/workspace_id", json!("canary")),
        (foreign, "/keys/0/created_at", json!("canary")),
        (foreign, "/clock", json!("canary")),
        (
            "it is of a form that",
            "/openrouter-keys-emulator",
            json!(2),
        ),
        (
            "its clock is not between",
            "/clock",
            json!({"frozen_at": "1960-01-01T00:00:00Z"}),
        ),
        (
            "one of its times is not",
            "/keys/0/created_at",
            json!("+10000-01-01T00:00:00Z"),
        ),
        (
            "two of its keys have the same",
            "/keys/0",
            good["keys"][1].clone(),
        ),
        ("one of its keys has an amount", "/keys/0/limit", json!(-1)),
        (
            "one of its keys has an amount",
            "/keys/0/usage/day/byok",
            json!(-1),
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(at).expect("a place in a state") = value;
        let answer = answer(&emulator, "PUT", "state", &bad.to_string())
            .await
            .expect(400);
        let begins = format!("The request body must be a state, but {why}");
        assert!(
            answer.message().starts_with(&begins),
            "{}",
            answer.message()
        );
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        assert!(serde_json::from_value::<Snapshot>(bad).is_err(), "{why}");
    }
    let mut more = good.clone();
    more["canary"] = json!(1);
    assert!(serde_json::from_value::<Snapshot>(more).is_err());
    for text in ["", "canary", &good.to_string()[..100]] {
        let answer = answer(&emulator, "PUT", "state", text).await.expect(400);
        assert!(
            answer.message().contains("it is not JSON at line 1"),
            "{}",
            answer.message()
        );
    }
    assert_eq!(emulator.snapshot(), before);

    // The management key of another emulator may be a key of this one.
    let plaintext = format!("sk-or-v1-{}", sha256("fleet-00002"));
    let other = Emulator::builder()
        .management_key(plaintext)
        .start()
        .await
        .expect("started");
    assert!(other.restore(before).is_err());
    assert!(listed(&other).await.is_empty());
    let answer = answer(&other, "PUT", "state", &good.to_string())
        .await
        .expect(400);
    assert!(
        answer
            .message()
            .ends_with("in which no key is the management key")
    );
}

#[tokio::test]
async fn a_state_that_nobody_comes_to_does_no_harm() {
    let emulator = Emulator::builder().keys(1).start().await.expect("started");
    emulator.freeze_time();
    let mut state = serde_json::to_value(emulator.snapshot()).expect("JSON");
    // The last number there is, and more spent in a day than altogether.
    state["fleets"] = json!({"fleet-": usize::MAX});
    let much = json!({"credits": f64::MAX, "byok": 0});
    state["keys"][0]["usage"]["day"] = much;
    state["keys"][0]["usage"]["latest"] = json!(emulator.now());
    control(&emulator, "PUT", "state", &state.to_string()).await;

    // The next number is taken already.
    let hashes = emulator.seed(&Fleet::of(2)).expect("seeded");
    let expected =
        ["fleet-00002", "fleet-00003"].map(|name| sha256(&format!("sk-or-v1-{}", sha256(name))));
    assert_eq!(hashes, expected);
    let hash = state["keys"][0]["hash"].as_str().expect("a hash");
    assert!(emulator.spend(hash, f64::MAX).is_err());

    // What it is in now can be taken down and put back.
    let text = serde_json::to_string(&emulator.snapshot()).expect("JSON");
    serde_json::from_str::<Snapshot>(&text).expect("a snapshot");
}

#[tokio::test]
async fn a_reset_begins_again() {
    let [fresh, inside] = [(); 2].map(|()| Emulator::builder().keys(3));
    let fresh = fresh.start().await.expect("started").snapshot();
    let inside = inside.start().await.expect("started");
    let (outside, plaintexts) = lived_in().await;
    for emulator in [&inside, &outside] {
        create(emulator, r#"{"name":"k"}"#).await;
        emulator.freeze_time();
        emulator.inject(Fault::status(500).always());
    }
    inside.reset();
    assert_eq!(
        control(&outside, "POST", "reset", "").await,
        json!({"keys": 3})
    );
    for emulator in [inside, outside] {
        assert_eq!(emulator.snapshot(), fresh);
        assert_eq!(emulator.requests(Route::Any), 0);
        assert!(emulator.request_log().is_empty());
        for plaintext in &plaintexts {
            call(&emulator, "GET", "/key", Some(plaintext), "")
                .await
                .expect(401);
        }
        // The management key is still the same, and nothing fails any more.
        assert_eq!(listed(&emulator).await.len(), 3);
    }
}
