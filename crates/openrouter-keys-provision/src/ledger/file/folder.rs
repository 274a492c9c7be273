//! The folder of the ledger, as the operating system has it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::disk::Disk;
use super::error::{FileLedgerError, Problem, system};

/// A folder that nobody else may enter, and that nobody else has locked.
///
/// Everything in it is named relative to its descriptor, so that it is this folder whatever becomes of the path. The lock is on
/// that descriptor too: there is no lock file that somebody could remove, and nothing to clean up after a crash.
pub(super) struct Folder {
    folder: File,
    is_new: bool,
}

impl Folder {
    /// The folder at that path, which is made if there is none, and locked.
    pub(super) fn open(path: &Path) -> Result<Self, FileLedgerError> {
        // Without a slash at the end, which would lead through a symbolic link.
        let path: PathBuf = path.components().collect();
        lock(&path).map_err(|problem| FileLedgerError::new(&path, problem))
    }
}

fn lock(path: &Path) -> Result<Folder, Problem> {
    let is_new = match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(error) => return Err(system("making the folder")(error)),
    };
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(folder) => File::from(folder),
        Err(Errno::NOTDIR | Errno::LOOP) => {
            return Err(Problem::Unsafe(
                "its folder is a symbolic link, or no folder; give it the real one".to_owned(),
            ));
        }
        Err(error) => return Err(system("opening the folder")(error)),
    };
    let metadata = folder.metadata().map_err(system("looking at the folder"))?;
    check_private(&metadata, "the folder", "0700")?;
    match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Folder { folder, is_new }),
        Err(Errno::WOULDBLOCK) => Err(Problem::Locked),
        Err(error) => Err(system(
            "locking the folder, which a local file system allows,",
        )(error)),
    }
}

/// Whether it is ours and nobody else's.
fn check_private(metadata: &Metadata, what: &str, mode: &str) -> Result<(), Problem> {
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us {
        let owner = metadata.uid();
        return Err(Problem::Unsafe(format!(
            "{what} belongs to user {owner}, and this process is user {us}; run it as that user, or look who could change \
             {what}, then give it to user {us}"
        )));
    }
    let found = metadata.mode() & 0o7777;
    if found & 0o077 != 0 {
        return Err(Problem::Unsafe(format!(
            "{what} has mode {found:04o}, so that others may have read what is in it; look who could, then set it to {mode}"
        )));
    }
    Ok(())
}

fn not_ordinary() -> Problem {
    Problem::Unsafe(
        "it is not an ordinary file; look who put it there, then move it away".to_owned(),
    )
}

impl Disk for Folder {
    type File = File;

    fn open(&self, name: &str) -> Result<Option<File>, Problem> {
        // Whatever it is, to open it must not wait and must have no effect.
        let flags =
            OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match rustix::fs::openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => {
                return Err(Problem::Unsafe(
                    "the file is a symbolic link; look who put it there, then put the file itself in its place".to_owned(),
                ));
            }
            // A folder, and a socket.
            Err(Errno::ISDIR | Errno::NXIO) => return Err(not_ordinary()),
            Err(error) => return Err(system("opening the file")(error)),
        };
        let metadata = file.metadata().map_err(system("looking at the file"))?;
        if !metadata.is_file() {
            return Err(not_ordinary());
        }
        check_private(&metadata, "the file", "0600")?;
        if metadata.nlink() != 1 {
            return Err(Problem::Unsafe(
                "the file has another name elsewhere (a hard link); find that one (`find -samefile`), look who could use it, \
                 then remove it"
                    .to_owned(),
            ));
        }
        Ok(Some(file))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(File::from(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.folder, from, &self.folder, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync_names(&self) -> io::Result<()> {
        self.folder.sync_all()?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let parent = rustix::fs::openat(&self.folder, "..", flags, Mode::empty());
        let synced = parent
            .map_err(io::Error::from)
            .and_then(|parent| File::from(parent).sync_all());
        match synced {
            // Whoever made the folder for us may have put it where we may not read, or into a read-only file system.
            Err(error) if !self.is_new && cannot_be_synced(&error) => Ok(()),
            synced => synced,
        }
    }

    fn read(&self, file: &File, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let capacity = usize::try_from(most).map_err(io::Error::other)?;
        // No larger than it has to be, never moved, and erased also when a later part cannot be read.
        let mut bytes = Zeroizing::new(vec![0; capacity]);
        let mut filled = 0;
        while filled < capacity {
            match file.read_at(&mut bytes[filled..], filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn length(&self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn write(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
        file.write_at(bytes, at)
    }

    fn extend(&self, file: &File, from: u64, to: u64) -> io::Result<()> {
        match allocate(file, from, to - from) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, from, to - from),
            result => Ok(result?),
        }
    }

    fn sync_content(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_all(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }
}

/// Whether nothing that is ours can be waiting to be written there.
fn cannot_be_synced(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem};
    matches!(
        error.kind(),
        PermissionDenied | InvalidInput | ReadOnlyFilesystem
    )
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, from: u64, length: u64) -> Result<(), Errno> {
    use rustix::fs::FallocateFlags;
    loop {
        match rustix::fs::fallocate(file, FallocateFlags::empty(), from, length) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// Elsewhere this is not one call, or does not make the file longer.
#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: u64, _: u64) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

fn write_zeros(file: &File, from: u64, length: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.write_all_at(&zeros, from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done where the file system cannot give room away.
    #[test]
    fn zeros_have_their_place_on_the_disk() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"before", 0).unwrap();
        write_zeros(&file, 6, 10_000).unwrap();
        file.sync_all().unwrap();
        let metadata = file.metadata().unwrap();
        assert_eq!(metadata.len(), 10_006);
        assert!(metadata.blocks() * 512 >= metadata.len());
    }
}
