//! What a ledger is tried with.

use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{KeyHash, LimitReset, SecretString};

use crate::ledger::Entry;
use crate::marker::Nonce;
use crate::new_key::NewKey;
use crate::record::Record;

/// What every secret of these has in it.
pub(super) const CANARY: &str = "canary-of-check-ledger";

/// Intents that some ledger may take for each other, neighbours above all.
pub(super) fn intents() -> Vec<String> {
    let long = "x".repeat(999);
    let intents = [
        "",
        "customer-42",
        "Customer-42",
        "customer-42 ",
        " customer-42",
        "customer-4",
        "customer_42",
        "customer%",
        "O'Brien",
        "O''Brien",
        "O\"Brien",
        "O\\'Brien",
        "'); DROP TABLE entries; --",
        "$1",
        "a/b",
        "../a",
        "a:b",
        "a:b:1",
        "a\nb",
        "a\tb",
        "null",
        "0",
        "00",
        "{\"intent\":\"a\"}",
        "\u{e9}",
        "e\u{301}",
        "ключ-🔑",
        "\u{202e}42",
        // With a position behind them they are the same text.
        "x",
        "x1",
    ];
    let mut intents: Vec<_> = intents.into_iter().map(str::to_owned).collect();
    intents.extend([format!("{long}a"), format!("{long}b")]);
    intents
}

/// Whether the intent gets so many entries that a position has two digits.
pub(super) fn has_many(intent: &str) -> bool {
    matches!(intent, "x" | "ключ-🔑")
}

/// Each five in a row have a secret among them, and no two of the first hundred are the same.
pub(super) fn entry(number: usize) -> Entry {
    let at = DateTime::<Utc>::UNIX_EPOCH + Duration::from_nanos(1_800_000_000_123_456_789);
    match number % 5 {
        0 => Entry::new(
            Record::Attempt {
                nonce: Nonce::new(u128::MAX - number as u128),
                name: format!("Key \"{number}\" of O'Brien \\ 🔑\n"),
                request: NewKey::new()
                    .limit(0.1 + 0.2)
                    .limit_reset(LimitReset::Monthly),
                escrow: number.is_multiple_of(2),
                at,
            },
            None,
        ),
        1 => Entry::new(Record::Sealed { hash: hash(number) }, Some(secret(number))),
        2 => Entry::new(
            Record::Adopted {
                hash: hash(number),
                name: format!("{number} {}", "long ".repeat(400)),
            },
            None,
        ),
        3 => Entry::new(
            Record::Delivered {
                at: at + Duration::from_nanos(number as u64),
            },
            Some(secret(number)),
        ),
        _ => Entry::new(
            Record::RotationBegun {
                rotation: format!("rotation {number}"),
                name: String::new(),
                request: NewKey::new().limit(1e-7),
                full_limit: Some(1.0 / 3.0),
                overlap_seconds: 3600,
                grace_seconds: 86_400,
            },
            None,
        ),
    }
}

/// One of several that are appended at the same position.
pub(super) fn racer(position: usize, racer: usize) -> Entry {
    let number = 1_000 + 10 * position + racer;
    Entry::new(Record::Sealed { hash: hash(number) }, Some(secret(number)))
}

fn hash(number: usize) -> KeyHash {
    let hash = format!("{number:064x}").parse();
    hash.expect("64 hexadecimal digits are a hash")
}

/// Some with what a careless ledger changes.
fn secret(number: usize) -> SecretString {
    let odd = match number % 4 {
        0 => "",
        1 => " '\"\\%s🔑\n",
        2 => "\t ",
        _ => "=ÿ+/",
    };
    SecretString::from(format!("sk-or-v1-{CANARY}-{number}{odd}"))
}
