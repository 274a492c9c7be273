//! Names of types that depend neither on the document's own names nor on its order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CHANGED, map_at, reference_to, referenced, schemas};
use crate::misfit::{Pointer, Result};
use crate::operations::OPERATIONS;

/// Where each type below the bodies is found: the type it is part of, the way to it, its name, and whether
/// documents lack it that are otherwise fine.
const PARTS: [(&str, &[&str], &str, bool); 10] = [
    ("KeyPage", &["properties", "data", "items"], "ApiKey", false),
    ("CreatedKey", &["properties", "data"], "ApiKey", false),
    ("KeyEnvelope", &["properties", "data"], "ApiKey", false),
    (
        "CurrentKeyEnvelope",
        &["properties", "data"],
        "CurrentKey",
        false,
    ),
    (
        "CreateKeyRequest",
        &["properties", "external"],
        "ExternalUser",
        true,
    ),
    (
        "CurrentKey",
        &["properties", "rate_limit"],
        "RateLimit",
        true,
    ),
    (
        "CurrentKey",
        &["properties", "budgets", "items"],
        "KeyBudget",
        true,
    ),
    (
        "CurrentKey",
        &["properties", "effective_budget"],
        "KeyBudget",
        true,
    ),
    (
        "CurrentKey",
        &["properties", "free_model_daily_requests"],
        "FreeModelDailyRequests",
        true,
    ),
    (
        "CurrentKey",
        &["properties", "allowed_data_regions", "items"],
        "DataRegion",
        true,
    ),
];

/// Upstream writes the key object out in each response. Left alone, each copy would become a type of its own,
/// named after an operation id. Every type gets its name from its place instead; copies become one type if
/// they say the same, and are an error if they do not.
pub(super) fn hoist_types(document: &mut Value) -> Result<()> {
    if document.pointer(schemas().as_str()).is_none() {
        map_at(document, &Pointer::root().at("components"))?
            .insert("schemas".to_owned(), json!({}));
    }
    for operation in &OPERATIONS {
        let at = operation.at();
        let json = |at: Pointer| at.at("content").at("application/json").at("schema");
        hoist(
            document,
            &json(at.at("responses").at("2XX")),
            operation.response,
        )?;
        if let Some(name) = operation.request {
            hoist(document, &json(at.at("requestBody")), name)?;
        }
    }
    for (parent, way, name, may_lack) in PARTS {
        let at = way
            .iter()
            .fold(schemas().at(parent), |at, step| at.at(step));
        if may_lack && document.pointer(at.as_str()).is_none() {
            continue;
        }
        hoist(document, &at, name)?;
    }
    Ok(())
}

/// Makes the schema at `at` the component `name`, and leaves a reference to it. A null that the place allows
/// stays with the place.
fn hoist(document: &mut Value, at: &Pointer, name: &str) -> Result<()> {
    let place = document
        .pointer(at.as_str())
        .ok_or_else(|| at.misfit(format!("the schema of {name}"), CHANGED))?;
    let nullable = place.get("nullable").cloned();
    let definition = if let Some(component) = referenced(place) {
        document
            .pointer(schemas().at(component).as_str())
            .cloned()
            .ok_or_else(|| at.misfit("a component behind the reference", CHANGED))?
    } else {
        let mut written_out = place.clone();
        if let Some(map) = written_out.as_object_mut() {
            map.remove("nullable");
        }
        written_out
    };

    let component = schemas().at(name);
    match document.pointer(component.as_str()) {
        Some(existing) if meaning(existing) != meaning(&definition) => {
            return Err(at.misfit(format!("the same schema as the other {name}"), CHANGED));
        }
        Some(_) => {}
        None => {
            map_at(document, &schemas())?.insert(name.to_owned(), definition);
        }
    }
    let mut reference = reference_to(name);
    if let Some(nullable) = nullable {
        reference = json!({ "allOf": [reference], "nullable": nullable });
    }
    if let Some(place) = document.pointer_mut(at.as_str()) {
        *place = reference;
    }
    Ok(())
}

/// A schema without its prose.
fn meaning(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => map
            .iter()
            .filter(|(keyword, value)| {
                !(matches!(keyword.as_str(), "description" | "title") && value.is_string())
            })
            .map(|(keyword, value)| (keyword.clone(), meaning(value)))
            .collect(),
        Value::Array(items) => items.iter().map(meaning).collect(),
        other => other.clone(),
    }
}

/// The components that nothing references any more would become types that nothing uses.
pub(super) fn drop_unused_components(document: &mut Value) -> Result<()> {
    loop {
        let mut used = BTreeSet::new();
        collect_references(&document["paths"], &mut used);
        collect_references(&document["components"]["schemas"], &mut used);
        let components = map_at(document, &schemas())?;
        let before = components.len();
        components.retain(|name, _| used.contains(name));
        if components.len() == before {
            return Ok(());
        }
    }
}

fn collect_references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
            {
                used.insert(name.to_owned());
            }
            map.values()
                .for_each(|value| collect_references(value, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, used)),
        _ => {}
    }
}
