//! Step three: what the generator cannot make good code of, or what would make the generated types brittle,
//! is changed here, in the order of [`apply`].
//!
//! Each fixup says why it is there. It knows which shapes it can meet, its own result among them, and stops at any
//! other, so that somebody looks at what changed upstream.

mod names;
mod nulls;
mod operations;
mod parameters;
mod required;
mod scalars;
mod secrets;

use serde_json::{Map, Value};

use crate::misfit::{Pointer, Result};

/// All fixups. Applying them to their own result changes nothing.
pub(crate) fn apply(document: &mut Value) -> Result<()> {
    operations::rename_operations(document)?;
    operations::keep_success_only(document)?;
    operations::check_request_bodies(document)?;
    parameters::write_in_place(document)?;
    parameters::type_query_parameters(document)?;
    names::hoist_types(document)?;
    scalars::write_in_place(document)?;
    scalars::open(document)?;
    required::relax_responses(document)?;
    required::check_requests(document)?;
    secrets::wrap_secrets(document)?;
    nulls::distinguish_null(document)?;
    names::drop_unused_components(document)
}

const CHANGED: &str =
    "the description changed in a way this fixup does not know; look at the change, then teach it";

/// The object at a place that an earlier step made sure of.
fn map_at<'a>(document: &'a mut Value, at: &Pointer) -> Result<&'a mut Map<String, Value>> {
    document
        .pointer_mut(at.as_str())
        .and_then(Value::as_object_mut)
        .ok_or_else(|| at.misfit("an object", CHANGED))
}

fn schemas() -> Pointer {
    Pointer::root().at("components").at("schemas")
}

/// Calls `visit` on `schema` and every schema inside it, the outermost first.
fn visit_schemas(
    schema: &mut Value,
    at: &Pointer,
    visit: &mut impl FnMut(&mut Value, &Pointer) -> Result<()>,
) -> Result<()> {
    visit(schema, at)?;
    if let Some(map) = schema.as_object_mut() {
        for (keyword, value) in map.iter_mut() {
            let at = at.at(keyword);
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        visit_schemas(property, &at.at(name), visit)?;
                    }
                }
                ("allOf" | "oneOf" | "anyOf", Value::Array(members)) => {
                    for (index, member) in members.iter_mut().enumerate() {
                        visit_schemas(member, &at.at(index), visit)?;
                    }
                }
                ("items" | "additionalProperties", inner @ Value::Object(_)) => {
                    visit_schemas(inner, &at, visit)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Calls `visit` on every schema of the document: those of the components and those of the parameters.
fn visit_all_schemas(
    document: &mut Value,
    visit: &mut impl FnMut(&mut Value, &Pointer) -> Result<()>,
) -> Result<()> {
    let at = schemas();
    for (name, schema) in map_at(document, &at)? {
        visit_schemas(schema, &at.at(name), visit)?;
    }
    let at = Pointer::root().at("paths");
    for (path, item) in map_at(document, &at)? {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let at = at.at(path).at(method).at("parameters");
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            for (index, parameter) in parameters.into_iter().flatten().enumerate() {
                if let Some(schema) = parameter.get_mut("schema") {
                    visit_schemas(schema, &at.at(index).at("schema"), visit)?;
                }
            }
        }
    }
    Ok(())
}

/// The name of the component that a schema stands for: `{$ref}`, or that inside an allOf with prose beside it.
fn referenced(schema: &Value) -> Option<&str> {
    let reference = schema.get("$ref").or_else(|| {
        let [single] = &schema.get("allOf")?.as_array()?[..] else {
            return None;
        };
        single.get("$ref")
    })?;
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

fn reference_to(name: &str) -> Value {
    serde_json::json!({ "$ref": format!("#/components/schemas/{name}") })
}
