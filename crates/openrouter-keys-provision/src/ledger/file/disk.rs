//! The few things that are done to a disk, so that a test can be one.

use std::io;

use zeroize::Zeroizing;

use super::error::Problem;

/// The ledger's folder, which nobody else writes to.
pub(super) trait Disk: Send + 'static {
    type File: Send;

    /// The file of that name, if there is one. It is a problem if others could have reached it.
    fn open(&self, name: &str) -> Result<Option<Self::File>, Problem>;

    /// A new file of that name, which nobody else may read.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Gives the file another name, which another one may have until then.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes the file of that name. It is no error if there is none.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names of the folder durable, and the folder itself.
    fn sync_names(&self) -> io::Result<()>;

    /// At most that much of the beginning. It may have secrets in it.
    fn read(&self, file: &Self::File, most: u64) -> io::Result<Zeroizing<Vec<u8>>>;

    /// The whole length, in bytes.
    fn length(&self, file: &Self::File) -> io::Result<u64>;

    /// Writes some of the bytes there, at least one, and says how many.
    fn write(&self, file: &Self::File, bytes: &[u8], at: u64) -> io::Result<usize>;

    /// Makes the file longer, by zeros that have their place on the disk.
    fn extend(&self, file: &Self::File, from: u64, to: u64) -> io::Result<()>;

    /// Makes the content durable. The length need not be.
    fn sync_content(&self, file: &Self::File) -> io::Result<()>;

    /// Makes the content and the length durable.
    fn sync_all(&self, file: &Self::File) -> io::Result<()>;
}

/// Writes all of it.
pub(super) fn write_all<D: Disk>(
    disk: &D,
    file: &D::File,
    mut bytes: &[u8],
    mut at: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                at += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
