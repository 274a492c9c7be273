//! What the JSON schemas of the public types say beyond what derives from their fields.

use schemars::{JsonSchema as _, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::Usage;

/// A [`Key`](super::Key).
pub(super) fn key(schema: &mut Schema) {
    let nulls = ["limit", "limit_remaining", "limit_reset", "updated_at"];
    as_on_the_wire(schema, &nulls);
}

/// A [`CurrentKey`](super::CurrentKey).
pub(super) fn current_key(schema: &mut Schema) {
    let nulls = ["limit", "limit_remaining", "limit_reset"];
    as_on_the_wire(schema, &nulls);
}

/// What is part of a [`CurrentKey`](super::CurrentKey).
pub(super) fn part(schema: &mut Schema) {
    as_on_the_wire(schema, &[]);
}

/// A type that goes by way of the generated one, which knows two kinds of null: `nulls` are always there, and any other
/// field that may be null is left out instead. So is an empty list, for which null is read too.
fn as_on_the_wire(schema: &mut Schema, nulls: &[&str]) {
    without_example(schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<_> = properties
        .into_iter()
        .flatten()
        .filter(|(name, property)| !may_be_empty(property) || nulls.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        if property["type"] == "array" {
            property["type"] = json!(["array", "null"]);
        }
    }
    if required.is_empty() {
        schema.remove("required");
    } else {
        schema.insert("required".to_owned(), json!(required));
    }
}

/// Whether an `Option` or a `Vec` derives to it.
fn may_be_empty(schema: &Value) -> bool {
    match (&schema["type"], &schema["anyOf"]) {
        (Value::Array(types), _) => types.contains(&json!("null")),
        (_, Value::Array(any)) => any.iter().any(|schema| schema["type"] == "null"),
        (type_, _) => type_ == "array",
    }
}

/// The `usage` of a key, whose four amounts are fields of the key itself.
pub(super) fn credit_usage(generator: &mut SchemaGenerator) -> Schema {
    flat(generator, "usage", "Spent through OpenRouter credits.")
}

/// Its `byok_usage`, likewise.
pub(super) fn byok_usage(generator: &mut SchemaGenerator) -> Schema {
    let what = "Spent on the customer's own provider keys (BYOK).";
    flat(generator, "byok_usage", what)
}

/// The properties of a [`Usage`] under the names that they have in a key: `usage` is the total, and `usage_daily` the
/// amount of today.
fn flat(generator: &mut SchemaGenerator, field: &str, what: &str) -> Schema {
    let mut properties = Map::new();
    if let Some(Value::Object(amounts)) = Usage::json_schema(generator).remove("properties") {
        for (window, mut amount) in amounts {
            if let Some(Value::String(description)) = amount.get_mut("description") {
                description.insert_str(0, &format!("{what} "));
            }
            let name = match &*window {
                "total" => field.to_owned(),
                window => format!("{field}_{window}"),
            };
            properties.insert(name, amount);
        }
    }
    json_schema!({ "type": "object", "properties": properties })
}

/// The text of a hash. It is checked where it is read by itself, and never where it is written: an odd one from the
/// service is kept. A schema can say how long it may be; the description says the rest.
pub(super) fn hash(generator: &mut SchemaGenerator) -> Schema {
    if generator.contract().is_deserialize() {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": super::hash::MAX_LENGTH })
    } else {
        json_schema!({ "type": "string" })
    }
}

/// Ends a description where its example begins, which is of use in Rust alone.
pub(super) fn without_example(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description")
        && let Some(example) = description.find("\n```")
    {
        description.truncate(example);
        description.truncate(description.trim_end().len());
    }
}
