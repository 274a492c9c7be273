//! What Linux says of a process; other systems have no such files.

use std::fs;
use std::time::Duration;

/// A figure of the memory that a process has, or has had, in bytes.
pub(crate) fn bytes(process: &str, figure: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure))?;
    let line = line.strip_prefix(':')?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The CPU time of all threads that a process has now, user and system, to the nanosecond.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let times = threads.map(|thread| {
        let Ok(account) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            // It has ended since it was listed, and has no time any more.
            return Some(Duration::ZERO);
        };
        let nanoseconds = account.split_whitespace().next()?;
        Some(Duration::from_nanos(nanoseconds.parse().ok()?))
    });
    times.sum()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{bytes, cpu_time};

    #[test]
    fn this_process_has_had_memory_and_time() {
        for figure in ["VmRSS", "VmHWM"] {
            assert!(bytes("self", figure).is_some_and(|bytes| bytes > 0));
        }
        assert_eq!(bytes("self", "VmNothing"), None);
        assert!(cpu_time(std::process::id()).is_some_and(|time| !time.is_zero()));
    }
}
