//! Whether, and after how long, a request is sent again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};

use super::classify::Failure;
use super::{A_DAY, Operation};
use crate::error::Error;

/// How often a request is tried, and how long to wait in between.
///
/// Whatever it says, two things hold: a create that may have reached the server is not sent again, and a wait
/// that the server asks for (`Retry-After`) is kept, up to 60 seconds.
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
    min_backoff: Duration,
    max_backoff: Duration,
}

/// The longest wait that the server may ask for and get. A longer one is the caller's to decide.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A server that says "at once", or names a time gone by, still gets a moment.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// More attempts than this are a loop.
const MOST_ATTEMPTS: u32 = 100;

impl Default for RetryPolicy {
    /// Three attempts, and waits that begin at 100 ms and double up to 5 s, with jitter.
    fn default() -> Self {
        Self {
            attempts: 3,
            min_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
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

    /// The first wait, before jitter (which at most doubles it). Each further one is twice as long.
    #[must_use]
    pub fn min_backoff(mut self, wait: Duration) -> Self {
        self.min_backoff = wait;
        self
    }

    /// The longest wait, before jitter, other than one that the server asks for.
    #[must_use]
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// The policy, if it makes sense; no wait in it is longer than a day.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        if !(1..=MOST_ATTEMPTS).contains(&self.attempts) {
            return Err(Error::invalid_input("attempts", "must be from 1 to 100"));
        }
        if self.min_backoff > self.max_backoff {
            return Err(Error::invalid_input(
                "min_backoff",
                "must not be longer than max_backoff",
            ));
        }
        self.min_backoff = self.min_backoff.min(A_DAY);
        self.max_backoff = self.max_backoff.min(A_DAY);
        Ok(self)
    }

    /// The waits between attempts: one fewer than there are attempts.
    pub(super) fn backoff(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.min_backoff)
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

/// What the server gets of the wait that it asks for.
fn granted(asked: Duration) -> Option<Duration> {
    (asked <= LONGEST_WAIT).then(|| asked.max(SHORTEST_WAIT))
}

/// What the server asks for in `Retry-After`, on the statuses where it means something: seconds, or a date, which
/// counts from the server's own `Date` so that a wrong clock here does no harm.
pub(super) fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let asks = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !asks || text.is_empty() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(text)?;
    let now = headers
        .get(header::DATE)
        .and_then(|date| http_date(date.to_str().ok()?))
        .unwrap_or_else(Utc::now);
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text)
        .ok()
        .map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::{RetryPolicy, granted, retry_after};

    #[test]
    fn retry_after_in_both_forms() {
        const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("3600", Some(3600)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::from_static(text));
            headers.insert("date", HeaderValue::from_static(NOW));
            let read = retry_after(StatusCode::TOO_MANY_REQUESTS, &headers);
            assert_eq!(read, seconds.map(Duration::from_secs), "{text:?}");
            assert_eq!(retry_after(StatusCode::BAD_REQUEST, &headers), None);
        }
    }

    #[test]
    fn a_wait_is_neither_nothing_nor_longer_than_a_minute() {
        let seconds = Duration::from_secs;
        assert_eq!(granted(Duration::ZERO), Some(Duration::from_millis(100)));
        assert_eq!(granted(seconds(7)), Some(seconds(7)));
        assert_eq!(granted(seconds(60)), Some(seconds(60)));
        assert_eq!(granted(seconds(61)), None);
        assert_eq!(granted(Duration::MAX), None);
    }

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
