//! Absent, null and a value: three things.

use serde_json::{Map, Value, json};

use super::{CHANGED, map_at, reference_to, referenced, required, schemas};
use crate::misfit::{Pointer, Result};

/// The generator makes `Option<T>` of an optional field and of a nullable one, and of one that is both: a
/// request could never say null, and an answer without `limit` would read as one without limit. Where the
/// difference counts, in requests and in required fields of answers, null becomes a value of `Nullable<T>`.
/// An optional field of an answer means the same by absence as by null, and `Option` says both; but where the
/// generator has a default of its own for absence, which a list is, the null has to stay for it to make an `Option`.
pub(super) fn distinguish_null(document: &mut Value) -> Result<()> {
    let at = schemas();
    for (name, component) in map_at(document, &at)? {
        let is_request = required::is_request(name);
        let at = at.at(name);
        let required = required::names(component.get("required"));
        let properties = component
            .get_mut("properties")
            .and_then(Value::as_object_mut);
        for (field, schema) in properties.into_iter().flatten() {
            let at = at.at("properties").at(field);
            let map = schema
                .as_object_mut()
                .ok_or_else(|| at.misfit("a schema object", CHANGED))?;
            if !map.contains_key("nullable") {
                continue;
            }
            if is_request || required.contains(field) {
                map.remove("nullable");
                wrap(map, &at)?;
            } else if is_scalar(map) {
                map.remove("nullable");
            } else if let Some(name) = referenced(schema) {
                *schema = reference_to(name);
            }
        }
    }
    Ok(())
}

fn is_scalar(schema: &Map<String, Value>) -> bool {
    let type_name = schema.get("type").and_then(Value::as_str);
    matches!(type_name, Some("string" | "number" | "integer" | "boolean"))
}

fn wrap(schema: &mut Map<String, Value>, at: &Pointer) -> Result<()> {
    if !is_scalar(schema) {
        return Err(at.misfit("null beside a scalar", CHANGED));
    }
    let inner = json!({ "type": schema["type"] });
    schema.insert(
        "x-rust-type".to_owned(),
        json!({
            "crate": "openrouter-keys-raw",
            "version": "*",
            "path": "openrouter_keys_raw::Nullable",
            "parameters": [inner],
        }),
    );
    Ok(())
}
