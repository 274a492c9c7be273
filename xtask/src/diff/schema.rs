//! Two schemas, side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Aspect, Change, Difference, Found, Kind, presence};
use crate::model::{Schema, Shape};

/// Who writes a value: the client in a body, the client in a query or a path, or the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Query,
    Response,
}

/// Whether two schemas mean the same.
pub(crate) fn same(one: &Schema, other: &Schema) -> bool {
    meaning(one) == meaning(other)
}

/// What a schema means, in one text for each meaning. What is deprecated is meant as before.
pub(crate) fn meaning(schema: &Schema) -> String {
    let inner = match &schema.shape {
        Shape::Array(inner) | Shape::Map(inner) => meaning(inner),
        Shape::Object {
            properties,
            required,
        } => {
            let properties: Vec<_> = properties
                .iter()
                .map(|(name, property)| format!("{name:?}: {}", meaning(property)))
                .collect();
            format!("{} {required:?}", properties.join(", "))
        }
        Shape::Union(members) => {
            let members: BTreeSet<_> = members.iter().map(meaning).collect();
            members.into_iter().collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    };
    let kind = match &schema.shape {
        Shape::Map(_) => "map",
        shape => shape.name(),
    };
    let Schema {
        nullable, bounds, ..
    } = schema;
    let (format, values) = (format(schema), values(schema));
    format!("({kind} {inner} {nullable} {format:?} {values:?} {bounds:?})")
}

/// The first thing that two schemas which should mean the same disagree about.
pub(crate) fn first_difference(one: &Schema, other: &Schema) -> Option<Difference> {
    let mut found = Found::default();
    let place = Place {
        kind: Kind::ResponseField,
        direction: Direction::Response,
        subject: String::new(),
    };
    place.compare(&mut found, one, other);
    let counts =
        |difference: &Difference| difference.change != Change::Changed(Aspect::Deprecation);
    found.list.into_iter().find(counts)
}

/// A place that both descriptions have.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) direction: Direction,
    /// How it is called: `query offset`, `200 data[].limit`.
    pub(super) subject: String,
}

impl Place {
    pub(super) fn compare(&self, found: &mut Found, ours: &Schema, theirs: &Schema) {
        if !self.types(found, ours, theirs) {
            return;
        }
        self.formats(found, ours, theirs);
        self.values(found, ours, theirs);
        self.bounds(found, ours, theirs);
        match (&ours.shape, &theirs.shape) {
            (Shape::Array(ours), Shape::Array(theirs)) => {
                self.inner("[]").compare(found, ours, theirs);
            }
            (Shape::Map(ours), Shape::Map(theirs)) => {
                self.inner(".*").compare(found, ours, theirs);
            }
            (Shape::Map(_) | Shape::Object { .. }, _) => self.members(found, ours, theirs),
            _ => {}
        }
    }

    fn inner(&self, suffix: &str) -> Self {
        Self {
            subject: format!("{}{suffix}", self.subject),
            ..self.clone()
        }
    }

    /// One member of the object that this place is. The outermost object has no name of its own.
    fn member(&self, name: &str) -> Self {
        let separator = if self.subject.is_empty() {
            ""
        } else if self.subject.contains(' ') {
            "."
        } else {
            " "
        };
        self.inner(&format!("{separator}{name}"))
    }

    /// The members of two objects. One whose members are unknown has none that could be compared.
    fn members(&self, found: &mut Found, ours: &Schema, theirs: &Schema) {
        let (none, nothing) = (BTreeMap::new(), BTreeSet::new());
        let [ours, theirs] = [ours, theirs].map(|schema| match &schema.shape {
            Shape::Object {
                properties,
                required,
            } => (properties, required),
            _ => (&none, &nothing),
        });
        for (name, schema, change) in super::one_sided(ours.0, theirs.0) {
            let required = if change == Change::Added {
                theirs.1
            } else {
                ours.1
            }
            .contains(name);
            let what = format!("{}, {}", describe(schema), presence(required));
            let subject = self.member(name).subject;
            let sent = required && self.direction == Direction::Request;
            let difference = Difference::new(self.kind, subject, change, &schema.at);
            let breaking = change == Change::Removed || sent;
            found.push(difference.breaking(breaking).which_is(what));
        }
        for (name, our) in ours.0 {
            let Some(their) = theirs.0.get(name) else {
                continue;
            };
            let place = self.member(name);
            let required = (ours.1.contains(name), theirs.1.contains(name));
            found.required(&place, required, &their.at);
            let deprecated = (our.deprecated, their.deprecated);
            found.deprecation(place.kind, &place.subject, deprecated, &their.at);
            place.compare(found, our, their);
        }
    }

