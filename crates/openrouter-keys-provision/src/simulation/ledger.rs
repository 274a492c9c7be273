//! A ledger whose operations fail.

use std::sync::Arc;

use super::director::{Actor, Director};
use super::network::Network;
use super::schedule::{Fault, Step};
use crate::ledger::{Entry, Ledger, LedgerError, MemoryLedger};

/// What one actor has of the ledger that all of them share.
pub(super) struct FaultyLedger {
    pub(super) actor: Actor,
    pub(super) network: Arc<Network>,
    pub(super) durable: Arc<MemoryLedger>,
}

impl FaultyLedger {
    fn director(&self) -> &Director {
        &self.network.director
    }

    /// Ends the process that called.
    async fn crash<T>(&self) -> T {
        self.director().crash(self.actor);
        std::future::pending().await
    }

    /// A step that changes nothing.
    async fn look(&self, step: Step) -> Result<(), LedgerError> {
        match self.network.step(self.actor, step).await {
            Some(Fault::CrashBefore) => self.crash().await,
            Some(_) => Err("the disk cannot be read".into()),
            None => Ok(()),
        }
    }
}

impl Ledger for FaultyLedger {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        self.look(Step::Read).await?;
        self.durable.read(intent).await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let fault = self.network.step(self.actor, Step::Append).await;
        if fault == Some(Fault::CrashBefore) {
            return self.crash().await;
        }
        if fault == Some(Fault::Full) {
            self.director().fill(self.actor);
        }
        if self.director().is_full(self.actor) {
            return Err("no space is left on the disk".into());
        }
        if fault == Some(Fault::Refused) {
            return Err("the disk cannot be written to".into());
        }
        self.durable.append(intent, position, entry).await?;
        self.network.observe().written(intent, entry);
        match fault {
            Some(Fault::CrashAfter) => self.crash().await,
            Some(Fault::Unsure) => Err("the disk does not say whether it has written".into()),
            _ => Ok(()),
        }
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.look(Step::Intents).await?;
        self.durable.intents().await
    }
}
