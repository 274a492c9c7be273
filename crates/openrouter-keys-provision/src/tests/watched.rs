//! A ledger in which a test has a hand.

use std::sync::Arc;

use crate::{Entry, Ledger, LedgerError, MemoryLedger, Record};

/// Does something of the test's own after each entry that is written, and says what it came to.
pub(crate) struct Watched<F> {
    pub(crate) memory: Arc<MemoryLedger>,
    pub(crate) after: F,
}

impl<F, R> Ledger for Watched<F>
where
    F: Fn(Record) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), LedgerError>> + Send,
{
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        self.memory.read(intent).await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        self.memory.append(intent, position, entry).await?;
        (self.after)(entry.record.clone()).await
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.memory.intents().await
    }
}
