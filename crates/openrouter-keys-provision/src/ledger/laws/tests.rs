use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use openrouter_keys::{ExposeSecret, SecretString};

use super::*;
use crate::ledger::MemoryLedger;

/// What is wrong with a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    IgnoresThePosition,
    AcceptsGaps,
    Overwrites,
    IgnoresWhatIsTaken,
    WritesDespiteTheConflict,
    FailsInsteadOfTheConflict,
    ShowsTheSecret,
    ChecksThenWrites,
    LosesTheSecret,
    TrimsTheSecret,
    SwapsSecrets,
    ForgetsAll,
    ForgetsTheLast,
    ForgetsSecrets,
    ForgetsTheErasure,
    OrdersByText,
    OrdersBackwards,
    ReadsLate,
    DropsTheNanoseconds,
    RecordsLackTheLast,
    RecordsBackwards,
    RecordsLackTheReleased,
    RecordsFail,
    IntentsTwice,
    IntentsLackTheEmptyOne,
    IntentsInvented,
    IntentsLackTheReleased,
    RefusesTheEmptyIntent,
    IgnoresCase,
    TrimsIntents,
    CutsIntents,
    JoinsIntentAndPosition,
    NormalizesIntents,
    DoesNotErase,
    ErasesTheLatestOnly,
    ErasesEverywhere,
    ErasesByPattern,
    RemovesEntries,
    ErasesForGood,
}

use Fault::*;

/// Each with the promise that it breaks.
const FAULTS: [(Fault, Option<u8>); 39] = [
    (IgnoresThePosition, Some(1)),
    (AcceptsGaps, Some(1)),
    (Overwrites, Some(1)),
    (IgnoresWhatIsTaken, Some(1)),
    (WritesDespiteTheConflict, Some(3)),
    (FailsInsteadOfTheConflict, Some(1)),
    (ShowsTheSecret, Some(5)),
    (ChecksThenWrites, Some(1)),
    (LosesTheSecret, Some(3)),
    (TrimsTheSecret, Some(5)),
    (SwapsSecrets, Some(5)),
    (ForgetsAll, Some(2)),
    (ForgetsTheLast, Some(2)),
    (ForgetsSecrets, Some(2)),
    (ForgetsTheErasure, Some(4)),
    (OrdersByText, Some(3)),
    (OrdersBackwards, Some(3)),
    (ReadsLate, Some(3)),
    (DropsTheNanoseconds, Some(3)),
    (RecordsLackTheLast, Some(3)),
    (RecordsBackwards, Some(3)),
    (RecordsLackTheReleased, Some(3)),
    (RecordsFail, None),
    (IntentsTwice, Some(3)),
    (IntentsLackTheEmptyOne, Some(3)),
    (IntentsInvented, Some(3)),
    (IntentsLackTheReleased, Some(3)),
    (RefusesTheEmptyIntent, None),
    (IgnoresCase, Some(1)),
    (TrimsIntents, Some(1)),
    (CutsIntents, Some(1)),
    (JoinsIntentAndPosition, Some(1)),
    (NormalizesIntents, Some(1)),
    (DoesNotErase, Some(4)),
    (ErasesTheLatestOnly, Some(4)),
    (ErasesEverywhere, Some(3)),
    (ErasesByPattern, Some(3)),
    (RemovesEntries, Some(3)),
    (ErasesForGood, Some(3)),
];

/// A table of rows, as a database has it, and what is wrong with how it is used.
#[derive(Clone)]
struct Table {
    fault: Fault,
    rows: Arc<Mutex<Vec<Row>>>,
}

#[derive(Clone)]
struct Row {
    intent: String,
    position: usize,
    entry: Entry,
    /// What was erased.
    was: Option<SecretString>,
}

impl Table {
    fn new(fault: Fault) -> Self {
        let rows = Arc::default();
        Self { fault, rows }
    }

