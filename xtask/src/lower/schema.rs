//! Reading one schema: its references followed, its keywords understood, its null told from its type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::compose::{together, union};
use super::{MALFORMED, Node, Reader, UNKNOWN};
use crate::misfit::{Pointer, Result};
use crate::model::{Schema, Shape};

/// In what the values of a schema travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Json,
    Query,
}

/// Keywords that say what a value is.
const SAID: [&str; 13] = [
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "type",
    "nullable",
    "enum",
    "const",
    "format",
    "properties",
    "required",
    "additionalProperties",
    "items",
];

/// Keywords that narrow a value, and what is assumed without one. The raw client leaves them to the service, and
/// `spec diff` compares them.
const BOUNDS: [&str; 14] = [
    "default",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Keywords without a meaning for a client: prose, illustrations, and hints that repeat what stands beside them.
const REMARKS: [&str; 12] = [
    "title",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "$comment",
    "discriminator",
    // The names of members are strings, whatever else it says.
    "propertyNames",
];

/// How many schemas may stand inside each other. The official document has eight.
const DEEPEST: usize = 64;

/// With this the official document marks a boolean that it writes as a string, and at times one that it does not.
const MARK: &str = "x-openrouter-type";

/// What the generator would follow, and only the fixups may write.
const RUST_TYPE: &str = "x-rust-type";

impl<'a> Reader<'a> {
    pub(super) fn schema(&self, node: Node<'a>, written: Written) -> Result<Schema> {
        self.schema_in(node, written, &mut Vec::new())
    }

    /// `inside` has the places of the schemas that this one is a part of.
    fn schema_in(
        &self,
        node: Node<'a>,
        written: Written,
        inside: &mut Vec<Pointer>,
    ) -> Result<Schema> {
        inside.push(node.at.clone());
        let read = self.schema_at(node, written, inside);
        inside.pop();
        read
    }

    fn schema_at(
        &self,
        node: Node<'a>,
        written: Written,
        inside: &mut Vec<Pointer>,
    ) -> Result<Schema> {
        let left = self.schemas_left.get().saturating_sub(1);
        self.schemas_left.set(left);
        if left == 0 || inside.len() > DEEPEST {
            let expected = "fewer schemas, and less deep ones, once references are written out";
            return Err(node.at.misfit(
                expected,
                "raise the bounds in xtask/src/lower if it has to be",
            ));
        }
        // `true` is the schema of 3.1 that admits anything.
        if *node.value == json!(true) {
            return Ok(Schema::new(node.at, Shape::Any));
        }
        node.keywords("a schema", &[&SAID, &BOUNDS, &REMARKS])?;

        let mut parts = Vec::new();
        if node.get("$ref").is_some() {
            let target = self.target(&node, "schemas")?;
            if inside.contains(&target.at) {
                return Err(node.at.misfit("no component that contains itself", UNKNOWN));
            }
            parts.push(self.schema_in(target, written, inside)?);
        }
        if let Some(members) = node.get("allOf") {
            for member in members.list()? {
                parts.push(self.schema_in(member, written, inside)?);
            }
        }
        let mut own = self.own(&node, written, inside)?;
        for keyword in ["oneOf", "anyOf"] {
            let Some(alternatives) = node.get(keyword) else {
                continue;
            };
            let mut members = Vec::new();
            for member in alternatives.list()? {
                let named = member.get("$ref").map(|_| self.target(&member, "schemas"));
                let named = named.transpose()?.unwrap_or_else(|| member.clone());
                if is_null(named.value) {
                    own.nullable = true;
                } else {
                    members.push(self.schema_in(member, written, inside)?);
                }
            }
            parts.push(union(&alternatives.at, members)?);
        }
        together(own, parts)
    }

    /// What a schema says itself, without what it references or is composed of.
    fn own(&self, node: &Node<'a>, written: Written, inside: &mut Vec<Pointer>) -> Result<Schema> {
        let (mut types, mut nullable) = types(node)?;
        let values = values(node)?;
        if let Some(values) = &values {
            nullable |= values.contains(&Value::Null);
        }
        // `nullable: false` is what holds without it; some documents of 2026 have it beside a type list with null,
        // which is what counts in 3.1.
        nullable |= node.flag("nullable")?;
        nullable |= rust_type_is_nullable(node)?;
        let values: Option<Vec<Value>> =
            values.map(|all| all.into_iter().filter(|value| !value.is_null()).collect());
        if types.is_empty() {
            types.extend(implied_type(node, values.as_deref())?);
        }
        let mut shapes = Vec::new();
        for name in &types {
            let shape = match *name {
                "string" => string(node, written)?,
                "number" => Shape::Number,
                "integer" => Shape::Integer,
                "boolean" => Shape::Boolean,
                "array" => self.array(node, inside)?,
                "object" => self.object(node, inside)?,
                _ => {
                    let expected = "string, number, integer, boolean, array, object or null";
                    return Err(node.at.at("type").misfit(expected, MALFORMED));
                }
            };
            shapes.push(shape);
        }
        let shape = if shapes.is_empty() {
            Shape::Any
        } else {
            let at = node.at.at("type");
            let members = shapes
                .into_iter()
                .map(|shape| Schema::new(at.clone(), shape));
            union(&at, members.collect())?.shape
        };
        if let Some(values) = &values {
            values_fit(values, &shape, node)?;
        }
        Ok(Schema {
            description: node.prose("description")?,
            deprecated: node.flag("deprecated")?,
            nullable,
            format: node.prose("format")?,
            values,
            bounds: bounds(node)?,
            ..Schema::new(node.at.clone(), shape)
        })
    }

    fn array(&self, node: &Node<'a>, inside: &mut Vec<Pointer>) -> Result<Shape> {
        let items = match node.get("items") {
            Some(items) => self.schema_in(items, Written::Json, inside)?,
            None => Schema::new(node.at.clone(), Shape::Any),
        };
        Ok(Shape::Array(Box::new(items)))
    }

    fn object(&self, node: &Node<'a>, inside: &mut Vec<Pointer>) -> Result<Shape> {
        let mut properties = BTreeMap::new();
        if let Some(all) = node.get("properties") {
            for (name, property) in all.members()? {
                let schema = self.schema_in(property, Written::Json, inside)?;
                properties.insert(name.to_owned(), schema);
            }
        }
        let mut required = BTreeSet::new();
        if let Some(names) = node.get("required") {
            for name in names.list()? {
                required.insert(name.text()?);
            }
        }
        // Whether an object may have further members is what the service may change at any time: `true`, `false` and
        // nothing said are the same here, and so is a schema that admits anything.
        let rest = match node.get("additionalProperties") {
            Some(rest) if !rest.value.is_boolean() => {
                Some(self.schema_in(rest, Written::Json, inside)?)
            }
            _ => None,
        };
        let rest = rest.filter(|rest| !matches!(rest.shape, Shape::Any));
        match rest {
            Some(rest) if !properties.is_empty() => Err(rest.at.misfit(
                "members that are known, or a schema for all, not both",
                UNKNOWN,
            )),
            Some(rest) => Ok(Shape::Map(Box::new(rest))),
            None if properties.is_empty() && required.is_empty() => {
                let any = Schema::new(node.at.clone(), Shape::Any);
                Ok(Shape::Map(Box::new(any)))
            }
            None => Ok(Shape::Object {
                properties,
                required,
            }),
        }
    }
}

/// A string, or a boolean that a query writes as one: the mark is the official document's own.
fn string(node: &Node<'_>, written: Written) -> Result<Shape> {
    match node.prose(MARK)?.as_deref() {
        None => Ok(Shape::String),
        Some("boolean") if written == Written::Query => Ok(Shape::Boolean),
        Some(_) => Err(node
            .at
            .at(MARK)
            .misfit("the mark boolean, on a string in a query", UNKNOWN)),
    }
}

/// Whether a schema admits null and nothing else.
fn is_null(schema: &Value) -> bool {
    let only = [
        ("type", json!("null")),
        ("const", json!(null)),
        ("enum", json!([null])),
    ];
    schema.as_object().is_some_and(|map| {
        only.iter()
            .any(|(keyword, null)| map.get(*keyword) == Some(null))
            && map.keys().all(|keyword| {
                let keyword = keyword.as_str();
                matches!(keyword, "type" | "const" | "enum" | "nullable")
                    || keyword.starts_with("x-")
                    || REMARKS.contains(&keyword)
            })
    })
}

/// The types that `type` names, null apart.
fn types<'a>(node: &Node<'a>) -> Result<(Vec<&'a str>, bool)> {
    let Some(written) = node.get("type") else {
        return Ok((Vec::new(), false));
    };
    let names = match written.value {
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        single => vec![single.as_str()],
    };
    let names = names.into_iter().collect::<Option<Vec<_>>>();
    let names =
        names.ok_or_else(|| written.at.misfit("one type, or a list of types", MALFORMED))?;
    let without_null: Vec<_> = names
        .iter()
        .copied()
        .filter(|name| *name != "null")
        .collect();
    if without_null.is_empty() {
        return Err(written.at.misfit("a type other than null", UNKNOWN));
    }
    Ok((without_null.clone(), without_null.len() < names.len()))
}

