//! Lowering one schema, keyword by keyword.

use serde_json::{Map, Value, json};

use super::UNKNOWN;
use crate::misfit::{Pointer, Result};

/// The 3.0.3 form of the schema at `at`.
pub(super) fn lower(schema: &Value, at: &Pointer) -> Result<Value> {
    let map = schema
        .as_object()
        .ok_or_else(|| at.misfit("a schema object", UNKNOWN))?;
    let mut lowered = Map::new();
    for (keyword, value) in map {
        keyword_into(&mut lowered, keyword, value, &at.at(keyword))?;
    }
    no_contradiction(map, &lowered, at)?;
    null_out_of_enum(&mut lowered, at)?;
    null_out_of_alternatives(&mut lowered, at)?;
    reference_beside_others(&mut lowered, at)?;
    Ok(Value::Object(lowered))
}

/// Two keywords that become one must not say different things.
fn no_contradiction(
    written: &Map<String, Value>,
    lowered: &Map<String, Value>,
    at: &Pointer,
) -> Result<()> {
    let place =
        if written.get("nullable") == Some(&json!(false)) && lowered.contains_key("nullable") {
            "nullable"
        } else if written.contains_key("const") && written.contains_key("enum") {
            "const"
        } else {
            return Ok(());
        };
    Err(at
        .at(place)
        .misfit("nothing that contradicts what stands beside it", UNKNOWN))
}

fn keyword_into(
    lowered: &mut Map<String, Value>,
    keyword: &str,
    value: &Value,
    at: &Pointer,
) -> Result<()> {
    let value = match keyword {
        // The same in both versions; the last one is how the official document marks a boolean query flag that it
        // writes as a string.
        "title" | "description" | "format" | "required" | "deprecated" | "readOnly"
        | "writeOnly" | "default" | "pattern" | "minLength" | "maxLength" | "minItems"
        | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties" | "minimum"
        | "maximum" | "multipleOf" | "enum" | "x-openrouter-type" => value.clone(),
        // Subschemas.
        "properties" => value
            .as_object()
            .ok_or_else(|| at.misfit("a map of schemas", UNKNOWN))?
            .iter()
            .map(|(name, schema)| Ok((name.clone(), lower(schema, &at.at(name))?)))
            .collect::<Result<Map<_, _>>>()?
            .into(),
        "allOf" | "oneOf" | "anyOf" => value
            .as_array()
            .ok_or_else(|| at.misfit("a list of schemas", UNKNOWN))?
            .iter()
            .enumerate()
            .map(|(index, schema)| alternative(schema, &at.at(index)))
            .collect::<Result<_>>()?,
        "additionalProperties" if value.is_boolean() => value.clone(),
        "items" | "additionalProperties" => lower(value, at)?,
        // Written differently.
        "type" => return type_into(lowered, value, at),
        "nullable" => return nullable_into(lowered, value, at),
        "$ref" if value.is_string() => value.clone(),
        "const" => {
            lowered.insert("enum".to_owned(), json!([value]));
            return Ok(());
        }
        "exclusiveMinimum" | "exclusiveMaximum" => {
            return exclusive_into(lowered, keyword, value, at);
        }
        // Illustrations.
        "example" | "examples" | "externalDocs" => return Ok(()),
        // The generator would follow this one, and only the fixups may tell it where to go.
        "x-rust-type" => {
            return Err(at.misfit("no x-rust-type in a description", "take it out"));
        }
        extension if extension.starts_with("x-") => return Ok(()),
        _ => return Err(at.misfit("a keyword that a schema may have", UNKNOWN)),
    };
    lowered.insert(keyword.to_owned(), value);
    Ok(())
}

/// `type: [T, 'null']` is `type: T` with `nullable: true`.
fn type_into(lowered: &mut Map<String, Value>, value: &Value, at: &Pointer) -> Result<()> {
    const SHAPES: &str = "one type, or one type and 'null'";
    let single = match value {
        Value::String(_) => value,
        Value::Array(types) => {
            let named: Vec<_> = types.iter().filter(|name| **name != "null").collect();
            if named.len() < types.len() {
                lowered.insert("nullable".to_owned(), json!(true));
            }
            match named[..] {
                [single] => single,
                _ => return Err(at.misfit(SHAPES, UNKNOWN)),
            }
        }
        _ => return Err(at.misfit(SHAPES, UNKNOWN)),
    };
    let known = ["string", "number", "integer", "boolean", "object", "array"];
    if !single.as_str().is_some_and(|name| known.contains(&name)) {
        return Err(at.misfit(SHAPES, UNKNOWN));
    }
    lowered.insert("type".to_owned(), single.clone());
    Ok(())
}

