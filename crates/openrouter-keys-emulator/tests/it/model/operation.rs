//! What can be done, and random sequences of it.
//!
//! Keys are named by the order in which they were made, from the last one back: a sequence makes
//! sense wherever it is cut while it shrinks, and the keys of late are met again and again.

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use serde_json::Value;

use super::bodies;
use super::control::{Control, controls};
use super::service::{DEFAULT_WORKSPACE, Listing};

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// With a body, in which the partner's key can be the plaintext of a key.
    Create(Value, Option<usize>),
    List(Listing),
    Get(Which),
    Update(Which, Value),
    Delete(Which),
    Current,
    Control(Control),
}

/// What stands in the path where a hash belongs.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    /// The hash of the key that was made so many before the last one, deleted or not.
    Made(usize),
    /// The digest of a credential that is nobody's hash.
    Partner(usize),
    Management,
    /// The plaintext itself.
    Plaintext(usize),
    Unknown,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Management,
    Key(usize),
    Partner(usize),
    /// That `Authorization` header, or none.
    Header(Option<&'static str>),
}

/// The keys that partners supply. The last one is the management key.
pub(crate) const PARTNERS: [&str; 4] = [
    "partner-canary-0123456789-0123456789-a",
    "partner-canary-0123456789-0123456789-b",
    "exactly-thirty-two-characters-é!",
    MANAGEMENT_KEY,
];

pub(crate) const MANAGEMENT_KEY: &str = "sk-or-v1-fake-canary-management-key-of-the-model";

/// Two workspaces next to the default one.
pub(crate) const ELSEWHERE: [&str; 2] = [
    "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

/// As many operations, each with who asks for it.
pub(crate) fn sequences() -> impl Strategy<Value = Vec<(Who, Operation)>> {
    vec((callers(), operations()), 1..60)
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        5 => (bodies::of_create(), weighted(0.05, recent()))
            .prop_map(|(body, stolen)| Operation::Create(body, stolen)),
        4 => listings().prop_map(Operation::List),
        3 => keys().prop_map(Operation::Get),
        5 => (keys(), bodies::of_update())
            .prop_map(|(key, body)| Operation::Update(key, body)),
        3 => keys().prop_map(Operation::Delete),
        3 => Just(Operation::Current),
        10 => controls().prop_map(Operation::Control),
    ]
}

/// A small number more often than a large one.
fn recent() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0_usize..3, 1 => 0_usize..40]
}

pub(crate) fn keys() -> impl Strategy<Value = Which> {
    prop_oneof![
        30 => recent().prop_map(Which::Made),
        1 => (0..PARTNERS.len()).prop_map(Which::Partner),
        1 => Just(Which::Management),
        1 => recent().prop_map(Which::Plaintext),
        1 => Just(Which::Unknown),
    ]
}

fn callers() -> impl Strategy<Value = Who> {
    prop_oneof![
        20 => Just(Who::Management),
        3 => recent().prop_map(Who::Key),
        2 => (0..PARTNERS.len()).prop_map(Who::Partner),
        1 => proptest::sample::select(&[
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer canary-of-nobody"),
            Some("Basic sk-or-v1-fake-canary-management-key-of-the-model"),
            Some("sk-or-v1-fake-canary-management-key-of-the-model"),
            Some("bEARER sk-or-v1-fake-canary-management-key-of-the-model"),
        ][..]).prop_map(Who::Header),
    ]
}

fn listings() -> impl Strategy<Value = Listing> {
    let flag = || of(texts(&["true", "true", "false", "1"]));
    let offset = of(prop_oneof![
        4 => (0..8_u64).prop_map(|offset| offset.to_string()),
        2 => (95..110_u64).prop_map(|offset| offset.to_string()),
        1 => texts(&["", "null", "-1", "1000", "18446744073709551616", "+1"]),
    ]);
    let workspace_id = of(prop_oneof![
        8 => workspaces(),
        1 => texts(&["12345678-1234-1234-1234-123456789012", "canary"]),
    ]);
    (flag(), flag(), offset, workspace_id).prop_map(
        |(include_disabled, include_expired, offset, workspace_id)| Listing {
            include_disabled,
            include_expired,
            offset,
            workspace_id,
        },
    )
}

pub(crate) fn workspaces() -> impl Strategy<Value = String> {
    let [one, other] = ELSEWHERE;
    texts(&[
        DEFAULT_WORKSPACE,
        one,
        other,
        "0B5F9C2E-1d34-4A7B-9C0D-EF0123456789",
    ])
}

fn texts(texts: &[&'static str]) -> impl Strategy<Value = String> + Clone + use<> {
    proptest::sample::select(texts.to_vec()).prop_map(str::to_owned)
}
