//! Values without the promises that the service does not keep for ever.

use serde_json::{Value, json};

use super::{CHANGED, referenced, schemas, visit_all_schemas};
use crate::misfit::Result;

/// A component that is no object, such as an enum of strings, would become a type around a single string. It is
/// written into the places that reference it.
pub(super) fn write_in_place(document: &mut Value) -> Result<()> {
    let components = document
        .pointer(schemas().as_str())
        .cloned()
        .unwrap_or_else(|| json!({}));
    visit_all_schemas(document, &mut |schema, at| {
        let Some(component) = referenced(schema).and_then(|name| components.get(name)) else {
            return Ok(());
        };
        if component.get("type").and_then(Value::as_str) == Some("object") {
            return Ok(());
        }
        let mut written = component.clone();
        for (keyword, own) in schema.as_object().into_iter().flatten() {
            match keyword.as_str() {
                "$ref" | "allOf" => {}
                "description" | "title" | "nullable" | "deprecated" => {
                    written[keyword] = own.clone();
                }
                _ => {
                    return Err(at
                        .at(keyword)
                        .misfit("nothing beside a reference that narrows it", CHANGED));
                }
            }
        }
        *schema = written;
        Ok(())
    })
}

/// What the service promises of a value today, it widens tomorrow: enums gain values, objects gain members, and a
/// bound or a format that the generator builds into a type would make an old client refuse a new answer. The raw
/// client carries plain strings, numbers, booleans and lists; the facade checks what is sent, and keeps what it
/// does not know.
pub(super) fn open(document: &mut Value) -> Result<()> {
    visit_all_schemas(document, &mut |schema, at| {
        let Some(map) = schema.as_object_mut() else {
            return Ok(());
        };
        let type_name = map.get("type").and_then(Value::as_str).map(str::to_owned);
        if let Some(values) = map.get("enum").and_then(Value::as_array) {
            let fits = match type_name.as_deref() {
                Some("string") => values.iter().all(Value::is_string),
                Some("boolean") => values.iter().all(Value::is_boolean),
                _ => false,
            };
            if !fits {
                return Err(at
                    .at("enum")
                    .misfit("values of type string or boolean, and that type", CHANGED));
            }
            map.remove("enum");
        }
        let scalar = match type_name.as_deref() {
            Some("string") => ["date-time", "uuid"].as_slice(),
            Some("number") => &["double", "float"],
            Some("integer") => &["int32", "int64"],
            Some("boolean") => &[],
            Some("array") => {
                for bound in ["minItems", "maxItems", "uniqueItems"] {
                    map.remove(bound);
                }
                return Ok(());
            }
            _ => {
                if map.get("additionalProperties") == Some(&json!(false)) {
                    map.remove("additionalProperties");
                }
                return Ok(());
            }
        };
        if let Some(format) = map.remove("format")
            && !format.as_str().is_some_and(|name| scalar.contains(&name))
        {
            return Err(at
                .at("format")
                .misfit(format!("one of {}", scalar.join(", ")), CHANGED));
        }
        for bound in [
            "minLength",
            "maxLength",
            "pattern",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "default",
        ] {
            map.remove(bound);
        }
        Ok(())
    })
}
