//! The JSON schemas of the public types (feature `schemars`) say what the types do.

use std::collections::BTreeSet;

use chrono::DateTime;
use openrouter_keys::{
    BudgetScope, CurrentKey, DataRegion, FreeModelDailyRequests, Key, KeyBudget, KeyHash,
    LimitReset, RateLimit, Usage,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{HASH, key};

/// A public type that serializes.
struct Type {
    name: String,
    /// Of what can be read.
    reads: Value,
    /// Of what is written.
    writes: Value,
    /// A value in which nothing is missing, as it is written.
    full: Value,
    /// What is written of the value that is read, if it can be read.
    round_trip: fn(Value) -> Option<Value>,
}

impl Type {
    /// `full` may have more fields than the type.
    fn of<T: JsonSchema + Serialize + DeserializeOwned>(full: Value) -> Self {
        let round_trip = |json| {
            let value: T = serde_json::from_value(json).ok()?;
            Some(serde_json::to_value(value).expect("what was read can be written"))
        };
        let schema = |settings: SchemaSettings| {
            let schema = settings.into_generator().into_root_schema_for::<T>();
            schema.to_value()
        };
        Self {
            name: T::schema_name().into_owned(),
            reads: schema(SchemaSettings::default()),
            writes: schema(SchemaSettings::default().for_serialize()),
            full: round_trip(full).expect("the type can be read"),
            round_trip,
        }
    }

    /// The full value without what may be missing, and with null where that is allowed instead.
    fn least(&self) -> Value {
        let mut least = self.full.clone();
        if let Value::Object(fields) = &mut least {
            let required = self.reads["required"].as_array();
            fields.retain(|name, value| {
                if admits(&self.reads, &self.reads["properties"][name], &Value::Null) {
                    *value = Value::Null;
                }
                required.is_some_and(|required| required.iter().any(|required| required == name))
            });
        }
        least
    }
}

fn all() -> Vec<Type> {
    let budget = json!({
        "scope": "key_limit", "limit_usd": 10.5, "spend_usd": 12.5, "remaining_usd": -2.5, "include_byok": true,
        "reset_interval": "weekly", "resets_at": "2026-01-05T00:00:00Z", "guardrail_id": "g", "budget_id": "b",
    });
    let free_requests = json!({"limit": 50, "remaining": 49, "used": 1});
    let rate_limit = json!({"requests": -1, "interval": "10s", "note": "deprecated"});

    let mut newest = key();
    newest["updated_at"] = json!("2026-01-02T00:00:00Z");
    newest["expires_at"] = json!("2099-12-31T23:59:59Z");
    newest["last_used_at"] = json!("2026-01-03T00:00:00Z");
    newest["creator_user_id"] = json!("user_1");
    newest["external_user"] = json!("customer-42");

    let mut current = newest.clone();
    current["is_free_tier"] = json!(true);
    current["is_management_key"] = json!(false);
    current["organization_id"] = json!("organization");
    current["allowed_data_regions"] = json!(["us"]);
    current["free_model_daily_requests"] = free_requests.clone();
    current["budgets"] = json!([budget]);
    current["effective_budget"] = budget.clone();
    current["rate_limit"] = rate_limit.clone();
    vec![
        Type::of::<Key>(newest),
        Type::of::<CurrentKey>(current),
        Type::of::<KeyBudget>(budget),
        Type::of::<Usage>(json!({"total": 4.5, "daily": 0.5, "weekly": 1.5, "monthly": 2.5})),
        Type::of::<FreeModelDailyRequests>(free_requests),
        Type::of::<RateLimit>(rate_limit),
        Type::of::<KeyHash>(json!(HASH)),
        Type::of::<LimitReset>(json!("daily")),
        Type::of::<BudgetScope>(json!("member")),
        Type::of::<DataRegion>(json!("us")),
    ]
}

#[test]
fn schemas() {
    for mut of_type in all() {
        of_type.reads.sort_all_objects();
        let text = serde_json::to_string_pretty(&of_type.reads).unwrap();
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(of_type.name, text);
        });
    }
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    for of_type in all() {
        let name = &of_type.name;
        let least = (of_type.round_trip)(of_type.least()).expect(name);
        for schema in [&of_type.reads, &of_type.writes] {
            for written in [&of_type.full, &least] {
                assert!(
                    admits(schema, schema, written),
                    "{name}: {schema:#} {written:#}"
                );
            }
            assert_eq!(paths(&of_type.full), properties(schema, schema), "{name}");
        }
    }
}

/// Each field is left out, and each part is replaced by null and by values of every kind: what the schema admits can be
/// read, and nothing else can.
#[test]
fn what_can_be_read_is_what_the_schema_admits() {
    for of_type in all() {
        for whole in [&of_type.full, &of_type.least()] {
            for probe in pointers(whole)
                .iter()
                .flat_map(|pointer| probes(whole, pointer))
            {
                assert_eq!(
                    (of_type.round_trip)(probe.clone()).is_some(),
                    admits(&of_type.reads, &of_type.reads, &probe),
                    "{}: {probe:#}",
                    of_type.name
                );
            }
        }
    }
}

