//! What a test does to the emulator, by way of either door.

mod budgets;
mod clock;
mod log;
mod money;
mod origin;
mod rate_limit;
mod seed;
mod state;

use openrouter_keys_emulator::Emulator;
use serde_json::{Value, json};

use crate::control::answer;
use crate::http::{manage, start};

/// The message of a control request that is refused.
async fn refused(emulator: &Emulator, path: &str, body: Value) -> String {
    let answer = answer(emulator, "POST", path, &body.to_string()).await;
    answer.expect(400).message().to_owned()
}

/// Every key of the default workspace's first page, as a listing shows it.
async fn listed(emulator: &Emulator) -> Vec<Value> {
    let path = "/keys?include_disabled=true&include_expired=true";
    let answer = manage(emulator, "GET", path, "").await.expect(200);
    answer.body["data"].as_array().expect("a page").clone()
}

#[tokio::test]
async fn a_field_that_is_not_known_is_refused_and_named() {
    let emulator = start().await;
    for path in ["clock", "keys", "keys/00/spend"] {
        let message = refused(&emulator, path, json!({"cuont": 1})).await;
        assert!(message.starts_with("cuont is not known here"), "{message}");
        let message = refused(&emulator, path, json!([1])).await;
        assert_eq!(message, "The request body must be a JSON object");
    }
}
