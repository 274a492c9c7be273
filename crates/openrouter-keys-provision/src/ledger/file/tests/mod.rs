//! The ledger on a disk that is a model, and on real files.

mod crashes;
mod damage;
mod model;
mod processes;
mod random;
mod real;

use std::collections::BTreeMap;
use std::path::PathBuf;

use openrouter_keys::{ExposeSecret, SecretString};

use self::model::Model;
use super::*;
use crate::marker::Nonce;
use crate::new_key::NewKey;
use crate::record::Record;

/// What a ledger holds.
type Holding = BTreeMap<String, Vec<Entry>>;

/// What is appended, in this order.
type Script = Vec<(&'static str, Entry)>;

fn opened(model: &Model) -> Result<Shared<Model>, FileLedgerError> {
    opened_with(model, Custody::plaintext())
}

fn opened_with(model: &Model, custody: Custody) -> Result<Shared<Model>, FileLedgerError> {
    Shared::open(model.clone(), PathBuf::from("folder"), custody)
}

/// No cipher, but nothing of the plaintext is left.
fn sealing() -> Custody {
    let seal = |secret: &SecretString| {
        let bytes = secret.expose_secret().bytes();
        Ok(bytes.map(|byte| byte ^ 0xa5).collect())
    };
    let open = |sealed: &[u8]| {
        let bytes = sealed.iter().map(|byte| byte ^ 0xa5).collect();
        Ok(SecretString::from(String::from_utf8(bytes)?))
    };
    Custody::sealed(seal, open)
}

fn held(ledger: &Shared<Model>) -> Holding {
    let intents = ledger.log().unwrap().intents().unwrap();
    let read = |intent: String| {
        let entries = ledger.read(&intent).unwrap().unwrap();
        (intent, entries)
    };
    intents.into_iter().map(read).collect()
}

/// What a ledger holds after this as well.
fn with(mut holding: Holding, intent: &str, entry: &Entry) -> Holding {
    let entries = holding.entry(intent.to_owned()).or_default();
    if let Record::Released {} = entry.record {
        for entry in entries.iter_mut() {
            entry.secret = None;
        }
    }
    entries.push(entry.clone());
    holding
}

fn is_same(one: &Holding, other: &Holding) -> bool {
    let is_same = |one: &Entry, other: &Entry| {
        let plain = |entry: &Entry| {
            let secret = entry.secret.as_ref();
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        one.record == other.record && plain(one) == plain(other)
    };
    let are_same = |one: &[Entry], other: &[Entry]| {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| is_same(one, other))
    };
    one.keys().eq(other.keys())
        && one
            .values()
            .zip(other.values())
            .all(|(one, other)| are_same(one, other))
}

fn attempt(number: u128, name: &str) -> Entry {
    let record = Record::Attempt {
        nonce: Nonce::new(number),
        name: name.to_owned(),
        request: NewKey::new().limit(50),
        escrow: false,
        at: chrono::DateTime::UNIX_EPOCH,
    };
    Entry::new(record, None)
}

fn sealed(number: u128) -> Entry {
    let hash = format!("{number:064x}").parse().unwrap();
    let secret = SecretString::from(format!("sk-or-v1-canary-{number:055}"));
    Entry::new(Record::Sealed { hash }, Some(secret))
}

fn committed() -> Entry {
    Entry::new(Record::Committed {}, None)
}

fn released() -> Entry {
    Entry::new(Record::Released {}, None)
}

fn abandoned() -> Entry {
    Entry::new(Record::Abandoned { refused: true }, None)
}

/// Several intents by turns, with entries of one sector and of several, secrets that stay and secrets that are erased.
fn script() -> Script {
    let long = "a name that takes several sectors ".repeat(40);
    vec![
        ("customer-1", attempt(1, "one")),
        ("customer-2", attempt(2, &long)),
        ("customer-1", sealed(1)),
        ("customer-2", abandoned()),
        ("customer-1", committed()),
        ("customer-2", attempt(3, "two")),
        ("customer-2", sealed(3)),
        ("customer-1", released()),
        ("ключ", attempt(4, "three")),
        ("ключ", sealed(4)),
    ]
}

/// Appends all of it, until something fails. What was acknowledged, and what was not but may be there.
fn run(
    ledger: &Shared<Model>,
    script: &Script,
    holding: &mut Holding,
) -> Result<(), FileLedgerError> {
    for (intent, entry) in script {
        let position = holding.get(*intent).map_or(0, Vec::len);
        ledger
            .append(intent, position, entry)?
            .expect("nobody else appends");
        *holding = with(std::mem::take(holding), intent, entry);
    }
    Ok(())
}
