//! The one place that knows what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time to everything else in the crate.
pub(crate) struct Clock;

impl Clock {
    /// The present, in UTC, to the microsecond: the service writes no finer times.
    #[expect(
        clippy::unused_self,
        reason = "who asks for the time must have been handed a clock"
    )]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}
