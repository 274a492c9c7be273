//! Time that passes when a test says so.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use openrouter_keys::Clock;
use openrouter_keys::chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// A wait between attempts takes no real time, and is remembered. An attempt takes too long when the test, or the server
/// at some point of its script, lets that much time pass.
#[derive(Clone)]
pub(crate) struct VirtualClock {
    start: Instant,
    elapsed: watch::Sender<Duration>,
    of_day: Arc<Mutex<DateTime<Utc>>>,
    waits: Arc<Mutex<Vec<Duration>>>,
    /// A wait between attempts lasts until the test lets the time pass.
    is_patient: bool,
}

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            elapsed: watch::Sender::new(Duration::ZERO),
            of_day: Arc::new(Mutex::new("2026-01-01T00:00:00Z".parse().expect("a date"))),
            waits: Arc::default(),
            is_patient: false,
        }
    }

    /// The same, but waits between attempts do not end by themselves either.
    pub(crate) fn patient() -> Self {
        Self {
            is_patient: true,
            ..Self::new()
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, time: Duration) {
        *lock(&self.of_day) += TimeDelta::from_std(time).expect("tests do not last for ages");
        self.elapsed.send_modify(|elapsed| *elapsed += time);
    }

    /// Sets the time of day, and nothing else.
    pub(crate) fn jump(&self, by: TimeDelta) {
        *lock(&self.of_day) += by;
    }

    /// The waits between attempts so far.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        lock(&self.waits).clone()
    }

    /// How much time has passed since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds this")
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    fn utc_now(&self) -> DateTime<Utc> {
        *lock(&self.of_day)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        lock(&self.waits).push(duration);
        if self.is_patient {
            return self.timeout(duration);
        }
        self.advance(duration);
        Box::pin(async {})
    }

    fn timeout(&self, limit: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let end = self.elapsed() + limit;
        let mut elapsed = self.elapsed.subscribe();
        Box::pin(async move {
            // The sender lives as long as the client does.
            let _ = elapsed.wait_for(|elapsed| *elapsed >= end).await;
        })
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualClock")
            .field("elapsed", &self.elapsed())
            .finish_non_exhaustive()
    }
}
