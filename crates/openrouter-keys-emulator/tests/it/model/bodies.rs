//! Bodies: each field absent, null or with a value, and now and then with one that is invalid.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use serde_json::{Map, Value, json};

use super::operation::{PARTNERS, workspaces};

pub(crate) fn of_create() -> impl Strategy<Value = Value> {
    let external = (
        any_of(&[json!("user-1"), json!("")]),
        weighted(0.8, 0..PARTNERS.len()),
    )
        .prop_map(|(user, key)| match key {
            Some(key) => json!({"user": user, "api_key": PARTNERS[key]}),
            None => json!({"user": user}),
        });
    object(vec![
        field("name", 0.99, names(), &[json!(""), json!(null), json!(7)]),
        field(
            "limit",
            0.5,
            nullable(amounts()),
            &[json!(-0.25), json!("7")],
        ),
        field("limit_reset", 0.5, resets(), &[json!("hourly"), json!("")]),
        field(
            "include_byok_in_limit",
            0.5,
            flags(),
            &[json!(null), json!("true")],
        ),
        field(
            "expires_at",
            0.3,
            moments(),
            &[json!("2027-01-01"), json!(0)],
        ),
        field(
            "workspace_id",
            0.4,
            workspaces().prop_map(Value::from),
            &[json!(null), json!("")],
        ),
        field(
            "creator_user_id",
            0.3,
            any_of(&[json!(null), json!("user_canary")]),
            &[json!("")],
        ),
        field(
            "external",
            0.3,
            external,
            &[
                json!(null),
                json!({"api_key": PARTNERS[0]}),
                json!({"user": "u", "api_key": "thirty-one-characters-canary-00"}),
                json!({"user": "u", "api_key": null}),
            ],
        ),
        // There is no such field here.
        field("disabled", 0.1, flags(), &[json!("unheard of")]),
    ])
}

pub(crate) fn of_update() -> impl Strategy<Value = Value> {
    let names = prop_oneof![9 => names(), 1 => Just(json!(""))];
    object(vec![
        field("name", 0.3, names, &[json!(null), json!(7)]),
        field("disabled", 0.3, flags(), &[json!(null)]),
        field("limit", 0.4, nullable(amounts()), &[json!(-1), json!("7")]),
        field("limit_reset", 0.4, resets(), &[json!("Daily")]),
        field("include_byok_in_limit", 0.3, flags(), &[json!(null)]),
        field(
            "workspace_id",
            0.3,
            workspaces().prop_map(Value::from),
            &[json!(null)],
        ),
        // There are no such fields here.
        field("expires_at", 0.1, moments(), &[json!("unheard of")]),
        field(
            "creator_user_id",
            0.1,
            Just(json!("user_other")),
            &[json!(7)],
        ),
    ])
}

pub(crate) type Field = BoxedStrategy<Option<(&'static str, Value)>>;

/// A field that is there with that probability, and then hardly ever invalid.
pub(crate) fn field(
    name: &'static str,
    presence: f64,
    valid: impl Strategy<Value = Value> + 'static,
    invalid: &[Value],
) -> Field {
    let value = prop_oneof![40 => valid, 1 => any_of(invalid)];
    weighted(presence, value)
        .prop_map(move |value| Some((name, value?)))
        .boxed()
}

pub(crate) fn object(fields: Vec<Field>) -> impl Strategy<Value = Value> {
    fields.prop_map(|fields| {
        let fields = fields.into_iter().flatten();
        let fields: Map<_, _> = fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::Object(fields)
    })
}

pub(crate) fn nullable(
    values: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 3 => values]
}

/// Few, so that an update often says what is so already.
fn names() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => any_of(&[json!("a"), json!("b"), json!("é\u{1f511}\"\\\n\u{0}")]),
        1 => vec(any::<char>(), 1..20).prop_map(|text| json!(String::from_iter(text))),
    ]
}

pub(crate) fn flags() -> impl Strategy<Value = Value> {
    any_of(&[json!(true), json!(false)])
}

pub(crate) fn resets() -> impl Strategy<Value = Value> {
    any_of(&[
        json!(null),
        json!("daily"),
        json!("weekly"),
        json!("monthly"),
    ])
}

/// Long ago, soon by the clock of the tests, and never.
pub(crate) fn moments() -> impl Strategy<Value = Value> {
    any_of(&[
        json!(null),
        json!("2020-02-29T23:59:59Z"),
        json!("2026-10-31T00:00:00Z"),
        json!("2026-11-02T12:00:00Z"),
        json!("2027-01-01T00:00:00+00:00"),
        json!("2099-01-01T00:00:00.250Z"),
    ])
}

/// One of those values.
pub(crate) fn any_of(values: &[Value]) -> impl Strategy<Value = Value> + Clone + use<> {
    select(values.to_vec())
}

/// Money: a multiple of a quarter, so that sums of it are exact.
pub(crate) fn amounts() -> impl Strategy<Value = Value> + Clone {
    (0..80_u32).prop_map(|quarters| json!(f64::from(quarters) / 4.0))
}
