//! One fixture for each way to write something that occurs in official documents: forms that mean the same, in 3.1 and
//! in 3.0, and what they mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{differences, lowered, ours, without_prose};
use crate::{commands, repository};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    about: String,
    /// By a name that begins with the version of OpenAPI: what to change in our description for it.
    forms: BTreeMap<String, Vec<Change>>,
    /// Whether the generator is given the same as for our own description.
    generates: Option<Sameness>,
    /// What differs from our own description.
    #[serde(default)]
    differences: Vec<String>,
}

#[derive(Deserialize, PartialEq)]
enum Sameness {
    #[serde(rename = "the same")]
    Same,
    #[serde(rename = "the same but prose")]
    SameButProse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The place, as a JSON pointer. All but the last step exist.
    at: String,
    is: Option<Value>,
    /// Where to take it from instead.
    copy: Option<String>,
}

#[test]
fn each_construct_is_read_in_each_of_its_forms() {
    let folder = repository().join("xtask/fixtures");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy();
        let fixture: Fixture =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        fixture.check(&name);
        count += 1;
    }
    assert!(count > 20, "{count} fixtures");
}

impl Fixture {
    fn check(&self, name: &str) {
        assert!(self.about.ends_with('.'), "{name} says what it is about");
        for version in ["3.1", "3.0"] {
            assert!(
                self.forms.keys().any(|form| form.starts_with(version)),
                "{name} in {version}"
            );
        }
        let forms: Vec<_> = self
            .forms
            .iter()
            .map(|(form, changes)| (form, document(form, changes)))
            .collect();
        let but_prose = |value: &Value| match self.generates {
            Some(Sameness::Same) => value.clone(),
            _ => without_prose(value),
        };
        let first =
            lowered(&forms[0].1).unwrap_or_else(|error| panic!("{name}, {}: {error}", forms[0].0));
        if self.generates.is_some() {
            assert_same(
                &but_prose(&lowered(&ours()).unwrap()),
                &but_prose(&first),
                &format!("{name}, {}", forms[0].0),
            );
        }
        for (form, document) in &forms {
            let result =
                lowered(document).unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
            assert_same(
                &but_prose(&first),
                &but_prose(&result),
                &format!("{name}, {form}"),
            );
            assert_same(
                &result,
                &lowered(&result).unwrap(),
                &format!("{name}, {form}, lowered twice"),
            );
            assert_eq!(
                differences(&ours(), document),
                self.differences,
                "{name}, {form}: the differences"
            );
            assert_eq!(
                differences(document, &forms[0].1),
                [""; 0],
                "{name}: {form} and {}",
                forms[0].0
            );
        }
    }
}

fn assert_same(one: &Value, other: &Value, what: &str) {
    let pretty = |value: &Value| format!("{value:#}\n");
    let shown = commands::difference(what, &pretty(one), &pretty(other));
    assert!(shown.is_none(), "{}", shown.unwrap());
}

/// Our description in one of the two versions of OpenAPI, with a fixture's changes.
fn document(form: &str, changes: &[Change]) -> Value {
    let mut document = if form.starts_with("3.0") {
        respelled(&ours())
    } else {
        ours()
    };
    if form.starts_with("3.0") {
        document["openapi"] = json!("3.0.3");
    }
    for change in changes {
        let value = match (&change.is, &change.copy) {
            (Some(value), None) => value.clone(),
            (None, Some(from)) => document.pointer(from).unwrap().clone(),
            _ => panic!("{}: a value or a copy", change.at),
        };
        let (parent, last) = change.at.rsplit_once('/').unwrap();
        let parent = document
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{parent} is there"));
        parent[last.replace("~1", "/")] = value;
    }
    document
}

/// A description in 3.1 as 3.0 has it, by a reading of the two specifications that owes nothing to the one under test.
fn respelled(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return match value {
            Value::Array(items) => items.iter().map(respelled).collect(),
            other => other.clone(),
        };
    };
    let mut written: BTreeMap<&str, Value> = BTreeMap::new();
    for (keyword, value) in map {
        match (keyword.as_str(), value) {
            ("type", Value::Array(types)) => {
                written.insert("type", types[0].clone());
                assert_eq!(types[1..], [json!("null")]);
                written.insert("nullable", json!(true));
            }
            ("enum", Value::Array(values)) => {
                let values = values.iter().filter(|value| !value.is_null());
                written.insert("enum", values.cloned().collect());
            }
            ("const", value) => {
                written.insert("enum", json!([value]));
            }
            ("oneOf", Value::Array(members)) => {
                assert_eq!(members[1..], [json!({"type": "null"})]);
                written.insert("allOf", json!([members[0]]));
                written.insert("nullable", json!(true));
            }
            (keyword, value) => {
                written.insert(keyword, respelled(value));
            }
        }
    }
    // Beside a reference nothing counts in 3.0.
    if written.len() > 1
        && let Some(reference) = written.remove("$ref")
    {
        written.insert("allOf", json!([{"$ref": reference}]));
    }
    json!(written)
}

#[test]
fn our_description_means_the_same_in_the_older_version() {
    let mut older = respelled(&ours());
    older["openapi"] = json!("3.0.3");
    assert_ne!(older, ours());
    assert_eq!(lowered(&older), lowered(&ours()));
    assert_eq!(differences(&ours(), &older), [""; 0]);
}
