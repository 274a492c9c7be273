//! What a well-behaved server answers, in the shapes of the API.

use serde_json::{Value, json};

use super::{Answer, HASH, PLAINTEXT};

/// A key with every field that the API has.
pub(crate) fn key() -> Value {
    json!({
        "hash": HASH,
        "name": "Customer 42",
        "label": "sk-or-v1-000...00aa",
        "disabled": false,
        "limit": 50,
        "limit_remaining": 49.5,
        "limit_reset": "monthly",
        "include_byok_in_limit": false,
        "usage": 0.5,
        "usage_daily": 0.25,
        "usage_weekly": 0.5,
        "usage_monthly": 0.5,
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": null,
        "expires_at": null,
        "creator_user_id": null,
        "workspace_id": "00000000-0000-4000-8000-000000000000",
        "external_user": null,
        "last_used_at": null,
    })
}

/// 201 with the plaintext.
pub(crate) fn created() -> Answer {
    Answer::json(201, &json!({"data": key(), "key": PLAINTEXT}))
}

/// 200 with the key.
pub(crate) fn one_key() -> Answer {
    Answer::json(200, &json!({"data": key()}))
}

/// 200 with a page of one.
pub(crate) fn page() -> Answer {
    Answer::json(200, &json!({"data": [key()]}))
}

/// 200 with the word that it is gone.
pub(crate) fn deleted() -> Answer {
    Answer::json(200, &json!({"deleted": true}))
}

/// 200 with the current key.
pub(crate) fn current_key() -> Answer {
    let mut data = key();
    data["is_free_tier"] = json!(false);
    data["is_management_key"] = json!(true);
    Answer::json(200, &json!({"data": data}))
}

/// A failure in the shape that the API documents.
pub(crate) fn error(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({"error": {"code": status, "message": message}}),
    )
}
