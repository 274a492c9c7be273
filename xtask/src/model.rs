//! What a description says about the six operations, in whichever of its many ways it says so.
//!
//! A [`Schema`] has no references and no keywords left: it is one of the shapes that there are. Each part remembers
//! where in the document it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::misfit::Pointer;
use crate::operations::Operation;

#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) info: Info,
    pub(crate) servers: Vec<String>,
    /// Those of the six that the document has, in their own order.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Other operations under `/key` and `/keys`: method and path.
    pub(crate) others: BTreeMap<(String, String), Pointer>,
}

#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) operation: &'static Operation,
    pub(crate) id: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) responses: BTreeMap<String, Response>,
    /// The kinds of authentication that it asks for, as far as the document says: `http bearer`.
    pub(crate) security: BTreeMap<String, Pointer>,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) at: Pointer,
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) deprecated: bool,
    pub(crate) description: Option<String>,
    pub(crate) schema: Schema,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

impl Location {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) at: Pointer,
    pub(crate) required: bool,
    pub(crate) contents: Contents,
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) at: Pointer,
    pub(crate) contents: Contents,
}

/// By media type. A content without a schema says nothing of its shape.
pub(crate) type Contents = BTreeMap<String, Schema>;

#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) at: Pointer,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) nullable: bool,
    pub(crate) shape: Shape,
    pub(crate) format: Option<String>,
    /// The values that there are, if the description says so; null is not among them.
    pub(crate) values: Option<Vec<Value>>,
    /// Bounds and defaults, by the keyword that OpenAPI 3.1 has for them.
    pub(crate) bounds: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Any JSON value.
    Any,
    String,
    Number,
    Integer,
    Boolean,
    Array(Box<Schema>),
    /// An object whose members are all alike and have names that nobody knows beforehand.
    Map(Box<Schema>),
    Object {
        properties: BTreeMap<String, Schema>,
        required: BTreeSet<String>,
    },
    /// One of several.
    Union(Vec<Schema>),
}

impl Shape {
    /// For messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Array(_) => "array",
            Self::Map(_) | Self::Object { .. } => "object",
            Self::Union(_) => "one of several",
        }
    }
}
