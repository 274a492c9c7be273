//! Whether a ledger keeps what ledgers promise.

mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use openrouter_keys::ExposeSecret;

use super::{Entry, Ledger, LedgerError};
use crate::record::Record;

/// Holds a ledger against what [`Ledger`] promises, in a test of the ledger that you wrote on your own database.
///
/// `open` opens the ledger: the first time an empty one, and then, each time after the one before was dropped, the same one
/// again, as after a restart. It is called four times. What is written uses odd intents and fake secrets, so give it a ledger
/// of its own.
///
/// ```
/// use std::sync::Arc;
/// use openrouter_keys_provision::{MemoryLedger, check_ledger};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // In a test of your own, this is the path of a temporary database, and `open` connects to it.
/// let kept = Arc::new(MemoryLedger::new());
/// check_ledger(async || Arc::clone(&kept)).await?;
/// # Ok(())
/// # }
/// ```
///
/// What it cannot see: whether an entry survives the machine and not only the program, and what happens when two programs have
/// the ledger open at once. It lets many calls run at the same time, but of one opened ledger.
///
/// # Errors
/// The first promise that it finds broken, and how.
pub async fn check_ledger<L: Ledger>(
    mut open: impl AsyncFnMut() -> L,
) -> Result<(), BrokenPromise> {
    let mut expected = Expected::default();

    let check = Check(open().await);
    check.is_empty().await?;
    check.positions(&mut expected).await?;
    check.odd_intents(&mut expected).await?;
    check
        .everything(&expected, "before it was reopened")
        .await?;
    drop(check);

    let check = Check(open().await);
    check.everything(&expected, "after it was reopened").await?;
    check.goes_on(&mut expected).await?;
    check.races(&mut expected).await?;
    check
        .everything(&expected, "after appends at the same time")
        .await?;
    drop(check);

    let check = Check(open().await);
    check.everything(&expected, "after it was reopened").await?;
    check.releases(&mut expected).await?;
    check.everything(&expected, "after releases").await?;
    drop(check);

    let check = Check(open().await);
    let when = "after releases, and after it was reopened";
    check.everything(&expected, when).await
}

/// Which promise a ledger does not keep, and how that was seen.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use openrouter_keys_provision::{MemoryLedger, check_ledger};
///
/// // This one has forgotten everything when it is opened again.
/// let broken = check_ledger(async || MemoryLedger::new()).await.unwrap_err();
/// assert_eq!(broken.number(), Some(2), "{broken}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    promise: Promise,
    what: String,
}

impl BrokenPromise {
    /// The number of the promise in the documentation of [`Ledger`]. There is none if the ledger failed where it should not.
    #[must_use]
    pub const fn number(&self) -> Option<u8> {
        match self.promise {
            Promise::Once => Some(1),
            Promise::Durable => Some(2),
            Promise::Read => Some(3),
            Promise::Erased => Some(4),
            Promise::Secrets => Some(5),
            Promise::Works => None,
        }
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.promise {
            Promise::Once => "promise 1, an entry is added at a position once, is broken: ",
            Promise::Durable => "promise 2, what was appended is durable, is broken: ",
            Promise::Read => "promise 3, what was appended is read, is broken: ",
            Promise::Erased => "promise 4, Released erases, is broken: ",
            Promise::Secrets => "promise 5, a secret is kept with care, is broken: ",
            Promise::Works => "the ledger does not work: ",
        })?;
        f.write_str(&self.what)
    }
}

impl std::error::Error for BrokenPromise {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Once,
    Durable,
    Read,
    Erased,
    Secrets,
    Works,
}

impl Promise {
    fn broken(self, what: impl Into<String>) -> BrokenPromise {
        BrokenPromise {
            promise: self,
            what: what.into(),
        }
    }
}

type Kept<T> = Result<T, BrokenPromise>;

/// What the ledger must hold.
type Expected = BTreeMap<String, Vec<Entry>>;

/// The ledger that is checked.
struct Check<L>(L);

impl<L: Ledger> Check<L> {
    async fn is_empty(&self) -> Kept<()> {
        if !self.intents().await?.is_empty() {
            let what = "it has intents when it is opened for the first time; check_ledger needs an empty one";
            return Err(Promise::Works.broken(what));
        }
        self.intent("customer-42", &[], "before anything was appended")
            .await
    }

    /// Positions that are not the next one, at each length of a list.
    async fn positions(&self, expected: &mut Expected) -> Kept<()> {
        let intent = "customer-42";
        for position in 0..4 {
            let entries = expected.entry(intent.to_owned()).or_default();
            for wrong in [0, 1, 2, 3, position + 7] {
                if wrong != position {
                    let entry = samples::entry(100 + wrong);
                    self.is_conflict(intent, wrong, &entry).await?;
                    self.intent(intent, entries, "after a conflict").await?;
                }
            }
            let entry = samples::entry(position);
            self.append(intent, position, &entry).await?;
            entries.push(entry);
            self.intent(intent, entries, "at once after an append")
                .await?;
        }
        Ok(())
    }

