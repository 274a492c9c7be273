//! A ledger that fails when it is told to.

use std::sync::Mutex;

use openrouter_keys_provision::{Entry, Ledger, LedgerError, MemoryLedger};

#[derive(Debug, Default)]
pub(crate) struct Moody {
    memory: MemoryLedger,
    mood: Mutex<Option<LedgerError>>,
}

impl Moody {
    /// The next append comes to this.
    pub(crate) fn fail(&self, mood: LedgerError) {
        *self.mood.lock().expect("no test panics in here") = Some(mood);
    }
}

impl Ledger for Moody {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        self.memory.read(intent).await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let mood = self.mood.lock().expect("no test panics in here").take();
        match mood {
            Some(error) => Err(error),
            None => self.memory.append(intent, position, entry).await,
        }
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.memory.intents().await
    }
}
