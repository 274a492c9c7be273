//! Comparing the committed file with a fresh one, and replacing it.

use std::io::Write as _;
use std::path::Path;

use similar::TextDiff;

/// What would change in `committed`, as a unified diff; `None` if it is as it should be.
pub(crate) fn difference(name: &str, committed: &str, fresh: &str) -> Option<String> {
    if committed == fresh {
        return None;
    }
    let diff = TextDiff::from_lines(committed, fresh);
    let diff = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("{name} (committed)"), &format!("{name} (fresh)"))
        .to_string();
    Some(diff)
}

/// The committed text; a file that is not there is as good as an empty one.
pub(crate) fn read(file: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// Replaces `target` by way of a neighbour, so that a reader never sees half a file.
pub(crate) fn write_atomically(target: &Path, text: &str) -> std::io::Result<()> {
    let neighbour = target.with_extension("rs.new");
    let written = std::fs::File::create(&neighbour)
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
