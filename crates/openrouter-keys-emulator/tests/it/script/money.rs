//! Money that is spent with a key.

use std::time::Duration;

use openrouter_keys_emulator::{Emulator, Fleet, LimitReset};
use serde_json::{Value, json};

use super::{listed, refused};
use crate::control::{answer, control};
use crate::http::{call, sha256, start};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An emulator at a Friday's noon, and a key with 10 USD a day.
async fn on_friday() -> (Emulator, String) {
    let emulator = start().await;
    emulator.freeze_time();
    let noon: chrono::DateTime<chrono::Utc> = "2026-10-23T12:00:00Z".parse().expect("a time");
    emulator.set_time(noon);
    let fleet = Fleet::of(1).limit(10.0).limit_reset(LimitReset::Daily);
    let hash = emulator.seed(&fleet).expect("seeded").remove(0);
    (emulator, hash)
}

fn amounts(key: &Value) -> Value {
    let names = [
        "usage_daily",
        "usage_weekly",
        "usage_monthly",
        "limit_remaining",
    ];
    names.into_iter().map(|name| key[name].clone()).collect()
}

#[tokio::test]
async fn what_is_spent_counts_in_the_windows_that_are_open() {
    let (emulator, hash) = on_friday().await;
    let path = format!("keys/{hash}/spend");
    let before = listed(&emulator).await.remove(0);

    let told = control(&emulator, "POST", &path, r#"{"usd":12.5}"#).await;
    let key = &told["data"];
    assert_eq!(*key, listed(&emulator).await[0]);
    let total = before["usage"].as_f64().expect("an amount") + 12.5;
    assert_eq!(key["usage"].as_f64(), Some(total));
    // Less than nothing is left.
    assert_eq!(amounts(key), json!([12.5, 12.5, 12.5, -2.5]));
    assert_eq!(key["last_used_at"], "2026-10-23T12:00:00Z");

    for (days, expected) in [
        // Saturday, Monday, and the first Monday of the next month.
        (1, json!([0, 12.5, 12.5, 10])),
        (2, json!([0, 0, 12.5, 10])),
        (7, json!([0, 0, 0, 10])),
    ] {
        emulator.advance(DAY * days);
        assert_eq!(amounts(&listed(&emulator).await[0]), expected, "{days}");
    }
    assert_eq!(listed(&emulator).await[0]["usage"].as_f64(), Some(total));
}

#[tokio::test]
async fn a_key_is_told_of_its_spending() {
    let (emulator, hash) = on_friday().await;
    emulator.spend(&hash, 4.0).expect("spent");
    emulator.spend_byok(&hash, 30.0).expect("spent");
    let token = format!("sk-or-v1-{}", sha256("fleet-00001"));
    let me = call(&emulator, "GET", "/key", Some(&token), "").await;
    let me = me.expect(200).body["data"].clone();
    assert_eq!(amounts(&me), json!([4, 4, 4, 6]));
    assert_eq!(me["byok_usage_daily"], 30);
    let budget = &me["effective_budget"];
    assert_eq!(budget["spend_usd"], 4);
    assert_eq!(budget["remaining_usd"], 6);
    assert_eq!(budget["resets_at"], "2026-10-24T00:00:00Z");
}

#[tokio::test]
async fn amounts_that_cannot_be_are_refused() {
    let (emulator, hash) = on_friday().await;
    let before = listed(&emulator).await;
    let path = format!("keys/{hash}/spend");
    for (body, begins) in [
        (json!({}), "The request body must have usd or byok_usd"),
        (
            json!({"usd": -1}),
            "usd must be a number of USD that is not negative",
        ),
        (
            json!({"usd": "1"}),
            "usd must be a number of USD that is not negative",
        ),
        (
            json!({"usd": null}),
            "usd must be a number of USD that is not negative",
        ),
        (
            json!({"byok_usd": -0.1}),
            "byok_usd must be a number of USD that is not negative",
        ),
    ] {
        let message = refused(&emulator, &path, body.clone()).await;
        assert!(message.starts_with(begins), "{body}: {message}");
    }
    assert!(emulator.spend(&hash, f64::NAN).is_err());
    assert!(emulator.spend(&hash, -1.0).is_err());
    assert_eq!(listed(&emulator).await, before);

    emulator.spend(&hash, f64::MAX).expect("a finite amount");
    assert!(emulator.spend(&hash, f64::MAX).is_err());
    let message = refused(&emulator, &path, json!({"usd": f64::MAX})).await;
    assert!(
        message.starts_with("usd and byok_usd must leave"),
        "{message}"
    );

    // Nor can both together be more than a number holds, which a limit sees that counts both.
    assert!(emulator.spend_byok(&hash, f64::MAX).is_err());
    let spent = emulator.snapshot();
    emulator.restore(spent).expect("its own");

    for unknown in [sha256("nobody"), "..".to_owned(), hash.to_uppercase()] {
        let path = format!("keys/{unknown}/spend");
        let told = answer(&emulator, "POST", &path, r#"{"usd":1}"#).await;
        assert_eq!(told.status, 404, "{unknown}");
        assert!(emulator.spend(&unknown, 1.0).is_err(), "{unknown}");
    }
}
