//! The entries of one intent, as they are read and written.

use openrouter_keys::SecretString;

use crate::error::{Error, ErrorKind, Problem};
use crate::history::History;
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::record::Record;

/// What the ledger has on an intent, and the place where the next entry goes.
pub(crate) struct Log<'a, L> {
    ledger: &'a L,
    intent: &'a str,
    /// How many entries there are.
    length: usize,
    history: History,
}

impl<'a, L: Ledger> Log<'a, L> {
    pub(crate) async fn read(ledger: &'a L, intent: &'a str) -> Result<Self, Error> {
        let entries = ledger.read(intent).await?;
        let length = entries.len();
        let history = History::of(entries).map_err(|what| Error::new(Problem::Damaged(what)))?;
        Ok(Self {
            ledger,
            intent,
            length,
            history,
        })
    }

    /// Reads it again: somebody else may have written.
    pub(crate) async fn reread(&mut self) -> Result<(), Error> {
        *self = Self::read(self.ledger, self.intent).await?;
        Ok(())
    }

    /// The error; or, if somebody else has written meanwhile and it may be about what they did, that it is so. Otherwise who
    /// comes late would be told to mend what the other one is at work on.
    pub(crate) async fn or_contended(&self, error: Error) -> Error {
        let may_be_theirs = matches!(
            error.kind(),
            ErrorKind::KeyGone
                | ErrorKind::KeyRenamed
                | ErrorKind::NotAsAsked
                | ErrorKind::Rotation
        );
        if !may_be_theirs {
            return error;
        }
        match self.ledger.read(self.intent).await {
            Ok(entries) if entries.len() == self.length => error,
            Ok(_) => LedgerError::Conflict.into(),
            Err(failed) => failed.into(),
        }
    }

    pub(crate) fn intent(&self) -> &'a str {
        self.intent
    }

    /// Whether the ledger knows nothing of the intent.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Adds an entry, durably, unless somebody else has added one since this was read.
    pub(crate) async fn append(
        &mut self,
        record: Record,
        secret: Option<SecretString>,
    ) -> Result<(), Error> {
        let entry = Entry::new(record, secret);
        // First in memory: what cannot stand there must not get into the ledger.
        let mut history = self.history.clone();
        history
            .add(entry.clone())
            .map_err(|what| Error::new(Problem::Damaged(format!("the next would be {what}"))))?;
        let appended = self.ledger.append(self.intent, self.length, &entry).await;
        appended.map_err(|error| Error::ledger(error, entry.secret.as_ref()))?;
        self.length += 1;
        self.history = history;
        Ok(())
    }
}
