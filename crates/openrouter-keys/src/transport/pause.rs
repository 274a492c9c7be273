//! The pause that a client makes when the service says that there are too many requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::retry_after;

/// What the calls with one key know of each other's 429s. The service limits keys and accounts, so those with another key
/// have another pause.
#[derive(Default)]
pub(crate) struct Pause {
    rate_limits: AtomicU64,
    latest: Mutex<Option<Latest>>,
}

#[derive(Clone, Copy)]
struct Latest {
    /// Until when the service asked to wait.
    until: Instant,
    /// Until when that is heeded.
    heeded: Instant,
}

/// A `Retry-After` beyond this is kept as this.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Pause {
    /// How many answers were 429 so far.
    pub(crate) fn rate_limits(&self) -> u64 {
        self.rate_limits.load(Ordering::Relaxed)
    }

    /// An answer was 429, and the next request shall come after `wait`.
    ///
    /// A wait that nobody would sit out is heeded for a while and then forgotten, whatever is left of it: a server that
    /// asked for hours by mistake would otherwise not be asked again for hours.
    pub(super) fn begin(&self, now: Instant, wait: Duration) {
        self.rate_limits.fetch_add(1, Ordering::Relaxed);
        let until = now + wait.min(A_YEAR);
        let heeded = if wait > 2 * retry_after::LONGEST {
            now + retry_after::LONGEST
        } else {
            until
        };
        let mut latest = self.lock();
        *latest = Some(match *latest {
            // Requests that were under way together are answered by different waits: the longest is meant for all.
            Some(other) if now < other.heeded => Latest {
                until: until.max(other.until),
                heeded: heeded.max(other.heeded),
            },
            _ => Latest { until, heeded },
        });
    }

    /// The end of the pause, if there is one now.
    pub(super) fn end(&self, now: Instant) -> Option<Instant> {
        let latest = (*self.lock())?;
        (now < latest.heeded).then_some(latest.until)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Latest>> {
        // What is replaced as a whole is never half done.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pause;

    /// What is left of the pause after so many seconds, where at each of `asked` the service asked for so many more.
    fn left(asked: &[(u64, u64)], after: u64) -> Option<u64> {
        let start = Instant::now();
        let pause = Pause::default();
        for (at, wait) in asked {
            let wait = Duration::from_secs(*wait);
            pause.begin(start + Duration::from_secs(*at), wait);
        }
        assert_eq!(pause.rate_limits(), asked.len() as u64);
        let now = start + Duration::from_secs(after);
        pause.end(now).map(|end| (end - now).as_secs())
    }

    #[test]
    fn it_ends_when_the_service_said() {
        assert_eq!(left(&[], 0), None);
        assert_eq!(left(&[(0, 0)], 0), None);
        assert_eq!(left(&[(0, 30)], 29), Some(1));
        assert_eq!(left(&[(0, 30)], 30), None);
        assert_eq!(left(&[(0, 120)], 119), Some(1));
    }

    #[test]
    fn the_longest_of_several_waits_counts() {
        assert_eq!(left(&[(0, 30), (1, 10)], 12), Some(18));
        assert_eq!(left(&[(0, 30), (29, 10)], 31), Some(8));
        assert_eq!(left(&[(0, 30), (30, 10)], 39), Some(1));
    }

    #[test]
    fn hours_are_heeded_for_a_minute() {
        assert_eq!(left(&[(0, 3600)], 59), Some(3541));
        assert_eq!(left(&[(0, 3600)], 60), None);
        assert_eq!(left(&[(0, u64::MAX)], 1), Some(365 * 24 * 3600 - 1));
        // What is forgotten does not come back with the next one.
        assert_eq!(left(&[(0, 3600), (70, 5)], 71), Some(4));
        assert_eq!(left(&[(0, 3600), (70, 3600)], 71), Some(3599));
        assert_eq!(left(&[(0, 3600), (70, 3600)], 130), None);
    }
}
