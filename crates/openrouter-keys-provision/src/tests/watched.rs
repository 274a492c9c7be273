//! A ledger in which a test has a hand.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{Entry, Ledger, LedgerError, MemoryLedger, Record};

/// A ledger in memory, but for what the hand does.
pub(crate) struct Watched<H> {
    pub(crate) memory: Arc<MemoryLedger>,
    pub(crate) hand: H,
}

/// What a test does with a ledger. Nothing, where it does not say otherwise.
pub(crate) trait Hand: Send + Sync + 'static {
    const IS_EXCLUSIVE: bool = false;

    /// With the secrets of an intent.
    fn read(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, LedgerError> {
        Ok(entries)
    }

    /// Before an entry is written.
    fn append(&self, _: &Entry) -> Result<(), LedgerError> {
        Ok(())
    }

    /// When one is written; and what that has come to.
    fn appended(&self, _: Record) -> impl Future<Output = Result<(), LedgerError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Before the intents are listed.
    fn list(&self, _: &MemoryLedger) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

impl<F, R> Hand for F
where
    F: Fn(Record) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), LedgerError>> + Send,
{
    fn appended(&self, record: Record) -> impl Future<Output = Result<(), LedgerError>> + Send {
        self(record)
    }
}

impl<H: Hand> Ledger for Watched<H> {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        self.hand.read(self.memory.read(intent).await?)
    }

    async fn records(&self, intent: &str) -> Result<Vec<Record>, LedgerError> {
        self.memory.records(intent).await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        self.hand.append(entry)?;
        self.memory.append(intent, position, entry).await?;
        self.hand.appended(entry.record.clone()).await
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.hand.list(&self.memory).await;
        self.memory.intents().await
    }

    fn is_exclusive(&self) -> bool {
        H::IS_EXCLUSIVE
    }
}

/// Where a process stands still, and goes on when it is told to.
#[derive(Clone)]
pub(crate) struct Halt {
    is_reached: Arc<Semaphore>,
    may_go_on: Arc<Semaphore>,
}

impl Halt {
    pub(crate) async fn reached(&self) {
        self.is_reached
            .acquire()
            .await
            .expect("it is open")
            .forget();
    }

    pub(crate) fn go_on(&self) {
        self.may_go_on.add_permits(1);
    }
}

type Written = Pin<Box<dyn Future<Output = Result<(), LedgerError>> + Send>>;

/// The hand of a process that stands still when it has written such an entry.
pub(crate) fn halting(at: fn(&Record) -> bool) -> (impl Hand, Halt) {
    let halt = Halt {
        is_reached: Arc::new(Semaphore::new(0)),
        may_go_on: Arc::new(Semaphore::new(0)),
    };
    let its = halt.clone();
    let hand = move |record| {
        let its = its.clone();
        let written = async move {
            if at(&record) {
                its.is_reached.add_permits(1);
                its.may_go_on.acquire().await.expect("it is open").forget();
            }
            Ok(())
        };
        Box::pin(written) as Written
    };
    (hand, halt)
}
