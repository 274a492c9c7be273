//! Time that passes when somebody waits, and takes none.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use openrouter_keys::Clock;

use super::director::Actor;
use super::network::Network;
use super::schedule::{Fault, Step};

/// What time it is for everybody in a world.
pub(super) struct Time {
    /// Both clocks at the beginning.
    start: (Instant, DateTime<Utc>),
    elapsed: Mutex<Duration>,
}

impl Time {
    pub(super) fn new() -> Self {
        let day = "2026-03-01T00:00:00Z".parse().expect("a time");
        Self {
            start: (Instant::now(), day),
            elapsed: Mutex::default(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        *self.lock()
    }

    pub(super) fn of_day(&self) -> DateTime<Utc> {
        self.start.1 + self.elapsed()
    }

    /// Begins again.
    pub(super) fn reset(&self) {
        *self.lock() = Duration::ZERO;
    }

    pub(super) fn advance_to(&self, time: Duration) {
        let mut elapsed = self.lock();
        *elapsed = time.max(*elapsed);
    }

    fn lock(&self) -> MutexGuard<'_, Duration> {
        self.elapsed
            .lock()
            .expect("nothing panics while it has this")
    }
}

/// The clock of one actor. A wait is a step, since a process can end in it; it takes no time, and lets the time of the
/// world pass.
pub(super) struct ActorClock {
    pub(super) actor: Actor,
    pub(super) network: Arc<Network>,
}

impl Clock for ActorClock {
    fn now(&self) -> Instant {
        let time = &self.network.time;
        time.start.0 + time.elapsed()
    }

    fn utc_now(&self) -> DateTime<Utc> {
        self.network.time.of_day()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (actor, network) = (self.actor, Arc::clone(&self.network));
        Box::pin(async move {
            if duration.is_zero() {
                return;
            }
            let end = network.time.elapsed() + duration;
            let fault = network.step(actor, Step::Wait).await;
            network.pass_until(end).await;
            if fault == Some(Fault::CrashAfter) {
                network.director.crash(actor);
                std::future::pending::<()>().await;
            }
        })
    }

    /// No request takes too long: one that is delayed is a connection that is reset.
    fn timeout(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

impl fmt::Debug for ActorClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorClock")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