    /// Intents that are easily taken for each other, by turns, and of some so many entries that a position has two digits.
    async fn odd_intents(&self, expected: &mut Expected) -> Kept<()> {
        for round in 0..13 {
            for (number, intent) in samples::intents().into_iter().enumerate() {
                if round > 1 && !samples::has_many(&intent) {
                    continue;
                }
                let entries = expected.entry(intent.clone()).or_default();
                let entry = samples::entry(number + 5 * round);
                self.append(&intent, entries.len(), &entry).await?;
                entries.push(entry);
            }
        }
        Ok(())
    }

    /// The next entry of an intent can be added, and none at a position that was taken earlier.
    async fn goes_on(&self, expected: &mut Expected) -> Kept<()> {
        for intent in ["customer-42", ""] {
            let entries = expected.entry(intent.to_owned()).or_default();
            let entry = samples::entry(entries.len());
            for wrong in [0, entries.len() - 1, entries.len() + 1] {
                self.is_conflict(intent, wrong, &entry).await?;
            }
            self.append(intent, entries.len(), &entry).await?;
            entries.push(entry);
            self.intent(intent, entries, "at once after an append")
                .await?;
        }
        Ok(())
    }

    /// Several at the same position, of which one must win, and several at different intents, of which all must.
    async fn races(&self, expected: &mut Expected) -> Kept<()> {
        let intent = "race";
        for position in 0..10 {
            let entries: Vec<_> = (0..8)
                .map(|racer| samples::racer(position, racer))
                .collect();
            let racers = entries
                .iter()
                .map(|entry| self.0.append(intent, position, entry));
            let mut winners = Vec::new();
            for (entry, result) in entries.iter().zip(all_at_once(racers).await) {
                match result {
                    Ok(()) => winners.push(entry.clone()),
                    Err(LedgerError::Conflict) => {}
                    Err(LedgerError::Failed(error) | LedgerError::Damaged(error)) => {
                        let what = "of several appends at the same position at the same time, one failed instead of being \
                                    a conflict";
                        return Err(failed(Promise::Once, what, &*error));
                    }
                }
            }
            let [winner] = &winners[..] else {
                let count = winners.len();
                return Err(Promise::Once.broken(format!(
                    "of 8 appends at position {position} at the same time, {count} returned Ok, and not one",
                )));
            };
            let entries = expected.entry(intent.to_owned()).or_default();
            entries.push(winner.clone());
            self.intent(
                intent,
                entries,
                "after appends at the same position at the same time",
            )
            .await?;
        }
        let intents: Vec<_> = (0..8).map(|number| format!("race {number}")).collect();
        let entry = samples::entry(1);
        let racers = intents.iter().map(|intent| self.append(intent, 0, &entry));
        for result in all_at_once(racers).await {
            result?;
        }
        expected.extend(
            intents
                .into_iter()
                .map(|intent| (intent, vec![entry.clone()])),
        );
        Ok(())
    }

    /// Every second intent is released, so that each has one beside it that is like it and keeps its secrets.
    async fn releases(&self, expected: &mut Expected) -> Kept<()> {
        for intent in samples::intents().into_iter().step_by(2) {
            let entries = expected.entry(intent.clone()).or_default();
            let released = Entry::new(Record::Released {}, None);
            self.append(&intent, entries.len(), &released).await?;
            for entry in entries.iter_mut() {
                entry.secret = None;
            }
            entries.push(released);
            let found = self.read(&intent).await?;
            let kept = found.iter().filter(|entry| entry.secret.is_some()).count();
            if kept > 0 {
                let what = format!(
                    "{kept} secrets of the intent {} are still read after it",
                    shown(&intent)
                );
                return Err(Promise::Erased.broken(what));
            }
            self.intent(&intent, entries, "at once after Released")
                .await?;
            // The intent may get another key.
            let next = samples::entry(1);
            self.append(&intent, entries.len(), &next).await?;
            entries.push(next);
        }
        Ok(())
    }

    /// Whether everything is as expected, and nothing else is there.
    async fn everything(&self, expected: &Expected, when: &str) -> Kept<()> {
        let mut found = self.intents().await?;
        found.sort_unstable();
        if let Some([twice, _]) = found.windows(2).find(|pair| pair[0] == pair[1]) {
            let what = format!("intents() has {} twice, {when}", shown(twice));
            return Err(Promise::Read.broken(what));
        }
        for (intent, entries) in expected {
            self.intent(intent, entries, when).await?;
            if found.binary_search(intent).is_err() {
                let what = format!("intents() lacks {}, {when}", shown(intent));
                return Err(reading(when).broken(what));
            }
        }
        if let Some(invented) = found.iter().find(|intent| !expected.contains_key(*intent)) {
            let what = format!(
                "intents() has {}, which nothing was appended to, {when}",
                shown(invented)
            );
            return Err(Promise::Read.broken(what));
        }
        Ok(())
    }

