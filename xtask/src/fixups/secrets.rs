//! Plaintext keys in a type that does not print them.

use serde_json::{Value, json};

use super::{CHANGED, map_at, schemas};
use crate::misfit::Result;

/// Where a plaintext stands: the type, the field, and whether documents lack it that are otherwise fine.
const SECRETS: [(&str, &str, bool); 2] = [
    ("CreatedKey", "key", false),
    ("ExternalUser", "api_key", true),
];

/// Every generated type derives Debug, which would print a plaintext wherever a request or an answer is logged.
pub(super) fn wrap_secrets(document: &mut Value) -> Result<()> {
    for (component, field, may_lack) in SECRETS {
        let at = schemas().at(component).at("properties").at(field);
        if may_lack && document.pointer(at.as_str()).is_none() {
            continue;
        }
        let schema = map_at(document, &at)?;
        if schema.get("type") != Some(&Value::from("string")) || schema.contains_key("nullable") {
            return Err(at.misfit("a string that is never null", CHANGED));
        }
        schema.insert(
            "x-rust-type".to_owned(),
            json!({
                "crate": "openrouter-keys-raw",
                "version": "*",
                "path": "openrouter_keys_raw::Plaintext",
            }),
        );
    }
    Ok(())
}
