//! The one place that knows what time it is.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Tells the time to everything else in the crate: that of the machine, unless somebody has moved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    /// Goes on, so many microseconds ahead of the machine's clock, or behind it where the number is negative.
    AheadMicroseconds(i64),
    /// Stands still.
    FrozenAt(DateTime<Utc>),
}

/// The time asked for lies outside the years that a clock can show.
#[derive(Debug)]
pub(crate) struct OutOfRange;

impl Clock {
    /// The machine's clock.
    pub(crate) const REAL: Self = Self::AheadMicroseconds(0);

    /// The first moment that it can show, 1970-01-01T00:00:00Z.
    const FIRST: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// The first one that it cannot, 9999-01-01T00:00:00Z: the end of the month after any other has a year of four digits, as
    /// the service writes them.
    const END: DateTime<Utc> = DateTime::from_timestamp(253_370_764_800, 0).expect("a date");

    /// The present, in UTC, to the microsecond: the service writes no finer times.
    pub(crate) fn now(self) -> DateTime<Utc> {
        match self {
            Self::AheadMicroseconds(ahead) => {
                let now = machine().checked_add_signed(TimeDelta::microseconds(ahead));
                let end = if ahead < 0 { Self::FIRST } else { Self::END };
                // A clock that was set to the last of its years arrives at their end some day, and stays there.
                now.unwrap_or(end).clamp(Self::FIRST, Self::END)
            }
            Self::FrozenAt(instant) => instant,
        }
    }

    pub(crate) fn is_frozen(self) -> bool {
        matches!(self, Self::FrozenAt(_))
    }

    /// Shows that time from now on, and goes on or stands still as before.
    pub(crate) fn set(self, instant: DateTime<Utc>) -> Result<Self, OutOfRange> {
        let instant = instant.trunc_subsecs(6);
        if !(Self::FIRST..Self::END).contains(&instant) {
            return Err(OutOfRange);
        }
        Ok(match self {
            Self::FrozenAt(_) => Self::FrozenAt(instant),
            Self::AheadMicroseconds(_) => {
                let ahead = (instant - machine()).num_microseconds();
                Self::AheadMicroseconds(ahead.ok_or(OutOfRange)?)
            }
        })
    }

    /// Shows a time that is so much later than what it shows now.
    pub(crate) fn advance(self, by: Duration) -> Result<Self, OutOfRange> {
        let by = TimeDelta::from_std(by).map_err(|_| OutOfRange)?;
        self.set(self.now().checked_add_signed(by).ok_or(OutOfRange)?)
    }

    /// Stands still, or goes on, at the time that it shows.
    pub(crate) fn frozen(self, frozen: bool) -> Self {
        match (self, frozen) {
            (Self::AheadMicroseconds(_), true) => Self::FrozenAt(self.now()),
            (Self::FrozenAt(instant), false) => {
                let ahead = (instant - machine()).num_microseconds();
                // A difference of a few thousand years fits.
                Self::AheadMicroseconds(ahead.unwrap_or(0))
            }
            (clock, _) => clock,
        }
    }

    /// Whether it shows a time that it can have been set to, or have come to since.
    pub(crate) fn is_valid(self) -> bool {
        (Self::FIRST..=Self::END).contains(&self.now())
    }
}

fn machine() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::Clock;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_moved() {
        let noon = at("2026-10-27T12:00:00Z");
        let clock = Clock::REAL.frozen(true).set(noon).expect("in range");
        assert_eq!(clock.now(), noon);
        assert_eq!(clock.frozen(true), clock);
        let clock = clock.advance(DAY).expect("in range");
        assert_eq!(clock, Clock::FrozenAt(at("2026-10-28T12:00:00Z")));
        assert!(clock.is_frozen());
    }

    #[test]
    fn a_clock_that_goes_on_goes_on_from_where_it_was_set() {
        let noon = at("2001-10-27T12:00:00Z");
        for clock in [
            Clock::REAL.set(noon),
            Clock::FrozenAt(noon).frozen(false).set(noon),
            Ok(Clock::FrozenAt(noon).frozen(false)),
        ] {
            let clock = clock.expect("in range");
            assert!(!clock.is_frozen());
            let passed = clock.now() - noon;
            // Nobody stops a test for an hour, and if somebody sets the machine's clock meanwhile, so be it.
            assert!(
                (TimeDelta::zero()..TimeDelta::hours(1)).contains(&passed),
                "{passed}"
            );
        }
    }

    #[test]
    fn times_that_the_service_could_not_write_are_refused() {
        let clock = Clock::FrozenAt(at("9998-12-31T12:00:00Z"));
        assert!(clock.advance(DAY).is_err());
        assert!(clock.advance(Duration::MAX).is_err());
        for text in ["1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"] {
            assert!(clock.set(at(text)).is_err(), "{text}");
            assert!(Clock::REAL.set(at(text)).is_err(), "{text}");
        }
        assert!(Clock::REAL.set(DateTime::<Utc>::MIN_UTC).is_err());
        assert!(!Clock::FrozenAt(DateTime::<Utc>::MAX_UTC).is_valid());
    }

    #[test]
    fn the_end_of_the_years_is_never_passed() {
        assert_eq!(Clock::AheadMicroseconds(i64::MAX).now(), Clock::END);
        assert_eq!(Clock::AheadMicroseconds(i64::MIN).now(), Clock::FIRST);
    }
}
