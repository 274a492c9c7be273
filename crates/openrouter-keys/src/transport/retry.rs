//! Whether, and after how long, a request is sent again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use super::budget;
use super::classify::Failure;
use super::retry_after::granted;
use super::{A_DAY, Operation};
use crate::error::Error;

/// How often a request is tried, and how long to wait in between.
///
/// Whatever it says, two things hold: a create that may have reached the server is not sent again, and a wait
/// that the server asks for (`Retry-After`) is kept, up to 60 seconds. One that asks for more ends the call at once, and
/// the error [says so](crate::Error::retry_after).
///
/// A 429 is meant for everybody who uses the key. So all calls of the client and its clones wait for the time that the
/// service asks for, or else for the backoff of the call that met it: whatever they have under way goes on, and no attempt
/// begins, not even the first one of a call. A call that would have to wait more than 60 seconds, or longer than it has time
/// (less than a connection may take would be left, and less than half of its own), ends at once with an error of kind
/// [`RateLimited`](crate::ErrorKind::RateLimited). If the service asks for more
/// than two minutes, that holds for 60 seconds; then calls are sent again, to see whether it meant what it said. A client
/// made by [`with_key`](crate::Client::with_key) does not wait with the others.
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys::{Client, RetryPolicy};
///
/// # fn main() -> Result<(), openrouter_keys::Error> {
/// let client = Client::builder()
///     .management_key("sk-or-v1-not-a-real-key")
/// #   .base_url("http://127.0.0.1:4010/api/v1") // A machine without certificates has none to load.
///     .retry(RetryPolicy::default().attempts(5).max_backoff(Duration::from_secs(2)))
///     .build()?;
/// let impatient = client.list().retry(RetryPolicy::none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    /// `None`: the default, or `max_backoff` if that is shorter.
    min_backoff: Option<Duration>,
    max_backoff: Duration,
    /// `None`: the default, and nobody has said anything.
    budget: Option<u32>,
}

/// The first wait, where nobody says anything else.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// More attempts than this are a loop.
const MOST_ATTEMPTS: u32 = 100;

impl Default for RetryPolicy {
    /// Three attempts, waits that begin at 100 ms and double up to 5 s, with jitter, and a budget of 20 retries.
    fn default() -> Self {
        Self {
            attempts: 3,
            min_backoff: None,
            max_backoff: Duration::from_secs(5),
            budget: None,
        }
    }
}

impl RetryPolicy {
    /// A single attempt.
    #[must_use]
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// How often a request is sent at the most, the first time included: 1 to 100.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The first wait, before jitter (which at most doubles it): 100 ms by default, or `max_backoff` if that is shorter.
    /// Each further one is twice as long.
    #[must_use]
    pub fn min_backoff(mut self, wait: Duration) -> Self {
        self.min_backoff = Some(wait);
        self
    }

    /// The longest wait, before jitter, other than one that the server asks for.
    #[must_use]
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// How many retries a client keeps in reserve, for all of its calls together: 20 by default.
    ///
    /// So an outage does not multiply what is sent: each retry takes one out of the reserve, and when it is used up,
    /// calls fail at their first attempt. It fills up again to this number, by one for each ten calls that succeed and by one
    /// every five seconds. A client, its clones and those made of it by [`with_key`](crate::Client::with_key) have one
    /// reserve, so a call's own policy must not set it.
    #[must_use]
    pub fn budget(mut self, retries: u32) -> Self {
        self.budget = Some(retries);
        self
    }

    /// How many retries a client has that was given this policy.
    pub(crate) fn reserve(&self) -> u32 {
        self.budget.unwrap_or(budget::DEFAULT)
    }

    /// The policy for one call, if it makes sense.
    pub(crate) fn checked_for_call(self) -> Result<Self, Error> {
        if self.budget.is_some() {
            return Err(Error::invalid_input(
                "budget",
                "must not be set for a single call: the client has one for all",
            ));
        }
        self.checked()
    }

    /// The policy, if it makes sense; no wait in it is longer than a day.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        if !(1..=MOST_ATTEMPTS).contains(&self.attempts) {
            return Err(Error::invalid_input("attempts", "must be from 1 to 100"));
        }
        if self.min_backoff.is_some_and(|wait| wait > self.max_backoff) {
            return Err(Error::invalid_input(
                "min_backoff",
                "must not be longer than max_backoff",
            ));
        }
        self.max_backoff = self.max_backoff.min(A_DAY);
        Ok(self)
    }

    /// The first wait, without jitter.
    pub(super) fn first_backoff(&self) -> Duration {
        let first = self.min_backoff.unwrap_or(MIN_BACKOFF);
        first.min(self.max_backoff)
    }

    /// The waits between attempts: one fewer than there are attempts.
    pub(super) fn backoff(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.first_backoff())
            .with_max_delay(self.max_backoff)
            .with_factor(2.0)
            .with_max_times(self.attempts as usize - 1)
            .with_jitter()
            .build()
    }
}

/// How long to wait before the next attempt, or `None` if there shall be none.
pub(super) fn wait(
    failure: &Failure,
    operation: Operation,
    backoff: &mut impl Iterator<Item = Duration>,
) -> Option<Duration> {
    if !failure.transient || (failure.ambiguous && !operation.is_repeatable()) {
        return None;
    }
    let backoff = backoff.next()?;
    match failure.retry_after {
        None => Some(backoff),
        Some(asked) => granted(asked),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetryPolicy;

    #[test]
    fn waits_of_any_length_overflow_nothing() {
        let policy = RetryPolicy::default()
            .attempts(100)
            .min_backoff(Duration::MAX)
            .max_backoff(Duration::MAX);
        assert_eq!(policy.checked().unwrap().backoff().count(), 99);
    }

    #[test]
    fn there_is_one_wait_fewer_than_attempts_and_each_is_bounded() {
        let policy = RetryPolicy::default().attempts(10);
        let waits: Vec<_> = policy.backoff().collect();
        assert_eq!(waits.len(), 9);
        for (index, wait) in waits.iter().enumerate() {
            let base = Duration::from_millis(100 << index).min(Duration::from_secs(5));
            assert!(*wait >= base && *wait <= 2 * base, "{index}: {wait:?}");
        }
        assert_eq!(RetryPolicy::none().backoff().count(), 0);
    }

    #[test]
    fn a_short_maximum_alone_makes_the_first_wait_shorter() {
        let short = Duration::from_millis(1);
        let policy = RetryPolicy::default().max_backoff(short).checked().unwrap();
        assert!(policy.backoff().all(|wait| wait <= 2 * short));
    }

    #[test]
    fn nonsense_is_refused() {
        let second = Duration::from_secs(1);
        for policy in [
            RetryPolicy::default().attempts(0),
            RetryPolicy::default().attempts(101),
            RetryPolicy::default()
                .min_backoff(2 * second)
                .max_backoff(second),
        ] {
            assert!(policy.clone().checked().is_err(), "{policy:?}");
        }
    }
}
