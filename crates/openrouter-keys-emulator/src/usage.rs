//! What a key has spent, altogether and in the windows that are open.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::usd::Usd;

/// How often a limit starts afresh, and so the window that spending is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LimitReset {
    /// At midnight UTC.
    Daily,
    /// On Monday at midnight UTC.
    Weekly,
    /// On the first of the month at midnight UTC.
    Monthly,
}

impl LimitReset {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Daily, Self::Weekly, Self::Monthly]
            .into_iter()
            .find(|reset| reset.name() == text)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The day whose midnight, in UTC, opened the window that the moment lies in. Weeks begin on Monday.
    fn opened(self, moment: DateTime<Utc>) -> NaiveDate {
        let day = moment.date_naive();
        let since = match self {
            Self::Daily => 0,
            Self::Weekly => day.weekday().num_days_from_monday(),
            Self::Monthly => day.day0(),
        };
        // The calendar's first days have no Monday before them. No clock here shows them.
        day.checked_sub_days(Days::new(since.into())).unwrap_or(day)
    }

    /// The first midnight UTC after `now` at which the limit starts afresh. There is none at the end of the calendar, some
    /// 260,000 years from now.
    pub(crate) fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let opened = self.opened(now);
        let next = match self {
            Self::Daily => opened.succ_opt(),
            Self::Weekly => opened.checked_add_days(Days::new(7)),
            Self::Monthly => opened.checked_add_months(Months::new(1)),
        };
        Some(next?.and_time(NaiveTime::MIN).and_utc())
    }
}

impl Json for LimitReset {
    fn write(&self, out: &mut Vec<u8>) {
        self.name().write(out);
    }
}

/// An amount spent through the service's credits, and one spent on the customer's own provider keys (BYOK).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spent {
    pub(crate) credits: Usd,
    pub(crate) byok: Usd,
}

impl Spent {
    pub(crate) const NOTHING: Self = Self {
        credits: Usd::ZERO,
        byok: Usd::ZERO,
    };

    /// What a limit sees of it, or a budget.
    pub(crate) fn counted(self, include_byok: bool) -> Usd {
        if include_byok {
            self.credits + self.byok
        } else {
            self.credits
        }
    }

    fn plus(self, more: Self) -> Self {
        Self {
            credits: self.credits + more.credits,
            byok: self.byok + more.byok,
        }
    }

    /// Whether both are, and what a limit sees that counts both.
    fn is_finite(self) -> bool {
        (self.credits + self.byok).is_finite()
    }
}

/// What has been spent, as of the last time that something was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    total: Spent,
    day: Spent,
    week: Spent,
    month: Spent,
    /// When that was. Days, weeks and months are those that this moment lies in.
    latest: Option<DateTime<Utc>>,
}

impl Usage {
    /// A fresh key has spent nothing.
    pub(crate) const NONE: Self = Self::long_ago(Usd::ZERO);

    /// So much of the credits, none of it in a window that is still open.
    pub(crate) const fn long_ago(credits: Usd) -> Self {
        Self {
            total: Spent {
                credits,
                byok: Usd::ZERO,
            },
            day: Spent::NOTHING,
            week: Spent::NOTHING,
            month: Spent::NOTHING,
            latest: None,
        }
    }

    pub(crate) fn total(&self) -> Spent {
        self.total
    }

    /// What was spent in the window that is open now. In one that the clock has left, in either direction, it is nothing.
    pub(crate) fn within(&self, window: LimitReset, now: DateTime<Utc>) -> Spent {
        let is_open = self
            .latest
            .is_some_and(|latest| window.opened(latest) == window.opened(now));
        match window {
            _ if !is_open => Spent::NOTHING,
            LimitReset::Daily => self.day,
            LimitReset::Weekly => self.week,
            LimitReset::Monthly => self.month,
        }
    }

    /// What was spent since the last reset, or altogether if there are none.
    pub(crate) fn since(&self, reset: Option<LimitReset>, now: DateTime<Utc>) -> Spent {
        reset.map_or(self.total, |window| self.within(window, now))
    }

    /// The usage after so much more was spent, unless it is more than a number can hold.
    pub(crate) fn plus(&self, more: Spent, now: DateTime<Utc>) -> Option<Self> {
        let after = Self {
            total: self.total.plus(more),
            day: self.within(LimitReset::Daily, now).plus(more),
            week: self.within(LimitReset::Weekly, now).plus(more),
            month: self.within(LimitReset::Monthly, now).plus(more),
            latest: Some(now),
        };
        after.is_valid().then_some(after)
    }

