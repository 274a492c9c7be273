//! Keys that are there without having been created.

use chrono::{DateTime, Datelike as _, SubsecRound as _, TimeDelta, Utc};

use crate::credential::{self, Digest};
use crate::key::Key;
use crate::usage::{LimitReset, Usage};
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// More keys than anyone has would only fill the memory.
pub(crate) const MOST: usize = 1_000_000;

/// Keys to seed an emulator with: [`Emulator::seed`](crate::Emulator::seed) makes them.
///
/// They are named by a prefix and a number, `fleet-00001`, `fleet-00002` and so on, and a later fleet with the same prefix
/// takes the next numbers. A key's plaintext follows from its name, so that a test can use it: `sk-or-v1-` and the lowercase
/// hexadecimal SHA-256 of the name.
///
/// Keys that are told a limit, or to have none, have spent nothing. The limits of the others differ: every fifth key has none,
/// and the rest have 5 USD a day, 20 a week, 50 a month, or 100 altogether; and each has spent up to 120 USD, none of it today,
/// this week or this month.
///
/// ```
/// use openrouter_keys_emulator::{Emulator, Fleet, LimitReset};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::start().await?;
/// let paused = Fleet::of(20).named("customer-").disabled();
/// let hashes = emulator.seed(&paused)?;
/// assert_eq!(hashes.len(), 20);
///
/// // In another workspace, with 10 USD a day.
/// let elsewhere = Fleet::of(5)
///     .workspace_id("0b5f9c2e-1d34-4a7b-9c0d-ef0123456789")
///     .limit(10.0)
///     .limit_reset(LimitReset::Daily);
/// emulator.seed(&elsewhere)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[expect(
    clippy::option_option,
    reason = "a reset can be left to differ, be none, or be the same for all"
)]
#[must_use = "a fleet does nothing until an emulator is seeded with it"]
pub struct Fleet {
    count: usize,
    prefix: String,
    workspace_id: WorkspaceId,
    limit: Limit,
    /// That of all of them, once they have been told one.
    limit_reset: Option<Option<LimitReset>>,
    disabled: bool,
    expires_at: Option<DateTime<Utc>>,
    creator_user_id: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// Differs from key to key, the reset too.
    Various,
    Of(Option<Usd>),
}

impl Fleet {
    /// So many keys, in the default workspace.
    pub fn of(count: usize) -> Self {
        Self {
            count,
            prefix: "fleet-".to_owned(),
            workspace_id: WorkspaceId::DEFAULT,
            limit: Limit::Various,
            limit_reset: None,
            disabled: false,
            expires_at: None,
            creator_user_id: None,
        }
    }

    /// Names them by that prefix and a number of at least five digits. The default is `fleet-`.
    pub fn named(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Puts them into that workspace.
    ///
    /// # Panics
    /// If that is not a UUID.
    #[track_caller]
    pub fn workspace_id(self, id: &str) -> Self {
        self.within(WorkspaceId::parse(id).expect("a workspace is named by a UUID"))
    }

    /// Gives each that limit, in USD. It never resets unless [`limit_reset`](Self::limit_reset) says so, and what the keys have
    /// spent before counts against it then.
    ///
    /// # Panics
    /// If that is negative or not finite.
    #[track_caller]
    pub fn limit(self, usd: f64) -> Self {
        self.limited(Some(
            Usd::limit(usd).expect("a limit is finite and not negative"),
        ))
    }

    /// Gives none of them a limit.
    pub fn unlimited(self) -> Self {
        self.limited(None)
    }

    /// Lets the limit of each start afresh so often.
    pub fn limit_reset(self, reset: LimitReset) -> Self {
        self.resetting(Some(reset))
    }

    /// Makes them disabled.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// Lets them expire at that moment, which may have passed: a [`SystemTime`](std::time::SystemTime) or chrono's `DateTime`.
    ///
    /// # Panics
    /// If that is not between the years 0 and 9999, as the service writes them.
    #[track_caller]
    pub fn expires_at(self, moment: impl Into<DateTime<Utc>>) -> Self {
        let moment = moment.into();
        assert!(
            (0..=9999).contains(&moment.year()),
            "an expiry has a year of four digits"
        );
        self.expiring(moment)
    }

    /// Names the member on whose behalf they were made.
    pub fn creator_user_id(mut self, id: impl Into<String>) -> Self {
        self.creator_user_id = Some(id.into());
        self
    }

    pub(crate) fn within(mut self, workspace_id: WorkspaceId) -> Self {
        self.workspace_id = workspace_id;
        self
    }

    pub(crate) fn limited(mut self, limit: Option<Usd>) -> Self {
        self.limit = Limit::Of(limit);
        self
    }

    pub(crate) fn resetting(mut self, reset: Option<LimitReset>) -> Self {
        self.limit_reset = Some(reset);
        self
    }

    pub(crate) fn expiring(mut self, moment: DateTime<Utc>) -> Self {
        self.expires_at = Some(moment.trunc_subsecs(6));
        self
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of that number, which begins at 1: the same one in every run but for the time.
    pub(crate) fn key(&self, number: usize, created_at: DateTime<Utc>) -> Key {
        let name = format!("{}{number:05}", self.prefix);
        let plaintext = credential::plaintext(Digest::of(&name));
        let (limit, own_reset) = match (self.limit, number % 5) {
            (Limit::Of(limit), _) => (limit, None),
            (Limit::Various, 0) => (None, None),
            (Limit::Various, 1) => (Some(Usd::whole(5)), Some(LimitReset::Daily)),
            (Limit::Various, 2) => (Some(Usd::whole(20)), Some(LimitReset::Weekly)),
            (Limit::Various, 3) => (Some(Usd::whole(50)), Some(LimitReset::Monthly)),
            (Limit::Various, _) => (Some(Usd::whole(100)), None),
        };
        let usage = match self.limit {
            Limit::Of(_) => Usage::NONE,
            Limit::Various => {
                // Up to 120, so that some of the limits that never reset are overdrawn.
                let tens = u32::try_from(number % 13).expect("less than 13");
                Usage::long_ago(Usd::whole(tens * 10))
            }
        };
        Key {
            hash: Digest::of(&plaintext),
            partner: None,
            label: credential::label(&plaintext),
            name,
            disabled: self.disabled,
            limit,
            limit_reset: self.limit_reset.unwrap_or(own_reset),
            include_byok_in_limit: number.is_multiple_of(3),
            usage,
            workspace_id: self.workspace_id,
            creator_user_id: self.creator_user_id.clone(),
            external_user: None,
            created_at,
            updated_at: None,
            expires_at: self.expires_at,
            last_used_at: None,
        }
    }
}

/// When the key of that number was created, if it was there from the start: one second after the one before it.
pub(crate) fn founded(number: usize) -> DateTime<Utc> {
    /// 2025-01-01T00:00:00Z. The year matters: `last_used_at` tells of uses since the end of 2025
    /// only, so that these keys have spent money and yet were never used is no contradiction.
    const FOUNDED: DateTime<Utc> = DateTime::from_timestamp(1_735_689_600, 0).expect("a date");

    FOUNDED + TimeDelta::seconds(i64::try_from(number).unwrap_or_default())
}
