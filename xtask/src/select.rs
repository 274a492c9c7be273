//! Step one: the six operations, and the components that they reference, out of a document of any size.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::misfit::{Pointer, Result};
use crate::operations::OPERATIONS;

const OLDER: &str = "documents from before 2025-10-16 lack it; use a newer one";
const REMODELLED: &str = "the document was remodelled; teach xtask/src/select.rs the new shape";

/// The part of `document` that codegen reads. Selecting from a selection changes nothing.
pub(crate) fn select(document: &Value) -> Result<Value> {
    let root = Pointer::root();
    if document.get("openapi").is_none() || document.get("info").is_none() {
        return Err(root.misfit(
            "an OpenAPI document, with 'openapi' and 'info'",
            "give the official document or a slice of it",
        ));
    }
    let mut selected = Map::new();
    for key in ["openapi", "info", "servers", "security"] {
        if let Some(value) = document.get(key) {
            selected.insert(key.to_owned(), value.clone());
        }
    }
    selected.insert("paths".to_owned(), Value::Object(paths(document)?));

    let mut components = Map::new();
    for (kind, name, component) in reachable(document, &selected["paths"])? {
        components
            .entry(kind)
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .expect("inserted as an object just above")
            .insert(name.to_owned(), component.clone());
    }
    if let Some(schemes) = document.pointer("/components/securitySchemes") {
        components.insert("securitySchemes".to_owned(), schemes.clone());
    }
    selected.insert("components".to_owned(), Value::Object(components));
    if let Some(tags) = document.get("tags").and_then(Value::as_array) {
        let used = |tag: &&Value| {
            let operations = selected["paths"].as_object().into_iter().flatten();
            operations
                .flat_map(|(_, item)| item.as_object().into_iter().flatten())
                .filter_map(|(_, operation)| operation.get("tags")?.as_array())
                .any(|tags| tags.contains(&tag["name"]))
        };
        let tags: Vec<_> = tags.iter().filter(used).cloned().collect();
        selected.insert("tags".to_owned(), tags.into());
    }
    let selected = Value::Object(selected);
    acyclic(
        &selected,
        &selected["paths"],
        &root.at("paths"),
        &mut Vec::new(),
    )?;
    Ok(selected)
}

/// The first place at which `document` says something that its own selection does not, if there is one.
pub(crate) fn left_out(document: &Value, selected: &Value, at: &Pointer) -> Option<Pointer> {
    match (document, selected) {
        (Value::Object(document), Value::Object(selected)) => {
            document
                .iter()
                .find_map(|(key, value)| match selected.get(key) {
                    None => Some(at.at(key)),
                    Some(selected) => left_out(value, selected, &at.at(key)),
                })
        }
        (document, selected) => (document != selected).then(|| at.clone()),
    }
}

fn paths(document: &Value) -> Result<Map<String, Value>> {
    let mut paths = Map::new();
    for operation in &OPERATIONS {
        let at = operation.path_at();
        let item = document
            .pointer(at.as_str())
            .ok_or_else(|| at.misfit("this path", OLDER))?;
        let method = item
            .get(operation.method)
            .filter(|value| value.is_object())
            .ok_or_else(|| operation.at().misfit("this operation", OLDER))?;
        let chosen = paths
            .entry(operation.path)
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .expect("inserted as an object just above");
        chosen.insert(operation.method.to_owned(), method.clone());
        if let Some(parameters) = item.get("parameters") {
            chosen.insert("parameters".to_owned(), parameters.clone());
        }
        if item.get("$ref").is_some() {
            return Err(at.misfit("a path written out in place", REMODELLED));
        }
    }
    Ok(paths)
}

/// Every component that `from` references, directly or by way of another: its kind, its name and what it is.
fn reachable<'a>(
    document: &'a Value,
    from: &'a Value,
) -> Result<Vec<(&'a str, &'a str, &'a Value)>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut open: Vec<(Pointer, &Value)> = vec![(Pointer::root().at("paths"), from)];
    while let Some((at, value)) = open.pop() {
        match value {
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(i, item)| (at.at(i), item)));
            }
            Value::Object(map) => {
                open.extend(map.iter().map(|(key, item)| (at.at(key), item)));
                let Some(reference) = map.get("$ref").and_then(Value::as_str) else {
                    continue;
                };
                let (kind, name) = component(reference).ok_or_else(|| {
                    at.misfit("a reference of the form #/components/KIND/NAME", REMODELLED)
                })?;
                let pointer = Pointer::root().at("components").at(kind).at(name);
                let target = document.pointer(pointer.as_str()).ok_or_else(|| {
                    at.misfit(
                        format!("{reference} to be there"),
                        "the document is incomplete; get a whole one",
                    )
                })?;
                if seen.insert(reference) {
                    found.push((kind, name, target));
                    open.push((pointer, target));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// No component may contain itself: the steps that follow write components out in place.
fn acyclic<'a>(
    document: &'a Value,
    value: &'a Value,
    at: &Pointer,
    open: &mut Vec<&'a str>,
) -> Result<()> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| acyclic(document, item, &at.at(index), open)),
        Value::Object(map) => {
            for (key, item) in map {
                acyclic(document, item, &at.at(key), open)?;
            }
            let Some((kind, name)) = map.get("$ref").and_then(Value::as_str).and_then(component)
            else {
                return Ok(());
            };
            if open.contains(&name) {
                return Err(at.misfit("no component that contains itself", REMODELLED));
            }
            open.push(name);
            let target_at = Pointer::root().at("components").at(kind).at(name);
            let target = document.pointer(target_at.as_str()).unwrap_or(&Value::Null);
            let checked = acyclic(document, target, &target_at, open);
            open.pop();
            checked
        }
        _ => Ok(()),
    }
}

/// The kind and the name in `#/components/KIND/NAME`.
fn component(reference: &str) -> Option<(&str, &str)> {
    let (kind, name) = reference.strip_prefix("#/components/")?.split_once('/')?;
    (!name.contains('/')).then_some((kind, name))
}