fn nullable_into(lowered: &mut Map<String, Value>, value: &Value, at: &Pointer) -> Result<()> {
    match value {
        Value::Bool(true) => {
            lowered.insert("nullable".to_owned(), json!(true));
            Ok(())
        }
        Value::Bool(false) => Ok(()),
        _ => Err(at.misfit("true or false", UNKNOWN)),
    }
}

/// A bound that is a number of its own in 3.1 is a bound and a flag in 3.0.
fn exclusive_into(
    lowered: &mut Map<String, Value>,
    keyword: &str,
    value: &Value,
    at: &Pointer,
) -> Result<()> {
    let bound = if keyword == "exclusiveMinimum" {
        "minimum"
    } else {
        "maximum"
    };
    match value {
        Value::Bool(_) => {
            lowered.insert(keyword.to_owned(), value.clone());
        }
        Value::Number(_) => {
            lowered.insert(bound.to_owned(), value.clone());
            lowered.insert(keyword.to_owned(), json!(true));
        }
        _ => return Err(at.misfit("a number or a boolean", UNKNOWN)),
    }
    Ok(())
}

/// A member of allOf, oneOf or anyOf: the null type stays for [`null_out_of_alternatives`] to find.
fn alternative(schema: &Value, at: &Pointer) -> Result<Value> {
    if is_null_type(schema) {
        Ok(schema.clone())
    } else {
        lower(schema, at)
    }
}

fn is_null_type(schema: &Value) -> bool {
    schema
        .as_object()
        .is_some_and(|map| map.len() == 1 && map.get("type") == Some(&json!("null")))
}

/// `enum: [a, null]` is `enum: [a]` with `nullable: true`.
fn null_out_of_enum(lowered: &mut Map<String, Value>, at: &Pointer) -> Result<()> {
    let Some(values) = lowered.get_mut("enum") else {
        return Ok(());
    };
    let values = values
        .as_array_mut()
        .ok_or_else(|| at.at("enum").misfit("a list of values", UNKNOWN))?;
    let before = values.len();
    values.retain(|value| !value.is_null());
    if values.is_empty() {
        return Err(at
            .at("enum")
            .misfit("at least one value other than null", UNKNOWN));
    }
    if values.len() < before {
        lowered.insert("nullable".to_owned(), json!(true));
    }
    Ok(())
}

/// `oneOf: [X, {type: 'null'}]` is X with `nullable: true`; X may be a reference.
fn null_out_of_alternatives(lowered: &mut Map<String, Value>, at: &Pointer) -> Result<()> {
    for keyword in ["oneOf", "anyOf"] {
        let Some(alternatives) = lowered.get(keyword).and_then(Value::as_array) else {
            continue;
        };
        let rest: Vec<_> = alternatives
            .iter()
            .filter(|schema| !is_null_type(schema))
            .cloned()
            .collect();
        if rest.len() == alternatives.len() {
            continue;
        }
        let [single] = &rest[..] else {
            return Err(at
                .at(keyword)
                .misfit("one schema and the null type", UNKNOWN));
        };
        let single = single.clone();
        lowered.remove(keyword);
        if let Some(other) = lowered.keys().find(|other| {
            !matches!(
                other.as_str(),
                "description" | "title" | "deprecated" | "nullable" | "default"
            )
        }) {
            return Err(at
                .at(other)
                .misfit("nothing but prose beside one schema or null", UNKNOWN));
        }
        lowered.insert("allOf".to_owned(), json!([single]));
        lowered.insert("nullable".to_owned(), json!(true));
    }
    Ok(())
}

/// In 3.0 whatever stands beside a `$ref` is ignored, so the reference moves into an allOf of its own.
fn reference_beside_others(lowered: &mut Map<String, Value>, at: &Pointer) -> Result<()> {
    if lowered.len() < 2 {
        return Ok(());
    }
    let Some(reference) = lowered.remove("$ref") else {
        return Ok(());
    };
    if lowered.contains_key("allOf") {
        return Err(at.misfit("a $ref or an allOf, not both", UNKNOWN));
    }
    lowered.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    Ok(())
}
