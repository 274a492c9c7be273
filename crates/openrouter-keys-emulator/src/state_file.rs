//! A file that keeps the state when the emulator ends.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::credential::Digest;
use crate::snapshot::Snapshot;

/// The file, and what it looked like when it was last ours.
///
/// Its first line says what it is, and has a checksum of the rest, which is JSON. It is replaced as a whole, so that it is the
/// state before a change or the one after it, whenever the machine stops.
#[derive(Clone)]
pub(crate) struct StateFile {
    path: PathBuf,
    last_seen: Arc<Mutex<Option<Look>>>,
}

/// What a state file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    /// The management key, if it was made by the emulator: who let it be made must not have to take another one after each
    /// restart.
    pub(crate) management_key: Option<String>,
    pub(crate) state: Snapshot,
}

/// The first line, up to the checksum.
const TITLE: &str = "openrouter-keys-emulator state file 1, SHA-256 ";

impl StateFile {
    /// The file at that path, which need not exist, and what it holds.
    ///
    /// # Errors
    /// Those of the operating system, and [`io::ErrorKind::InvalidData`] if the file is something else or is damaged. Each
    /// names the file.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<Stored>)> {
        // Where the path is a link, what it leads to is replaced, and not the link.
        let resolved = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            resolved => resolved.map_err(|error| about(path, &error))?,
        };
        let file = Self {
            path: resolved,
            last_seen: Arc::default(),
        };
        let stored = file.read().map_err(|error| about(path, &error))?;
        Ok((file, stored))
    }

    fn read(&self) -> io::Result<Option<Stored>> {
        let look = Look::at(&self.path)?;
        if look.is_none() {
            return Ok(None);
        }
        if !fs::metadata(&self.path)?.is_file() {
            return Err(refused("it is not an ordinary file"));
        }
        let bytes = fs::read(&self.path)?;
        let stored = Stored::read(&bytes).map_err(refused)?;
        *self.last_seen() = look;
        Ok(Some(stored))
    }

    /// Replaces what the file holds.
    ///
    /// # Errors
    /// Those of the operating system, and [`io::ErrorKind::InvalidData`] if somebody else has changed the file since it was
    /// read or written here: another emulator, most likely. The file is left as it is then.
    pub(crate) fn write(&self, stored: &Stored) -> io::Result<()> {
        self.replace(&stored.write())
            .map_err(|error| about(&self.path, &error))
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let mut last_seen = self.last_seen();
        // One that is gone can be made again.
        let look = Look::at(&self.path)?;
        if look.is_some() && look != *last_seen {
            return Err(refused("somebody else has changed it meanwhile"));
        }
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Nobody but the owner may read it, from the start.
        let mut new = Builder::new()
            .prefix(".openrouter-keys-emulator-")
            .tempfile_in(folder)?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        new.persist(&self.path)?;
        // On Unix the new name is safe only with its folder. Elsewhere a folder cannot be opened.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        *last_seen = Look::at(&self.path)?;
        Ok(())
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<Look>> {
        self.last_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        const DAMAGED: &str = "it is damaged: its checksum does not fit";

        let foreign = "it is no state file of this emulator, or one of a later version";
        let rest = bytes.strip_prefix(TITLE.as_bytes()).ok_or(foreign)?;
        let (checksum, json) = rest.split_at_checked(64).ok_or(DAMAGED)?;
        let json = json.strip_prefix(b"\n").ok_or(DAMAGED)?;
        let checksum = str::from_utf8(checksum).ok().and_then(Digest::parse);
        if checksum != Some(Digest::of(json)) {
            return Err(DAMAGED);
        }
        // With the right checksum, somebody has gone to some lengths.
        serde_json::from_slice(json).map_err(|_| foreign)
    }

    fn write(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("a state has a JSON form");
        let checksum = Digest::of(&json);
        let mut bytes = format!("{TITLE}{checksum}\n").into_bytes();
        bytes.extend(json);
        bytes
    }
}

/// What tells a file from another one at the same path.
#[derive(PartialEq)]
struct Look {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Look {
    /// How the file looks now, if there is one.
    fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self {
                length: metadata.len(),
                modified: metadata.modified().ok(),
                inode: inode(&metadata),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Elsewhere a file's length and time must do.
#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

fn refused(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{why}. It was left as it is"),
    )
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    let path = path.display();
    io::Error::new(error.kind(), format!("the state file {path}: {error}"))
}
