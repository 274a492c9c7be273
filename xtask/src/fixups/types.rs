//! Types whose names depend neither on the document's own names nor on its order, and whose fields can be relied upon
//! in a year.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{self, Kind, Known};
use super::{CHANGED, LACKING};
use crate::diff;
use crate::misfit::Result;
use crate::model::{Schema, Shape};
use crate::plan::{Field, Item, Type, Value};

/// Who writes values of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Request,
    Answer,
}

/// The types found so far, and the schema that each was made of.
#[derive(Default)]
pub(super) struct Types {
    made: BTreeMap<String, (Schema, Type)>,
}

impl Types {
    pub(super) fn finish(self) -> BTreeMap<String, Type> {
        let types = self.made.into_iter();
        types.map(|(name, (_, made))| (name, made)).collect()
    }

    /// Makes the object `schema` the type `name`.
    ///
    /// Upstream writes the key object out in each response. Left alone, each copy would become a type of its own,
    /// named after an operation id. Every type gets its name from its place instead; copies become one type if they
    /// say the same, and are an error if they do not.
    pub(super) fn hoist(&mut self, name: &str, schema: &Schema, role: Role) -> Result<()> {
        // Whether null may stand in its place is said of the place.
        let schema = &Schema {
            nullable: false,
            ..schema.clone()
        };
        if let Some((first, _)) = self.made.get(name) {
            return match diff::first_difference(first, schema) {
                None => Ok(()),
                Some(difference) => Err(schema.at.misfit(
                    format!(
                        "the same {name} as at {} (but '{}': {})",
                        first.at,
                        difference.subject,
                        difference.what()
                    ),
                    CHANGED,
                )),
            };
        }
        let Shape::Object {
            properties,
            required,
        } = &schema.shape
        else {
            return Err(schema
                .at
                .misfit(format!("the properties of {name}"), CHANGED));
        };
        let known = known::fields(name);
        relied_upon(&known, schema, properties, required)?;
        if role == Role::Request {
            nothing_else_required(&known, schema, required)?;
        }
        apart_in_rust(properties)?;
        let mut fields = BTreeMap::new();
        for (property, inner) in properties {
            let place = Place {
                owner: name,
                property,
                schema: inner,
                role,
                required: required.contains(property),
            };
            let field = match known.iter().find(|known| known.name == property) {
                Some(known) => self.known_field(&place, known)?,
                None => self.other_field(&place)?,
            };
            fields.insert(property.clone(), field);
        }
        let made = Type {
            description: schema.description.clone(),
            fields,
        };
        self.made.insert(name.to_owned(), (schema.clone(), made));
        Ok(())
    }

    /// A field of the table: its type is what the table says.
    ///
    /// Where null and absence are not the same, in a request and in what every answer has, null becomes a value of
    /// `Nullable<T>`: the generator would make an `Option` of an optional field and of a nullable one and of one that
    /// is both, so that a request could never say null, and an answer without `limit` would read as one without limit.
    fn known_field(&mut self, place: &Place<'_>, known: &Known) -> Result<Field> {
        let schema = place.schema;
        never_odd(place, known)?;
        let value = match (&known.kind, &schema.shape) {
            (Kind::Text, Shape::String) => Value::Scalar("string"),
            (Kind::Flag, Shape::Boolean) => Value::Scalar("boolean"),
            (Kind::Money, Shape::Number | Shape::Integer) => Value::Scalar("number"),
            (Kind::Count, Shape::Number | Shape::Integer) => Value::Scalar("integer"),
            (Kind::Plaintext, Shape::String) => Value::Plaintext,
            (Kind::Texts, Shape::Array(items)) if matches!(items.shape, Shape::String) => {
                Value::List(Box::new(Item {
                    value: Value::Scalar("string"),
                    nullable: false,
                }))
            }
            (Kind::One(name), Shape::Object { .. }) => {
                self.hoist(name, schema, place.role)?;
                Value::Type((*name).to_owned())
            }
            (Kind::Many(name), Shape::Array(items)) => {
                self.hoist(name, items, place.role)?;
                let value = Value::Type((*name).to_owned());
                Value::List(Box::new(Item {
                    value,
                    nullable: false,
                }))
            }
            _ => {
                let expected = format!("'{}' to be {}", known.name, known.kind.in_words());
                return Err(schema.at.misfit(expected, CHANGED));
            }
        };
        Ok(Field {
            description: schema.description.clone(),
            required: known.always,
            null: known.null && (known.always || place.role == Role::Request),
            value,
        })
    }

    /// A field that the facade does not know. An old client must read a new answer, so that it may be absent or null
    /// whatever the document says; what the service promises of a value today, it widens tomorrow, so that enums,
    /// formats and bounds are not built into its type either. In an object that is sent, it is what the document says.
    fn other_field(&mut self, place: &Place<'_>) -> Result<Field> {
        let sent = place.role == Role::Request;
        Ok(Field {
            description: place.schema.description.clone(),
            required: sent && place.required,
            null: sent && place.schema.nullable,
            value: self.value(&place.type_name(), place.schema, place.role)?,
        })
    }

