//! Where a description and the facade differ.

use std::collections::BTreeSet;

use openrouter_keys::ErrorKind;
use serde_json::Value;

use super::description::{self, Operation};
use super::facade::Offer;
use super::shape::Shape;

/// A line for each thing that the description has and the facade does not offer, and for each that the facade makes up.
pub(super) fn differences(document: &Value, offers: &[Offer]) -> Vec<String> {
    let mut lines = Lines::default();
    for reference in description::dangling_references(document) {
        lines.add(format!("the reference '{reference}' leads nowhere"));
    }
    let operations = description::operations(document);
    for operation in &operations {
        let name = &operation.name;
        if let Some(offer) = offers.iter().find(|offer| same(&offer.operation, name)) {
            parameters(operation, offer, &mut lines);
            body(operation, offer, &mut lines);
            answers(operation, offer, &mut lines);
            failures(operation, offer, &mut lines);
        } else {
            lines.add(format!("{name}: no verb of the client calls it"));
        }
    }
    for Offer { operation, .. } in offers {
        if !operations
            .iter()
            .any(|described| same(operation, &described.name))
        {
            lines.add(format!("{operation}: the description lacks it"));
        }
    }
    lines.finish()
}

/// Lines in order. What is wrong with a type is said once, with the operations whose answer it is part of.
#[derive(Default)]
struct Lines(Vec<(String, Vec<String>)>);

impl Lines {
    fn add(&mut self, line: String) {
        self.0.push((line, Vec::new()));
    }

    fn add_of_answer(&mut self, line: String, operation: &str) {
        let operation = operation.to_owned();
        match self.0.iter_mut().find(|(known, _)| *known == line) {
            Some((_, operations)) if operations.contains(&operation) => {}
            Some((_, operations)) => operations.push(operation),
            None => self.0.push((line, vec![operation])),
        }
    }

    fn finish(self) -> Vec<String> {
        let line = |(line, operations): (String, Vec<String>)| match &operations[..] {
            [] => line,
            operations => format!("{line} (answer of {})", operations.join(", ")),
        };
        self.0.into_iter().map(line).collect()
    }
}

/// Whether two names are of one operation. What they call a parameter of the path makes no difference.
fn same(one: &str, other: &str) -> bool {
    let around_parameters = |name: &str| -> Vec<String> {
        let parts = name.split(['{', '}']).step_by(2);
        parts.map(str::to_owned).collect()
    };
    around_parameters(one) == around_parameters(other)
}

fn parameters(operation: &Operation<'_>, offer: &Offer, lines: &mut Lines) {
    let name = &operation.name;
    let described = operation.parameters("query");
    for (parameter, shape) in &described {
        let Some(sent) = offer.query.get(parameter) else {
            lines.add(format!(
                "{name}: no setter for the query parameter '{parameter}'"
            ));
            continue;
        };
        for text in sent.iter().filter(|text| !is_text_of(text, shape)) {
            let types = types(shape);
            lines.add(format!(
                "{name}: sends '{text}' as the query parameter '{parameter}', which the description has as {types}"
            ));
        }
        for value in shape.names.difference(sent) {
            lines.add(format!(
                "{name}: no setter sends '{value}' as the query parameter '{parameter}'"
            ));
        }
    }
    for parameter in offer.query.keys() {
        if !described.contains_key(parameter) {
            lines.add(format!(
                "{name}: sends the query parameter '{parameter}', which the description lacks"
            ));
        }
    }
    for header in operation.parameters("header").keys() {
        if !offer.headers.contains(&header.to_ascii_lowercase()) {
            lines.add(format!("{name}: no setter for the header '{header}'"));
        }
    }
    for cookie in operation.parameters("cookie").keys() {
        lines.add(format!("{name}: no setter for the cookie '{cookie}'"));
    }
}

/// Whether a text in a query is a value of one of the types. A query has no null: to send nothing is all it can do.
fn is_text_of(text: &str, shape: &Shape) -> bool {
    let is_of = |one: &String| match &**one {
        "boolean" => text.parse::<bool>().is_ok(),
        "integer" => text.parse::<i64>().is_ok(),
        "number" => text.parse::<f64>().is_ok(),
        _ => true,
    };
    shape
        .types
        .as_ref()
        .is_none_or(|types| types.iter().any(is_of))
}

fn body(operation: &Operation<'_>, offer: &Offer, lines: &mut Lines) {
    let name = &operation.name;
    for place in places(&operation.body(), &offer.body) {
        let what = match &*place.path {
            "" => "the body".to_owned(),
            path => format!("the body field '{path}'"),
        };
        let (described, sent) = match (place.described, place.offered) {
            (Some(described), Some(sent)) => (described, sent),
            (Some(_), None) => {
                lines.add(format!("{name}: no setter for {what}"));
                continue;
            }
            (None, _) => {
                lines.add(format!("{name}: sends {what}, which the description lacks"));
                continue;
            }
        };
        if !fits(sent, described) {
            let (sent, described) = (types(sent), types(described));
            lines.add(format!(
                "{name}: sends {what} as {sent}, which the description has as {described}"
            ));
        }
        if described.null && !sent.null && described.types.is_some() {
            lines.add(format!("{name}: no setter sends null for {what}"));
        }
        if sent.null && !described.null {
            lines.add(format!(
                "{name}: sends null for {what}, which the description does not allow"
            ));
        }
        for value in described.names.difference(&sent.names) {
            lines.add(format!("{name}: no setter sends '{value}' for {what}"));
        }
        for field in described.always.difference(&sent.always) {
            if sent.fields.contains_key(field) {
                let field = place.path_of(field);
                lines.add(format!(
                    "{name}: can leave out the body field '{field}', which the description requires"
                ));
            }
        }
    }
}

