//! Entries that make no sense: a ledger that was edited, mixed up, or written by a later version.

use std::sync::{Arc, Mutex};

use openrouter_keys::chrono::{DateTime, Utc};
use openrouter_keys_provision::{
    Account, Entry, ErrorKind, Ledger, LedgerError, NewKey, Provisioner, Record,
};

use super::refused;
use crate::support::World;

fn attempt() -> Record {
    Record::Attempt {
        nonce: "0123456789abcdef0123456789abcdef"
            .parse()
            .expect("it is a nonce"),
        name: "A".to_owned(),
        request: NewKey::new(),
        escrow: false,
        at: AT,
    }
}

fn sealed() -> Record {
    Record::Sealed {
        hash: "aa".repeat(32).parse().expect("it is a hash"),
    }
}

fn adopted() -> Record {
    Record::Adopted {
        hash: "bb".repeat(32).parse().expect("it is a hash"),
        name: "B".to_owned(),
    }
}

const ABANDONED: Record = Record::Abandoned { refused: false };
const COMMITTED: Record = Record::Committed {};
const RELEASED: Record = Record::Released {};
const REMOVING: Record = Record::Removing {};
const REMOVED: Record = Record::Removed {};

const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// A rotation, step by step. What becomes of the limit may come between, and is not among them.
fn rotation() -> Vec<Record> {
    vec![
        Record::RotationBegun {
            rotation: "2026-11".to_owned(),
            name: "A".to_owned(),
            request: NewKey::new(),
            full_limit: None,
            overlap_seconds: 0,
            grace_seconds: 0,
        },
        attempt(),
        sealed(),
        COMMITTED,
        Record::Delivered { at: AT },
        Record::Verified {},
        Record::Disabling { at: AT },
        Record::Disabled { at: AT },
        Record::RemovingOld {},
        Record::RemovedOld {},
        Record::Rotated {},
    ]
}

/// After each step of a rotation, what is not the next one.
fn impossible_rotations() -> Vec<(Vec<Record>, Vec<Record>)> {
    let steps = rotation();
    let key = vec![attempt(), sealed(), COMMITTED];
    let mut impossible = vec![
        (vec![], steps[4..].to_vec()),
        (key.clone(), steps[3..].to_vec()),
    ];
    for done in 1..steps.len() {
        let before = [&key[..], &steps[..done]].concat();
        let mut nexts = steps.clone();
        nexts.remove(done);
        // To see once more that the new key works does no harm.
        if done > 5 {
            nexts.retain(|record| *record != Record::Verified {});
        }
        // From then on the plaintexts are where they belong.
        if done < 6 {
            nexts.push(RELEASED);
        }
        // What remains to be done for the next window is no reason to wait for it.
        if done == 10 {
            nexts.retain(|record| !matches!(record, Record::RotationBegun { .. }));
        }
        nexts.extend([
            adopted(),
            REMOVED,
            Record::RolledBack {},
            Record::Restored {},
        ]);
        let way_back = Record::RollingBack { at: AT };
        if done > 8 {
            nexts.push(way_back);
        } else {
            // There is no way but back, and none to go it twice.
            let mut nexts = nexts.clone();
            nexts.retain(|record| *record != Record::RolledBack {});
            nexts.extend([steps[done].clone(), way_back.clone()]);
            // Or to end with the new key, where there is one, when the old one is gone.
            if done > 3 {
                nexts.retain(|record| *record != Record::Rotated {});
            }
            // What was sealed by then may be an entry later: the way back goes on from it.
            let is_made = matches!(done, 2 | 3);
            nexts.retain(|record| {
                !is_made || !matches!(record, Record::Sealed { .. } | Record::Committed {})
            });
            impossible.push(([&before[..], &[way_back]].concat(), nexts));
        }
        impossible.push((before, nexts));
    }
    // What is left of a limit is granted once, and the full one after it.
    let granting = [
        Record::Trimming {
            limit: 5.0,
            until: None,
        },
        Record::Trimmed {},
        Record::Restored {},
    ];
    for done in 0..=granting.len() {
        let before = [&key[..], &steps[..8], &granting[..done]].concat();
        let mut nexts = granting.to_vec();
        if done < granting.len() {
            nexts.remove(done);
        }
        impossible.push((before, nexts));
    }
    impossible
}

/// What there can be of an intent, and which records cannot come next.
fn impossible() -> Vec<(Vec<Record>, Vec<Record>)> {
    let bound = Record::Bound {
        base_url: "http://127.0.0.1:1/api/v1".to_owned(),
        account: Account::default(),
    };
    let has_key = [
        attempt(),
        ABANDONED,
        sealed(),
        COMMITTED,
        adopted(),
        REMOVED,
    ];
    vec![
        // Nothing has happened.
        (
            vec![],
            vec![ABANDONED, sealed(), COMMITTED, REMOVING, REMOVED],
        ),
        // A create is under way: nothing may happen to what it makes before it is known what that is.
        (
            vec![attempt()],
            vec![attempt(), COMMITTED, adopted(), RELEASED, REMOVING, REMOVED],
        ),
        // It can come to nothing any more.
        (
            vec![attempt(), ABANDONED],
            vec![ABANDONED, sealed(), COMMITTED, REMOVED],
        ),
        (
            vec![attempt(), sealed()],
            vec![attempt(), ABANDONED, sealed(), adopted(), RELEASED, REMOVED],
        ),
        (vec![attempt(), sealed(), COMMITTED], has_key.to_vec()),
        (vec![adopted()], has_key.to_vec()),
        (
            vec![attempt(), sealed(), COMMITTED, RELEASED],
            has_key.to_vec(),
        ),
        // All of it is about to be removed, and nothing else may come of it.
        (
            vec![attempt(), sealed(), COMMITTED, REMOVING],
            [&has_key[..5], &[RELEASED, REMOVING], &rotation()].concat(),
        ),
        (
            vec![attempt(), sealed(), COMMITTED, REMOVING, REMOVED],
            vec![ABANDONED, sealed(), COMMITTED, REMOVING, REMOVED],
        ),
        // The note of whose the ledger is has a place of its own.
        (vec![], vec![bound]),
    ]
}

