//! Reading a file that may be anything, and replacing one at once.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::path::Path;

/// Ten times the official document of 2026. A file above that is not a description.
const MOST: u64 = 16 << 20;

/// The text of a file.
pub(crate) fn read_text(file: &Path) -> std::result::Result<String, String> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MOST + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{} could not be read: {error}", file.display()))?;
    if bytes.len() as u64 > MOST {
        return Err(format!(
            "{}: expected a description of at most {} MiB; is it the right file?",
            file.display(),
            MOST >> 20
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "{}: expected text in UTF-8, which ends at byte {}; is it the right file?",
            file.display(),
            error.utf8_error().valid_up_to()
        )
    })
}

/// The text of a file, or `None` if there is no such file.
pub(crate) fn read_if_there(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Replaces `target` by way of a neighbour, so that a reader never sees half a file, and a failure leaves what was
/// there.
pub(crate) fn write_atomically(target: &Path, text: &str) -> Result<()> {
    // A link is followed, so that what it points to is replaced and not the link.
    let target = &match std::fs::canonicalize(target) {
        Ok(real) => real,
        Err(_) => match std::fs::read_link(target) {
            Ok(link) => target.parent().unwrap_or(target).join(link),
            Err(_) => target.to_path_buf(),
        },
    };
    // A device or a pipe cannot be replaced, and has no content to lose.
    if std::fs::metadata(target).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return std::fs::write(target, text);
    }
    let name = target
        .file_name()
        .filter(|_| !target.is_dir())
        .ok_or_else(|| Error::new(ErrorKind::IsADirectory, "it is a directory"))?;
    let mut neighbour = name.to_owned();
    neighbour.push(format!(".{}.new", std::process::id()));
    let neighbour = target.with_file_name(neighbour);

    let written = File::create_new(&neighbour)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&neighbour, target));
    if written.is_err() {
        // There may be nothing to remove; what matters is the error.
        let _ = std::fs::remove_file(&neighbour);
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test that panics has failed, as it should"
    )]

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let target = folder.join("f");
        write_atomically(&target, "one").unwrap();
        write_atomically(&target, "two").unwrap();
        assert_eq!(read_text(&target).unwrap(), "two");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        for nowhere in [folder.clone(), folder.join("none/f")] {
            write_atomically(&nowhere, "three").unwrap_err();
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(read_if_there(&folder.join("g")).unwrap(), None);
        #[cfg(unix)]
        {
            for (link, to) in [("to-it", "f"), ("to-none", "new")] {
                std::os::unix::fs::symlink(to, folder.join(link)).unwrap();
                write_atomically(&folder.join(link), "four").unwrap();
                assert!(folder.join(link).is_symlink());
                assert_eq!(read_text(&folder.join(to)).unwrap(), "four");
            }
            write_atomically(Path::new("/dev/null"), "five").unwrap();
            assert!(!Path::new("/dev/null").is_file());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