fn answers(operation: &Operation<'_>, offer: &Offer, lines: &mut Lines) {
    let name = &operation.name;
    let mut answers = operation.answers();
    if answers.is_empty() {
        answers.push(Shape::default());
    }
    for answer in answers {
        for field in answer.fields.keys() {
            if !offer.answer.contains_key(&**field) {
                lines.add(format!(
                    "{name}: nothing reads the field '{field}' of the answer"
                ));
            }
        }
        for (&field, part) in &offer.answer {
            let mut described = answer.fields.get(field);
            if part.list {
                described = described.and_then(|list| list.items.as_deref());
            }
            let Some(described) = described else {
                let list = if part.list { "a list in " } else { "" };
                lines.add(format!(
                    "{name}: reads {list}the field '{field}' of the answer, which the description lacks"
                ));
                continue;
            };
            for line in wrong_with(part.name, described, &part.shape) {
                lines.add_of_answer(line, name);
            }
        }
    }
}

/// Where a type of the facade is not what is answered.
fn wrong_with(name: &str, described: &Shape, read: &Shape) -> Vec<String> {
    let mut lines = Vec::new();
    for place in places(described, read) {
        let what = match &*place.path {
            "" => "the whole".to_owned(),
            path => format!("the field '{path}'"),
        };
        let (described, read) = match (place.described, place.offered) {
            (Some(described), Some(read)) => (described, read),
            (Some(_), None) => {
                lines.push(format!("{name} lacks {what}"));
                continue;
            }
            (None, _) => {
                lines.push(format!("{name} has {what}, which the description lacks"));
                continue;
            }
        };
        if !fits(described, read) {
            let (described, read) = (types(described), types(read));
            lines.push(format!(
                "{name} reads {what} as {read}, which the description has as {described}"
            ));
        }
        if described.null && !read.null && described.types.is_some() {
            lines.push(format!(
                "{name} does not allow null for {what}, which the description does"
            ));
        }
        // A type that knows no value by name takes any.
        if !read.names.is_empty() {
            for value in described.names.difference(&read.names) {
                lines.push(format!(
                    "{name} has no name for the value '{value}' of {what}"
                ));
            }
        }
        for field in read.always.difference(&described.always) {
            if described.fields.contains_key(field) {
                let field = place.path_of(field);
                lines.push(format!(
                    "{name} insists on the field '{field}', which the description does not require"
                ));
            }
        }
    }
    lines
}

fn failures(operation: &Operation<'_>, offer: &Offer, lines: &mut Lines) {
    let name = &operation.name;
    for status in operation.failures() {
        if matches!(offer.kinds.get(&status), None | Some(ErrorKind::Other)) {
            lines.add(format!("{name}: status {status} has no kind of its own"));
        }
    }
}

/// A place in a body or an answer, such as `budgets[].scope`, with what either side has there.
struct Place<'a> {
    path: String,
    described: Option<&'a Shape>,
    offered: Option<&'a Shape>,
}

impl Place<'_> {
    fn path_of(&self, field: &str) -> String {
        match &*self.path {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }
}

/// The whole, and every place below it that one side has. Below what one side lacks there is nothing to hold against it.
fn places<'a>(described: &'a Shape, offered: &'a Shape) -> Vec<Place<'a>> {
    let mut places = vec![Place {
        path: String::new(),
        described: Some(described),
        offered: Some(offered),
    }];
    let mut next = 0;
    while let Some(place) = places.get(next) {
        next += 1;
        let (Some(described), Some(offered)) = (place.described, place.offered) else {
            continue;
        };
        let names: BTreeSet<_> = described
            .fields
            .keys()
            .chain(offered.fields.keys())
            .collect();
        let fields = names.into_iter().map(|name| Place {
            path: place.path_of(name),
            described: described.fields.get(name),
            offered: offered.fields.get(name),
        });
        let mut below: Vec<_> = fields.collect();
        if described.items.is_some() || offered.items.is_some() {
            below.push(Place {
                path: format!("{}[]", place.path),
                described: described.items.as_deref(),
                offered: offered.items.as_deref(),
            });
        }
        places.splice(next..next, below);
    }
    places
}

/// Whether who takes `taken` can take all types of `given`.
fn fits(given: &Shape, taken: &Shape) -> bool {
    let (Some(given), Some(taken)) = (&given.types, &taken.types) else {
        return true;
    };
    let fits = |one: &String| taken.contains(one) || one == "integer" && taken.contains("number");
    given.iter().all(fits)
}

fn types(shape: &Shape) -> String {
    match &shape.types {
        None => "anything".to_owned(),
        Some(types) => types
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
    }
}