#[tokio::test]
async fn what_cannot_follow_is_damage_to_every_verb() {
    for (before, nexts) in impossible().into_iter().chain(impossible_rotations()) {
        for next in nexts {
            let world = World::new().await;
            let provisioner = world.provisioner();
            provisioner.sweep().await.expect("the ledger is empty");
            let records: Vec<_> = before.iter().chain([&next]).collect();
            for (position, record) in records.iter().enumerate() {
                let entry = Entry::new((*record).clone(), None);
                let appended = world.ledger.append("a", position, &entry).await;
                appended.expect("memory does not fail");
            }
            // Shown if it fails.
            println!("{before:?} {next:?}");
            let what = format!(
                "intent \"a\": what the ledger holds makes no sense: entry {} is one that cannot stand there; nothing was changed: look at its entries",
                before.len()
            );
            let kind = ErrorKind::DamagedLedger;
            refused(&world, provisioner.ensure("a", |key| key), kind, &what).await;
            refused(&world, provisioner.release("a"), kind, &what).await;
            refused(&world, provisioner.remove("a"), kind, &what).await;
            // The other intents are not harmed by it.
            let all = world.everything().await;
            let sweep = provisioner.sweep().await.expect("the others make sense");
            assert_eq!(sweep.unreadable_intents, ["a"]);
            assert_eq!(world.everything().await, all);
            let other = provisioner.ensure("b", |key| key).await;
            other.expect("it has nothing to do with this one");
        }
    }
}

/// A ledger of texts, as somebody keeps it in a database.
#[derive(Default)]
struct Texts(Mutex<Vec<(String, String)>>);

impl Ledger for Texts {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        let rows = self.0.lock().expect("no test panics in here");
        let rows = rows.iter().filter(|(of, _)| of == intent);
        rows.map(|(_, record)| Entry::from_json(record, None))
            .collect()
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let mut rows = self.0.lock().expect("no test panics in here");
        if rows.iter().filter(|(of, _)| of == intent).count() != position {
            return Err(LedgerError::Conflict);
        }
        rows.push((intent.to_owned(), entry.record_json()));
        Ok(())
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        let rows = self.0.lock().expect("no test panics in here");
        let mut intents: Vec<_> = rows.iter().map(|(intent, _)| intent.clone()).collect();
        intents.sort_unstable();
        intents.dedup();
        Ok(intents)
    }
}

#[tokio::test]
async fn what_is_no_record_is_told_by_what_is_wrong_with_it() {
    for (text, what) in [
        (
            r#"{"record":"committed","by":"me"}"#,
            "unknown field `by`, there are no fields",
        ),
        (r#"{"record":"sealed"}"#, "missing field `hash`"),
        (
            r#"{"record":"abandoned","refused":1}"#,
            "invalid type: integer `1`, expected a boolean",
        ),
        (
            r#"{"record":"sealed","hash":"sk-or-v1-canary-in-the-wrong-place"}"#,
            "invalid `hash`: must be the hash of a key, not its plaintext (which has sk-or- in it)",
        ),
        (
            r#"{"record":"comm"#,
            "EOF while parsing a string at line 1 column 15",
        ),
        ("", "EOF while parsing a value at line 1 column 0"),
    ] {
        let error = reading(text).await;
        assert_eq!(
            error,
            format!(
                "intent \"a\": what the ledger holds makes no sense: {what}; nothing was changed: look at its entries"
            )
        );
    }
    // The sentence goes on with those that there are.
    let later_version = reading(r#"{"record":"moved"}"#).await;
    let beginning =
        "intent \"a\": what the ledger holds makes no sense: unknown variant `moved`, expected";
    assert!(later_version.starts_with(beginning), "{later_version}");
}

/// What every verb says to a ledger with this text in it.
async fn reading(text: &str) -> String {
    let world = World::new().await;
    let texts = Arc::new(Texts::default());
    let provisioner = Provisioner::new(world.client.clone(), Arc::clone(&texts));
    provisioner.sweep().await.expect("the ledger is empty");
    let rows = || texts.0.lock().expect("no test panics in here");
    rows().push(("a".to_owned(), text.to_owned()));
    let before = (world.emulator.snapshot(), rows().clone());
    let errors = [
        provisioner.ensure("a", |key| key).await.err(),
        provisioner.release("a").await.err(),
        provisioner.remove("a").await.err(),
    ];
    let sweep = provisioner.sweep().await.expect("the others make sense");
    assert_eq!(sweep.unreadable_intents, ["a"]);
    assert_eq!((world.emulator.snapshot(), rows().clone()), before);
    let errors = errors.map(|error| error.expect("the entry makes no sense"));
    let message = errors[0].to_string();
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::DamagedLedger);
        assert!(!error.is_retryable());
        assert_eq!(error.to_string(), message);
    }
    message
}
