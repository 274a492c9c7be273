//! Operations: stable ids, and success alone.

use serde_json::{Value, json};

use super::{CHANGED, map_at};
use crate::misfit::{Pointer, Result};
use crate::operations::OPERATIONS;

/// Upstream renamed its operation ids twice without any change to the service. Ours come from the method and
/// the path, so that regenerating never renames a function of the raw client.
pub(super) fn rename_operations(document: &mut Value) -> Result<()> {
    for operation in &OPERATIONS {
        let at = operation.at();
        map_at(document, &at)?.insert("operationId".to_owned(), json!(operation.id));
    }
    Ok(())
}

/// Each operation documents several failures, each with a body of its own, which the generator cannot express
/// (it panics). The facade reads failures itself, undocumented ones included, so they all go; then every
/// failure reaches it as an unexpected response. Success becomes the whole class 2XX: a 200 where 201 is
/// documented still carries the key.
pub(super) fn keep_success_only(document: &mut Value) -> Result<()> {
    for operation in &OPERATIONS {
        let at = operation.at().at("responses");
        let responses = map_at(document, &at)?;
        let successes: Vec<_> = responses
            .keys()
            .filter(|status| status.starts_with('2'))
            .cloned()
            .collect();
        let [status] = &successes[..] else {
            return Err(at.misfit("exactly one success", CHANGED));
        };
        if status != operation.success && status != "2XX" {
            return Err(at.misfit(format!("the success status {}", operation.success), CHANGED));
        }
        let response = responses[status].clone();
        responses.clear();
        responses.insert("2XX".to_owned(), response);

        let at = at.at("2XX");
        if let Some(reference) = document
            .pointer(at.at("$ref").as_str())
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix('#'))
        {
            let target = document.pointer(reference).cloned();
            *map_at(document, &at)? = target
                .as_ref()
                .and_then(Value::as_object)
                .cloned()
                .ok_or_else(|| at.misfit("a response behind the reference", CHANGED))?;
        }
        only_json(document, &at)?;
    }
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.remove("responses");
    }
    Ok(())
}

/// The generator takes one content, and panics on several.
pub(super) fn check_request_bodies(document: &mut Value) -> Result<()> {
    for operation in &OPERATIONS {
        let at = operation.at();
        let body_at = at.at("requestBody");
        match (operation.request, document.pointer(body_at.as_str())) {
            (None, None) => {}
            (Some(_), Some(body)) if body.get("required") == Some(&json!(true)) => {
                only_json(document, &body_at)?;
            }
            (Some(_), _) => return Err(body_at.misfit("a body that is required", CHANGED)),
            (None, Some(_)) => return Err(body_at.misfit("no body", CHANGED)),
        }
    }
    Ok(())
}

fn only_json(document: &mut Value, at: &Pointer) -> Result<()> {
    let at = at.at("content");
    let contents = map_at(document, &at)?;
    if contents.len() == 1 && contents.contains_key("application/json") {
        return Ok(());
    }
    Err(at.misfit("application/json and nothing else", CHANGED))
}