/// The value with something else at `pointer`, and without it if it is a field.
fn probes(whole: &Value, pointer: &str) -> Vec<Value> {
    let mut probes = Vec::new();
    for replacement in [
        Value::Null,
        json!(true),
        json!(1),
        json!(1.5),
        json!(""),
        json!("text"),
        json!("2026-01-02T03:04:05Z"),
        json!([]),
        json!([null]),
        json!({}),
    ] {
        let mut probe = whole.clone();
        *probe.pointer_mut(pointer).unwrap() = replacement;
        probes.push(probe);
    }
    if let Some((parent, field)) = pointer.rsplit_once('/') {
        let mut probe = whole.clone();
        if let Value::Object(fields) = probe.pointer_mut(parent).unwrap() {
            fields.remove(field);
            probes.push(probe);
        }
    }
    probes
}

#[test]
fn a_hash_by_itself_has_its_length_checked() {
    let schema = schemars::schema_for!(KeyHash).to_value();
    for (length, fine) in [(0, false), (1, true), (256, true), (257, false)] {
        let text = json!("f".repeat(length));
        assert_eq!(admits(&schema, &schema, &text), fine, "{length}");
        assert_eq!(
            serde_json::from_value::<KeyHash>(text).is_ok(),
            fine,
            "{length}"
        );
    }
}

/// The pointers to a value and to all of its parts.
fn pointers(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, part)| (name.clone(), part))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, part)| (index.to_string(), part))
            .collect(),
        _ => Vec::new(),
    };
    let below = parts.into_iter().flat_map(|(step, part)| {
        pointers(part)
            .into_iter()
            .map(move |rest| format!("/{step}{rest}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

/// The fields of a value, in the form `budgets[].scope`.
fn paths(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, part)| below(name, paths(part)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .flat_map(|item| below("[]", paths(item)))
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// The fields that a schema names, likewise.
fn properties(root: &Value, schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(reference) = schema["$ref"].as_str() {
        found.extend(properties(root, referred(root, reference)));
    }
    for any in schema["anyOf"].as_array().into_iter().flatten() {
        found.extend(properties(root, any));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(below(name, properties(root, property)));
    }
    if let Some(items) = schema.get("items") {
        found.extend(below("[]", properties(root, items)));
    }
    found
}

fn below(step: &str, paths: BTreeSet<String>) -> impl Iterator<Item = String> {
    let join = |path: String| {
        let dot = if path.starts_with('[') { "" } else { "." };
        format!("{step}{dot}{path}")
    };
    let rest: Vec<_> = paths.into_iter().map(join).collect();
    std::iter::once(step.to_owned()).chain(rest)
}

fn referred<'a>(root: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference
        .strip_prefix('#')
        .expect("a reference within the schema");
    root.pointer(pointer).expect("what is referred to is there")
}

/// Whether a value is valid. It panics at a keyword that it does not know, so that none is passed over.
fn admits(root: &Value, schema: &Value, value: &Value) -> bool {
    let keywords = schema.as_object().expect("a schema is an object");
    keywords.iter().all(|(keyword, says)| match &**keyword {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => admits(root, referred(root, says.as_str().unwrap()), value),
        "anyOf" => says
            .as_array()
            .unwrap()
            .iter()
            .any(|any| admits(root, any, value)),
        "type" => match says {
            Value::Array(types) => types.iter().any(|one| is_of_type(value, one)),
            one => is_of_type(value, one),
        },
        "enum" => says.as_array().unwrap().contains(value),
        "const" => says == value,
        "format" => match (says.as_str().unwrap(), value) {
            ("date-time", Value::String(text)) => DateTime::parse_from_rfc3339(text).is_ok(),
            ("date-time" | "double" | "int64", _) => true,
            (other, _) => panic!("no format is known as {other}"),
        },
        "minLength" | "maxLength" => value.as_str().is_none_or(|text| {
            let length = text.chars().count() as u64;
            let bound = says.as_u64().unwrap();
            if keyword == "minLength" {
                length >= bound
            } else {
                length <= bound
            }
        }),
        "required" => value.as_object().is_none_or(|fields| {
            let mut names = says.as_array().unwrap().iter();
            names.all(|name| fields.contains_key(name.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|fields| {
            let mut properties = says.as_object().unwrap().iter();
            properties.all(|(name, property)| {
                fields
                    .get(name)
                    .is_none_or(|part| admits(root, property, part))
            })
        }),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| admits(root, says, item))),
        other => panic!("no keyword is known as {other}"),
    })
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is known as {other}"),
    }
}
