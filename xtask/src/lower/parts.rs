//! Reading what an operation consists of: parameters, bodies, responses, and who may call it.

use std::collections::BTreeMap;

use serde_json::json;

use super::schema::Written;
use super::{MALFORMED, Node, Reader, UNKNOWN};
use crate::misfit::{Pointer, Result};
use crate::model::{Body, Contents, Location, Parameter, Response, Schema, Shape};
use crate::reference;

/// Flags that were written as plain strings in 2025, without a mark that tells them from other strings.
const FLAGS: [&str; 2] = ["include_disabled", "include_expired"];

/// Headers that OpenAPI says something about elsewhere: a parameter of that name is to be passed over.
const IGNORED: [&str; 3] = ["accept", "authorization", "content-type"];

impl<'a> Reader<'a> {
    /// The parameters of an operation, and those of its path that it does not have itself.
    pub(super) fn parameters(&self, item: &Node<'a>, node: &Node<'a>) -> Result<Vec<Parameter>> {
        let mut found: Vec<Parameter> = Vec::new();
        for (holder, overridden) in [(node, false), (item, true)] {
            let own = found.len();
            let list = holder
                .get("parameters")
                .map_or(Ok(Vec::new()), |list| list.list())?;
            for parameter in list {
                let at = parameter.at.clone();
                let parameter = self.parameter(self.resolve(parameter, "parameters")?)?;
                let same = |other: &Parameter| {
                    (&other.name, other.location) == (&parameter.name, parameter.location)
                };
                if found[own..].iter().any(same) {
                    return Err(at.misfit("each parameter once", MALFORMED));
                }
                let ignored = parameter.location == Location::Header
                    && IGNORED.contains(&parameter.name.to_lowercase().as_str());
                if !(ignored || overridden && found[..own].iter().any(same)) {
                    found.push(parameter);
                }
            }
        }
        found.sort_by(|one, other| (one.location, &one.name).cmp(&(other.location, &other.name)));
        Ok(found)
    }

    fn parameter(&self, node: Node<'a>) -> Result<Parameter> {
        node.keywords(
            "a parameter",
            &[&[
                "name",
                "in",
                "required",
                "deprecated",
                "description",
                "schema",
                "style",
                "explode",
                "allowEmptyValue",
                "allowReserved",
                "example",
                "examples",
            ]],
        )?;
        let location = match &*node.need("in")?.text()? {
            "path" => Location::Path,
            "query" => Location::Query,
            "header" => Location::Header,
            "cookie" => Location::Cookie,
            _ => {
                return Err(node
                    .at
                    .at("in")
                    .misfit("path, query, header or cookie", MALFORMED));
            }
        };
        // The generator knows one way to write a value, which is the one that OpenAPI has by default.
        let form = matches!(location, Location::Query | Location::Cookie);
        let defaults = [
            ("style", json!(if form { "form" } else { "simple" })),
            ("explode", form.into()),
            ("allowReserved", false.into()),
        ];
        for (keyword, default) in defaults {
            if let Some(written) = node.get(keyword)
                && *written.value != default
            {
                let expected = format!("{default}, which is the default");
                return Err(written.at.misfit(expected, UNKNOWN));
            }
        }
        let name = node.need("name")?.text()?;
        let written = if location == Location::Query {
            Written::Query
        } else {
            Written::Json
        };
        let mut schema = self.schema(node.need("schema")?, written)?;
        if location == Location::Query {
            read_flag(&name, &mut schema);
        }
        // Only JSON can say null. A parameter that may be null is one that may be left out.
        schema.nullable = false;
        Ok(Parameter {
            name,
            location,
            required: node.flag("required")?,
            deprecated: node.flag("deprecated")? || schema.deprecated,
            description: node
                .prose("description")?
                .or_else(|| schema.description.take()),
            schema,
            at: node.at,
        })
    }

    pub(super) fn body(&self, operation: &Node<'a>) -> Result<Option<Body>> {
        let Some(node) = operation.get("requestBody") else {
            return Ok(None);
        };
        let node = self.resolve(node, "requestBodies")?;
        node.keywords("a request body", &[&["description", "required", "content"]])?;
        Ok(Some(Body {
            required: node.flag("required")?,
            contents: self.contents(&node)?,
            at: node.at,
        }))
    }

