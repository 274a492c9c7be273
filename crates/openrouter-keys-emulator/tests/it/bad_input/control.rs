//! The same for the paths that control the emulator.

use proptest::prelude::*;

use super::body::{Fields, damaged, object, of_reading, replaced};
use super::request::{self, Request};
use crate::http::sha256;

const FAULTS: Fields = &[
    (
        "fault",
        &[
            r#""status""#,
            r#""html""#,
            r#""delay""#,
            r#""truncate_body""#,
        ],
    ),
    ("status", &["503", "200", "404"]),
    ("delay_ms", &["1", "3600000"]),
    ("retry_after", &["0", "18446744073709551615"]),
    ("route", &[r#""any""#, r#""create""#]),
    ("count", &["1", r#""always""#]),
    ("bytes", &["0", "18446744073709551615"]),
    ("over_ms", &["1"]),
];

const CLOCK: Fields = &[
    (
        "set",
        &[
            r#""1970-01-01T00:00:00Z""#,
            r#""9998-12-31T23:59:59.999999999Z""#,
            r#""1969-12-31T23:59:59Z""#,
            r#""9999-12-31T23:59:59Z""#,
            r#""2028-02-29T12:00:00Z""#,
        ],
    ),
    (
        "advance_seconds",
        &["0", "0.000000001", "1e9", "1.8e19", "251633606399"],
    ),
    ("frozen", &["true", "false"]),
];

const SEED: Fields = &[
    ("count", &["1", "101"]),
    ("name", &[r#""canary ""#, r#""""#, r#""\u0000""#]),
    (
        "workspace_id",
        &[r#""00000000-0000-4000-8000-000000000001""#],
    ),
    ("limit", &["null", "1e308", "0"]),
    ("limit_reset", &["null", r#""monthly""#]),
    ("disabled", &["true"]),
    (
        "expires_at",
        &[
            "null",
            r#""9999-12-31T23:59:59.999999999Z""#,
            r#""0000-01-01T00:00:00Z""#,
        ],
    ),
    ("creator_user_id", &[r#""user_canary""#]),
];

const SPEND: Fields = &[
    ("usd", &["0", "0.25", "1.7e308"]),
    ("byok_usd", &["1", "1.7e308"]),
];

const RATE_LIMIT: Fields = &[
    ("requests", &["1", "18446744073709551615"]),
    ("per_ms", &["1", "3600000"]),
];

const BUDGET: Fields = &[
    (
        "scope",
        &[
            r#""workspace""#,
            r#""member""#,
            r#""api_key""#,
            r#""workspace_default_key""#,
        ],
    ),
    ("limit_usd", &["0", "1e308"]),
    ("limit_reset", &["null", r#""weekly""#]),
    ("include_byok", &["true"]),
    (
        "workspace_id",
        &[r#""00000000-0000-4000-8000-000000000001""#],
    ),
    ("user_id", &[r#""user_canary""#]),
];

/// Requests to those paths, of an emulator of which that is a state.
pub(crate) fn requests(state: String) -> impl Strategy<Value = Request> {
    let states = damaged(prop_oneof![2 => Just(state.clone()), 3 => replaced(state)]);
    let operations = prop_oneof![
        3 => (Just("POST"), Just("/_emulator/faults"), fields(r#"{"fault":"status""#, FAULTS)),
        1 => (Just("GET"), Just("/_emulator/faults"), of_reading().boxed()),
        1 => (Just("DELETE"), Just("/_emulator/faults"), of_reading().boxed()),
        1 => (Just("GET"), Just("/_emulator/requests"), of_reading().boxed()),
        1 => (Just("DELETE"), Just("/_emulator/requests"), of_reading().boxed()),
        1 => (Just("GET"), Just("/_emulator/clock"), of_reading().boxed()),
        3 => (Just("POST"), Just("/_emulator/clock"), fields(r#"{"frozen":true"#, CLOCK)),
        3 => (Just("POST"), Just("/_emulator/keys"), fields(r#"{"count":2"#, SEED)),
        4 => (Just("POST"), Just("/_emulator/keys/HASH/spend"), fields(r#"{"usd":1"#, SPEND)),
        1 => (Just("GET"), Just("/_emulator/rate_limit"), of_reading().boxed()),
        3 => (
            Just("PUT"),
            Just("/_emulator/rate_limit"),
            fields(r#"{"requests":1"#, RATE_LIMIT)
        ),
        1 => (Just("DELETE"), Just("/_emulator/rate_limit"), of_reading().boxed()),
        1 => (Just("GET"), Just("/_emulator/budgets"), of_reading().boxed()),
        3 => (
            Just("POST"),
            Just("/_emulator/budgets"),
            fields(r#"{"scope":"workspace","limit_usd":1"#, BUDGET)
        ),
        1 => (Just("DELETE"), Just("/_emulator/budgets"), of_reading().boxed()),
        1 => (Just("GET"), Just("/_emulator/state"), of_reading().boxed()),
        3 => (Just("PUT"), Just("/_emulator/state"), states.boxed()),
        1 => (Just("POST"), Just("/_emulator/reset"), of_reading().boxed()),
    ];
    request::requests(operations)
}

/// The hashes of the keys that are there from the start.
pub(crate) fn hashes() -> Vec<String> {
    let plaintexts =
        (1..=3).map(|number| format!("sk-or-v1-{}", sha256(&format!("fleet-{number:05}"))));
    plaintexts.map(|plaintext| sha256(&plaintext)).collect()
}

/// An object that begins with a field which is there twice if it is drawn again.
fn fields(start: &'static str, fields: Fields) -> BoxedStrategy<Vec<u8>> {
    let start = prop_oneof![1 => Just(start), 2 => Just("{\"\":0")];
    let object = start.prop_flat_map(move |start| object(start, &[fields]));
    // Nothing before the first field that counts.
    damaged(object.prop_map(|text| text.replacen("\"\":0,", "", 1))).boxed()
}