    /// As after a restart.
    fn reopened(&self) -> Self {
        let mut rows = self.rows.lock().unwrap();
        match self.fault {
            ForgetsAll => rows.clear(),
            ForgetsTheLast => drop(rows.pop()),
            ForgetsSecrets => rows.iter_mut().for_each(|row| row.entry.secret = None),
            ForgetsTheErasure => {
                for row in rows.iter_mut().filter(|row| row.was.is_some()) {
                    row.entry.secret = row.was.take();
                }
            }
            _ => {}
        }
        drop(rows);
        self.clone()
    }

    fn key(&self, intent: &str) -> String {
        match self.fault {
            IgnoresCase => intent.to_lowercase(),
            TrimsIntents => intent.trim_end_matches(' ').to_owned(),
            CutsIntents => intent.chars().take(255).collect(),
            NormalizesIntents => intent.replace("e\u{301}", "\u{e9}"),
            _ => intent.to_owned(),
        }
    }

    fn stored(&self, entry: &Entry) -> Entry {
        let mut stored = entry.clone();
        match (self.fault, &mut stored.record) {
            (LosesTheSecret, _) => stored.secret = None,
            (TrimsTheSecret, _) => {
                let trimmed =
                    |secret: &SecretString| SecretString::from(secret.expose_secret().trim());
                stored.secret = entry.secret.as_ref().map(trimmed);
            }
            (DropsTheNanoseconds, Record::Delivered { at }) => {
                *at = chrono::DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap();
            }
            _ => {}
        }
        stored
    }
}