    pub(super) fn responses(&self, operation: &Node<'a>) -> Result<BTreeMap<String, Response>> {
        let mut found = BTreeMap::new();
        for (status, node) in operation.need("responses")?.members()? {
            if status.starts_with("x-") {
                continue;
            }
            let status = status.to_uppercase();
            let digits = status.strip_suffix("XX").unwrap_or(&status);
            let fits = status.len() == 3
                && digits.starts_with(|first: char| ('1'..='5').contains(&first))
                && digits.chars().all(|digit| digit.is_ascii_digit());
            if !fits && status != "DEFAULT" {
                return Err(node
                    .at
                    .misfit("a status such as 404, 4XX or default", MALFORMED));
            }
            let node = self.resolve(node, "responses")?;
            // The facade reads the few headers that matter by name, and whoever calls it knows what to call next.
            node.keywords(
                "a response",
                &[&["description", "content", "headers", "links"]],
            )?;
            let response = Response {
                contents: self.contents(&node)?,
                at: node.at,
            };
            found.insert(status, response);
        }
        Ok(found)
    }

    fn contents(&self, holder: &Node<'a>) -> Result<Contents> {
        let mut found = BTreeMap::new();
        let Some(contents) = holder.get("content") else {
            return Ok(found);
        };
        for (media_type, node) in contents.members()? {
            node.keywords(
                "a media type",
                &[&["schema", "example", "examples", "encoding"]],
            )?;
            let schema = match node.get("schema") {
                Some(schema) => self.schema(schema, Written::Json)?,
                None => Schema::new(node.at.clone(), Shape::Any),
            };
            // A charset does not make it another type: JSON is UTF-8.
            let name = media_type
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_lowercase();
            if found.insert(name, schema).is_some() {
                return Err(node.at.misfit("each media type once", MALFORMED));
            }
        }
        Ok(found)
    }

    /// The alternatives that an operation's `security`, or the document's, gives, each as the kinds of its schemes.
    /// A slice may lack the schemes altogether: then nothing is known of them.
    pub(super) fn security(&self, operation: &Node<'a>) -> Result<BTreeMap<String, Pointer>> {
        let mut found = BTreeMap::new();
        let components = self.root().get("components");
        let schemes = components.and_then(|all| all.get("securitySchemes"));
        let security = operation
            .get("security")
            .or_else(|| self.root().get("security"));
        let Some(security) = security else {
            return Ok(found);
        };
        let alternatives = security.list()?;
        if alternatives.is_empty() {
            found.insert("none".to_owned(), security.at);
        }
        for alternative in alternatives {
            let mut kinds = Vec::new();
            for (name, node) in alternative.members()? {
                let Some(schemes) = schemes.as_ref().filter(|all| all.value != &json!({})) else {
                    continue;
                };
                let scheme = schemes
                    .get(name)
                    .ok_or_else(|| reference::missing(&node.at, name))?;
                let scheme = self.resolve(scheme, "securitySchemes")?;
                let mut kind = scheme.need("type")?.text()?;
                for detail in ["scheme", "in", "name"] {
                    if let Some(detail) = scheme.prose(detail)? {
                        kind = format!("{kind} {}", detail.to_lowercase());
                    }
                }
                kinds.push(kind);
            }
            if !kinds.is_empty() {
                found.insert(kinds.join(" and "), alternative.at);
            } else if alternative.map()?.is_empty() {
                found.insert("none".to_owned(), alternative.at);
            }
        }
        Ok(found)
    }
}

impl Schema {
    pub(super) fn new(at: Pointer, shape: Shape) -> Self {
        Self {
            at,
            description: None,
            deprecated: false,
            nullable: false,
            shape,
            format: None,
            values: None,
            bounds: BTreeMap::new(),
        }
    }
}

/// A flag may be written as one of the strings true and false, or, in 2025, as any string. A query has the same
/// characters as for a boolean.
fn read_flag(name: &str, schema: &mut Schema) {
    let named = schema.values.as_deref() == Some(&[json!("false"), json!("true")]);
    let plain = FLAGS.contains(&name) && schema.values.is_none();
    let narrowed = schema.format.is_some() || schema.bounds.keys().any(|bound| *bound != "default");
    if matches!(schema.shape, Shape::String) && (named || plain) && !narrowed {
        schema.shape = Shape::Boolean;
        schema.values = None;
    }
}
