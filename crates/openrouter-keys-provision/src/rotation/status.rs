//! How far a rotation has come.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openrouter_keys::KeyHash;

use super::Rotation;
use crate::history::{Granting, Outcome, Removal, Turnover};
use crate::ledger::Ledger;
use crate::log::Log;

/// How far a [`Rotation`] has come.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client.clone(), openrouter_keys_provision::MemoryLedger::new());
/// # provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// # async fn store(_: &openrouter_keys::SecretString) -> std::io::Result<()> { Ok(()) }
/// use std::time::Duration;
///
/// let rotation = provisioner
///     .rotation("customer-42", "2026-11")
///     .overlap(Duration::from_secs(60 * 60));
/// let status = rotation.resume(async |delivery| Ok(store(&delivery.secret).await?)).await?;
///
/// // Both keys work until then. Does anybody use the old one still?
/// println!("until {}", status.until.expect("the end of the overlap"));
/// let old = status.old.expect("the rotation is under way");
/// assert_eq!(client.get(&old).send().await?.last_used_at, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it tells when there is more to do"]
#[non_exhaustive]
pub struct RotationStatus {
    /// The step that it has reached.
    pub stage: RotationStage,
    /// The key that is replaced, while the rotation is under way.
    pub old: Option<KeyHash>,
    /// The key that replaces it, while the rotation is under way and as soon as it is made.
    pub new: Option<KeyHash>,
    /// When the next call of [`resume`](Rotation::resume) has something to do: at the end of the overlap or of the grace, and
    /// the [longest delay](crate::Provisioner::longest_delay) after the end of the window or the beginning of a rollback.
    /// `None`: at once, unless it [is over](RotationStage::is_over).
    pub until: Option<DateTime<Utc>>,
}

/// The step that a [`Rotation`] has reached.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client, openrouter_keys_provision::MemoryLedger::new());
/// # provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// use openrouter_keys_provision::RotationStage;
///
/// let rotation = provisioner.rotation("customer-42", "2026-11");
/// assert_eq!(rotation.status().await?.stage, RotationStage::NotBegun);
///
/// let failed = rotation.resume(async |_| Err("the vault is closed".into())).await;
/// assert!(failed.is_err());
/// // The new key is made, and the next call delivers it again.
/// let stage = rotation.status().await?.stage;
/// assert_eq!(stage, RotationStage::Delivering);
/// assert!(!stage.is_over());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RotationStage {
    /// There is none of that name.
    NotBegun,
    /// The new key is being made.
    Making,
    /// The new key is made, and the sink has not acknowledged it.
    Delivering,
    /// The sink has acknowledged it, and it was not seen to work yet.
    Verifying,
    /// Both keys work.
    Overlap,
    /// The old key is being disabled.
    Disabling,
    /// The old key is disabled, and can be brought back.
    Grace,
    /// The old key is being removed.
    Removing,
    /// The old key is removed, and the new one has what the old one had left, until the window ends.
    Remainder,
    /// It is over: the old key is removed, and the new one is the intent's.
    Done,
    /// It is being taken back.
    RollingBack,
    /// It is over: the old key works as before, and the new one is removed.
    RolledBack,
    /// It is over: the intent's keys were [removed](crate::Provisioner::remove) in the midst of it.
    Removed,
}

impl RotationStage {
    /// Whether it is over, so that [`resume`](Rotation::resume) does nothing any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::RolledBack | Self::Removed)
    }
}

impl<L: Ledger> Rotation<'_, L> {
    pub(super) fn status_of(&self, log: &Log<'_, L>) -> RotationStatus {
        let history = log.history();
        let turnover = history.turnover.as_ref();
        let Some(turnover) = turnover.filter(|turnover| turnover.rotation == self.name) else {
            return RotationStatus {
                stage: match self.outcome(log) {
                    None => RotationStage::NotBegun,
                    Some(Outcome::Rotated) => RotationStage::Done,
                    Some(Outcome::RolledBack) => RotationStage::RolledBack,
                    Some(Outcome::Removed) => RotationStage::Removed,
                },
                old: None,
                new: None,
                until: None,
            };
        };
        let (stage, until) = self.stage_of(turnover);
        let sealed = || history.sealed().map(|(_, hash)| hash.clone());
        RotationStatus {
            stage,
            old: Some(turnover.old.hash.clone()),
            new: turnover
                .new
                .as_ref()
                .map(|new| new.hash.clone())
                .or_else(sealed),
            until,
        }
    }

    fn stage_of(&self, turnover: &Turnover) -> (RotationStage, Option<DateTime<Utc>>) {
        if turnover.rolling_back.is_some() {
            return (RotationStage::RollingBack, self.end_of_doubt(turnover));
        }
        if turnover.new.is_none() {
            return (RotationStage::Making, None);
        }
        let Some(delivered) = turnover.delivered else {
            return (RotationStage::Delivering, None);
        };
        if !turnover.is_verified {
            return (RotationStage::Verifying, None);
        }
        if turnover.disabling.is_none() {
            let end = later(delivered, self.overlap_of(turnover));
            return (RotationStage::Overlap, Some(end));
        }
        let Some(disabled) = turnover.disabled else {
            return (RotationStage::Disabling, None);
        };
        let window = self.end_of_window(turnover);
        match turnover.removal {
            Removal::NotBegun => {}
            Removal::Begun => return (RotationStage::Removing, None),
            Removal::Done => return (RotationStage::Remainder, window),
        }
        let grace = later(disabled, self.grace_of(turnover));
        let next = window.filter(|window| *window < grace).unwrap_or(grace);
        (RotationStage::Grace, Some(next))
    }

    pub(super) fn overlap_of(&self, turnover: &Turnover) -> Duration {
        self.overlap.unwrap_or(turnover.overlap)
    }

    pub(super) fn grace_of(&self, turnover: &Turnover) -> Duration {
        self.grace.unwrap_or(turnover.grace)
    }

    /// When a request to disable the old key can have no effect any more, if there was one. The last one may have been sent
    /// until it was written down that the rotation is taken back.
    pub(super) fn end_of_doubt(&self, turnover: &Turnover) -> Option<DateTime<Utc>> {
        turnover.disabling?;
        Some(turnover.rolling_back? + self.provisioner.longest_delay_of_day())
    }

    /// When the new key is due its full limit, if it has not got it.
    pub(super) fn end_of_window(&self, turnover: &Turnover) -> Option<DateTime<Utc>> {
        let remainder = turnover.remainder?;
        if remainder.state == Granting::Restored {
            return None;
        }
        // The service's clock may be behind.
        Some(remainder.until? + self.provisioner.longest_delay_of_day())
    }
}

pub(super) fn later(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    time.checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
