//! When the next attempt of a call may begin: not in a pause, and not before there is room for it.

use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;

use super::classify::Failure;
use super::pause::Pause;
use super::retry_after::{self, granted};
use crate::client::{Client, Settings};
use crate::error::ErrorKind;

/// What one call waits for before each of its attempts, and the time that it has.
pub(super) struct Turns<'a> {
    settings: &'a Settings,
    pause: &'a Pause,
    start: Instant,
    timeout: Duration,
    /// The time that an attempt must have left after a pause, or the wait for room, to be worth it.
    needs: Duration,
    /// The end of the pause that it waited for last. It waits for each end once, since a test's clock may end a wait without
    /// moving on.
    rested_until: Option<Instant>,
}

impl<'a> Turns<'a> {
    /// The call begins now, and may take so long.
    pub(super) fn new(client: &'a Client, timeout: Duration) -> Self {
        let settings = client.settings();
        Self {
            settings,
            pause: client.pause(),
            start: settings.clock.now(),
            timeout,
            // A call that has never as much time as a connection may take is sent all the same, so it can wait as well.
            needs: settings.connect_timeout.min(timeout / 2),
            rested_until: None,
        }
    }

    /// How long the call may still take.
    pub(super) fn time_left(&self) -> Duration {
        let now = self.settings.clock.now();
        let passed = now.saturating_duration_since(self.start);
        self.timeout.saturating_sub(passed)
    }

    /// Whether another attempt, after `wait`, would have the time that a connection may take. With less it would fail for
    /// that alone.
    pub(super) fn is_time_for(&self, wait: Duration) -> bool {
        wait + self.settings.connect_timeout <= self.time_left()
    }

    /// Waits until an attempt may begin. It is under way until what is returned is dropped.
    pub(super) async fn next(&mut self) -> Result<SemaphorePermit<'a>, Box<Failure>> {
        let Settings {
            clock, in_flight, ..
        } = self.settings;
        loop {
            if let Some(rest) = self.rest()? {
                clock.sleep(rest).await;
            }
            // A request that is begun with no time left fails for that alone, and may have been applied.
            let patience = self.time_left().saturating_sub(self.needs);
            let room = in_flight.enter(&**clock, patience).await?;
            // While this call waited, another one may have been told to.
            if self.pause_ahead(clock.now()).is_none() {
                return Ok(room);
            }
        }
    }

    /// How long to wait before a further attempt: `own`, or for the end of a pause if that comes later.
    pub(super) fn before_a_retry(&mut self, own: Duration) -> Result<Duration, Box<Failure>> {
        self.needs = self.settings.connect_timeout;
        Ok(self.rest()?.map_or(own, |rest| rest.max(own)))
    }

    /// An attempt was answered 429. `wait` is that before the next attempt, or what it would be.
    pub(super) fn limited(&self, failure: &Failure, wait: Duration) {
        let wait = match failure.retry_after {
            Some(asked) => asked.max(retry_after::SHORTEST),
            // A backoff that the caller made longer is not what the service asked for.
            None => wait.min(retry_after::LONGEST),
        };
        self.pause.begin(self.settings.clock.now(), wait);
    }

    /// What this call has to wait for the end of a pause, or the failure that it is too long.
    fn rest(&mut self) -> Result<Option<Duration>, Box<Failure>> {
        let now = self.settings.clock.now();
        let Some(end) = self.pause_ahead(now) else {
            return Ok(None);
        };
        let left = end - now;
        if granted(left).is_none() || left + self.needs > self.time_left() {
            return Err(Box::new(too_long(left)));
        }
        self.rested_until = Some(end);
        Ok(Some(left))
    }

    /// The end of a pause that this call did not wait for yet.
    fn pause_ahead(&self, now: Instant) -> Option<Instant> {
        let end = self.pause.end(now)?;
        (self.rested_until < Some(end)).then_some(end)
    }
}

fn too_long(left: Duration) -> Failure {
    let seconds = left.as_secs_f64().ceil();
    Failure::not_begun(
        ErrorKind::RateLimited,
        format!(
            "not sent: another request was answered 429, and the client has to wait {seconds} s"
        ),
        Some(left),
    )
}
