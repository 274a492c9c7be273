//! What a client says about its own work: one line of JSON, the same for this program's own clients and for peers.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::accounts;

/// The one line that a client prints. What it does not say of itself is not compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// How long the work took, seconds.
    pub(crate) seconds: f64,
    /// How many calls were answered, or keys listed.
    pub(crate) count: u64,
    /// CPU time of the work, user and system, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_seconds: Option<f64>,
    /// The most memory that the process had at any time, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peak_bytes: Option<u64>,
}

impl Line {
    /// Reads the output of a client that was to do something `expected` times.
    pub(crate) fn read(output: &str, expected: u64) -> Result<Self, String> {
        let last = output.trim_end().lines().last().unwrap_or_default();
        let line: Self =
            serde_json::from_str(last).map_err(|error| format!("its line: {error}"))?;
        if line.count != expected {
            return Err(format!("it did {} of {expected}", line.count));
        }
        Ok(line)
    }
}

/// Measures this process from here on.
pub(crate) struct Stopwatch {
    started: Instant,
    cpu: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu: cpu_time(),
        }
    }

    /// As if it had been started with the process, as far as CPU time goes.
    pub(crate) fn of_the_process() -> Self {
        Self {
            cpu: cpu_time().map(|_| Duration::ZERO),
            ..Self::start()
        }
    }

    pub(crate) fn stop(&self, count: u64) -> Line {
        let cpu = cpu_time()
            .zip(self.cpu)
            .map(|(now, then)| now.saturating_sub(then));
        Line {
            seconds: self.started.elapsed().as_secs_f64(),
            count,
            cpu_seconds: cpu.map(|cpu| cpu.as_secs_f64()),
            peak_bytes: accounts::bytes("self", "VmHWM"),
        }
    }
}

#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime)
        .try_into()
        .ok()
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::{Line, Stopwatch};

    #[test]
    fn a_line_says_what_it_knows() {
        let line = Line::read("{\"seconds\": 1.2, \"count\": 10000}\n", 10_000).unwrap();
        assert_eq!((line.seconds, line.cpu_seconds), (1.2, None));
        let noisy = "starting\n{\"seconds\":1,\"count\":1,\"peak_bytes\":7,\"more\":[]}\n\n";
        assert_eq!(Line::read(noisy, 1).unwrap().peak_bytes, Some(7));
    }

    #[test]
    fn what_was_not_done_is_not_measured() {
        for output in ["", "done", "{\"seconds\":1}", "{\"seconds\":1,\"count\":9}"] {
            assert!(Line::read(output, 10).is_err(), "{output}");
        }
    }

    #[test]
    fn what_this_program_prints_it_can_read() {
        let line = Stopwatch::start().stop(3);
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(Line::read(&text, 3).unwrap().count, 3);
    }
}
