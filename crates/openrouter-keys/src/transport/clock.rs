//! What time it is, and waiting.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Where a client takes the time from, and how it waits: by default, tokio's time and the system's.
///
/// This is for tests: with a clock of their own they see how long a client would have waited, without waiting. Making a
/// connection is not timed by it, but by the HTTP client in real time.
///
/// What a call may take is measured by [`now`](Self::now). A clock that cuts its waits short and does not move `now` on, as
/// the one below, makes waits that do not count.
///
/// ```
/// use std::pin::Pin;
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use openrouter_keys::{Client, Clock, ErrorKind};
///
/// /// Waits no time, and remembers how long it would have been.
/// #[derive(Clone, Debug, Default)]
/// struct Hurry(Arc<Mutex<Vec<Duration>>>);
///
/// impl Clock for Hurry {
///     fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
///         self.0.lock().unwrap().push(duration);
///         Box::pin(async {})
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hurry = Hurry::default();
/// let client = Client::builder()
///     .base_url("http://127.0.0.1:1/api/v1") // Nobody listens there.
///     .management_key("sk-or-v1-not-a-real-key")
///     .clock(hurry.clone())
///     .build()?;
/// let error = client.list().send().await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Connect);
/// // The waits before the second and the third attempt.
/// assert_eq!(hurry.0.lock().unwrap().len(), 2);
/// # Ok(())
/// # }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// A time that never goes back. What a call may take is measured by it.
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// The time of day, UTC. What is to expire, and a `Retry-After` that is a date without a `Date` beside it, are held
    /// against it.
    fn utc_now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// Waits before another attempt.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }

    /// Waits beside an attempt, or beside the wait for [room](crate::ClientBuilder::max_in_flight) for one, which is given
    /// up when this ends.
    fn timeout(&self, limit: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(limit))
    }
}

/// The clock of everybody who brings none.
#[derive(Debug)]
pub(crate) struct TokioClock;

impl Clock for TokioClock {}

/// How often the runtime gets a turn after the time is over.
const LAST_TURNS: usize = 16;

/// What comes of `work`, or `None` if `limit` ends before it does. It is not moved here: it is large, and each move of it a
/// copy.
pub(super) async fn within<T>(
    mut limit: Pin<Box<dyn Future<Output = ()> + Send>>,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let done = poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    });
    if let Some(done) = done.await {
        return Some(done);
    }
    // Where the thread was busy with something else, the time is over before anybody looks, and the answer may have been in
    // the system for long: the runtime gets the chance to bring it.
    for _ in 0..LAST_TURNS {
        tokio::task::yield_now().await;
        let polled = poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
        if let Poll::Ready(done) = polled.await {
            return Some(done);
        }
    }
    None
}
