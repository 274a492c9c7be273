//! What keys may spend beside their own limits, as `GET /key` tells them.

use std::time::Duration;

use openrouter_keys_emulator::{Budget, DEFAULT_WORKSPACE_ID, Emulator, Fleet, LimitReset};
use serde_json::{Value, json};

use super::refused;
use crate::control::{answer, control};
use crate::http::{call, manage, sha256, start};

const ELSEWHERE: &str = "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789";

/// An emulator on a Friday, with three keys: two of a member, one of them elsewhere, and one of nobody with a limit of 8 USD.
async fn three_keys() -> (Emulator, [String; 3]) {
    let emulator = start().await;
    emulator.freeze_time();
    let friday: chrono::DateTime<chrono::Utc> = "2026-10-23T12:00:00Z".parse().expect("a time");
    emulator.set_time(friday);
    let hashes = [
        Fleet::of(1)
            .named("a")
            .unlimited()
            .creator_user_id("user_1"),
        Fleet::of(1)
            .named("b")
            .unlimited()
            .creator_user_id("user_1")
            .workspace_id(ELSEWHERE),
        Fleet::of(1).named("c").limit(8.0),
    ]
    .map(|fleet| emulator.seed(&fleet).expect("seeded").remove(0));
    (emulator, hashes)
}

/// What the key of that name is told: scope, limit, spend and rest of each layer; and of the one that counts.
async fn told(emulator: &Emulator, name: &str) -> (Value, Value) {
    let token = format!("sk-or-v1-{}", sha256(&format!("{name}00001")));
    let me = call(emulator, "GET", "/key", Some(&token), "")
        .await
        .expect(200);
    let me = &me.body["data"];
    let brief = |layer: &Value| -> Value {
        let names = ["scope", "limit_usd", "spend_usd", "remaining_usd"];
        names.into_iter().map(|name| layer[name].clone()).collect()
    };
    let layers = me["budgets"]
        .as_array()
        .expect("a list")
        .iter()
        .map(brief)
        .collect();
    let effective = &me["effective_budget"];
    assert!(
        effective.is_null()
            || me["budgets"]
                .as_array()
                .expect("a list")
                .contains(effective)
    );
    (layers, brief(effective))
}

#[tokio::test]
async fn each_layer_counts_what_it_covers() {
    let (emulator, [a, b, c]) = three_keys().await;
    // Not in the order of enforcement.
    emulator.add_budget(Budget::of_workspace(DEFAULT_WORKSPACE_ID, 100.0));
    emulator.add_budget(Budget::of_key(&a, 50.0));
    emulator.add_budget(Budget::of_member("user_1", 40.0));
    emulator.add_budget(Budget::of_each_key(DEFAULT_WORKSPACE_ID, 30.0));
    emulator.add_budget(Budget::of_each_member(DEFAULT_WORKSPACE_ID, 20.0));
    for (hash, usd) in [(&a, 1.0), (&b, 2.0), (&c, 4.0)] {
        emulator.spend(hash, usd).expect("spent");
    }

    let (layers, effective) = told(&emulator, "a").await;
    let expected = json!([
        ["workspace_default_member", 20, 1, 19],
        ["workspace_default_key", 30, 1, 29],
        ["member", 40, 3, 37],
        ["api_key", 50, 1, 49],
        ["workspace", 100, 5, 95],
    ]);
    assert_eq!(layers, expected);
    assert_eq!(effective, expected[0]);
    let (layers, effective) = told(&emulator, "b").await;
    assert_eq!(layers, json!([["member", 40, 3, 37]]));
    assert_eq!(effective, layers[0]);
    // Its own limit is the last layer.
    let (layers, effective) = told(&emulator, "c").await;
    let expected = json!([
        ["workspace_default_key", 30, 4, 26],
        ["workspace", 100, 5, 95],
        ["key_limit", 8, 4, 4],
    ]);
    assert_eq!(layers, expected);
    assert_eq!(effective, expected[2]);

    // A key that moves leaves what it spent behind, and one that is deleted does so too.
    manage(
        &emulator,
        "PATCH",
        &format!("/keys/{c}"),
        &json!({"workspace_id": ELSEWHERE}).to_string(),
    )
    .await
    .expect(200);
    manage(&emulator, "DELETE", &format!("/keys/{b}"), "")
        .await
        .expect(200);
    let (layers, _) = told(&emulator, "a").await;
    assert_eq!(layers[4], json!(["workspace", 100, 5, 95]));
    assert_eq!(layers[2], json!(["member", 40, 3, 37]));

    emulator.clear_budgets();
    let (layers, effective) = told(&emulator, "a").await;
    assert_eq!(layers, json!([]));
    assert_eq!(effective, json!([null, null, null, null]));
}

#[tokio::test]
async fn the_first_layer_with_nothing_left_is_the_one_that_counts() {
    let (emulator, [a, ..]) = three_keys().await;
    emulator.add_budget(Budget::of_workspace(DEFAULT_WORKSPACE_ID, 5.0));
    emulator.add_budget(Budget::of_member("user_1", 10.0));
    emulator.spend(&a, 4.0).expect("spent");
    assert_eq!(told(&emulator, "a").await.1[0], "workspace");
    // Overdrawn, the later one even more so.
    emulator.spend(&a, 6.0).expect("spent");
    assert_eq!(told(&emulator, "a").await.1, json!(["member", 10, 10, 0]));
}