    /// Types and null. False where the types differ, so that there is nothing more to compare.
    fn types(&self, found: &mut Found, ours: &Schema, theirs: &Schema) -> bool {
        let alike = match (&ours.shape, &theirs.shape) {
            (Shape::Union(_), _) | (_, Shape::Union(_)) => {
                let without_null = |schema: &Schema| Schema {
                    nullable: false,
                    ..schema.clone()
                };
                same(&without_null(ours), &without_null(theirs))
            }
            (Shape::Map(rest), Shape::Map(other)) => {
                matches!(rest.shape, Shape::Any) == matches!(other.shape, Shape::Any)
            }
            (ours, theirs) => ours.name() == theirs.name(),
        };
        if !alike {
            let words = [ours, theirs].map(describe);
            // Alternatives are not compared one with the other: that they differ has to do.
            let aspect = if words[0] == words[1] {
                Aspect::Details
            } else {
                Aspect::Type
            };
            self.changed(found, !self.accepts(ours, theirs), aspect, words, theirs);
            return false;
        }
        if ours.nullable != theirs.nullable {
            let breaking = theirs.nullable == (self.direction == Direction::Response);
            self.changed(
                found,
                breaking,
                Aspect::Nullability,
                [ours, theirs].map(describe),
                theirs,
            );
        }
        true
    }

    /// Whether whoever reads values of the one schema reads those of the other too: the client an answer, the service a
    /// request.
    fn accepts(&self, ours: &Schema, theirs: &Schema) -> bool {
        let (sent, read) = if self.direction == Direction::Response {
            (theirs, ours)
        } else {
            (ours, theirs)
        };
        if sent.nullable && !read.nullable {
            return false;
        }
        let alternatives = |schema: &Schema| match &schema.shape {
            Shape::Union(members) => members.clone(),
            _ => vec![Schema {
                nullable: false,
                ..schema.clone()
            }],
        };
        let read = alternatives(read);
        alternatives(sent)
            .iter()
            .all(|sent| read.iter().any(|read| self.reads(sent, read)))
    }

    /// The same for one type each.
    fn reads(&self, sent: &Schema, read: &Schema) -> bool {
        match (&sent.shape, &read.shape) {
            (_, Shape::Any) => true,
            (Shape::Integer, Shape::Number) => {
                let number = Schema {
                    shape: Shape::Number,
                    ..sent.clone()
                };
                same(&number, read)
            }
            // Everything in a query is a string.
            (Shape::Integer | Shape::Number | Shape::Boolean, Shape::String) => {
                let any_string =
                    read.format.is_none() && read.values.is_none() && read.bounds.is_empty();
                any_string && self.direction == Direction::Query
            }
            _ => same(sent, read),
        }
    }

    fn formats(&self, found: &mut Found, ours: &Schema, theirs: &Schema) {
        let [our, their] = [ours, theirs].map(format);
        if our != their {
            // A promise that is taken back, or one that the client never made.
            let breaking = match self.direction {
                Direction::Response => our.is_some(),
                Direction::Request | Direction::Query => their.is_some(),
            };
            let words = [our, their].map(|format| format.unwrap_or("none").to_owned());
            self.changed(found, breaking, Aspect::Format, words, theirs);
        }
    }