/// The values that `enum` or `const` names.
fn values(node: &Node<'_>) -> Result<Option<Vec<Value>>> {
    let all = match node.get("enum") {
        Some(all) => {
            let items = all.list()?;
            let mut all: Vec<_> = items.into_iter().map(|item| item.value.clone()).collect();
            in_order(&mut all);
            Some(all)
        }
        None => None,
    };
    let Some(only) = node.get("const") else {
        return Ok(all);
    };
    if all.is_some_and(|all| all != [only.value.clone()]) {
        return Err(only
            .at
            .misfit("nothing that contradicts what stands beside it", UNKNOWN));
    }
    Ok(Some(vec![only.value.clone()]))
}

/// Makes sure that values are of the type that they stand beside.
fn values_fit(values: &[Value], shape: &Shape, node: &Node<'_>) -> Result<()> {
    let fits = match shape {
        Shape::String => values.iter().all(Value::is_string),
        Shape::Boolean => values.iter().all(Value::is_boolean),
        _ => false,
    };
    if fits && !values.is_empty() {
        return Ok(());
    }
    let is_one = node.get("const").is_some();
    let at = node.at.at(if is_one { "const" } else { "enum" });
    let expected = "values of type string or boolean, beside that type";
    Err(at.misfit(expected, UNKNOWN))
}