#[tokio::test]
async fn a_budget_starts_afresh_and_counts_byok_only_if_it_says_so() {
    let (emulator, [a, ..]) = three_keys().await;
    let of_key = |usd| Budget::of_key(&a, usd);
    emulator.add_budget(of_key(1.0));
    emulator.add_budget(of_key(2.0).include_byok().limit_reset(LimitReset::Weekly));
    emulator.spend(&a, 0.5).expect("spent");
    emulator.spend_byok(&a, 0.25).expect("spent");
    assert_eq!(
        told(&emulator, "a").await.0,
        json!([["api_key", 1, 0.5, 0.5], ["api_key", 2, 0.75, 1.25]])
    );
    let day = Duration::from_secs(24 * 60 * 60);
    emulator.advance(2 * day);
    assert_eq!(
        told(&emulator, "a").await.0[1],
        json!(["api_key", 2, 0.75, 1.25])
    );
    emulator.advance(day);
    assert_eq!(
        told(&emulator, "a").await.0,
        json!([["api_key", 1, 0.5, 0.5], ["api_key", 2, 0, 2]])
    );
}

#[tokio::test]
async fn budgets_are_the_same_by_both_doors_and_part_of_the_state() {
    let (inside, [a, ..]) = three_keys().await;
    let (outside, _) = three_keys().await;
    for (budget, body) in [
        (
            Budget::of_workspace(DEFAULT_WORKSPACE_ID, 1.5),
            json!({"scope": "workspace", "limit_usd": 1.5}),
        ),
        (
            Budget::of_each_key(ELSEWHERE, 2.0).limit_reset(LimitReset::Daily),
            json!({"scope": "workspace_default_key", "workspace_id": ELSEWHERE, "limit_usd": 2, "limit_reset": "daily"}),
        ),
        (
            Budget::of_each_member(ELSEWHERE, 3.0),
            json!({"scope": "workspace_default_member", "workspace_id": ELSEWHERE, "limit_usd": 3, "limit_reset": null}),
        ),
        (
            Budget::of_member("user_1", 4.0).include_byok(),
            json!({"scope": "member", "user_id": "user_1", "limit_usd": 4, "include_byok": true}),
        ),
        (
            Budget::of_key(&a, 0.0),
            json!({"scope": "api_key", "hash": a, "limit_usd": 0, "include_byok": false}),
        ),
    ] {
        inside.add_budget(budget);
        let told = answer(&outside, "POST", "budgets", &body.to_string())
            .await
            .expect(201);
        let shown = told.body["budgets"]
            .as_array()
            .expect("a list")
            .last()
            .expect("a budget")
            .clone();
        for (field, value) in body.as_object().expect("fields") {
            assert_eq!(shown[field], *value, "{field}");
        }
        assert_eq!(told.body, control(&inside, "GET", "budgets", "").await);
    }
    for emulator in [&inside, &outside] {
        emulator.spend(&a, 1.0).expect("spent");
    }
    let before = inside.snapshot();
    assert_eq!(outside.snapshot(), before);
    let telling = told(&inside, "a").await;
    assert_eq!(
        control(&outside, "DELETE", "budgets", "").await,
        json!({"budgets": []})
    );
    let text = serde_json::to_string(&before).expect("JSON");
    outside
        .restore(serde_json::from_str(&text).expect("a snapshot"))
        .expect("restored");
    assert_eq!(told(&outside, "a").await, telling);
}

#[tokio::test]
async fn what_is_too_much_for_a_budget_is_spent_nowhere() {
    let (emulator, [a, b, _]) = three_keys().await;
    emulator.add_budget(Budget::of_member("user_1", 1.0));
    emulator.spend(&a, f64::MAX).expect("a finite amount");
    let before = emulator.snapshot();
    assert!(emulator.spend(&b, f64::MAX).is_err());
    assert_eq!(emulator.snapshot(), before);
}

#[tokio::test]
async fn what_is_no_budget_is_refused() {
    let emulator = start().await;
    let hash = sha256("k");
    for (body, begins) in [
        (json!({}), "scope is required: workspace_default_member, "),
        (
            json!({"scope": "key_limit", "limit_usd": 1}),
            "scope must be workspace_default_member, ",
        ),
        (
            json!({"scope": "workspace"}),
            "limit_usd is required: a number of USD that is not negative",
        ),
        (
            json!({"scope": "workspace", "limit_usd": -1}),
            "limit_usd must be a number of USD that is not negative",
        ),
        (
            json!({"scope": "workspace", "limit_usd": null}),
            "limit_usd must be a number of USD that is not negative",
        ),
        (
            json!({"scope": "workspace", "limit_usd": 1, "workspace_id": "x"}),
            "workspace_id must be a UUID",
        ),
        (
            json!({"scope": "workspace", "limit_usd": 1, "hash": hash}),
            "hash must be left out where scope is workspace",
        ),
        (
            json!({"scope": "member", "limit_usd": 1}),
            "user_id is required: a string of at least 1 character",
        ),
        (
            json!({"scope": "api_key", "limit_usd": 1}),
            "hash is required: the hash of a key",
        ),
        (
            json!({"scope": "api_key", "limit_usd": 1, "hash": ".."}),
            "hash must be the hash of a key",
        ),
        (
            json!({"scope": "workspace", "limit_usd": 1, "limit_reset": 1}),
            "limit_reset must be daily, weekly",
        ),
        (
            json!({"scope": "workspace", "limit_usd": 1, "include_byok": 1}),
            "include_byok must be true or false",
        ),
    ] {
        let message = refused(&emulator, "budgets", body.clone()).await;
        assert!(message.starts_with(begins), "{body}: {message}");
    }
    assert_eq!(
        control(&emulator, "GET", "budgets", "").await,
        json!({"budgets": []})
    );
}
