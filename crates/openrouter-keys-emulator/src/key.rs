//! A key as it is kept, and the windows of its limit.

use chrono::{DateTime, Datelike, Days, Months, NaiveTime, Utc};
use serde::Serialize;

use crate::credential::Digest;
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// An ordinary key. Its plaintext is not here: nothing keeps it.
pub(crate) struct Key {
    pub(crate) hash: Digest,
    /// The digest of the key that a partner supplied, which also signs in as this key.
    pub(crate) partner: Option<Digest>,
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) disabled: bool,
    pub(crate) limit: Option<Usd>,
    pub(crate) limit_reset: Option<LimitReset>,
    pub(crate) include_byok_in_limit: bool,
    pub(crate) usage: Usage,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) creator_user_id: Option<String>,
    pub(crate) external_user: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    pub(crate) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|instant| instant <= now)
    }

    /// What counts against the limit: the usage since the last reset, or of all time for a limit
    /// that never resets.
    pub(crate) fn spend(&self) -> Usd {
        let usage = &self.usage;
        let (credits, byok) = match self.limit_reset {
            None => (usage.usage, usage.byok_usage),
            Some(LimitReset::Daily) => (usage.usage_daily, usage.byok_usage_daily),
            Some(LimitReset::Weekly) => (usage.usage_weekly, usage.byok_usage_weekly),
            Some(LimitReset::Monthly) => (usage.usage_monthly, usage.byok_usage_monthly),
        };
        if self.include_byok_in_limit {
            credits + byok
        } else {
            credits
        }
    }

    /// What is left of the limit, which is less than nothing once it is overdrawn.
    pub(crate) fn limit_remaining(&self) -> Option<Usd> {
        self.limit.map(|limit| limit - self.spend())
    }

    /// Applies the changes and says whether any of them made a difference.
    pub(crate) fn change(&mut self, changes: Changes) -> bool {
        fn set<T: PartialEq>(field: &mut T, value: Option<T>) -> bool {
            match value {
                Some(value) if *field != value => {
                    *field = value;
                    true
                }
                _ => false,
            }
        }

        // Not a chain of `||`, which would stop at the first change.
        [
            set(&mut self.name, changes.name),
            set(&mut self.disabled, changes.disabled),
            set(&mut self.limit, changes.limit),
            set(&mut self.limit_reset, changes.limit_reset),
            set(
                &mut self.include_byok_in_limit,
                changes.include_byok_in_limit,
            ),
            set(&mut self.workspace_id, changes.workspace_id),
        ]
        .contains(&true)
    }
}

/// What a key has spent, in USD. A fresh key has spent nothing.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the service's names")]
pub(crate) struct Usage {
    pub(crate) usage: Usd,
    pub(crate) usage_daily: Usd,
    pub(crate) usage_weekly: Usd,
    pub(crate) usage_monthly: Usd,
    pub(crate) byok_usage: Usd,
    pub(crate) byok_usage_daily: Usd,
    pub(crate) byok_usage_weekly: Usd,
    pub(crate) byok_usage_monthly: Usd,
}

impl Usage {
    pub(crate) const NONE: Self = Self {
        usage: Usd::ZERO,
        usage_daily: Usd::ZERO,
        usage_weekly: Usd::ZERO,
        usage_monthly: Usd::ZERO,
        byok_usage: Usd::ZERO,
        byok_usage_daily: Usd::ZERO,
        byok_usage_weekly: Usd::ZERO,
        byok_usage_monthly: Usd::ZERO,
    };
}

/// How often a limit starts afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LimitReset {
    Daily,
    Weekly,
    Monthly,
}

impl LimitReset {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "daily" => Some(Self::Daily),
            "weekly" => Some(Self::Weekly),
            "monthly" => Some(Self::Monthly),
            _ => None,
        }
    }

    /// The first midnight UTC after `now` at which the limit starts afresh. Weeks begin on
    /// Monday. There is none at the end of the calendar, some 260,000 years from now.
    pub(crate) fn next(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = now.date_naive();
        let day = match self {
            Self::Daily => today.succ_opt(),
            Self::Weekly => {
                let since_monday = u64::from(today.weekday().num_days_from_monday());
                today.checked_add_days(Days::new(7 - since_monday))
            }
            Self::Monthly => today
                .with_day(1)
                .and_then(|first| first.checked_add_months(Months::new(1))),
        };
        Some(day?.and_time(NaiveTime::MIN).and_utc())
    }
}

/// What a create asks for, already validated.
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) limit: Option<Usd>,
    pub(crate) limit_reset: Option<LimitReset>,
    pub(crate) include_byok_in_limit: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) creator_user_id: Option<String>,
    pub(crate) external: Option<External>,
}

/// Whom a partner made a key for. The key that the partner supplied is a digest by now.
pub(crate) struct External {
    pub(crate) user: String,
    pub(crate) key: Option<Digest>,
}

/// What an update asks for, already validated: `None` leaves a field alone, and `Some(None)`
/// clears one that can be cleared.
#[expect(
    clippy::option_option,
    reason = "an update can leave a field alone, clear it, or set it"
)]
pub(crate) struct Changes {
    pub(crate) name: Option<String>,
    pub(crate) disabled: Option<bool>,
    pub(crate) limit: Option<Option<Usd>>,
    pub(crate) limit_reset: Option<Option<LimitReset>>,
    pub(crate) include_byok_in_limit: Option<bool>,
    pub(crate) workspace_id: Option<WorkspaceId>,
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{LimitReset, Usage};
    use crate::fleet;
    use crate::usd::Usd;

    #[test]
    fn spend_is_what_the_window_and_the_kind_of_usage_say() {
        let mut key = fleet::key(1);
        key.limit = Some(Usd::whole(100));
        key.usage = Usage {
            usage: Usd::whole(8),
            usage_daily: Usd::whole(1),
            usage_weekly: Usd::whole(2),
            usage_monthly: Usd::whole(4),
            byok_usage: Usd::whole(80),
            byok_usage_daily: Usd::whole(10),
            byok_usage_weekly: Usd::whole(20),
            byok_usage_monthly: Usd::whole(40),
        };
        for (limit_reset, without, with) in [
            (None, 8, 88),
            (Some(LimitReset::Daily), 1, 11),
            (Some(LimitReset::Weekly), 2, 22),
            (Some(LimitReset::Monthly), 4, 44),
        ] {
            key.limit_reset = limit_reset;
            for (include_byok, spend) in [(false, without), (true, with)] {
                key.include_byok_in_limit = include_byok;
                assert_eq!(key.spend(), Usd::whole(spend), "{limit_reset:?}");
                assert_eq!(key.limit_remaining(), Some(Usd::whole(100 - spend)));
            }
        }
        key.limit = None;
        assert_eq!(key.limit_remaining(), None);
    }

    #[test]
    fn limits_start_afresh_at_midnight_utc() {
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
            // 2026-10-27 is a Tuesday.
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
            let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
            assert_eq!(reset.next(at(now)), Some(at(next)), "{reset:?} after {now}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_has_no_next_reset() {
        for reset in [LimitReset::Daily, LimitReset::Weekly, LimitReset::Monthly] {
            assert_eq!(reset.next(DateTime::<Utc>::MAX_UTC), None);
        }
    }
}
