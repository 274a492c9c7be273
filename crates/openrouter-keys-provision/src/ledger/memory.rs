//! A ledger for tests, which forgets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Entry, Ledger, LedgerError};
use crate::record::Record;

/// A ledger in memory, for tests: what it holds is gone with the process, and with it what the provisioner promises.
///
/// To restart in a test, keep it in an [`Arc`](std::sync::Arc), which is a ledger too:
///
/// ```
/// use std::sync::Arc;
/// use openrouter_keys_provision::{MemoryLedger, Provisioner};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let ledger = Arc::new(MemoryLedger::new());
/// let before = Provisioner::new(client.clone(), ledger.clone());
/// let made = before.ensure("customer-42", |key| key.limit(50)).await?;
///
/// let after = Provisioner::new(client, ledger);
/// let found = after.ensure("customer-42", |key| key.limit(50)).await?;
/// assert_eq!(found.key.hash, made.key.hash);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryLedger {
    intents: Mutex<BTreeMap<String, Vec<Entry>>>,
}

impl MemoryLedger {
    /// One with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Entry>>> {
        // Nothing panics between the first change and the last.
        self.intents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        Ok(self.lock().get(intent).cloned().unwrap_or_default())
    }

    async fn records(&self, intent: &str) -> Result<Vec<Record>, LedgerError> {
        let intents = self.lock();
        let entries = intents.get(intent).into_iter().flatten();
        Ok(entries.map(|entry| entry.record.clone()).collect())
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let mut intents = self.lock();
        let there = intents.get(intent).map_or(0, Vec::len);
        if position != there {
            return Err(LedgerError::Conflict);
        }
        let entries = intents.entry(intent.to_owned()).or_default();
        if matches!(entry.record, Record::Released {}) {
            for earlier in entries.iter_mut() {
                earlier.secret = None;
            }
        }
        entries.push(entry.clone());
        Ok(())
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        Ok(self.lock().keys().cloned().collect())
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger")
            .field("intents", &self.lock().len())
            .finish()
    }
}
