//! A ledger in a file.

mod custody;
mod disk;
mod error;
mod folder;
mod format;
mod log;
mod open;
mod room;
mod tail;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::value::RawValue;

pub use custody::Custody;
pub use error::FileLedgerError;

use self::error::Problem;
use self::folder::Folder;
use self::log::{Conflict, Held, Log};
use self::open::open_log;
use super::{Entry, Ledger, LedgerError};
use crate::record::Record;

/// A ledger in a file: for one program on one machine, which wants no database. For Unix.
///
/// ```
/// use openrouter_keys_provision::{Custody, FileLedger, Ledger};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let parent = tempfile::tempdir()?;
/// # let folder = parent.path().join("keys");
/// let ledger = FileLedger::open(&folder, Custody::plaintext()).await?;
/// assert!(ledger.intents().await.is_ok_and(|intents| intents.is_empty()));
///
/// let second = FileLedger::open(&folder, Custody::plaintext()).await;
/// assert!(second.is_err_and(|error| error.is_locked()));
/// # Ok(())
/// # }
/// ```
///
/// # What is promised
///
/// - **What was acknowledged stays.** An entry is on the disk when `append` returns. When the program or the machine stops in
///   the middle of one, that entry is there as a whole or not at all when the ledger is opened again.
/// - **Damage is refused, and nothing is guessed.** If a byte is not as it was written, or the end of the file is gone, then
///   opening fails, says where, and changes nothing. What is cut off is only what a crash explains: an entry at the very end of
///   which a part was not written.
/// - **A full disk is met before a create.** When an [`Attempt`](crate::Record::Attempt) is written, room is kept for what may
///   follow it: the key with its plaintext, and the commit. So it is for every attempt that is open. If there is no room, the
///   error [is one of that](FileLedgerError::is_full), nothing was written, and the ledger works on.
/// - **One at a time.** The folder is locked as long as the ledger, or a call of it, lives. The lock goes with the process,
///   however that ends; there is no lock file to remove. But a process that was forked from it has the lock too, until it
///   starts another program or ends: open the ledger after a fork, and on one side of it.
/// - **Nobody else reads it.** Folder and file are made with the modes 0700 and 0600. A folder or a file that others could
///   read, that belongs to another user or that is a symbolic link is refused, and so is a file with a second name.
/// - **After a failed write it stops.** Nobody knows then what the disk holds. The error
///   [says so](FileLedgerError::needs_reopening), as that of every later call does, and opening the ledger again finds out.
///
/// The methods fail with [`LedgerError::Failed`], which has a [`FileLedgerError`] in it.
///
/// # One provisioner
///
/// Give it to one [`Provisioner`](crate::Provisioner), and give clones of that one to all who need it. Since nobody else can
/// have the folder, it takes an attempt that is not its own for one of a process that is gone, and gives it up without
/// waiting. Several provisioners can share the ledger in an `Arc`, and then
/// [wait](crate::Provisioner::patience) for each other as with any ledger.
///
/// # What cannot be promised
///
/// - **Disks that lie.** What a disk, or a virtual one, reports as written and loses in a power cut is lost. If that was the
///   last entry, nobody can see it. The same holds for a whole sector of the last entry that a disk returns as zeros.
/// - **Network file systems.** Their locks and their caches are not those of a local disk; most refuse to lock a folder, and
///   then opening fails. Keep the ledger on a local disk.
/// - **Room, where a file system writes elsewhere on each change** (Btrfs, ZFS and others that copy on write, or that
///   compress): the room that is kept may be gone when it is needed. The append then fails, and the key is found and
///   removed later, as after a crash.
/// - **That a plaintext is gone from the disk.** [`Released`](crate::Record::Released) overwrites it where it is. A file system
///   that copies on write, a drive that spreads its wear, a snapshot and a backup have the old one until they overwrite it
///   themselves. Where that matters, use [`Custody::sealed`].
/// - **That a backup can be put back.** Whatever was written since is forgotten. A key that was committed since is unknown: the
///   next `ensure` makes a second one for the same customer, and no sweep finds the first. A create that was under way is
///   unknown too, and what it left is not removed. A plaintext that was released since is back. Before an old copy, or an empty
///   folder, is used, compare the keys of the account with your customers, and adopt those that the copy does not know.
///   Make backups while the ledger is not open, or of a snapshot of the file system.
/// - **That a lost file is missed.** A folder without one becomes a new ledger, and nothing in it says that it had one; so does
///   a path where a disk is not mounted. The provisioner then makes second keys, as above. Whoever knows that there is a
///   ledger can look at [`intents`](Ledger::intents) once it is open: it is empty only as long as the ledger was never used.
///
/// All entries are held in memory, where secrets are as they are in the file. The file only grows: by some 2 KiB for each key,
/// and by 1 KiB for each attempt that was refused. So do not repeat without end what the service refuses.
///
/// # The file
///
/// For whoever has to read it at night. In the folder there is one file, `ledger`; while it is made for the first time it is
/// called `ledger.new`. It consists of lines of text, each padded with spaces to a multiple of 512 bytes; `cut -c1-400`
/// helps. Changing it by hand makes it a damaged one.
///
/// 1. The first 512 bytes say what it is, the version of the format, and whether secrets are sealed.
/// 2. Each entry is a line: a checksum (CRC-32 of all bytes of the line after it, eight hexadecimal digits), a space, the length
///    of the line in bytes (six decimal digits), a space, and JSON: the `intent`, its `position` among the entries of the
///    intent, the [`record`](crate::Record), and, if the entry has a secret, the length of the line after it, `secret`.
/// 3. The secret is that next line, in the same form. Its JSON is a text: the plaintext, or what is sealed, in hexadecimal. When
///    it is released the line is overwritten by `erased` and spaces. What is in it does not count any more then.
/// 4. After the last entry there are zeros, at least one. That is the room for what comes next. A file without them was cut off.
///
/// 512 bytes are what any disk writes as a whole. Since an entry has its own, writing one cannot harm another, and what was
/// not written is 512 zeros.
pub struct FileLedger {
    shared: Arc<Shared<Folder>>,
}

