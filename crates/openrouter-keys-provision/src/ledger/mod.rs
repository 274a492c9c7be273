//! Where it is written down what was attempted and what came of it.

#[cfg(all(feature = "file-ledger", unix))]
mod file;
mod laws;
mod memory;

use std::fmt;
use std::sync::Arc;

use openrouter_keys::SecretString;

#[cfg(all(feature = "file-ledger", unix))]
pub use file::{Custody, FileLedger, FileLedgerError};
pub use laws::{BrokenPromise, check_ledger};
pub use memory::MemoryLedger;

use crate::record::Record;

#[cfg(all(feature = "file-ledger", not(unix)))]
compile_error!(
    "the feature `file-ledger` needs Unix: elsewhere, keep the ledger in a database, by an `impl Ledger` of your own"
);

/// What is remembered of each intent, in the order in which it happened, and kept when everything else is lost.
///
/// A ledger holds a list of [entries](Entry) for each intent. It does not look into them: it adds one at the end, durably,
/// and gives all of them back. This is how to keep one in your own database; the example `sqlite_ledger` is one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use openrouter_keys::SecretString;
/// use openrouter_keys_provision::{Entry, Ledger, LedgerError, Record, check_ledger};
/// use std::collections::BTreeSet;
/// use std::sync::{Arc, Mutex};
///
/// /// Rows of intent, record and secret, as a table in a database has them.
/// #[derive(Default)]
/// struct Table(Mutex<Vec<(String, String, Option<SecretString>)>>);
///
/// impl Ledger for Table {
///     async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
///         let rows = self.0.lock().unwrap();
///         let rows = rows.iter().filter(|row| row.0 == intent);
///         rows.map(|(_, record, secret)| Entry::from_json(record, secret.clone())).collect()
///     }
///
///     async fn append(&self, intent: &str, position: usize, entry: &Entry) -> Result<(), LedgerError> {
///         let mut rows = self.0.lock().unwrap(); // from here on, it is a transaction
///         if rows.iter().filter(|row| row.0 == intent).count() != position {
///             return Err(LedgerError::Conflict);
///         }
///         if entry.record == (Record::Released {}) {
///             rows.iter_mut().filter(|row| row.0 == intent).for_each(|row| row.2 = None);
///         }
///         rows.push((intent.to_owned(), entry.record_json(), entry.secret.clone()));
///         Ok(())
///     }
///
///     async fn intents(&self) -> Result<Vec<String>, LedgerError> {
///         let rows = self.0.lock().unwrap();
///         let intents: BTreeSet<_> = rows.iter().map(|row| row.0.clone()).collect();
///         Ok(intents.into_iter().collect())
///     }
/// }
///
/// // An `Arc` of a ledger is a ledger too.
/// let table = Arc::new(Table::default());
/// check_ledger(async || Arc::clone(&table)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What a ledger promises
///
/// 1. **An entry is added at a position, once.** The first entry of an intent is at position 0. `append` at a position that
///    is taken, or that is not the next one, is [`LedgerError::Conflict`] and changes nothing, whoever took the position: a
///    task, another process, another machine. In a database that is a primary key of intent and position. This is what
///    makes two provisioners at once safe; there is no lock that could expire while its holder goes on.
/// 2. **When `append` returns `Ok`, the entry is durable:** it survives the machine. When it fails otherwise than by a
///    conflict, the entry may be there or not; the provisioner reads again.
/// 3. **`read` gives what was appended,** whole and in order, its secrets included, at once after `append` returned. `records`
///    gives the same without the secrets.
/// 4. **[`Record::Released`] erases.** When that entry is added, the secrets of all entries of the intent are erased with it,
///    in one step. They are in no later `read`.
/// 5. **A secret is kept as carefully as it deserves.** What a ledger does with [`Entry::secret`], to encrypt it for
///    example, is up to it; it must get the same text back. An error must not print it.
///
/// An intent may be any text that is not empty, and one ledger serves one account: the provisioner keeps a note of which one
/// under the intent `""`, which is to the ledger like any other.
///
/// [`check_ledger`](crate::check_ledger) holds a ledger against this list.
///
/// # Why it is generic
///
/// The methods are written as `async fn` in an `impl`, without a macro and without a box; a `Provisioner<L>` has its ledger's
/// type. Where it must be chosen at run time, make an enum of the possible ones and implement this for it.
pub trait Ledger: Send + Sync + 'static {
    /// All entries of an intent, the oldest first. An intent that has none is an empty list.
    ///
    /// # Errors
    /// - [`Damaged`](LedgerError::Damaged): what is there is no list of entries. The call that needs it fails as
    ///   [`DamagedLedger`](crate::ErrorKind::DamagedLedger), and somebody has to look.
    /// - [`Failed`](LedgerError::Failed): it could not be read now. The call fails as [`Ledger`](crate::ErrorKind::Ledger),
    ///   and may be repeated.
    fn read(&self, intent: &str) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send;

    /// The records of these entries, the oldest first, without their secrets.
    ///
    /// Whoever looks through all intents, as a sweep does, asks for these: no plaintext comes into memory that nobody needs,
    /// and one secret that cannot be decrypted does not stand in the way of all other intents. By default they are what
    /// [`read`](Self::read) gives, and the secrets are thrown away. A ledger that encrypts, or that has its secrets in a
    /// vault, does well to leave them where they are.
    ///
    /// # Errors
    /// As of [`read`](Self::read), but that a sweep goes on to the other intents when one is damaged, and
    /// [reports](crate::Sweep::unreadable_intents) that.
    fn records(
        &self,
        intent: &str,
    ) -> impl Future<Output = Result<Vec<Record>, LedgerError>> + Send {
        async move {
            let entries = self.read(intent).await?;
            Ok(entries.into_iter().map(|entry| entry.record).collect())
        }
    }

    /// Adds an entry at this position, durably, or nothing at all.
    ///
    /// # Errors
    /// - [`Conflict`](LedgerError::Conflict), which no other method returns: the position is taken, or is not the next one,
    ///   and nothing was added. The provisioner takes it for the work of somebody else. If what it wanted is done by that,
    ///   it goes on; otherwise its call fails as [`Contended`](crate::ErrorKind::Contended).
    /// - [`Failed`](LedgerError::Failed): whether the entry was added is not known. The call fails as
    ///   [`Ledger`](crate::ErrorKind::Ledger), and the next one goes by what it reads. An entry with the plaintext of a new key
    ///   is tried three times before that, each time after a look whether it is there.
    /// - [`Damaged`](LedgerError::Damaged): the same, but that the call fails as
    ///   [`DamagedLedger`](crate::ErrorKind::DamagedLedger).
    fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// All intents that have an entry, each once, in any order.
    ///
    /// # Errors
    /// [`Damaged`](LedgerError::Damaged) and [`Failed`](LedgerError::Failed), as of [`read`](Self::read). Without the list there
    /// is no sweep, and no key is adopted.
    fn intents(&self) -> impl Future<Output = Result<Vec<String>, LedgerError>> + Send;

    /// Whether one provisioner, with its clones, is the only one that can write to it as long as this is open. Then no attempt
    /// that is not its own is waited for: whoever made it is gone.
    ///
    /// That no other process can is not enough, if two provisioners of one process have the ledger: each would take the other
    /// for dead and give up what that one is doing. In an [`Arc`], none is exclusive.
    fn is_exclusive(&self) -> bool {
        false
    }
}

