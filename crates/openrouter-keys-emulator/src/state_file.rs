//! A file that keeps the state when the emulator ends.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::credential::Digest;
use crate::lock::lock;
use crate::snapshot::Snapshot;

/// The file, and what it looked like when it was last ours.
///
/// Its first line says what it is, and has a checksum of the rest, which is JSON. It is replaced as a whole, so that it is the
/// state before a change or the one after it, whenever the machine stops.
#[derive(Clone)]
pub(crate) struct StateFile {
    path: PathBuf,
    last_seen: Arc<Mutex<Option<Look>>>,
    /// Whether the emulator has ended.
    is_closed: Arc<Mutex<bool>>,
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
        let file = Self {
            path: resolved(path).map_err(|error| about(path, &error))?,
            last_seen: Arc::default(),
            is_closed: Arc::default(),
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
        let folder = folder(&self.path);
        // Nobody but the owner may read it, from the start.
        let mut new = Builder::new()
            .prefix(".openrouter-keys-emulator-")
            .tempfile_in(folder)?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        {
            let is_closed = self.is_closed();
            if *is_closed {
                return Err(io::Error::other("the emulator has ended"));
            }
            // Taken of the file itself: another one could be at the path by the time that somebody looks there.
            let look = Look::of(&new.as_file().metadata()?);
            new.persist(&self.path)?;
            *last_seen = Some(look);
        }
        // On Unix the new name is safe only with its folder. Elsewhere a folder cannot be opened.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// From now on the file is left to whoever comes next, even by a write that is under way.
    pub(crate) fn close(&self) {
        *self.is_closed() = true;
    }

    fn is_closed(&self) -> MutexGuard<'_, bool> {
        lock(&self.is_closed)
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<Look>> {
        lock(&self.last_seen)
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
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            inode: inode(metadata),
        }
    }

    /// How the file looks now, if there is one.
    fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Where the file is, whichever folder the program goes to later. Where the path is a link, what it leads to is replaced, and
/// not the link, so that is where it is even if nothing is there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        resolved => return resolved,
    }
    // Links that lead to each other are another error, so that there is an end to them.
    if let Ok(target) = fs::read_link(path) {
        return resolved(&folder(path).join(target));
    }
    let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
    Ok(fs::canonicalize(folder(path))?.join(name))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
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
