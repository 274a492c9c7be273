//! Counting instructions: they tell of one call what time could not, since hardly anything else changes their number.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::process;

/// Whether valgrind is there.
pub(crate) fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| process::run(Command::new("valgrind").arg("--version")).is_ok())
}

/// How many instructions this program executes, in its own process, when it is called so.
pub(crate) fn instructions(program: &Path, arguments: &[String]) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments);
    let ended = process::run(&mut command)?;
    collected(&ended.stderr).ok_or_else(|| "callgrind did not say a number".to_owned())
}

fn collected(output: &str) -> Option<u64> {
    let (_, rest) = output.split_once("Collected :")?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_number_is_found_in_what_callgrind_prints() {
        let output = "==7== Events    : Ir\n==7== Collected : 112438271\n==7== \n";
        assert_eq!(collected(output), Some(112_438_271));
        assert_eq!(collected("==7== Events : Ir"), None);
    }
}
