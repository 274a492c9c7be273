//! The windows of usage: midnight UTC, weeks from Monday, calendar months.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, Utc};

/// Whether both moments are in the same window of that kind. Without a kind there is one window,
/// and it never ends.
pub(crate) fn together(window: Option<&str>, one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    match window {
        Some("daily") => one.date_naive() == other.date_naive(),
        // ISO weeks begin on Monday.
        Some("weekly") => one.iso_week() == other.iso_week(),
        Some("monthly") => (one.year(), one.month()) == (other.year(), other.month()),
        _ => true,
    }
}

/// When the window of `now` ends: the first midnight that is in another one.
pub(crate) fn end(window: Option<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    (1..=31)
        .map(|days| midnight + Days::new(days))
        .find(|end| !together(window, now, *end))
}