    /// The service adds values to its answers unannounced, and says that clients have to cope with it.
    fn values(&self, found: &mut Found, ours: &Schema, theirs: &Schema) {
        let sends = self.direction != Direction::Response;
        match (values(ours), values(theirs)) {
            (None, None) => {}
            (Some(our), Some(their)) => {
                let missing = |from: &[Value], other: &[Value]| -> Vec<String> {
                    let missing = from.iter().filter(|value| !other.contains(value));
                    missing.map(word).collect()
                };
                for value in missing(our, their) {
                    self.push(
                        found,
                        sends,
                        Change::ValueRemoved,
                        (Some(value), None),
                        theirs,
                    );
                }
                for value in missing(their, our) {
                    self.push(
                        found,
                        false,
                        Change::ValueAdded,
                        (None, Some(value)),
                        theirs,
                    );
                }
            }
            (our, their) => {
                let breaking = sends && their.is_some();
                let words = [our, their].map(|values| match values {
                    None => "any".to_owned(),
                    Some(values) => values.iter().map(word).collect::<Vec<_>>().join(", "),
                });
                self.changed(found, breaking, Aspect::Values, words, theirs);
            }
        }
    }

    fn bounds(&self, found: &mut Found, ours: &Schema, theirs: &Schema) {
        let keywords: BTreeSet<_> = ours.bounds.keys().chain(theirs.bounds.keys()).collect();
        for keyword in keywords {
            let (our, their) = (ours.bounds.get(keyword), theirs.bounds.get(keyword));
            if our == their {
                continue;
            }
            let breaking = self.direction != Direction::Response && narrows(keyword, our, their);
            let words = [our, their].map(|bound| bound.map_or_else(|| "none".to_owned(), word));
            self.changed(found, breaking, Aspect::Bound(keyword), words, theirs);
        }
    }

    fn changed(
        &self,
        found: &mut Found,
        breaking: bool,
        aspect: Aspect,
        [from, to]: [String; 2],
        theirs: &Schema,
    ) {
        self.push(
            found,
            breaking,
            Change::Changed(aspect),
            (Some(from), Some(to)),
            theirs,
        );
    }

    fn push(
        &self,
        found: &mut Found,
        breaking: bool,
        change: Change,
        (from, to): (Option<String>, Option<String>),
        theirs: &Schema,
    ) {
        let difference = Difference::new(self.kind, &*self.subject, change, &theirs.at);
        found.push(difference.breaking(breaking).changes(from, to));
    }
}

/// The values that count: that a boolean is always true says no more than that it is one.
fn values(schema: &Schema) -> Option<&Vec<Value>> {
    let values = schema.values.as_ref();
    values.filter(|values| values[..] != [Value::Bool(true)])
}

/// The format that counts: JSON has one kind of number, and how a language holds it is its own business.
fn format(schema: &Schema) -> Option<&str> {
    match (&schema.shape, schema.format.as_deref()) {
        (Shape::Number, Some("double" | "float")) | (Shape::Integer, Some("int32" | "int64")) => {
            None
        }
        (_, format) => format,
    }
}

/// Whether the service refuses, or treats otherwise, what it took before.
fn narrows(keyword: &str, ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    let Some(theirs) = theirs else {
        // What is assumed without a value is no longer said; a bound is no longer there.
        return false;
    };
    match (keyword, ours.and_then(Value::as_f64), theirs.as_f64()) {
        // Said now, and not said before: nobody knows that it changed.
        ("default", None, _) => ours.is_some(),
        (
            "minLength" | "minItems" | "minProperties" | "minimum" | "exclusiveMinimum",
            Some(ours),
            Some(theirs),
        ) => theirs > ours,
        (
            "maxLength" | "maxItems" | "maxProperties" | "maximum" | "exclusiveMaximum",
            Some(ours),
            Some(theirs),
        ) => theirs < ours,
        _ => true,
    }
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A schema in a few words: `string (uuid) or null`.
pub(super) fn describe(schema: &Schema) -> String {
    let mut words = match &schema.shape {
        Shape::Array(items) => format!("array of {}", describe(items)),
        Shape::Map(rest) if !matches!(rest.shape, Shape::Any) => {
            format!("object of {}", describe(rest))
        }
        Shape::Union(members) => {
            let members: Vec<_> = members.iter().map(describe).collect();
            members.join(" or ")
        }
        shape => shape.name().to_owned(),
    };
    if let Some(values) = &schema.values {
        let values: Vec<_> = values.iter().map(word).collect();
        words = format!("{words} ({})", values.join(", "));
    } else if let Some(format) = format(schema) {
        words = format!("{words} ({format})");
    }
    if schema.nullable {
        words += " or null";
    }
    words
}
