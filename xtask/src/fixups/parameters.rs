//! Query parameters with the types that they really have.

use super::CHANGED;
use super::types::as_in_rust;
use crate::misfit::{Misfit, Pointer, Result};
use crate::model::{Endpoint, Location, Parameter, Schema, Shape};
use crate::plan::{Argument, Item, Value};

/// What the generated client of a call keeps under a name of its own, or does; a parameter of that name would be in
/// its way.
const TAKEN: [&str; 6] = ["client", "new", "send", "body", "body_map", "header_map"];

/// The arguments of a call.
///
/// Upstream writes its flags as strings with a mark beside them and wrote `offset` as a string for a time. The service
/// reads the same characters either way; the client's types shall say what they are. A query cannot carry null, so a
/// nullable parameter is one that is left out.
pub(super) fn arguments(endpoint: &Endpoint) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    let mut names = TAKEN.map(as_in_rust).to_vec();
    for parameter in &endpoint.parameters {
        let Some(value) = value(parameter)? else {
            continue;
        };
        let name = as_in_rust(&parameter.name);
        if name.is_empty() || names.contains(&name) {
            return Err(parameter
                .at
                .at("name")
                .misfit("a name that no other part of the call has in Rust", CHANGED));
        }
        names.push(name);
        arguments.push(Argument {
            name: parameter.name.clone(),
            location: parameter.location,
            description: parameter.description.clone(),
            value,
        });
    }
    let hash = arguments
        .iter()
        .any(|argument| argument.location == Location::Path);
    if hash != endpoint.operation.path.contains("{hash}") {
        return Err(endpoint
            .operation
            .at()
            .at("parameters")
            .misfit("the parameter hash where the path has it", CHANGED));
    }
    Ok(arguments)
}

/// The type of a parameter, or `None` for one that the facade sends without the generated client's help.
fn value(parameter: &Parameter) -> Result<Option<Value>> {
    let schema = &parameter.schema;
    let value = match (parameter.location, parameter.name.as_str()) {
        (Location::Path, "hash") if parameter.required => typed(schema, &[("string", "string")])?,
        (Location::Query, _) if parameter.required => {
            return Err(parameter.at.misfit("an optional query parameter", CHANGED));
        }
        (Location::Query, "workspace_id") => typed(schema, &[("string", "string")])?,
        (Location::Query, "include_disabled" | "include_expired") => {
            typed(schema, &[("boolean", "boolean")])?
        }
        (Location::Query, "offset") => {
            typed(schema, &[("integer", "integer"), ("string", "integer")])?
        }
        (Location::Query, _) => any_scalar(schema)?,
        // Headers that attribute a call to an app are set on the facade's client, for all calls.
        (Location::Header | Location::Cookie, _) if !parameter.required => return Ok(None),
        _ => {
            return Err(parameter
                .at
                .misfit("the hash in the path, or an optional parameter", CHANGED));
        }
    };
    Ok(Some(value))
}

/// The type that goes with the one a schema has.
fn typed(schema: &Schema, accepted: &[(&str, &'static str)]) -> Result<Value> {
    let written = schema.shape.name();
    let found = accepted.iter().find(|(name, _)| *name == written);
    found.map(|(_, name)| Value::Scalar(name)).ok_or_else(|| {
        let names: Vec<_> = accepted.iter().map(|(name, _)| *name).collect();
        not_a(&names.join(" or "), &schema.at)
    })
}

/// A parameter that the facade does not send yet: a scalar, or several, each under the same name.
fn any_scalar(schema: &Schema) -> Result<Value> {
    let value = match &schema.shape {
        Shape::String => Value::Scalar("string"),
        Shape::Number => Value::Scalar("number"),
        Shape::Integer => Value::Scalar("integer"),
        Shape::Boolean => Value::Scalar("boolean"),
        Shape::Array(items) if !matches!(items.shape, Shape::Array(_)) => {
            Value::List(Box::new(Item {
                value: any_scalar(items)?,
                nullable: false,
            }))
        }
        _ => return Err(not_a("scalar, or array of scalars", &schema.at)),
    };
    Ok(value)
}

fn not_a(type_name: &str, at: &Pointer) -> Misfit {
    at.misfit(format!("a schema of type {type_name}"), CHANGED)
}