/// For several provisioners: it is [exclusive](Ledger::is_exclusive) to none of them.
impl<L: Ledger> Ledger for Arc<L> {
    fn read(&self, intent: &str) -> impl Future<Output = Result<Vec<Entry>, LedgerError>> + Send {
        (**self).read(intent)
    }

    fn records(
        &self,
        intent: &str,
    ) -> impl Future<Output = Result<Vec<Record>, LedgerError>> + Send {
        (**self).records(intent)
    }

    fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send {
        (**self).append(intent, position, entry)
    }

    fn intents(&self) -> impl Future<Output = Result<Vec<String>, LedgerError>> + Send {
        (**self).intents()
    }
}

/// What happened, and the secret that came of it.
///
/// ```
/// use openrouter_keys_provision::{Entry, Record};
///
/// // What a ledger in a database stores in its columns, and what it makes of them.
/// let entry = Entry::new(Record::Released {}, None);
/// let json: String = entry.record_json();
/// assert_eq!(Entry::from_json(&json, None)?.record, entry.record);
/// # Ok::<(), openrouter_keys_provision::LedgerError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// What happened. It has no secret in it, and serializes.
    pub record: Record,
    /// The plaintext of a key, where the record comes with one. `Debug` does not print it.
    pub secret: Option<SecretString>,
}

impl Entry {
    /// An entry of these parts.
    #[must_use]
    pub const fn new(record: Record, secret: Option<SecretString>) -> Self {
        Self { record, secret }
    }

    /// The record as JSON, without the secret.
    ///
    /// # Panics
    /// Never: all that a record consists of has a form in JSON.
    #[must_use]
    pub fn record_json(&self) -> String {
        serde_json::to_string(&self.record).expect("a record is made of texts, numbers and times")
    }

    /// The entry with the record that this JSON describes, and this secret.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] if it is no record of this version.
    pub fn from_json(record: &str, secret: Option<SecretString>) -> Result<Self, LedgerError> {
        let record =
            serde_json::from_str(record).map_err(|error| LedgerError::Damaged(error.into()))?;
        Ok(Self { record, secret })
    }
}

/// Why a ledger could not do what it was asked.
///
/// Any error becomes one by `?`. It is no [`std::error::Error`] itself, so that this works.
///
/// ```
/// use openrouter_keys_provision::LedgerError;
///
/// /// What a database says of an insert: how many rows were added.
/// fn appended(rows: Result<usize, std::io::Error>) -> Result<(), LedgerError> {
///     if rows? == 0 {
///         return Err(LedgerError::Conflict); // the position was taken
///     }
///     Ok(())
/// }
/// assert!(matches!(appended(Ok(0)), Err(LedgerError::Conflict)));
/// let cut_off = std::io::Error::other("the connection is closed");
/// assert!(matches!(appended(Err(cut_off)), Err(LedgerError::Failed(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// The position is taken, or is not the next one. Nothing was changed.
    Conflict,
    /// What the ledger holds cannot be read, or makes no sense. It would not help to try again.
    Damaged(Box<dyn std::error::Error + Send + Sync>),
    /// Something else went wrong. An entry that was to be added may have been, or not.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("another entry has that position"),
            Self::Damaged(error) | Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for LedgerError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
