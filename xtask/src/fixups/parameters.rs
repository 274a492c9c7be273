//! Query parameters with the types they really have.

use serde_json::{Value, json};

use super::{CHANGED, map_at};
use crate::misfit::Result;
use crate::operations::OPERATIONS;

/// Parameters that stand in the components, or beside the operations of a path, are written into each operation
/// that takes them, so that the fixups that follow have one place to look.
pub(super) fn write_in_place(document: &mut Value) -> Result<()> {
    for operation in &OPERATIONS {
        let item_at = operation.path_at();
        let shared = item_at.at("parameters");
        let own = operation.at().at("parameters");
        let mut parameters = Vec::new();
        for at in [shared, own.clone()] {
            let list = document.pointer(at.as_str()).and_then(Value::as_array);
            for (index, parameter) in list.into_iter().flatten().enumerate() {
                let resolved = match parameter.get("$ref").and_then(Value::as_str) {
                    None => Some(parameter),
                    Some(reference) => reference
                        .strip_prefix('#')
                        .and_then(|pointer| document.pointer(pointer)),
                };
                parameters.push(resolved.cloned().ok_or_else(|| {
                    at.at(index)
                        .misfit("a parameter behind the reference", CHANGED)
                })?);
            }
        }
        let method = map_at(document, &operation.at())?;
        let names: Vec<_> = parameters
            .iter()
            .map(|parameter| &parameter["name"])
            .collect();
        if operation.path.contains("{hash}") != names.contains(&&json!("hash")) {
            return Err(own.misfit(
                "the parameter hash where the path has it, and only there",
                CHANGED,
            ));
        }
        if (1..names.len()).any(|index| names[..index].contains(&names[index])) {
            return Err(own.misfit("each parameter once", CHANGED));
        }
        if !parameters.is_empty() {
            method.insert("parameters".to_owned(), parameters.into());
        }
    }
    for operation in &OPERATIONS {
        map_at(document, &operation.path_at())?.remove("parameters");
    }
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        components.remove("parameters");
    }
    Ok(())
}

/// Upstream writes its flags as strings with a mark beside them and wrote `offset` as a string for a time. The
/// service reads the same characters either way; the client's types shall say what they are. A query cannot
/// carry null, so a nullable parameter is one that is left out.
pub(super) fn type_query_parameters(document: &mut Value) -> Result<()> {
    for operation in &OPERATIONS {
        let at = operation.at().at("parameters");
        let Some(parameters) = document
            .pointer_mut(at.as_str())
            .and_then(Value::as_array_mut)
        else {
            continue;
        };
        for (index, parameter) in parameters.iter_mut().enumerate() {
            let at = at.at(index);
            let place = (
                parameter.get("name").and_then(Value::as_str).unwrap_or(""),
                parameter.get("in").and_then(Value::as_str).unwrap_or(""),
            );
            let accepted: &[&str] = match place {
                ("hash", "path") | ("workspace_id", "query") => &["string"],
                ("include_disabled" | "include_expired", "query") => &["boolean", "flag"],
                ("offset", "query") => &["integer", "string"],
                // One that the facade does not send yet: whatever scalar it is.
                (_, "query") => &["string", "boolean", "flag", "integer", "number"],
                _ => return Err(at.misfit("a parameter in the query, or the hash", CHANGED)),
            };
            let required = parameter.get("required") == Some(&json!(true));
            if required != (place.1 == "path") {
                return Err(at.misfit(
                    "a required path parameter or an optional query parameter",
                    CHANGED,
                ));
            }
            let schema = parameter
                .get_mut("schema")
                .and_then(Value::as_object_mut)
                .ok_or_else(|| at.misfit("a parameter with a schema", CHANGED))?;
            let written = schema.get("type").and_then(Value::as_str).unwrap_or("");
            let mark = schema.get("x-openrouter-type").and_then(Value::as_str);
            let meant = match (written, mark) {
                ("string", Some("boolean")) => "flag",
                (other, None) => other,
                _ => {
                    return Err(at
                        .at("schema")
                        .misfit("no other mark than boolean", CHANGED));
                }
            };
            if !accepted.contains(&meant) {
                return Err(at.at("schema").misfit(
                    format!("a schema of type {}", accepted.join(" or ")),
                    CHANGED,
                ));
            }
            let type_name = match accepted[0] {
                "string" if meant == "flag" => "boolean",
                "string" => meant,
                fixed => fixed,
            };
            schema.insert("type".to_owned(), json!(type_name));
            schema.remove("x-openrouter-type");
            schema.remove("nullable");
        }
    }
    Ok(())
}
