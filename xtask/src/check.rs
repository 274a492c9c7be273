//! Comparing the committed file with a fresh one, and replacing it.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use similar::TextDiff;

/// Exit code 0 if the file is as it should be; otherwise a unified diff on standard output, and 1.
pub(crate) fn report(name: &str, committed: &str, fresh: &str) -> ExitCode {
    if committed == fresh {
        println!("{name}: up to date");
        return ExitCode::SUCCESS;
    }
    println!("{name} is stale; run `cargo xtask codegen` and commit what it writes");
    print!("{}", difference(name, committed, fresh));
    ExitCode::from(1)
}

/// What would change, as a unified diff.
pub(crate) fn difference(name: &str, committed: &str, fresh: &str) -> String {
    TextDiff::from_lines(committed, fresh)
        .unified_diff()
        .context_radius(3)
        .header(&format!("{name} (committed)"), &format!("{name} (fresh)"))
        .to_string()
}

/// Replaces `target` by way of a neighbour, so that a reader never sees half a file.
pub(crate) fn write_atomically(target: &Path, text: &str) -> std::io::Result<()> {
    let neighbour = target.with_extension("rs.new");
    let mut file = std::fs::File::create(&neighbour)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(neighbour, target)
}
