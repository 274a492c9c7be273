//! A ledger in which a test has a hand.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

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

/// The ledger of a process that stands still when it has written such an entry.
pub(crate) fn halting(
    memory: &Arc<MemoryLedger>,
    at: fn(&Record) -> bool,
) -> (
    Watched<impl Fn(Record) -> Written + Send + Sync + 'static>,
    Halt,
) {
    let halt = Halt {
        is_reached: Arc::new(Semaphore::new(0)),
        may_go_on: Arc::new(Semaphore::new(0)),
    };
    let its = halt.clone();
    let after = move |record| {
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
    let memory = Arc::clone(memory);
    (Watched { memory, after }, halt)
}
