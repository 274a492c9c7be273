//! Step four: what the generator is told, as an OpenAPI 3.0.3 document.

use serde_json::{Map, Value as Json, json};

use crate::model::Location;
use crate::plan::{Argument, Call, Field, Item, Plan, Type, Value};

/// The types of the raw crate that the generator is pointed at.
pub(crate) const NULLABLE: &str = "openrouter_keys_raw::Nullable";
pub(crate) const PLAINTEXT: &str = "openrouter_keys_raw::Plaintext";

/// The document. Reading it as a description, and applying the fixups, gives the plan that it was made of.
pub(crate) fn document(plan: &Plan) -> Json {
    let mut paths = Map::new();
    for call in &plan.calls {
        let item = paths
            .entry(call.operation.path)
            .or_insert_with(|| json!({}));
        item[call.operation.method] = operation(call);
    }
    let schemas: Map<_, _> = plan
        .types
        .iter()
        .map(|(name, one)| (name.clone(), object(one)))
        .collect();
    let mut info = json!({"title": prose(&plan.info.title), "version": prose(&plan.info.version)});
    describe(&mut info, plan.info.description.as_deref());
    let mut document = json!({
        "openapi": "3.0.3",
        "info": info,
        "paths": paths,
        "components": {"schemas": schemas},
    });
    if !plan.servers.is_empty() {
        document["servers"] = plan.servers.iter().map(|url| json!({"url": url})).collect();
    }
    document
}

fn operation(call: &Call) -> Json {
    let json = |name: &str| json!({"application/json": {"schema": reference(name)}});
    let mut operation = json!({
        "operationId": call.operation.id,
        "responses": {"2XX": {"description": "Success.", "content": json(call.operation.response)}},
    });
    if let Some(summary) = &call.summary {
        operation["summary"] = prose(summary).into();
    }
    describe(&mut operation, call.description.as_deref());
    if !call.arguments.is_empty() {
        operation["parameters"] = call.arguments.iter().map(parameter).collect();
    }
    if let Some(name) = call.operation.request {
        operation["requestBody"] = json!({"required": true, "content": json(name)});
    }
    operation
}

fn parameter(argument: &Argument) -> Json {
    let mut parameter = json!({
        "name": argument.name,
        "in": argument.location.name(),
        "required": argument.location == Location::Path,
        "schema": value(&argument.value),
    });
    describe(&mut parameter, argument.description.as_deref());
    parameter
}

fn object(one: &Type) -> Json {
    let fields: Map<_, _> = one
        .fields
        .iter()
        .map(|(name, one)| (name.clone(), field(one)))
        .collect();
    let mut object = json!({"type": "object", "properties": fields});
    let required: Vec<_> = one
        .fields
        .iter()
        .filter(|(_, field)| field.required)
        .map(|(name, _)| name)
        .collect();
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    describe(&mut object, one.description.as_deref());
    object
}

fn field(one: &Field) -> Json {
    let plain = value(&one.value);
    let mut field = plain.clone();
    if one.null {
        field = beside(field);
        field["x-rust-type"] = rust_type(NULLABLE, &[plain]);
    } else if !one.required && matches!(one.value, Value::List(_) | Value::Map(_)) {
        // The generator has a default of its own for a list that is absent. The null makes it an option.
        field["nullable"] = true.into();
    }
    if one.description.is_some() {
        field = beside(field);
        describe(&mut field, one.description.as_deref());
    }
    field
}

fn value(one: &Value) -> Json {
    match one {
        Value::Any => json!({}),
        Value::Scalar(name) => json!({"type": name}),
        Value::Plaintext => json!({"type": "string", "x-rust-type": rust_type(PLAINTEXT, &[])}),
        Value::List(one) => json!({"type": "array", "items": item(one)}),
        Value::Map(one) => json!({"type": "object", "additionalProperties": item(one)}),
        Value::Type(name) => reference(name),
    }
}

fn item(one: &Item) -> Json {
    let mut item = value(&one.value);
    if one.nullable && !matches!(one.value, Value::Any) {
        item = beside(item);
        item["nullable"] = true.into();
    }
    item
}

/// In 3.0 whatever stands beside a `$ref` is ignored, so that the reference moves into an allOf of its own.
fn beside(schema: Json) -> Json {
    if schema.get("$ref").is_some() {
        json!({"allOf": [schema]})
    } else {
        schema
    }
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn rust_type(path: &str, parameters: &[Json]) -> Json {
    let mut rust_type = json!({"crate": "openrouter-keys-raw", "version": "*", "path": path});
    if !parameters.is_empty() {
        rust_type["parameters"] = parameters.into();
    }
    rust_type
}

fn describe(part: &mut Json, description: Option<&str>) {
    if let Some(description) = description {
        part["description"] = prose(description).into();
    }
}

/// Prose without the characters that Rust does not take in a comment: lone carriage returns, and those that turn the
/// direction of what follows.
fn prose(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: &char| !turns(*c) && (!c.is_control() || matches!(c, '\n' | '\t'));
    lines.chars().filter(kept).collect()
}
