//! How many retries a client has left, over all of its calls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A reserve of retries that all calls of a client draw on.
///
/// When the service is down, each call by itself would multiply what is sent to it by the number of its attempts. The
/// reserve bounds that: once it is used up, calls fail at their first attempt, until others succeed or some time has passed.
pub(crate) struct RetryBudget {
    most: u64,
    reserve: Mutex<Reserve>,
}

/// Counted in thousandths of a retry, so that ten tenths are a whole.
struct Reserve {
    thousandths: u64,
    /// Until when what it gains by itself is counted.
    at: Instant,
}

/// What a client comes with that says nothing else.
pub(super) const DEFAULT: u32 = 20;
const RETRY: u64 = 1000;
/// What the reserve gains by a call that succeeds: one retry for ten of them.
const FOR_A_SUCCESS: u64 = RETRY / 10;
/// How long it takes to gain a thousandth by itself, which makes a retry every five seconds, for those who call seldom.
const FOR_NOTHING: Duration = Duration::from_millis(5);

impl RetryBudget {
    pub(crate) fn new(retries: u32, now: Instant) -> Self {
        let most = u64::from(retries) * RETRY;
        Self {
            most,
            reserve: Mutex::new(Reserve {
                thousandths: most,
                at: now,
            }),
        }
    }

    /// Takes one retry out of the reserve, if there is one.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        let mut reserve = self.lock();
        let passed = now.saturating_duration_since(reserve.at);
        // A time too long to be counted fills any reserve.
        let gained =
            u32::try_from(passed.as_millis() / FOR_NOTHING.as_millis()).unwrap_or(u32::MAX);
        reserve.at += FOR_NOTHING * gained;
        reserve.thousandths = (reserve.thousandths + u64::from(gained)).min(self.most);
        let left = reserve.thousandths.checked_sub(RETRY);
        reserve.thousandths = left.unwrap_or(reserve.thousandths);
        left.is_some()
    }

    /// A call succeeded.
    pub(super) fn deposit(&self) {
        let mut reserve = self.lock();
        reserve.thousandths = (reserve.thousandths + FOR_A_SUCCESS).min(self.most);
    }

    fn lock(&self) -> MutexGuard<'_, Reserve> {
        // Arithmetic that cannot overflow does not panic, so a poisoned lock guards nothing that is half done.
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::RetryBudget;

    #[test]
    fn a_reserve_is_used_up_and_comes_back() {
        let start = Instant::now();
        let budget = RetryBudget::new(3, start);
        let withdrawn = |seconds: f64| {
            let now = start + Duration::from_secs_f64(seconds);
            (0..100).filter(|_| budget.withdraw(now)).count()
        };
        assert_eq!(withdrawn(0.0), 3);
        assert_eq!(withdrawn(4.9), 0);
        assert_eq!(withdrawn(5.1), 1);
        assert_eq!(withdrawn(1.0), 0, "a clock that goes back gives nothing");
        assert_eq!(withdrawn(10_000.0), 3, "no more than there was");

        (0..9).for_each(|_| budget.deposit());
        assert_eq!(withdrawn(10_000.0), 0);
        budget.deposit();
        assert_eq!(withdrawn(10_000.0), 1);
        (0..1000).for_each(|_| budget.deposit());
        assert_eq!(withdrawn(10_000.0), 3);
    }

    #[test]
    fn without_a_reserve_there_is_no_retry() {
        let start = Instant::now();
        let budget = RetryBudget::new(0, start);
        budget.deposit();
        assert!(!budget.withdraw(start + Duration::from_secs(1_000_000)));
    }
}
