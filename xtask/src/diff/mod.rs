//! What differs between two descriptions, by meaning, and what it does to a client that moves from one to the other.
//!
//! [`lower`](crate::lower) has taken away what is only another way of writing: references and copies, `nullable` and
//! a list of types, `const` and an enum of one value, a flag as a string and as a boolean. Prose, examples and the
//! order of things are no difference either. What else counts as equal is said where it is compared.

mod report;
mod schema;

use std::collections::BTreeMap;

use crate::misfit::Pointer;
use crate::model::{self, Body, Contents, Description, Endpoint, Parameter, Response};

pub(crate) use report::{as_json, as_text};
use schema::{Direction, describe};
pub(crate) use schema::{first_difference, same};

/// One thing that differs.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) breaking: bool,
    /// Method and path, unless it is about the whole document.
    pub(crate) operation: Option<String>,
    /// What it is that differs: `query offset`, `body limit`, `200 data[].limit`, `404`.
    pub(crate) subject: String,
    pub(crate) kind: Kind,
    pub(crate) change: Change,
    /// In words: what it was and what it becomes.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// In the document that has it; the newer one, if both do.
    pub(crate) at: Pointer,
}

/// The part of a description that a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Server,
    Operation,
    OperationId,
    Security,
    Parameter,
    Body,
    BodyField,
    Status,
    MediaType,
    ResponseField,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Removed,
    /// Both have it, and differ in this respect.
    Changed(Aspect),
    /// The description names its values, and names one more, or one less.
    ValueAdded,
    ValueRemoved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    Id,
    Type,
    Nullability,
    Format,
    Required,
    Values,
    Bound(&'static str),
    Deprecation,
}

/// What differs, from the view of a client of `ours` that moves to `theirs`.
pub(crate) fn differences(ours: &Description, theirs: &Description) -> Vec<Difference> {
    let mut found = Found::default();
    found.servers(&ours.servers, &theirs.servers);
    for operation in &crate::operations::OPERATIONS {
        found.operation = Some(operation.name());
        match (endpoint(ours, operation.id), endpoint(theirs, operation.id)) {
            (Some(ours), Some(theirs)) => found.endpoint(ours, theirs),
            (None, None) => {}
            (ours, _) => {
                let change = if ours.is_some() {
                    Change::Removed
                } else {
                    Change::Added
                };
                found.whole(Kind::Operation, "", change, None, &operation.at());
            }
        }
    }
    for (name, at, change) in one_sided(&ours.others, &theirs.others) {
        found.operation = Some(format!("{} {}", name.0.to_uppercase(), name.1));
        found.whole(Kind::Operation, "", change, None, at);
    }
    found.list
}

fn endpoint<'a>(description: &'a Description, id: &str) -> Option<&'a Endpoint> {
    let mut endpoints = description.endpoints.iter();
    endpoints.find(|endpoint| endpoint.operation.id == id)
}

/// What only one of two maps has.
fn one_sided<'a, K: Ord, V>(
    ours: &'a BTreeMap<K, V>,
    theirs: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V, Change)> {
    let missing = |from: &'a BTreeMap<K, V>, other: &'a BTreeMap<K, V>, change| {
        from.iter()
            .filter(|(key, _)| !other.contains_key(key))
            .map(move |(key, value)| (key, value, change))
    };
    missing(ours, theirs, Change::Removed).chain(missing(theirs, ours, Change::Added))
}

#[derive(Default)]
struct Found {
    list: Vec<Difference>,
    operation: Option<String>,
}

impl Found {
    fn push(&mut self, difference: Difference) {
        self.list.push(Difference {
            operation: self.operation.clone(),
            ..difference
        });
    }

    /// Something that only one of the two has. Who relied on it loses by its removal; who did not know it does not
    /// mind its presence. Of failures it is the other way round: see [`Self::statuses`].
    fn whole(
        &mut self,
        kind: Kind,
        subject: &str,
        change: Change,
        what: Option<String>,
        at: &Pointer,
    ) {
        self.push(Difference {
            breaking: change == Change::Removed,
            operation: None,
            subject: subject.to_owned(),
            kind,
            change,
            from: what.clone().filter(|_| change == Change::Removed),
            to: what.filter(|_| change == Change::Added),
            at: at.clone(),
        });
    }

    /// A slice may leave the servers out.
    fn servers(&mut self, ours: &[String], theirs: &[String]) {
        if ours.is_empty() || theirs.is_empty() {
            return;
        }
        let at = Pointer::root().at("servers");
        let index = |urls: &[String]| -> BTreeMap<String, Pointer> {
            urls.iter().map(|url| (url.clone(), at.clone())).collect()
        };
        for (url, at, change) in one_sided(&index(ours), &index(theirs)) {
            self.whole(Kind::Server, url, change, None, at);
        }
    }

    fn endpoint(&mut self, ours: &Endpoint, theirs: &Endpoint) {
        let at = theirs.operation.at();
        if ours.id != theirs.id {
            // Nobody sends it. Our own names come from the method and the path.
            self.push(Difference {
                breaking: false,
                operation: None,
                subject: "operation id".to_owned(),
                kind: Kind::OperationId,
                change: Change::Changed(Aspect::Id),
                from: ours.id.clone(),
                to: theirs.id.clone(),
                at: at.at("operationId"),
            });
        }
        self.deprecation(Kind::Operation, "", ours.deprecated, theirs.deprecated, &at);
        // A slice may leave the schemes out.
        if !ours.security.is_empty() && !theirs.security.is_empty() {
            for (kind, at, change) in one_sided(&ours.security, &theirs.security) {
                self.whole(
                    Kind::Security,
                    &format!("authentication {kind}"),
                    change,
                    None,
                    at,
                );
            }
        }
        self.parameters(&ours.parameters, &theirs.parameters);
        self.bodies(ours.body.as_ref(), theirs.body.as_ref());
        self.statuses(&ours.responses, &theirs.responses);
    }

