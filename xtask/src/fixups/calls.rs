//! Operations: their names, what they send, and their successes.

use super::types::{Role, Types};
use super::{CHANGED, parameters};
use crate::misfit::{Pointer, Result};
use crate::model::{Contents, Endpoint, Schema};
use crate::plan::Call;

/// Upstream renamed its operation ids twice without any change to the service, and some tools rename them in passing.
/// Ours come from the method and the path, so that regenerating never renames a function of the raw client.
pub(super) fn call(endpoint: Endpoint) -> Result<Call> {
    Ok(Call {
        arguments: parameters::arguments(&endpoint)?,
        operation: endpoint.operation,
        summary: endpoint.summary,
        description: endpoint.description,
    })
}

/// The facade sends a bearer token with each call and can send nothing else. That has to be seen here: the generator
/// does not look at it.
pub(super) fn bearer_alone(endpoint: &Endpoint) -> Result<()> {
    match endpoint.security.values().next() {
        Some(at) if !endpoint.security.contains_key("http bearer") => {
            Err(at.misfit("a bearer token to be enough", CHANGED))
        }
        _ => Ok(()),
    }
}

/// The facade sends a body where there is one to send, and none elsewhere. Whether the service would do without it is
/// the same to a client that always sends it. The generator takes one content, and panics on several.
pub(super) fn hoist_body(endpoint: &Endpoint, types: &mut Types) -> Result<()> {
    match (endpoint.operation.request, &endpoint.body) {
        (None, None) => Ok(()),
        (Some(name), Some(body)) => {
            let schema = only_json(&body.contents, &body.at)?;
            types.hoist(name, schema, Role::Request)
        }
        (Some(_), None) => {
            let at = endpoint.operation.at().at("requestBody");
            Err(at.misfit("a body", CHANGED))
        }
        (None, Some(body)) => Err(body.at.misfit("no body", CHANGED)),
    }
}

/// Each operation documents several failures, by status, by class or as a default, each with a body of its own, which
/// the generator cannot express (it panics). The facade reads failures itself, undocumented ones included, so they all
/// go; then every failure reaches it as an unexpected response. Success becomes the whole class 2XX: a 200 where 201 is
/// documented still carries the key.
pub(super) fn hoist_success(endpoint: &Endpoint, types: &mut Types) -> Result<()> {
    let operation = endpoint.operation;
    let at = operation.at().at("responses");
    let is_success = |status: &&String| status.starts_with('2');
    let successes: Vec<_> = endpoint.responses.keys().filter(is_success).collect();
    let [status] = successes[..] else {
        return Err(at.misfit("exactly one success", CHANGED));
    };
    if status != operation.success && status != "2XX" {
        let expected = format!("the success status {}", operation.success);
        return Err(at.misfit(expected, CHANGED));
    }
    let response = &endpoint.responses[status];
    let schema = only_json(&response.contents, &response.at)?;
    if schema.nullable {
        return Err(schema.at.misfit("an answer that is never null", CHANGED));
    }
    types.hoist(operation.response, schema, Role::Answer)
}

fn only_json<'a>(contents: &'a Contents, at: &Pointer) -> Result<&'a Schema> {
    match contents.get("application/json") {
        Some(schema) if contents.len() == 1 => Ok(schema),
        _ => Err(at
            .at("content")
            .misfit("application/json and nothing else", CHANGED)),
    }
}