    /// The type of a value that the facade does not know. `name` is for an object, if it turns out to be one.
    fn value(&mut self, name: &str, schema: &Schema, role: Role) -> Result<Value> {
        Ok(match &schema.shape {
            // What is one of several has no type of its own in Rust.
            Shape::Any | Shape::Union(_) => Value::Any,
            Shape::String => Value::Scalar("string"),
            Shape::Number => Value::Scalar("number"),
            Shape::Integer => Value::Scalar("integer"),
            Shape::Boolean => Value::Scalar("boolean"),
            Shape::Array(items) => Value::List(self.item(&format!("{name}Item"), items, role)?),
            Shape::Map(values) => Value::Map(self.item(&format!("{name}Value"), values, role)?),
            Shape::Object { .. } => {
                // A name of the table is not for others.
                let is_known = !known::fields(name).is_empty();
                let name = name.to_owned() + if is_known { "Object" } else { "" };
                self.hoist(&name, schema, role)?;
                Value::Type(name)
            }
        })
    }

    fn item(&mut self, name: &str, schema: &Schema, role: Role) -> Result<Box<Item>> {
        Ok(Box::new(Item {
            value: self.value(name, schema, role)?,
            nullable: schema.nullable,
        }))
    }
}

/// A field of a type, and what the description says of it.
struct Place<'a> {
    owner: &'a str,
    property: &'a str,
    schema: &'a Schema,
    role: Role,
    /// Whether the description says that it is always there.
    required: bool,
}

impl Place<'_> {
    /// The name of the type of this field, if it is an object: that of its owner and its own.
    fn type_name(&self) -> String {
        let mut name = self.owner.to_owned();
        for word in self.property.split(|c: char| !c.is_alphanumeric()) {
            let mut letters = word.chars();
            name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            name.push_str(letters.as_str());
        }
        name
    }
}

impl Kind {
    fn in_words(&self) -> &'static str {
        match self {
            Self::Text | Self::Plaintext => "a string",
            Self::Flag => "a boolean",
            Self::Money => "a number",
            Self::Count => "an integer",
            Self::Texts => "an array of strings",
            Self::One(_) => "an object with properties",
            Self::Many(_) => "an array of objects",
        }
    }
}

/// Makes sure that a field of the table has no value that the facade could do nothing with.
fn never_odd(place: &Place<'_>, known: &Known) -> Result<()> {
    let schema = place.schema;
    let plaintext = matches!(known.kind, Kind::Plaintext);
    let never_null = plaintext || known.always && place.role == Role::Answer;
    let expected = if schema.nullable && !known.null && never_null {
        format!("'{}' never to be null", known.name)
    } else if matches!(&schema.shape, Shape::Array(items) if items.nullable) {
        format!("no item of '{}' to be null", known.name)
    } else if schema.values.as_deref() == Some(&[false.into()]) {
        format!("'{}' not to be always false", known.name)
    } else {
        return Ok(());
    };
    Err(schema.at.misfit(expected, CHANGED))
}

/// Makes sure that what the facade relies on is there, and is promised to be.
fn relied_upon(
    known: &[Known],
    schema: &Schema,
    properties: &BTreeMap<String, Schema>,
    required: &BTreeSet<String>,
) -> Result<()> {
    for field in known.iter().filter(|field| field.always) {
        if !properties.contains_key(field.name) {
            let at = schema.at.at("properties");
            return Err(at.misfit(format!("the property '{}'", field.name), LACKING));
        }
        if !required.contains(field.name) {
            let expected = format!("'{}' among the required fields", field.name);
            return Err(schema.at.at("required").misfit(expected, LACKING));
        }
    }
    match required.iter().find(|name| !properties.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            let expected = format!("a property for each required field, and one for '{name}'");
            Err(schema.at.at("required").misfit(expected, CHANGED))
        }
    }
}

/// A field of a request that became required would compile, and every call would fail: the facade does not send it.
fn nothing_else_required(
    known: &[Known],
    schema: &Schema,
    required: &BTreeSet<String>,
) -> Result<()> {
    let sent = |name: &String| known.iter().any(|field| field.always && field.name == name);
    match required.iter().find(|name| !sent(name)) {
        // An object that the facade knows nothing of is not sent at all.
        Some(name) if !known.is_empty() => {
            let expected = format!("no required field that is not sent, as '{name}' is not");
            Err(schema.at.at("required").misfit(expected, CHANGED))
        }
        _ => Ok(()),
    }
}

/// Two properties must not become one field.
fn apart_in_rust(properties: &BTreeMap<String, Schema>) -> Result<()> {
    let mut names = BTreeMap::new();
    for (property, schema) in properties {
        let name = as_in_rust(property);
        if name.is_empty() {
            let expected = "a name that has letters or digits";
            return Err(schema.at.misfit(expected, CHANGED));
        }
        if let Some(other) = names.insert(name, property) {
            let expected = format!("a name that is not that of '{other}' in Rust");
            return Err(schema.at.misfit(expected, CHANGED));
        }
    }
    Ok(())
}

/// What is left of a name when it becomes part of Rust: two that are the same then cannot stand side by side.
pub(super) fn as_in_rust(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}
