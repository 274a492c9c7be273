//! Bodies that are JSON, nearly JSON, or nothing of the kind.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::request::SECRET;
use crate::seeded::texts;

/// The name of a field, and JSON that it can be.
pub(crate) type Fields = &'static [(&'static str, &'static [&'static str])];

const ANY_FIELDS: Fields = &[
    ("limit", &["null", "0", "12.5", "1e300", "5e-324"]),
    (
        "limit_reset",
        &["null", r#""daily""#, r#""weekly""#, r#""monthly""#],
    ),
    ("include_byok_in_limit", &["true", "false"]),
    (
        "workspace_id",
        &[
            r#""00000000-0000-4000-8000-000000000001""#,
            r#""0B5F9C2E-1D34-4A7B-9C0D-EF0123456789""#,
        ],
    ),
];

const CREATE_FIELDS: Fields = &[
    (
        "name",
        &[r#""canary""#, r#""\u0000\ud83d\udd11\"""#, r#""é""#],
    ),
    (
        "expires_at",
        &[
            "null",
            r#""2020-02-29T00:00:00Z""#,
            r#""9999-12-31T23:59:59.999999999Z""#,
        ],
    ),
    ("creator_user_id", &["null", r#""user_canary""#]),
    (
        "external",
        &[
            r#"{"user":"canary"}"#,
            r#"{"user":"canary","api_key":"sk-or-v1-canary-0123456789-0123456789-SECRET"}"#,
        ],
    ),
];

const UPDATE_FIELDS: Fields = &[
    ("name", &[r#""canary""#, r#""""#]),
    ("disabled", &["true", "false"]),
];

pub(crate) fn of_create() -> impl Strategy<Value = Vec<u8>> {
    damaged(object(r#"{"name":"canary""#, &[CREATE_FIELDS, ANY_FIELDS]))
}

pub(crate) fn of_update() -> impl Strategy<Value = Vec<u8>> {
    damaged(object(r#"{"unheard_of":1"#, &[UPDATE_FIELDS, ANY_FIELDS]))
}

/// A request that takes no body can have one.
pub(crate) fn of_reading() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => Just(Vec::new()), 1 => of_create(), 1 => vec(any::<u8>(), 0..300)]
}

/// An object that begins like that, and of its other fields most are right.
pub(crate) fn object(
    start: &'static str,
    fields: &[Fields],
) -> impl Strategy<Value = String> + use<> {
    let fields: Vec<_> = fields.iter().copied().flatten().copied().collect();
    let field = (select(fields), any::<Index>(), 0..8_u32, junk()).prop_map(
        |((name, values), value, right, junk)| {
            let value = if right > 0 {
                values[value.index(values.len())]
            } else {
                &junk
            };
            format!(",\"{name}\":{value}")
        },
    );
    vec(field, 0..6).prop_map(move |fields| format!("{start}{}}}", fields.concat()))
}

/// JSON of every kind, and what is none.
fn junk() -> impl Strategy<Value = String> + Clone {
    let nested = (
        1..3_000_usize,
        select(&["[", "{\"canary\":", "[{\"\":"][..]),
    );
    prop_oneof![
        20 => select(&[
            "null", "true", "false", "0", "-0", "-1", "7", "0.1e", "01", "+1", "1e400", "-1e400", "1e-400", "NaN",
            "123456789012345678901234567890", "-9223372036854775809", "18446744073709551616", "Infinity",
            r#""""#, r#""canary""#, r#"["canary"]"#, r#"{"canary 1":1}"#, "[]", "{}", r#"{"user":{}}"#, r#""\ud800""#,
            r#""\u0000""#, r#""\x""#, "\"\u{0}\"", r#""2030-01-01T24:00:00Z""#, r#""99999-01-01T00:00:00Z""#,
            r#""-0001-01-01T00:00:00Z""#, r#""2030-12-31T23:59:60Z""#, r#""é""#, "'canary'", "undefined", "", ",", "}",
        ][..]).prop_map(str::to_owned),
        4 => Just(format!("\"{SECRET}\"")),
        1 => Just(format!("[{{\"{SECRET}\":\"{SECRET}\"}}]")),
        1 => nested.prop_map(|(depth, open)| open.repeat(depth)),
        1 => texts("[ -~]{0,40}"),
    ]
}

/// Mostly as it is; or with other bytes in it, cut short, or made long.
pub(crate) fn damaged(
    body: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = Vec<u8>> {
    (body, damages()).prop_map(|(body, damage)| {
        let mut body = body.into_bytes();
        match damage {
            Damage::None => {}
            Damage::Other(bytes) => body = bytes,
            Damage::Insert(at, bytes) => {
                let at = at.index(body.len() + 1);
                body.splice(at..at, bytes);
            }
            Damage::Cut(at) => body.truncate(at.index(body.len() + 1)),
            Damage::Blank(length) => body.resize(body.len().max(length), b' '),
            Damage::Long(byte, length) => {
                body.pop();
                body.extend_from_slice(b",\"padding\":\"");
                body.resize(body.len() + length, byte);
                body.extend_from_slice(b"\"}");
            }
        }
        body
    })
}

/// JSON in which one value is another one, or none.
pub(crate) fn replaced(text: String) -> impl Strategy<Value = String> {
    (any::<Index>(), junk()).prop_map(move |(at, junk)| {
        let starts: Vec<_> = text.match_indices(':').map(|(at, _)| at + 1).collect();
        let start = starts[at.index(starts.len())];
        let rest = &text[start..];
        let end = start + rest.find([',', '}', ']']).unwrap_or(rest.len());
        format!("{}{junk}{}", &text[..start], &text[end..])
    })
}

#[derive(Clone, Debug)]
enum Damage {
    None,
    Other(Vec<u8>),
    Insert(Index, Vec<u8>),
    Cut(Index),
    /// White space up to that length.
    Blank(usize),
    /// A field of so many equal bytes.
    Long(u8, usize),
}

fn damages() -> impl Strategy<Value = Damage> {
    const MIB: usize = 1024 * 1024;

    let long = prop_oneof![20 => 1_000..20_000_usize, 1 => MIB - 100..MIB + 100];
    prop_oneof![
        60 => Just(Damage::None),
        4 => vec(any::<u8>(), 0..200).prop_map(Damage::Other),
        2 => junk().prop_map(|text| Damage::Other(text.into_bytes())),
        6 => (any::<Index>(), vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        4 => any::<Index>().prop_map(Damage::Cut),
        1 => long.clone().prop_map(Damage::Blank),
        1 => (select(&[b'a', b'"', b'\\', 0xff, 0][..]), long)
            .prop_map(|(byte, length)| Damage::Long(byte, length)),
    ]
}
