//! Step one: the six operations, and the components that they reference, out of a document of any size.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lower::UNKNOWN;
use crate::misfit::{Pointer, Result};
use crate::operations::{MISSING, OPERATIONS};
use crate::reference;

/// The part of `document` that codegen reads, word for word. Selecting from a selection changes nothing.
pub(crate) fn select(document: &Value) -> Result<Value> {
    // What is no OpenAPI of a version that is known here is told so, before anything is missed in it.
    crate::lower::check_version(document)?;
    let mut selected = Map::new();
    for key in ["openapi", "info", "servers", "security"] {
        if let Some(value) = document.get(key) {
            selected.insert(key.to_owned(), value.clone());
        }
    }
    selected.insert("paths".to_owned(), Value::Object(paths(document)?));

    let mut components = Map::new();
    let mut add = |kind: &str, name: &str, component: &Value| {
        let kind = components.entry(kind).or_insert_with(|| json!({}));
        kind[name] = component.clone();
    };
    let schemes = document.pointer("/components/securitySchemes");
    let schemes = schemes.and_then(Value::as_object).into_iter().flatten();
    let mut from = vec![(Pointer::root().at("paths"), &selected["paths"])];
    for (name, scheme) in schemes.filter(|(name, _)| secures(&selected, name)) {
        add("securitySchemes", name, scheme);
        from.push((
            Pointer::root()
                .at("components")
                .at("securitySchemes")
                .at(name),
            scheme,
        ));
    }
    for (kind, name, component) in reachable(document, from)? {
        add(kind, &name, component);
    }
    if !components.is_empty() {
        selected.insert("components".to_owned(), Value::Object(components));
    }
    if let Some(tags) = document.get("tags").and_then(Value::as_array) {
        let used = |tag: &&Value| {
            let tagged = |tags: &Value| {
                tags.as_array()
                    .is_some_and(|all| all.contains(&tag["name"]))
            };
            operations(&selected).any(|operation| operation.get("tags").is_some_and(tagged))
        };
        let tags: Vec<_> = tags.iter().filter(used).cloned().collect();
        selected.insert("tags".to_owned(), tags.into());
    }
    Ok(Value::Object(selected))
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
            .ok_or_else(|| at.misfit("this path", MISSING))?;
        if item.get("$ref").is_some() {
            return Err(at.misfit("a path written out in place", UNKNOWN));
        }
        let method = item
            .get(operation.method)
            .filter(|value| value.is_object())
            .ok_or_else(|| operation.at().misfit("this operation", MISSING))?;
        let chosen = paths.entry(operation.path).or_insert_with(|| json!({}));
        chosen[operation.method] = method.clone();
        // Other methods are left behind, and so are remarks; anything else is for the next step to look at.
        for (keyword, value) in item.as_object().into_iter().flatten() {
            if !crate::operations::METHODS.contains(&keyword.as_str()) && !keyword.starts_with("x-")
            {
                chosen[keyword] = value.clone();
            }
        }
    }
    Ok(paths)
}

/// The six operations of a selection.
fn operations(selected: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let all = OPERATIONS.iter();
    all.filter_map(|operation| selected["paths"].get(operation.path)?.get(operation.method))
}

/// Whether one of the operations asks for the security scheme `name`.
fn secures(selected: &Map<String, Value>, name: &str) -> bool {
    let named = |security: &Value| {
        let mut alternatives = security.as_array().into_iter().flatten();
        alternatives.any(|alternative| alternative.get(name).is_some())
    };
    operations(selected)
        .filter_map(|operation| operation.get("security"))
        .chain(selected.get("security"))
        .any(named)
}

/// Every component that the parts in `open` reference, directly or by way of another: its kind, its name and what it
/// is.
fn reachable<'a>(
    document: &'a Value,
    open: Vec<(Pointer, &'a Value)>,
) -> Result<Vec<(&'a str, String, &'a Value)>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    // Whether the names in an object are keywords, or names that somebody gave.
    let mut open: Vec<_> = open
        .into_iter()
        .map(|(at, value)| (at, value, true))
        .collect();
    while let Some((at, value, keywords)) = open.pop() {
        let map = match value {
            Value::Array(items) => {
                open.extend(
                    items
                        .iter()
                        .enumerate()
                        .map(|(i, item)| (at.at(i), item, true)),
                );
                continue;
            }
            Value::Object(map) => map,
            _ => continue,
        };
        for (key, item) in map {
            if !(keywords && is_data(key)) {
                let names = matches!(
                    key.as_str(),
                    "properties" | "responses" | "content" | "headers"
                );
                open.push((at.at(key), item, !(keywords && names)));
            }
        }
        if !keywords {
            continue;
        }
        for reference in mentioned(map) {
            if let Some((kind, name)) = reference::parse(reference)
                && let Some(target) = component(document, kind, &name)
            {
                found.push((kind, name, target));
            }
        }
        let Some(reference) = map.get("$ref").and_then(Value::as_str) else {
            continue;
        };
        let (kind, name) = reference::parse(reference)
            .ok_or_else(|| at.misfit("a reference of the form #/components/KIND/NAME", UNKNOWN))?;
        let target =
            component(document, kind, &name).ok_or_else(|| reference::missing(&at, reference))?;
        if seen.insert(reference) {
            let at = Pointer::root().at("components").at(kind).at(&name);
            found.push((kind, name, target));
            open.push((at, target, true));
        }
    }
    Ok(found)
}

fn component<'a>(document: &'a Value, kind: &str, name: &str) -> Option<&'a Value> {
    document.get("components")?.get(kind)?.get(name)
}

/// Whether a keyword holds data, which may look like anything, or a remark to some other tool.
fn is_data(keyword: &str) -> bool {
    matches!(
        keyword,
        "example" | "examples" | "default" | "enum" | "const" | "mapping"
    ) || keyword.starts_with("x-")
}

/// Components that an object mentions without being made of them: examples, and the mapping of a discriminator. A slice
/// without them would puzzle other tools.
fn mentioned(map: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let all = |key: &str| {
        map.get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    let examples = all("examples").filter_map(|(_, example)| example.get("$ref")?.as_str());
    let mapping = all("mapping").filter_map(|(_, target)| target.as_str());
    examples.chain(mapping)
}