    /// Whether the entries of the intent are these.
    async fn intent(&self, intent: &str, expected: &[Entry], when: &str) -> Kept<()> {
        let found = self.read(intent).await?;
        let broken = |promise: Promise, what: &str| {
            promise.broken(format!("of the intent {}, {when}, {what}", shown(intent)))
        };
        if found.len() != expected.len() {
            let what = format!(
                "{} entries are read, and not {}",
                found.len(),
                expected.len()
            );
            return Err(broken(reading(when), &what));
        }
        for (position, (found, expected)) in found.iter().zip(expected).enumerate() {
            if found.record != expected.record {
                let what = format!(
                    "the record at position {position} is not the one that was appended there"
                );
                return Err(broken(reading(when), &what));
            }
            let secret = |entry: &Entry| {
                entry
                    .secret
                    .as_ref()
                    .map(|secret| secret.expose_secret().to_owned())
            };
            match (secret(found), secret(expected)) {
                (found, expected) if found == expected => {}
                (Some(_), None) => {
                    let what = format!(
                        "the entry at position {position} has a secret that it should not have"
                    );
                    return Err(broken(Promise::Erased, &what));
                }
                (None, _) => {
                    let what = format!("the secret at position {position} is missing");
                    return Err(broken(reading(when), &what));
                }
                (Some(_), Some(_)) => {
                    let what = format!(
                        "the secret at position {position} is another text than was appended"
                    );
                    return Err(broken(Promise::Secrets, &what));
                }
            }
        }
        let records = self.records(intent).await?;
        if !records
            .iter()
            .eq(expected.iter().map(|entry| &entry.record))
        {
            let what = "records() gives other records than read()";
            return Err(broken(Promise::Read, what));
        }
        Ok(())
    }

    async fn append(&self, intent: &str, position: usize, entry: &Entry) -> Kept<()> {
        let what = || {
            format!(
                "an append to the intent {}, at the next position, {position},",
                shown(intent)
            )
        };
        match self.0.append(intent, position, entry).await {
            Ok(()) => Ok(()),
            Err(LedgerError::Conflict) => {
                Err(Promise::Once.broken(format!("{} is a conflict", what())))
            }
            Err(LedgerError::Failed(error) | LedgerError::Damaged(error)) => Err(failed(
                Promise::Works,
                &format!("{} failed", what()),
                &*error,
            )),
        }
    }

    async fn is_conflict(&self, intent: &str, position: usize, entry: &Entry) -> Kept<()> {
        let what = || {
            format!(
                "an append to the intent {}, at a position that is not the next one, {position},",
                shown(intent)
            )
        };
        match self.0.append(intent, position, entry).await {
            Err(LedgerError::Conflict) => Ok(()),
            Ok(()) => Err(Promise::Once.broken(format!("{} returned Ok", what()))),
            Err(LedgerError::Failed(error) | LedgerError::Damaged(error)) => {
                let what = format!("{} failed instead of being a conflict", what());
                Err(failed(Promise::Once, &what, &*error))
            }
        }
    }

    async fn read(&self, intent: &str) -> Kept<Vec<Entry>> {
        let result = self.0.read(intent).await;
        result.map_err(|error| not_read(&format!("reading the intent {}", shown(intent)), error))
    }

    async fn records(&self, intent: &str) -> Kept<Vec<Record>> {
        let result = self.0.records(intent).await;
        let what = || format!("reading the records of the intent {}", shown(intent));
        result.map_err(|error| not_read(&what(), error))
    }

    async fn intents(&self) -> Kept<Vec<String>> {
        let result = self.0.intents().await;
        result.map_err(|error| not_read("reading the intents", error))
    }
}

/// What is missing after the ledger was opened again was not durable.
fn reading(when: &str) -> Promise {
    if when.contains("reopened") && !when.contains("before") {
        Promise::Durable
    } else {
        Promise::Read
    }
}

fn not_read(what: &str, error: LedgerError) -> BrokenPromise {
    match error {
        LedgerError::Conflict => Promise::Works.broken(format!("{what} is a conflict")),
        LedgerError::Failed(error) | LedgerError::Damaged(error) => {
            failed(Promise::Works, &format!("{what} failed"), &*error)
        }
    }
}

/// An error of the ledger itself, unless it shows a secret: then that is what is wrong, and it is not shown again.
fn failed(
    promise: Promise,
    what: &str,
    error: &(dyn std::error::Error + Send + Sync),
) -> BrokenPromise {
    if [format!("{error}"), format!("{error:?}")]
        .iter()
        .any(|text| text.contains(samples::CANARY))
    {
        return Promise::Secrets.broken(format!("{what}, and the error shows a secret"));
    }
    promise.broken(format!("{what}: {error}"))
}

fn shown(intent: &str) -> String {
    let short: String = intent.chars().take(40).collect();
    if short == intent {
        format!("{intent:?}")
    } else {
        format!("{short:?}… of {} bytes", intent.len())
    }
}

/// Lets all of them go on by turns, and gives what they come to, in their order.
async fn all_at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    let all = poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if running.iter().any(|(_, output)| output.is_none()) {
            return Poll::Pending;
        }
        let outputs = running.iter_mut().filter_map(|(_, output)| output.take());
        Poll::Ready(outputs.collect())
    });
    pin!(all).await
}
