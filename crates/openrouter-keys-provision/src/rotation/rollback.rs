//! The way back.

use openrouter_keys::KeyHash;

use super::{Rotation, RotationStatus, check_not_removing, refused};
use crate::absence::is_no_key;
use crate::error::{Error, ErrorKind};
use crate::guards::Guard;
use crate::history::{Outcome, Removal, Stage, Turnover};
use crate::intent;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::record::Record;

impl<L: Ledger> Rotation<'_, L> {
    /// Takes the rotation back: the old key works again at once, and then the new one is removed.
    ///
    /// Whoever got the new plaintext has to use the old one again; the sink is not told. What was spent with the new key is
    /// not counted against the old one's limit.
    ///
    /// If the old key was disabled already, the new one stays for the [longest delay](crate::Provisioner::longest_delay):
    /// the request to disable the old key might have been sent twice by the network, and arrive again. Then the
    /// status is [`RollingBack`](super::RotationStage::RollingBack), both keys work, and a later call of this or of
    /// [`resume`](Self::resume) sees to it that the old one is enabled and removes the new one.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); the next call goes on where this one ended. In particular
    /// [`Rotation`](crate::ErrorKind::Rotation), if it has not begun or is over, or if there is nothing to go back to: the old
    /// key has expired, or is being removed, or somebody else has disabled or removed it.
    pub async fn rollback(&self) -> Result<RotationStatus, Error> {
        let of_intent = |error| intent::about(error, &self.intent);
        let done = Box::pin(self.rollback_it()).await;
        done.map_err(of_intent)
    }

    async fn rollback_it(&self) -> Result<RotationStatus, Error> {
        self.check()?;
        let (_turn, mut log) = self.provisioner.enter(&self.intent).await?;
        match self.go_back(&mut log).await {
            Ok(()) => Ok(self.status_of(&log)),
            Err(error) => Err(self.advised(&log, error).await),
        }
    }

    async fn go_back(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        match self.outcome(log) {
            None => {}
            Some(Outcome::Rotated) => {
                let message = "it is over, and the old key is removed: rotate again under another name if the new one has to go";
                return Err(refused(message.to_owned()));
            }
            Some(Outcome::RolledBack | Outcome::Removed) => return Ok(()),
        }
        check_not_removing(log.history())?;
        let Some(turnover) = self.under_way(log)? else {
            let message = "there is no rotation of that name: is it spelt as it was for `resume`, which begins it?";
            return Err(refused(message.to_owned()));
        };
        if turnover.removal != Removal::NotBegun {
            let message = "the old key is already being removed: resume the rotation";
            return Err(refused(message.to_owned()));
        }
        if turnover.rolling_back.is_none() {
            if let Some(why) = self.no_way_back(turnover).await? {
                let message = format!(
                    "{why}: resume the rotation, or see to it that the old key works, and do the same again"
                );
                return Err(refused(message).of_key(&turnover.old.hash));
            }
            log.append(Record::RollingBack { at: self.now() }, None)
                .await?;
        }
        self.take_back(log).await
    }

    /// Why the old key is nothing to go back to, if it is not, and the new one is more.
    async fn no_way_back(&self, turnover: &Turnover) -> Result<Option<&'static str>, Error> {
        let Some(new) = &turnover.new else {
            return Ok(None);
        };
        // Until it is noted, the sink may have the new key all the same. But then a rotation whose old key is gone or disabled
        // cannot go on, and this is the only way out.
        let is_delivered = turnover.delivered.is_some();
        match self.provisioner.look_at(&turnover.old.hash).await {
            Ok(old) if self.has_expired(&old) => {
                let is_alive = match self.provisioner.look_at(&new.hash).await {
                    Ok(new) => !self.has_expired(&new),
                    Err(error) if error.kind() == ErrorKind::KeyGone => false,
                    Err(error) => return Err(error),
                };
                Ok(is_alive.then_some("the old key has expired"))
            }
            // Why, they will know.
            Ok(old) if old.disabled && turnover.disabling.is_none() && is_delivered => {
                Ok(Some("somebody else has disabled the old key"))
            }
            Err(error) if error.kind() == ErrorKind::KeyGone => {
                Ok(is_delivered.then_some("somebody else has removed the old key"))
            }
            old => old.map(|_| None),
        }
    }

    /// What remains to be done when it is written down that the rotation is taken back.
    pub(super) async fn take_back(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        let provisioner = self.provisioner;
        if log.history().stage == Stage::Open {
            provisioner.abandon(log, false).await?;
        }
        let turnover = log.history().turnover.clone();
        let turnover = turnover.expect("what is taken back is under way");
        let sealed = log.history().sealed().map(|(_, hash)| hash.clone());
        let new = turnover.new.as_ref().map(|new| new.hash.clone()).or(sealed);

        if !provisioner.holds(Guard::EnableBeforeRemoval)
            && let Some(new) = &new
        {
            provisioner.remove_key(new, "removing the new key").await?;
        }
        if turnover.disabling.is_some() {
            let old = &turnover.old.hash;
            if !self.enable(old).await? {
                let why = "the old key has expired meanwhile, or somebody else has removed it";
                return self.stay(log, &turnover, why).await;
            }
            if self
                .end_of_doubt(&turnover)
                .is_some_and(|end| self.now() < end)
                && provisioner.holds(Guard::WaitWhenRollingBack)
            {
                return Ok(());
            }
        } else if provisioner.holds(Guard::EnableBeforeRemoval)
            && let Some(why) = self.no_way_back(&turnover).await?
        {
            return self.stay(log, &turnover, why).await;
        }
        provisioner.clean_up(log, &mut Vec::new()).await?;
        if let Some(new) = &new {
            provisioner.remove_key(new, "removing the new key").await?;
        }
        log.append(Record::RolledBack {}, None).await
    }

    /// Ends the rotation with the new key, when it turns out that there is no way back.
    async fn stay(
        &self,
        log: &mut Log<'_, L>,
        turnover: &Turnover,
        why: &str,
    ) -> Result<(), Error> {
        log.append(Record::Rotated {}, None).await?;
        let message = format!(
            "{why}: the new one stays, and the rotation is over; see whether your sink still has its plaintext"
        );
        Err(refused(message).of_key(&turnover.old.hash))
    }

    /// Whether the old key is there, and works when it is enabled.
    pub(super) async fn enable(&self, hash: &KeyHash) -> Result<bool, Error> {
        let update = self.provisioner.client().update(hash).disabled(false);
        match update.send().await {
            Ok(old) => Ok(!self.has_expired(&old)),
            Err(error) if is_no_key(&error) => Ok(false),
            Err(error) => Err(Error::client("enabling the old key", error).of_key(hash)),
        }
    }
}