/// The type of a schema that names none.
fn implied_type(node: &Node<'_>, values: Option<&[Value]>) -> Result<Option<&'static str>> {
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| node.get(keyword).is_some());
    if let Some(values) = values {
        let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(is);
        return match () {
            () if all(Value::is_string) => Ok(Some("string")),
            () if all(Value::is_boolean) => Ok(Some("boolean")),
            () => Err(node.at.misfit("a type beside the values", UNKNOWN)),
        };
    }
    Ok(
        if has(&["properties", "additionalProperties", "required"]) {
            Some("object")
        } else if has(&["items"]) {
            Some("array")
        } else {
            None
        },
    )
}

/// Bounds and defaults, as 3.1 writes them: in 3.0 an exclusive bound is a bound and a flag.
fn bounds(node: &Node<'_>) -> Result<BTreeMap<&'static str, Value>> {
    let mut found = BTreeMap::new();
    for keyword in BOUNDS {
        if let Some(bound) = node.get(keyword) {
            found.insert(keyword, as_integer(bound.value));
        }
    }
    for (flag, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        match found.get(flag) {
            Some(Value::Bool(exclusive)) => {
                let exclusive = *exclusive;
                found.remove(flag);
                if exclusive && let Some(limit) = found.remove(bound) {
                    found.insert(flag, limit);
                }
            }
            None | Some(Value::Number(_)) => {}
            Some(_) => return Err(node.at.at(flag).misfit("a number or a boolean", MALFORMED)),
        }
    }
    // These bound nothing.
    found.retain(|keyword, value| match *keyword {
        "uniqueItems" => *value != json!(false),
        "minLength" | "minItems" | "minProperties" => *value != json!(0),
        _ => true,
    });
    Ok(found)
}

/// A whole number in the one form that JSON should have for it.
fn as_integer(value: &Value) -> Value {
    /// Up to here a float holds each whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < EXACT => format!("{float:.0}")
            .parse::<i64>()
            .map_or_else(|_| value.clone(), Value::from),
        _ => value.clone(),
    }
}

/// A document that went through this step already says of some values which type of the raw crate they have.
fn rust_type_is_nullable(node: &Node<'_>) -> Result<bool> {
    let Some(rust_type) = node.get(RUST_TYPE) else {
        return Ok(false);
    };
    match rust_type.value.get("path").and_then(Value::as_str) {
        Some(crate::write::NULLABLE) => Ok(true),
        Some(crate::write::PLAINTEXT) => Ok(false),
        _ => Err(rust_type.at.misfit(
            "no Rust type that this program did not write",
            "take it out",
        )),
    }
}

/// An enum is a set.
pub(super) fn in_order(values: &mut Vec<Value>) {
    values.sort_by_key(Value::to_string);
    values.dedup();
}