impl FileLedger {
    /// Opens the ledger of this folder, or makes both if they are not there. The folder's own folder must be there.
    ///
    /// # Errors
    /// [`is_locked`](FileLedgerError::is_locked) if another ledger has the folder, [`is_damaged`](FileLedgerError::is_damaged)
    /// if the file is not as it was written, [`is_full`](FileLedgerError::is_full) if there is no room to make it, and others
    /// whose texts say what to do: a folder or a file that others can read, a symbolic link, a foreign file, one of a later
    /// version or of another custody, and whatever the operating system says. The file is left as it is then.
    pub async fn open(folder: impl AsRef<Path>, custody: Custody) -> Result<Self, FileLedgerError> {
        let folder = folder.as_ref();
        let path = folder.to_owned();
        let opened = blocking(folder, move || {
            let disk = Folder::open(&path)?;
            Shared::open(disk, path, custody)
        });
        let shared = Arc::new(opened.await?);
        Ok(Self { shared })
    }
}

impl Ledger for FileLedger {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        let shared = Arc::clone(&self.shared);
        let intent = intent.to_owned();
        blocking(&self.shared.path, move || shared.read(&intent)).await?
    }

    async fn records(&self, intent: &str) -> Result<Vec<Record>, LedgerError> {
        let shared = Arc::clone(&self.shared);
        let intent = intent.to_owned();
        let records = blocking(&self.shared.path, move || shared.log()?.records(&intent));
        let records = records.await?;
        records.iter().map(|json| record(json)).collect()
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let shared = Arc::clone(&self.shared);
        let intent = intent.to_owned();
        let entry = entry.clone();
        let appended = blocking(&self.shared.path, move || {
            shared.append(&intent, position, &entry)
        });
        appended.await?.map_err(|Conflict| LedgerError::Conflict)
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        let shared = Arc::clone(&self.shared);
        Ok(blocking(&self.shared.path, move || shared.log()?.intents()).await?)
    }

    fn is_exclusive(&self) -> bool {
        true
    }
}

impl fmt::Debug for FileLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLedger")
            .field("folder", &self.shared.path)
            .field("custody", &self.shared.custody)
            .finish()
    }
}

/// What the ledger and its calls under way have of it. The folder is unlocked when the last of them is gone.
struct Shared<D: disk::Disk> {
    /// The folder's.
    path: PathBuf,
    custody: Custody,
    log: Mutex<Log<D>>,
}

impl<D: disk::Disk> Shared<D> {
    fn open(disk: D, path: PathBuf, custody: Custody) -> Result<Self, FileLedgerError> {
        let log = open_log(disk, &path, custody.is_sealed())?;
        Ok(Self {
            path,
            custody,
            log: Mutex::new(log),
        })
    }

    fn read(&self, intent: &str) -> Result<Result<Vec<Entry>, LedgerError>, FileLedgerError> {
        // The caller's functions may take their time, so they are not called while others wait.
        let held = self.log()?.read(intent)?;
        let entries = held.iter().map(|held| self.entry(held));
        Ok(entries.collect())
    }

    fn entry(&self, held: &Held) -> Result<Entry, LedgerError> {
        let secret = held.secret.as_ref();
        let secret = secret.map(|secret| self.custody.retrieve(&secret.stored));
        let secret = secret
            .transpose()
            .map_err(|error| self.custody_failed("open", error))?;
        Ok(Entry::new(record(&held.record)?, secret))
    }

    fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<Result<(), Conflict>, FileLedgerError> {
        // Nothing is sealed in vain if it can be helped.
        if !self.log()?.is_next(intent, position)? {
            return Ok(Err(Conflict));
        }
        let secret = entry.secret.as_ref();
        let secret = secret.map(|secret| self.custody.store(secret));
        let secret = secret
            .transpose()
            .map_err(|error| self.custody_failed("seal", error))?;
        let json = RawValue::from_string(entry.record_json()).expect("a record's JSON is JSON");
        self.log()?
            .append(intent, position, &entry.record, json, secret)
    }

    fn log(&self) -> Result<MutexGuard<'_, Log<D>>, FileLedgerError> {
        // Whoever panicked has left something half done.
        let log = self.log.lock();
        log.map_err(|_| FileLedgerError::new(&self.path, Problem::Stopped))
    }

    fn custody_failed(&self, what: &'static str, error: custody::BoxError) -> FileLedgerError {
        FileLedgerError::new(&self.path, Problem::Custody { what, error })
    }
}

fn record(json: &RawValue) -> Result<Record, LedgerError> {
    Ok(Entry::from_json(json.get(), None)?.record)
}

/// Does it where blocking is allowed. It is done to its end even if nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, FileLedgerError> + Send + 'static,
) -> Result<T, FileLedgerError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        if error.is_panic() {
            // A mistake in this crate. The custody's own panics do not get here.
            resume_unwind(error.into_panic());
        }
        // A thread that has begun with it comes to its end.
        Err(FileLedgerError::new(path, Problem::NoThread))
    })
}
