//! What differs between two descriptions, by meaning, and what it does to a client that moves from one to the other.
//!
//! [`lower`](crate::lower) has taken away what is only another way of writing: references and copies, `nullable` and
//! a list of types, `const` and an enum of one value, a flag as a string and as a boolean. Prose, examples and the
//! order of things are no difference either. What else counts as equal is said where it is compared.

mod report;
mod schema;

use std::collections::BTreeMap;

use crate::misfit::Pointer;
use crate::model::{Body, Contents, Description, Endpoint, Location, Parameter, Response};

pub(crate) use report::{as_json, as_text};
use schema::{Direction, Place, describe};
pub(crate) use schema::{first_difference, meaning, same};

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
    /// Something within, which is not told apart.
    Details,
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
                found.push(Difference::new(
                    Kind::Operation,
                    "",
                    change,
                    &operation.at(),
                ));
            }
        }
    }
    for (name, at, change) in one_sided(&ours.others, &theirs.others) {
        found.operation = Some(format!("{} {}", name.0.to_uppercase(), name.1));
        found.push(Difference::new(Kind::Operation, "", change, at));
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

impl Difference {
    /// Something that only one of the two has, or that both have and say differently. Who relied on it loses by its
    /// removal; whether anything else breaks is for the caller to say.
    fn new(kind: Kind, subject: impl Into<String>, change: Change, at: &Pointer) -> Self {
        Self {
            breaking: change == Change::Removed,
            operation: None,
            subject: subject.into(),
            kind,
            change,
            from: None,
            to: None,
            at: at.clone(),
        }
    }

    fn breaking(self, breaking: bool) -> Self {
        Self { breaking, ..self }
    }

    /// What it is in words: what it was if it is gone, and what it becomes otherwise.
    fn which_is(self, what: String) -> Self {
        if self.change == Change::Removed {
            self.changes(Some(what), None)
        } else {
            self.changes(None, Some(what))
        }
    }

    fn changes(self, from: Option<String>, to: Option<String>) -> Self {
        Self { from, to, ..self }
    }
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

    /// A slice may leave the servers out.
    fn servers(&mut self, ours: &[String], theirs: &[String]) {
        if ours.is_empty() || theirs.is_empty() {
            return;
        }
        let at = Pointer::root().at("servers");
        let index = |urls: &[String]| -> BTreeMap<String, Pointer> {
            let plain = |url: &String| url.trim_end_matches('/').to_owned();
            urls.iter().map(|url| (plain(url), at.clone())).collect()
        };
        for (url, at, change) in one_sided(&index(ours), &index(theirs)) {
            self.push(Difference::new(Kind::Server, url, change, at));
        }
    }

    fn endpoint(&mut self, ours: &Endpoint, theirs: &Endpoint) {
        let at = theirs.operation.at();
        if ours.id != theirs.id {
            // Nobody sends it. Our own names come from the method and the path.
            let change = Change::Changed(Aspect::Id);
            let at = at.at("operationId");
            let difference = Difference::new(Kind::OperationId, "operation id", change, &at);
            self.push(difference.changes(ours.id.clone(), theirs.id.clone()));
        }
        self.deprecation(
            Kind::Operation,
            "",
            (ours.deprecated, theirs.deprecated),
            &at,
        );
        // A slice may leave the schemes out.
        if !ours.security.is_empty() && !theirs.security.is_empty() {
            for (kind, at, change) in one_sided(&ours.security, &theirs.security) {
                let subject = format!("authentication {kind}");
                self.push(Difference::new(Kind::Security, subject, change, at));
            }
        }
        self.parameters(&ours.parameters, &theirs.parameters);
        self.bodies(ours.body.as_ref(), theirs.body.as_ref());
        self.statuses(&ours.responses, &theirs.responses);
    }

    fn deprecation(
        &mut self,
        kind: Kind,
        subject: &str,
        (ours, theirs): (bool, bool),
        at: &Pointer,
    ) {
        if ours != theirs {
            let [from, to] = [ours, theirs].map(|deprecated| {
                let word = if deprecated {
                    "deprecated"
                } else {
                    "not deprecated"
                };
                Some(word.to_owned())
            });
            let change = Change::Changed(Aspect::Deprecation);
            self.push(Difference::new(kind, subject, change, at).changes(from, to));
        }
    }

    /// Something that has to be there in one of the two, and not in the other.
    fn required(&mut self, place: &Place, (ours, theirs): (bool, bool), at: &Pointer) {
        if ours != theirs {
            let [from, to] = [ours, theirs].map(|required| Some(presence(required).to_owned()));
            let change = Change::Changed(Aspect::Required);
            let difference = Difference::new(place.kind, &*place.subject, change, at);
            // A client has to send more, or may rely on less.
            let breaking = theirs == (place.direction != Direction::Response);
            self.push(difference.breaking(breaking).changes(from, to));
        }
    }

    fn parameters(&mut self, ours: &[Parameter], theirs: &[Parameter]) {
        let index = |all: &[Parameter]| -> BTreeMap<(Location, String), Parameter> {
            let key = |one: &Parameter| match one.location {
                // The case of a header's name does not count.
                Location::Header => (one.location, one.name.to_lowercase()),
                location => (location, one.name.clone()),
            };
            all.iter().map(|one| (key(one), one.clone())).collect()
        };
        let (ours, theirs) = (index(ours), index(theirs));
        let subject = |(location, name): &(Location, String)| format!("{} {name}", location.name());
        for (key, parameter, change) in one_sided(&ours, &theirs) {
            let what = format!(
                "{}, {}",
                describe(&parameter.schema),
                presence(parameter.required)
            );
            let difference = Difference::new(Kind::Parameter, subject(key), change, &parameter.at);
            let breaking = change == Change::Removed || parameter.required;
            self.push(difference.breaking(breaking).which_is(what));
        }
        for (key, ours) in &ours {
            let Some(theirs) = theirs.get(key) else {
                continue;
            };
            let place = Place {
                kind: Kind::Parameter,
                direction: Direction::Query,
                subject: subject(key),
            };
            self.required(&place, (ours.required, theirs.required), &theirs.at);
            let deprecated = (ours.deprecated, theirs.deprecated);
            self.deprecation(place.kind, &place.subject, deprecated, &theirs.at);
            place.compare(self, &ours.schema, &theirs.schema);
        }
    }

    fn bodies(&mut self, ours: Option<&Body>, theirs: Option<&Body>) {
        let place = |kind| Place {
            kind,
            direction: Direction::Request,
            subject: "body".to_owned(),
        };
        match (ours, theirs) {
            (None, None) => {}
            (Some(ours), Some(theirs)) => {
                let required = (ours.required, theirs.required);
                self.required(&place(Kind::Body), required, &theirs.at);
                let contents = (&ours.contents, &theirs.contents);
                self.contents(&place(Kind::BodyField), contents, &theirs.at);
            }
            (Some(ours), None) => {
                self.push(Difference::new(
                    Kind::Body,
                    "body",
                    Change::Removed,
                    &ours.at,
                ));
            }
            (None, Some(theirs)) => {
                let difference = Difference::new(Kind::Body, "body", Change::Added, &theirs.at);
                let what = presence(theirs.required).to_owned();
                self.push(difference.breaking(theirs.required).which_is(what));
            }
        }
    }

    fn statuses(&mut self, ours: &BTreeMap<String, Response>, theirs: &BTreeMap<String, Response>) {
        for (status, response, change) in one_sided(ours, theirs) {
            // A client copes with a failure that it does not know, and does not miss one. A success is what it waits
            // for: it may take another one for a failure.
            let breaking = status.starts_with('2');
            let difference =
                Difference::new(Kind::Status, status.to_lowercase(), change, &response.at);
            self.push(difference.breaking(breaking));
        }
        for (status, ours) in ours {
            if let Some(theirs) = theirs.get(status) {
                let place = Place {
                    kind: Kind::ResponseField,
                    direction: Direction::Response,
                    subject: status.to_lowercase(),
                };
                let contents = (&ours.contents, &theirs.contents);
                self.contents(&place, contents, &theirs.at);
            }
        }
    }

    fn contents(&mut self, place: &Place, (ours, theirs): (&Contents, &Contents), at: &Pointer) {
        for (media_type, schema, change) in one_sided(ours, theirs) {
            let subject = format!("{} {media_type}", place.subject);
            let at = if change == Change::Added {
                &schema.at
            } else {
                at
            };
            self.push(Difference::new(Kind::MediaType, subject, change, at));
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
