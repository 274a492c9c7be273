//! How many requests a key may send.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::answer::Refusal;
use crate::credential::Digest;
use crate::lock::lock;

/// So many requests in such a time, for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    pub(crate) requests: u64,
    pub(crate) per: Duration,
}

impl RateLimit {
    #[track_caller]
    pub(crate) fn new(requests: u64, per: Duration) -> Self {
        assert!(requests > 0, "a rate limit must admit a request");
        assert!(!per.is_zero(), "a rate limit must be one for some time");
        Self { requests, per }
    }
}

/// The limit, if there is one, and how far each key has come. Shared by all connections.
#[derive(Clone, Default)]
pub(crate) struct RateLimiter(Arc<Mutex<Limiter>>);

/// Thirty years, which nobody waits for.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

#[derive(Default)]
struct Limiter {
    limit: Option<RateLimit>,
    windows: HashMap<Digest, Window>,
}

/// The time in which a key's requests are counted. It begins with the first one.
struct Window {
    ends: Instant,
    requests: u64,
}

impl RateLimiter {
    pub(crate) fn limit(&self) -> Option<RateLimit> {
        self.lock().limit
    }

    /// Sets the limit, or removes it, and counts from zero.
    pub(crate) fn set(&self, limit: Option<RateLimit>) {
        *self.lock() = Limiter {
            limit,
            windows: HashMap::new(),
        };
    }

    /// Counts a request that came with that credential.
    ///
    /// # Errors
    /// What is left to say to one too many.
    pub(crate) fn admit(&self, credential: Digest) -> Result<(), TooManyRequests> {
        let mut limiter = self.lock();
        let Some(limit) = limiter.limit else {
            return Ok(());
        };
        let now = Instant::now();
        // Whoever makes up credentials fills nothing but a window's time with them.
        limiter.windows.retain(|_, window| window.ends > now);
        let window = limiter.windows.entry(credential).or_insert(Window {
            ends: now.checked_add(limit.per).unwrap_or_else(|| now + FAR),
            requests: 0,
        });
        window.requests += 1;
        if window.requests <= limit.requests {
            return Ok(());
        }
        Err(TooManyRequests {
            limit: limit.requests,
            wait: window.ends - now,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Limiter> {
        lock(&self.0)
    }
}

/// What a 429 of the service says, beside its body.
pub(crate) struct TooManyRequests {
    pub(crate) limit: u64,
    /// How long until requests are counted afresh.
    pub(crate) wait: Duration,
}

impl TooManyRequests {
    /// Adds the headers of a rate limit to an answer.
    ///
    /// The reset is in milliseconds since 1970, as people have reported it of the service. It is by the machine's clock, not by
    /// the emulator's: that is the time in which a caller waits.
    pub(crate) fn add_to(&self, answer: &mut Response) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let reset = now.unwrap_or_default().saturating_add(self.wait);
        let reset = u64::try_from(reset.as_millis()).unwrap_or(u64::MAX);
        let headers = answer.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", HeaderValue::from(self.limit)),
            ("x-ratelimit-remaining", HeaderValue::from(0)),
            ("x-ratelimit-reset", HeaderValue::from(reset)),
        ] {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

impl IntoResponse for TooManyRequests {
    fn into_response(self) -> Response {
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
        let mut answer = refusal.into_response();
        self.add_to(&mut answer);
        let wait = whole_seconds(self.wait).into();
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
        answer
    }
}

/// A part of a second counts as a whole one, so that nobody comes back too early.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let part = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(part)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time;

    use super::{RateLimit, RateLimiter, whole_seconds};
    use crate::credential::Digest;

    #[tokio::test(start_paused = true)]
    async fn a_key_has_so_many_requests_in_each_window() {
        let limiter = RateLimiter::default();
        let [one, other] = ["one", "other"].map(Digest::of);
        assert!(limiter.admit(one).is_ok());
        limiter.set(Some(RateLimit {
            requests: 2,
            per: Duration::from_millis(1500),
        }));
        let admitted = |credential| limiter.admit(credential).map_err(|many| many.wait);
        assert_eq!([admitted(one), admitted(one)], [Ok(()), Ok(())]);
        assert_eq!(admitted(one), Err(Duration::from_millis(1500)));
        time::advance(Duration::from_secs(1)).await;
        // Each key has a window of its own, and one that is refused does not lengthen it.
        assert_eq!(admitted(other), Ok(()));
        assert_eq!(admitted(one), Err(Duration::from_millis(500)));
        time::advance(Duration::from_millis(500)).await;
        assert_eq!([admitted(one), admitted(other)], [Ok(()), Ok(())]);
        time::advance(Duration::from_millis(1499)).await;
        assert_eq!(admitted(one), Ok(()));
        assert!(admitted(one).is_err());
        limiter.set(None);
        assert_eq!(admitted(one), Ok(()));
    }

    #[test]
    fn nobody_comes_back_too_early() {
        for (milliseconds, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
