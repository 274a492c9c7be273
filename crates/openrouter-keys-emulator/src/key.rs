//! A key as it is kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::credential::Digest;
use crate::usage::{LimitReset, Usage};
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// An ordinary key. Its plaintext is not here: nothing keeps it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// The digests of what signs in as this key.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = Digest> + use<> {
        [Some(self.hash), self.partner].into_iter().flatten()
    }

    /// Every time that it knows.
    pub(crate) fn times(&self) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let created_at = Some(self.created_at);
        let later = [self.updated_at, self.expires_at, self.last_used_at];
        [created_at].into_iter().chain(later).flatten()
    }

    pub(crate) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|instant| instant <= now)
    }

    /// What counts against the limit: the usage since the last reset, or of all time for a limit
    /// that never resets.
    pub(crate) fn spend(&self, now: DateTime<Utc>) -> Usd {
        let spent = self.usage.since(self.limit_reset, now);
        spent.counted(self.include_byok_in_limit)
    }

    /// What is left of the limit, which is less than nothing once it is overdrawn.
    pub(crate) fn limit_remaining(&self, now: DateTime<Utc>) -> Option<Usd> {
        self.limit.map(|limit| limit - self.spend(now))
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
    use chrono::{DateTime, TimeDelta, Utc};

    use crate::fleet::Fleet;
    use crate::usage::{LimitReset, Spent};
    use crate::usd::Usd;

    #[test]
    fn spend_is_what_the_window_and_the_kind_of_usage_say() {
        // A Friday in the middle of a month; spent that day, that week, that month and before it.
        let now: DateTime<Utc> = "2026-10-23T10:00:00Z".parse().expect("a time");
        let mut key = Fleet::of(1).key(1, now);
        for (days, credits, byok) in [(60, 8, 80), (20, 4, 40), (4, 2, 20), (0, 1, 10)] {
            let spent = Spent {
                credits: Usd::whole(credits),
                byok: Usd::whole(byok),
            };
            let then = now - TimeDelta::days(days);
            key.usage = key.usage.plus(spent, then).expect("a number");
        }
        key.limit = Some(Usd::whole(100));
        for (limit_reset, without, with) in [
            (None, 15 + 10, 15 + 10 + 150),
            (Some(LimitReset::Daily), 1, 11),
            (Some(LimitReset::Weekly), 3, 33),
            (Some(LimitReset::Monthly), 7, 77),
        ] {
            key.limit_reset = limit_reset;
            for (include_byok, spend) in [(false, without), (true, with)] {
                key.include_byok_in_limit = include_byok;
                assert_eq!(key.spend(now), Usd::whole(spend), "{limit_reset:?}");
                let left = Usd::whole(100) - Usd::whole(spend);
                assert_eq!(key.limit_remaining(now), Some(left));
            }
        }
        key.limit = None;
        assert_eq!(key.limit_remaining(now), None);
    }
}
