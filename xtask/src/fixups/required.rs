//! Which fields of an answer a client may rely on, and which of a request it must send.

use serde_json::{Value, json};

use super::{CHANGED, map_at, schemas};
use crate::misfit::Result;

/// What every answer since 2025-11 has, less what is deprecated. A missing one of these is an error, above all
/// a missing `limit`, which must never read as "unlimited".
const RELIED_UPON: [(&str, &[&str]); 10] = [
    ("KeyPage", &["data"]),
    ("KeyEnvelope", &["data"]),
    ("CreatedKey", &["data", "key"]),
    ("DeletedKey", &["deleted"]),
    ("CurrentKeyEnvelope", &["data"]),
    (
        "ApiKey",
        &[
            "hash",
            "name",
            "label",
            "disabled",
            "limit",
            "limit_remaining",
            "limit_reset",
            "include_byok_in_limit",
            "usage",
            "usage_daily",
            "usage_weekly",
            "usage_monthly",
            "byok_usage",
            "byok_usage_daily",
            "byok_usage_weekly",
            "byok_usage_monthly",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "CurrentKey",
        &[
            "label",
            "limit",
            "limit_remaining",
            "limit_reset",
            "include_byok_in_limit",
            "usage",
            "usage_daily",
            "usage_weekly",
            "usage_monthly",
            "byok_usage",
            "byok_usage_daily",
            "byok_usage_weekly",
            "byok_usage_monthly",
            "is_free_tier",
        ],
    ),
    (
        "KeyBudget",
        &[
            "scope",
            "limit_usd",
            "spend_usd",
            "remaining_usd",
            "include_byok",
        ],
    ),
    ("FreeModelDailyRequests", &["limit", "remaining", "used"]),
    // Deprecated as a whole.
    ("RateLimit", &[]),
];

/// The document marks a field as required from the day the service sends it. An older answer, a stored one, or
/// one of a service that dropped a deprecated field, must still be read: only the fields above stay required.
pub(super) fn relax_responses(document: &mut Value) -> Result<()> {
    for (name, fields) in RELIED_UPON {
        let at = schemas().at(name);
        if document.pointer(at.as_str()).is_none() {
            continue;
        }
        let component = map_at(document, &at)?;
        let required = names(component.get("required"));
        for field in fields {
            if !required.iter().any(|name| name == field) {
                return Err(at
                    .at("required")
                    .misfit(format!("'{field}' among the required fields"), CHANGED));
            }
            if component
                .get("properties")
                .and_then(|all| all.get(field))
                .is_none()
            {
                return Err(at
                    .at("properties")
                    .misfit(format!("the property '{field}'"), CHANGED));
            }
        }
        component.insert("required".to_owned(), json!(fields));
    }
    Ok(())
}

/// What the facade always sends.
const SENT: [(&str, &[&str]); 3] = [
    ("CreateKeyRequest", &["name"]),
    ("UpdateKeyRequest", &[]),
    ("ExternalUser", &["user"]),
];

/// A field or a parameter that became required would compile, and every call would fail: the facade does not send it.
/// That has to be seen here.
pub(super) fn check_requests(document: &mut Value) -> Result<()> {
    for (name, sent) in SENT {
        let at = schemas().at(name);
        if document.pointer(at.as_str()).is_none() {
            continue;
        }
        let required = names(map_at(document, &at)?.get("required"));
        if let Some(unsent) = required.iter().find(|name| !sent.contains(&name.as_str())) {
            return Err(at.at("required").misfit(
                format!("no required field but {sent:?}, and not '{unsent}'"),
                CHANGED,
            ));
        }
    }
    Ok(())
}

/// Whether a type is one that is sent.
pub(super) fn is_request(name: &str) -> bool {
    SENT.iter().any(|(request, _)| *request == name)
}

/// The fields that a component's `required` names.
pub(super) fn names(required: Option<&Value>) -> Vec<String> {
    let names = required.and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}
