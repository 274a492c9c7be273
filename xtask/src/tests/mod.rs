//! The pipeline on our own description, on changes to it, and on official documents.
//!
//! No test relies on what our description does not say: it may gain fields at any time, and then only the coverage
//! test of the facade shall fail.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]
#![allow(clippy::too_many_lines, reason = "tables of cases")]

mod constructs;
mod differences;
mod misfits;
mod pipeline;
mod shuffled;
mod upstream;

use serde_json::{Value, json};

use crate::commands::{SPEC, Source};
use crate::{diff, document, lower, repository};

/// What is done to a description in a test.
type Edit<'a> = &'a dyn Fn(&mut Value);

fn ours() -> Value {
    document::load(&repository().join(SPEC)).unwrap()
}

/// Our description after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = ours();
    change(&mut document);
    document
}

/// The document that the generator is given, or the message that says why there is none.
fn lowered(document: &Value) -> Result<Value, String> {
    Source::of(document.clone()).lowered()
}

fn generated(document: &Value) -> Result<String, String> {
    let source = Source::of(document.clone());
    source.generate(&source.selected()?)
}

/// What differs from one document to the other, a line for each, without the place in the document.
fn differences(one: &Value, other: &Value) -> Vec<String> {
    let [one, other] = [one, other].map(|document| lower::read(document).unwrap());
    let text = diff::as_text(&diff::differences(&one, &other));
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let count = lines.pop().unwrap();
    assert_eq!(count == "no difference", lines.is_empty(), "{text}");
    for line in &mut lines {
        let (what, place) = line.rsplit_once("  (#/").unwrap();
        assert!(!place.is_empty());
        *line = what.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    lines
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

/// Adds a property to a schema of our description, as one that is always there.
fn add(document: &mut Value, name: &str, property: &str, written: Value) {
    let schema = schema(document, name);
    schema["properties"][property] = written;
    match schema["required"].as_array_mut() {
        Some(required) => required.push(json!(property)),
        None => schema["required"] = json!([property]),
    }
}

/// A JSON document without its prose.
fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(name, value)| {
                !(matches!(name.as_str(), "description" | "summary") && value.is_string())
            })
            .map(|(name, value)| (name.clone(), without_prose(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}
