//! What time it is, and waiting.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Where a client takes the time from, and how it waits.
///
/// For tests: with a clock of their own, they see how long a client would have waited without waiting. See
/// [`ClientBuilder::clock`](crate::ClientBuilder::clock). Making a connection is timed by the HTTP client, in real
/// time.
///
/// ```
/// use std::pin::Pin;
/// use std::sync::Mutex;
/// use std::time::{Duration, Instant};
/// use openrouter_keys::Clock;
///
/// /// Waits no time, and remembers how long it would have been.
/// #[derive(Debug, Default)]
/// struct Hurry(Mutex<Vec<Duration>>);
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
/// let client = openrouter_keys::Client::builder()
///     .base_url("http://127.0.0.1:9/api/v1") // Nobody listens there.
///     .management_key("sk-or-v1-not-a-real-key")
///     .clock(Hurry::default())
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// A time that never goes back. Timeouts and waits are measured by it.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day. What is to expire, and a server's `Retry-After` that is a date without a `Date` beside it, are
    /// held against it.
    fn utc_now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// Waits, both between attempts and for what an attempt may take.
    ///
    /// An attempt and its timeout run side by side, and the attempt is polled first.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The clock of everybody who brings none: tokio's.
#[derive(Debug)]
pub(crate) struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What comes of `work`, or `None` if `limit` ends before it does. What is left of `work` is dropped then.
pub(super) async fn within<T>(
    mut limit: Pin<Box<dyn Future<Output = ()> + Send>>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}
