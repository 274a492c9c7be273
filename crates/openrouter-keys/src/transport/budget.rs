//! How many retries a client has left, over all of its calls.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A reserve of retries that all calls of a client draw on.
///
/// When the service is down, each call by itself would multiply what is sent to it by the number of its attempts. The
/// reserve bounds that: once it is used up, calls fail at their first attempt, until others succeed or some time has passed.
pub(crate) struct RetryBudget {
    most: f64,
    reserve: Mutex<Reserve>,
}

struct Reserve {
    retries: f64,
    /// When it was last looked at.
    at: Instant,
}

/// What a client comes with that says nothing else.
pub(super) const DEFAULT: u32 = 20;
/// What the reserve gains by a call that succeeds: one retry for ten of them.
const FOR_A_SUCCESS: f64 = 0.1;
/// How long the reserve takes to gain one retry by itself, for those who call seldom.
const FOR_NOTHING: Duration = Duration::from_secs(5);

impl RetryBudget {
    pub(crate) fn new(retries: u32, now: Instant) -> Self {
        let most = f64::from(retries);
        Self {
            most,
            reserve: Mutex::new(Reserve {
                retries: most,
                at: now,
            }),
        }
    }

    /// Takes one retry out of the reserve, if there is one.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        self.with(|reserve| {
            let gained = now.saturating_duration_since(reserve.at).as_secs_f64();
            reserve.at = reserve.at.max(now);
            reserve.retries += gained / FOR_NOTHING.as_secs_f64();
            reserve.retries = reserve.retries.min(self.most);
            let is_there = reserve.retries >= 1.0;
            if is_there {
                reserve.retries -= 1.0;
            }
            is_there
        })
    }

    /// A call succeeded.
    pub(super) fn deposit(&self) {
        self.with(|reserve| reserve.retries = (reserve.retries + FOR_A_SUCCESS).min(self.most));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Reserve) -> T) -> T {
        // Arithmetic does not panic, so a poisoned lock guards nothing that is half done.
        change(&mut self.reserve.lock().unwrap_or_else(PoisonError::into_inner))
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
        (0..2).for_each(|_| budget.deposit());
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