    /// Whether all amounts are such as spending comes to.
    pub(crate) fn is_valid(&self) -> bool {
        let Self {
            total,
            day,
            week,
            month,
            latest: _,
        } = self;
        [total, day, week, month]
            .into_iter()
            .all(|spent| spent.is_finite() && spent.credits >= Usd::ZERO && spent.byok >= Usd::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{LimitReset, Spent, Usage};
    use crate::usd::Usd;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn spent(credits: u32, byok: u32) -> Spent {
        Spent {
            credits: Usd::whole(credits),
            byok: Usd::whole(byok),
        }
    }

    #[test]
    fn limits_start_afresh_at_midnight_utc() {
        // 2026-10-27 is a Tuesday.
        for (reset, now, next) in [
            (
                LimitReset::Daily,
                "2026-10-27T13:45:00Z",
                "2026-10-28T00:00:00Z",
            ),
            (
                LimitReset::Daily,
                "2026-12-31T23:59:59Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                LimitReset::Daily,
                "2026-10-27T00:00:00Z",
                "2026-10-28T00:00:00Z",
            ),
            (
                LimitReset::Weekly,
                "2026-10-27T13:45:00Z",
                "2026-11-02T00:00:00Z",
            ),
            (
                LimitReset::Weekly,
                "2026-11-01T23:59:59Z",
                "2026-11-02T00:00:00Z",
            ),
            (
                LimitReset::Weekly,
                "2026-11-02T00:00:00Z",
                "2026-11-09T00:00:00Z",
            ),
            (
                LimitReset::Monthly,
                "2026-10-31T13:45:00Z",
                "2026-11-01T00:00:00Z",
            ),
            (
                LimitReset::Monthly,
                "2026-12-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(reset.next(at(now)), Some(at(next)), "{reset:?} after {now}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_has_no_next_reset() {
        for reset in [LimitReset::Daily, LimitReset::Weekly, LimitReset::Monthly] {
            assert_eq!(reset.next(DateTime::<Utc>::MAX_UTC), None);
        }
    }

    #[test]
    fn a_window_holds_what_was_spent_since_it_opened() {
        // A Friday, the Sunday after it, the Monday after that, and the first day of the next month.
        let usage = [
            ("2026-10-23T10:00:00Z", spent(1, 100)),
            ("2026-10-25T23:59:59Z", spent(2, 200)),
            ("2026-10-26T00:00:00Z", spent(4, 400)),
        ]
        .into_iter()
        .fold(Usage::NONE, |usage, (now, more)| {
            usage.plus(more, at(now)).expect("a number")
        });

        assert_eq!(usage.total(), spent(7, 700));
        for (now, day, week, month) in [
            (
                "2026-10-26T23:59:59Z",
                spent(4, 400),
                spent(4, 400),
                spent(7, 700),
            ),
            (
                "2026-10-27T00:00:00Z",
                Spent::NOTHING,
                spent(4, 400),
                spent(7, 700),
            ),
            (
                "2026-11-01T00:00:00Z",
                Spent::NOTHING,
                spent(4, 400),
                Spent::NOTHING,
            ),
            (
                "2026-11-02T00:00:00Z",
                Spent::NOTHING,
                Spent::NOTHING,
                Spent::NOTHING,
            ),
            // The same day and month, a year later.
            (
                "2027-10-26T00:00:00Z",
                Spent::NOTHING,
                Spent::NOTHING,
                Spent::NOTHING,
            ),
            // The clock was set back.
            (
                "2026-10-25T12:00:00Z",
                Spent::NOTHING,
                Spent::NOTHING,
                spent(7, 700),
            ),
        ] {
            assert_eq!(usage.within(LimitReset::Daily, at(now)), day, "{now}");
            assert_eq!(usage.within(LimitReset::Weekly, at(now)), week, "{now}");
            assert_eq!(usage.within(LimitReset::Monthly, at(now)), month, "{now}");
        }
    }

    #[test]
    fn more_than_a_number_can_hold_is_refused() {
        let most = Spent {
            credits: Usd::limit(f64::MAX).expect("an amount"),
            byok: Usd::ZERO,
        };
        let now = at("2026-10-23T10:00:00Z");
        let usage = Usage::NONE.plus(most, now).expect("a number");
        assert_eq!(usage.plus(most, now), None);
    }
}
