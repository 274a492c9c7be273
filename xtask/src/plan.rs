//! What the generator is told: six calls, and the types of what they send and get.

use std::collections::BTreeMap;

use crate::model::{Info, Location};
use crate::operations::Operation;

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) info: Info,
    pub(crate) servers: Vec<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) types: BTreeMap<String, Type>,
}

/// One of the six operations. The types of its body and of its answer are named by the operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) arguments: Vec<Argument>,
}

/// The hash, or a query parameter. The hash is required, and nothing else is.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) description: Option<String>,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) description: Option<String>,
    pub(crate) fields: BTreeMap<String, Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) description: Option<String>,
    /// Whether it is there in any case. One that is not becomes an `Option`.
    pub(crate) required: bool,
    /// Whether null is a value of its own, apart from absence.
    pub(crate) null: bool,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// Any JSON.
    Any,
    /// By its name in OpenAPI.
    Scalar(&'static str),
    /// A string that is never printed.
    Plaintext,
    List(Box<Item>),
    Map(Box<Item>),
    Type(String),
}

/// What a list or a map holds.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) nullable: bool,
}