impl Ledger for Table {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        let rows = self.rows.lock().unwrap();
        let intent = self.key(intent);
        let mut rows: Vec<_> = rows
            .iter()
            .filter(|row| row.intent == intent)
            .cloned()
            .collect();
        match self.fault {
            OrdersByText => rows.sort_by_key(|row| row.position.to_string()),
            OrdersBackwards => rows.reverse(),
            ReadsLate => drop(rows.pop()),
            SwapsSecrets => {
                let secrets: Vec<_> = rows
                    .iter()
                    .filter_map(|row| row.entry.secret.clone())
                    .collect();
                let with_secrets = rows.iter_mut().filter(|row| row.entry.secret.is_some());
                for (row, secret) in with_secrets.zip(secrets.into_iter().rev()) {
                    row.entry.secret = Some(secret);
                }
            }
            _ => {}
        }
        Ok(rows.into_iter().map(|row| row.entry).collect())
    }

    async fn records(&self, intent: &str) -> Result<Vec<Record>, LedgerError> {
        let rows = self.rows.lock().unwrap();
        let intent = self.key(intent);
        let rows = rows.iter().filter(|row| row.intent == intent);
        let is_there = |row: &&Row| self.fault != RecordsLackTheReleased || row.was.is_none();
        let rows = rows.filter(is_there);
        let mut records: Vec<_> = rows.map(|row| row.entry.record.clone()).collect();
        match self.fault {
            RecordsLackTheLast => drop(records.pop()),
            RecordsBackwards => records.reverse(),
            RecordsFail => return Err("no such column: record".into()),
            _ => {}
        }
        Ok(records)
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let key = self.key(intent);
        if self.fault == RefusesTheEmptyIntent && intent.is_empty() {
            return Err("the intent is empty".into());
        }
        let there = {
            let rows = self.rows.lock().unwrap();
            rows.iter().filter(|row| row.intent == key).count()
        };
        let joined = |intent: &str, position: usize| format!("{intent}{position}");
        let is_joined = self.fault == JoinsIntentAndPosition && {
            let rows = self.rows.lock().unwrap();
            rows.iter()
                .any(|row| joined(&row.intent, row.position) == joined(intent, position))
        };
        let is_next = !is_joined
            && match self.fault {
                IgnoresThePosition => true,
                AcceptsGaps => position >= there,
                Overwrites | IgnoresWhatIsTaken => position <= there,
                _ => position == there,
            };
        if self.fault == ChecksThenWrites {
            tokio::task::yield_now().await;
        }
        let mut rows = self.rows.lock().unwrap();
        let row = Row {
            intent: key.clone(),
            position,
            entry: self.stored(entry),
            was: None,
        };
        if !is_next {
            match self.fault {
                WritesDespiteTheConflict => rows.push(row),
                FailsInsteadOfTheConflict => return Err("UNIQUE constraint failed".into()),
                ShowsTheSecret => {
                    if let Some(secret) = &entry.secret {
                        return Err(format!("not inserted: {}", secret.expose_secret()).into());
                    }
                }
                _ => {}
            }
            return Err(LedgerError::Conflict);
        }
        if self.fault == Overwrites {
            rows.retain(|row| row.intent != key || row.position != position);
        }
        if let Record::Released {} = entry.record {
            let same = rows.iter_mut().filter(|row| match self.fault {
                ErasesEverywhere => true,
                ErasesByPattern => row.intent.starts_with(key.trim_end_matches('%')),
                _ => row.intent == key,
            });
            let with_secret = same.filter(|row| row.entry.secret.is_some());
            match self.fault {
                DoesNotErase => {}
                ErasesTheLatestOnly => {
                    if let Some(row) = with_secret.last() {
                        row.entry.secret = None;
                    }
                }
                _ => with_secret.for_each(|row| row.was = row.entry.secret.take()),
            }
            if self.fault == RemovesEntries {
                rows.retain(|row| row.intent != key || row.was.is_none());
            }
        }
        let is_released =
            |row: &Row| row.intent == key && matches!(row.entry.record, Record::Released {});
        let mut row = row;
        if self.fault == ErasesForGood && rows.iter().any(is_released) {
            row.entry.secret = None;
        }
        rows.push(row);
        Ok(())
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        let rows = self.rows.lock().unwrap();
        let all = rows.iter().filter(|row| match self.fault {
            IntentsLackTheEmptyOne => !row.intent.is_empty(),
            IntentsLackTheReleased => row.was.is_none(),
            _ => true,
        });
        let mut intents: Vec<String> = all.map(|row| row.intent.clone()).collect();
        if self.fault == IntentsInvented && !intents.is_empty() {
            intents.push("invented".to_owned());
        }
        if self.fault == IntentsTwice {
            return Ok(intents);
        }
        if self.fault == IntentsLackTheReleased {
            let released = rows.iter().filter(|row| row.was.is_some());
            let released: BTreeSet<_> = released.map(|row| &row.intent).collect();
            intents.retain(|intent| !released.contains(intent));
        }
        Ok(BTreeSet::from_iter(intents).into_iter().collect())
    }
}

async fn check(fault: Fault) -> Kept<()> {
    let table = Table::new(fault);
    check_ledger(async || table.reopened()).await
}

#[tokio::test]
async fn a_ledger_that_keeps_its_promises_passes() {
    check(Nothing).await.unwrap();
    let kept = Arc::new(MemoryLedger::new());
    check_ledger(async || Arc::clone(&kept)).await.unwrap();
}

#[tokio::test]
async fn every_broken_promise_is_found() {
    for (fault, number) in FAULTS {
        let found = check(fault).await.expect_err(&format!("{fault:?}"));
        println!("{fault:?}: {found}");
        assert_eq!(found.number(), number, "{fault:?}: {found}");
        assert!(!found.to_string().contains(samples::CANARY), "{fault:?}");
    }
    println!(
        "check_ledger: {} of {} broken ledgers caught",
        FAULTS.len(),
        FAULTS.len()
    );
}

#[tokio::test]
async fn a_ledger_that_is_not_empty_is_not_checked() {
    let kept = Arc::new(MemoryLedger::new());
    kept.append("mine", 0, &samples::entry(0)).await.unwrap();
    let found = check_ledger(async || Arc::clone(&kept)).await.unwrap_err();
    assert_eq!(found.number(), None);
    assert_eq!(kept.intents().await.unwrap(), ["mine"]);
}
