//! Why a ledger in a file could not do what it was asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a ledger in a file could not be opened, or could not go on.
///
/// Its text is one line for the person who is woken by it: the file, the byte where there is one, what is the matter and what
/// to do. Nothing that the ledger holds is in it. [`FileLedger`](crate::FileLedger) says more of each.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let parent = tempfile::tempdir()?;
/// # let folder = parent.path().join("keys");
/// use openrouter_keys_provision::{Custody, Entry, FileLedger, Ledger, Record};
///
/// let ledger = FileLedger::open(&folder, Custody::plaintext()).await?;
/// let entry = Entry::new(Record::Released {}, None);
/// ledger.append("customer-42", 0, &entry).await.expect("there is room");
/// drop(ledger);
///
/// // A bit of that entry changes, as on a disk that fails.
/// let mut bytes = std::fs::read(folder.join("ledger"))?;
/// bytes[512] ^= 1;
/// std::fs::write(folder.join("ledger"), bytes)?;
/// let error = FileLedger::open(&folder, Custody::plaintext()).await.unwrap_err();
/// assert!(error.is_damaged(), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileLedgerError {
    path: PathBuf,
    problem: Problem,
}

/// What is the matter.
#[derive(Debug)]
pub(super) enum Problem {
    /// Another ledger has the folder.
    Locked,
    /// What the file holds is not what was written to it.
    Damaged { at: usize, what: &'static str },
    /// The file or the folder is something else.
    Foreign(&'static str),
    /// Others could read it, or lead us elsewhere.
    Unsafe(String),
    /// A later version wrote it.
    Newer,
    /// Its secrets are kept in another way than the caller asks for.
    OtherCustody { is_sealed: bool },
    /// There is no room on the disk.
    Full(io::Error),
    /// More than one entry can have, and how to have less.
    TooLong {
        what: &'static str,
        next: &'static str,
    },
    /// The caller's own function did not "seal" a secret, or did not "open" it.
    Custody {
        what: &'static str,
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A write failed, so that nobody knows what the disk holds.
    Failed {
        doing: &'static str,
        error: io::Error,
    },
    /// A write failed earlier.
    Stopped,
    /// The operating system does not let us open it.
    System {
        doing: &'static str,
        error: io::Error,
    },
    /// There was no thread for what may block.
    NoThread,
}

/// The problem that doing this failed with such an error, while the ledger was opened.
pub(super) fn system<E: Into<io::Error>>(doing: &'static str) -> impl Fn(E) -> Problem {
    move |error| {
        let error = error.into();
        if is_full(&error) {
            Problem::Full(error)
        } else {
            Problem::System { doing, error }
        }
    }
}

/// Whether this is how the operating system says that there is no room: on the disk, for this user, or for a file.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl FileLedgerError {
    pub(super) fn new(path: &Path, problem: Problem) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }

    /// Whether another ledger has the folder, in this process or in another one. Nothing is wrong; only one at a time can.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self.problem, Problem::Locked)
    }

    /// Whether the file is not as it was written, in a way that no crash explains. It was left as it is, for a person to look
    /// at.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        matches!(self.problem, Problem::Damaged { .. })
    }

    /// Whether there was no room on the disk. No entry was written, and the ledger works on, or can be opened, once there is
    /// room.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self.problem, Problem::Full(_))
    }

    /// Whether this ledger does nothing any more, because a write failed and nobody knows what the disk holds now. Drop it and
    /// open it again, and make a new provisioner with it: that finds out.
    ///
    /// ```
    /// use openrouter_keys_provision::{Error, FileLedgerError};
    ///
    /// /// Whether to begin anew with the ledger, rather than to do the same again with this one.
    /// fn has_stopped(error: &Error) -> bool {
    ///     let error = error.ledger_error().and_then(|error| error.downcast_ref::<FileLedgerError>());
    ///     error.is_some_and(FileLedgerError::needs_reopening)
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # use openrouter_keys_provision::{Custody, FileLedger, Provisioner};
    /// # let parent = tempfile::tempdir()?;
    /// # let custody = Custody::sealed(|_| Err("the vault is closed".into()), |_| Err("the vault is closed".into()));
    /// # let ledger = FileLedger::open(parent.path().join("keys"), custody).await?;
    /// # let error = Provisioner::new(client, ledger).ensure("a", |key| key).await.unwrap_err();
    /// # assert!(error.ledger_error().is_some_and(|error| error.is::<FileLedgerError>()));
    /// # assert!(!has_stopped(&error), "the custody has failed, and not the disk");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn needs_reopening(&self) -> bool {
        matches!(self.problem, Problem::Failed { .. } | Problem::Stopped)
    }
}

impl fmt::Display for FileLedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ledger {}", self.path.display())?;
        match &self.problem {
            Problem::Locked => f.write_str(
                " is in use: another ledger, of this process or of another one, has it open, and only one can. Use that one, or \
                 try again when it is closed",
            ),
            Problem::Damaged { at, what } => write!(
                f,
                " is damaged at byte {at}: {what}. It was left as it is. Keep a copy of it, look into the disk, and do not put \
                 an old copy in its place without reading what the documentation of FileLedger says of that",
            ),
            Problem::Foreign(what) => {
                write!(f, " is not one: {what}. It was left as it is: give the ledger a folder of its own")
            }
            Problem::Unsafe(what) => write!(f, " is not safe: {what}"),
            Problem::Newer => f.write_str(
                " was written by a later version of this crate. It was left as it is: open it with that version",
            ),
            Problem::OtherCustody { is_sealed: true } => f.write_str(
                " has its secrets sealed, but was to be opened with plaintexts: open it with the functions that sealed them",
            ),
            Problem::OtherCustody { is_sealed: false } => f.write_str(
                " has its secrets as plaintexts, but was to be opened with sealing: copy it into a new folder, as the \
                 documentation of Custody describes",
            ),
            Problem::Full(error) => write!(
                f,
                " has no room: {error}. No entry was written; make room on the disk, or raise the limit, and try again",
            ),
            Problem::TooLong { what, next } => {
                write!(f, " cannot take this entry: {what}. Nothing was written; {next}")
            }
            Problem::Custody { what, error } => write!(
                f,
                ": its custody did not {what} a secret: {error}. Nothing was changed; see to what the custody needs, and try \
                 again",
            ),
            Problem::Failed { doing, error } => write!(
                f,
                ": {doing} failed: {error}. It does nothing any more, since nobody knows what the disk holds now: look into the \
                 disk, then drop the ledger and open it again",
            ),
            Problem::Stopped => f.write_str(
                " does nothing any more, since an earlier write to it failed: drop it and open it again",
            ),
            Problem::System { doing, error } => write!(
                f,
                " could not be opened: {doing} failed: {error}. See to that, and open it again",
            ),
            Problem::NoThread => f.write_str(
                " was not asked, since the runtime is shutting down. Nothing was done; try again in one that is running",
            ),
        }
    }
}

impl std::error::Error for FileLedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Full(error)
            | Problem::Failed { error, .. }
            | Problem::System { error, .. } => Some(error),
            Problem::Custody { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