    fn deprecation(&mut self, kind: Kind, subject: &str, ours: bool, theirs: bool, at: &Pointer) {
        let word = |deprecated| {
            if deprecated {
                "deprecated"
            } else {
                "not deprecated"
            }
        };
        if ours != theirs {
            self.push(Difference {
                breaking: false,
                operation: None,
                subject: subject.to_owned(),
                kind,
                change: Change::Changed(Aspect::Deprecation),
                from: Some(word(ours).to_owned()),
                to: Some(word(theirs).to_owned()),
                at: at.clone(),
            });
        }
    }

    fn parameters(&mut self, ours: &[Parameter], theirs: &[Parameter]) {
        let index = |all: &[Parameter]| -> BTreeMap<(model::Place, String), Parameter> {
            let key = |one: &Parameter| match one.place {
                // The case of a header's name does not count.
                model::Place::Header => (one.place, one.name.to_lowercase()),
                place => (place, one.name.clone()),
            };
            all.iter().map(|one| (key(one), one.clone())).collect()
        };
        let (ours, theirs) = (index(ours), index(theirs));
        let subject = |key: &(model::Place, String)| format!("{} {}", key.0.name(), key.1);
        for (key, parameter, change) in one_sided(&ours, &theirs) {
            let what = format!(
                "{}, {}",
                describe(&parameter.schema),
                presence(parameter.required)
            );
            self.whole(
                Kind::Parameter,
                &subject(key),
                change,
                Some(what),
                &parameter.at,
            );
            if change == Change::Added && parameter.required {
                self.last_breaks();
            }
        }
        for (key, ours) in &ours {
            let Some(theirs) = theirs.get(key) else {
                continue;
            };
            let subject = subject(key);
            self.required(
                Kind::Parameter,
                &subject,
                (ours.required, theirs.required),
                Direction::Query,
                &theirs.at,
            );
            self.deprecation(
                Kind::Parameter,
                &subject,
                ours.deprecated,
                theirs.deprecated,
                &theirs.at,
            );
            let place = schema::Place {
                kind: Kind::Parameter,
                direction: Direction::Query,
                subject,
            };
            place.compare(self, &ours.schema, &theirs.schema);
        }
    }

    fn last_breaks(&mut self) {
        if let Some(last) = self.list.last_mut() {
            last.breaking = true;
        }
    }

    /// Something that has to be there in one of the two, and not in the other.
    fn required(
        &mut self,
        kind: Kind,
        subject: &str,
        (ours, theirs): (bool, bool),
        direction: Direction,
        at: &Pointer,
    ) {
        if ours != theirs {
            self.push(Difference {
                // A client has to send more, or may rely on less.
                breaking: theirs == (direction != Direction::Response),
                operation: None,
                subject: subject.to_owned(),
                kind,
                change: Change::Changed(Aspect::Required),
                from: Some(presence(ours).to_owned()),
                to: Some(presence(theirs).to_owned()),
                at: at.clone(),
            });
        }
    }

    fn bodies(&mut self, ours: Option<&Body>, theirs: Option<&Body>) {
        match (ours, theirs) {
            (None, None) => {}
            (Some(ours), Some(theirs)) => {
                let required = (ours.required, theirs.required);
                self.required(Kind::Body, "body", required, Direction::Request, &theirs.at);
                let place = schema::Place {
                    kind: Kind::BodyField,
                    direction: Direction::Request,
                    subject: "body".to_owned(),
                };
                self.contents(&place, (&ours.contents, &theirs.contents), &theirs.at);
            }
            (Some(ours), None) => self.whole(Kind::Body, "body", Change::Removed, None, &ours.at),
            (None, Some(theirs)) => {
                let what = presence(theirs.required).to_owned();
                self.whole(Kind::Body, "body", Change::Added, Some(what), &theirs.at);
                if theirs.required {
                    self.last_breaks();
                }
            }
        }
    }

    fn statuses(&mut self, ours: &BTreeMap<String, Response>, theirs: &BTreeMap<String, Response>) {
        for (status, response, change) in one_sided(ours, theirs) {
            self.whole(
                Kind::Status,
                &status.to_lowercase(),
                change,
                None,
                &response.at,
            );
            // A client copes with a failure that it does not know, and does not miss one. A success is what it waits
            // for: it may take another one for a failure.
            if let Some(last) = self.list.last_mut() {
                last.breaking = status.starts_with('2');
            }
        }
        for (status, ours) in ours {
            if let Some(theirs) = theirs.get(status) {
                let place = schema::Place {
                    kind: Kind::ResponseField,
                    direction: Direction::Response,
                    subject: status.to_lowercase(),
                };
                self.contents(&place, (&ours.contents, &theirs.contents), &theirs.at);
            }
        }
    }

    fn contents(
        &mut self,
        place: &schema::Place,
        (ours, theirs): (&Contents, &Contents),
        at: &Pointer,
    ) {
        for (media_type, schema, change) in one_sided(ours, theirs) {
            let subject = format!("{} {media_type}", place.subject);
            let at = if change == Change::Added {
                &schema.at
            } else {
                at
            };
            self.whole(Kind::MediaType, &subject, change, None, at);
        }
        for (media_type, ours) in ours {
            if let Some(theirs) = theirs.get(media_type) {
                place.compare(self, ours, theirs);
            }
        }
    }
}

fn presence(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}
