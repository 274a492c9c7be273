//! When the next attempt of a call may begin.

use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;

use super::classify::Failure;
use crate::client::{Client, Settings};

/// What one call waits for before each of its attempts, and the time that it has.
pub(super) struct Turns<'a> {
    settings: &'a Settings,
    start: Instant,
    timeout: Duration,
}

impl<'a> Turns<'a> {
    /// The call begins now, and may take so long.
    pub(super) fn new(client: &'a Client, timeout: Duration) -> Self {
        let settings = client.settings();
        Self {
            settings,
            start: settings.clock.now(),
            timeout,
        }
    }

    /// How long the call may still take.
    pub(super) fn time_left(&self) -> Duration {
        let passed = self
            .settings
            .clock
            .now()
            .saturating_duration_since(self.start);
        self.timeout.saturating_sub(passed)
    }

    /// Waits until an attempt may begin. It is under way until what is returned is dropped.
    pub(super) async fn next(&mut self) -> Result<SemaphorePermit<'a>, Box<Failure>> {
        let Settings {
            clock, in_flight, ..
        } = self.settings;
        in_flight.enter(&**clock, self.time_left()).await
    }
}
