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

/// Replaces `target` by way of a neighbour, so that a reader never sees half a file.
pub(crate) fn write_atomically(target: &Path, text: &str) -> std::io::Result<()> {
    let neighbour = target.with_extension("rs.new");
    let mut file = std::fs::File::create(&neighbour)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(neighbour, target)
}
