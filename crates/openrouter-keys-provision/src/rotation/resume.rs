//! The steps forward.

use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{Key, KeyHash};

use super::status::later;
use super::{Delivery, Rotation, RotationStatus, check_not_removing, refused};
use crate::absence::is_no_key;
use crate::error::{Error, Problem};
use crate::guards::Guard;
use crate::history::{Held, Removal, Stage, Turnover};
use crate::intent;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::make::Plan;
use crate::new_key::NewKey;
use crate::record::Record;

impl<L: Ledger> Rotation<'_, L> {
    /// Begins the rotation, or goes on with it, as far as it can go now; and says how far that is.
    ///
    /// The sink stores the new key's plaintext durably, for all who use the key, and returns `Ok` when it has. Nothing is
    /// disabled before. It may be called again for the same key, if it was not known that it had succeeded. Where it failed,
    /// the rotation stands at [`Delivering`](super::RotationStage::Delivering). It must not call the provisioner for the same
    /// intent, which would wait for its turn for ever.
    ///
    /// It does not wait for the end of the overlap or of the grace: call it again [then](RotationStatus::until), from a timer
    /// for instance. If the rotation is being rolled back, this goes on with that. When all is over it does nothing.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); the next call goes on where this one ended. In particular
    /// [`Sink`](crate::ErrorKind::Sink), if the sink failed, and [`Rotation`](crate::ErrorKind::Rotation), if another rotation
    /// of the intent is under way or the key cannot be rotated: it is disabled, for instance, and a new one would not be.
    pub async fn resume<S, F>(&self, sink: S) -> Result<RotationStatus, Error>
    where
        S: FnOnce(Delivery) -> F,
        F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>>,
    {
        let of_intent = |error| intent::about(error, &self.intent);
        let done = Box::pin(self.resume_it(sink)).await;
        done.map_err(of_intent)
    }

    async fn resume_it<S, F>(&self, sink: S) -> Result<RotationStatus, Error>
    where
        S: FnOnce(Delivery) -> F,
        F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>>,
    {
        self.check()?;
        let (_turn, mut log) = self.provisioner.enter(&self.intent).await?;
        match self.go_on(&mut log, sink).await {
            Ok(()) => Ok(self.status_of(&log)),
            Err(error) => Err(self.advised(&log, error).await),
        }
    }

    async fn go_on<S, F>(&self, log: &mut Log<'_, L>, sink: S) -> Result<(), Error>
    where
        S: FnOnce(Delivery) -> F,
        F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>>,
    {
        self.provisioner.wait_for_others(log).await?;
        if self.outcome(log).is_some() {
            return Ok(());
        }
        check_not_removing(log.history())?;
        if self.under_way(log)?.is_none() {
            self.begin(log).await?;
        }
        let mut sink = Some(sink);
        // Where this one has come to its end meanwhile, another may be under way.
        let is_this = |turnover: &Turnover| turnover.rotation == self.name;
        while let Some(turnover) = log.history().turnover.clone().filter(is_this) {
            if turnover.rolling_back.is_some() {
                return self.take_back(log).await;
            }
            let Some(new) = &turnover.new else {
                self.make(log, &turnover).await?;
                continue;
            };
            if turnover.delivered.is_none() {
                let sink = sink.take().expect("what is delivered is delivered once");
                self.check_old(&turnover.old.hash).await?;
                self.deliver(new, sink).await?;
                log.append(Record::Delivered { at: self.now() }, None)
                    .await?;
                continue;
            }
            let is_disabling = turnover.disabling.is_some() && turnover.disabled.is_none();
            let taken = match self.step(&turnover, new).await {
                Ok(None) => break,
                Ok(Some(step)) => log.append(step, None).await,
                Err(error) => Err(error),
            };
            if let Err(error) = taken {
                if is_disabling {
                    self.undo_disable(log, &turnover).await?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Somebody may have taken the rotation back before the request to disable the old key was sent, by a process that stood
    /// still for long.
    async fn undo_disable(&self, log: &mut Log<'_, L>, turnover: &Turnover) -> Result<(), Error> {
        log.reread().await?;
        let current = log.history().current.as_ref();
        if current.is_some_and(|held| held.hash == turnover.old.hash) {
            self.enable(&turnover.old.hash).await?;
        }
        Ok(())
    }

    /// The error with the advice that fits.
    pub(super) async fn advised(&self, log: &Log<'_, L>, error: Error) -> Error {
        let error = log.or_contended(error).await;
        if log.history().turnover.is_some() {
            error.in_rotation()
        } else {
            error
        }
    }

    /// Takes the next step after the delivery, and says what is to be written down of it: nothing, if it is not time.
    async fn step(&self, turnover: &Turnover, new: &Held) -> Result<Option<Record>, Error> {
        let now = self.now();
        let is_past = |at: Option<DateTime<Utc>>, wait| at.is_none_or(|at| later(at, wait) <= now);
        if !turnover.is_verified {
            self.verify(new).await?;
            return Ok(Some(Record::Verified {}));
        }
        if turnover.disabling.is_none() {
            if !is_past(turnover.delivered, self.overlap_of(turnover)) {
                return Ok(None);
            }
            // It may have been a long overlap.
            self.verify(new).await?;
            self.check_new(new).await?;
            return Ok(Some(Record::Disabling { at: now }));
        }
        if turnover.disabled.is_none() {
            self.disable(turnover).await?;
            return Ok(Some(Record::Disabled { at: self.now() }));
        }
        if let Some(settled) = self.settle_limit(turnover, new).await? {
            return Ok(Some(settled));
        }
        match turnover.removal {
            Removal::NotBegun => {
                if !is_past(turnover.disabled, self.grace_of(turnover)) {
                    return Ok(None);
                }
                self.check_new(new).await?;
                Ok(Some(Record::RemovingOld {}))
            }
            Removal::Begun => {
                let hash = &turnover.old.hash;
                let doing = "removing the old key";
                self.provisioner.remove_key(hash, doing).await?;
                Ok(Some(Record::RemovedOld {}))
            }
            Removal::Done => {
                let is_whole = self.end_of_window(turnover).is_none();
                Ok(is_whole.then_some(Record::Rotated {}))
            }
        }
    }

    async fn begin(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        self.end_remainder(log).await?;
        let Some(held) = &log.history().current else {
            return Err(Error::new(Problem::Unknown));
        };
        let old = self.check_old(&held.hash).await?;
        let before = log.history().turnover.as_ref();
        let inherited = before.and_then(|before| before.withheld_from(old.limit));
        let refused = |message: &str| refused(message.to_owned()).of_key(&old.hash);
        let (request, full_limit) = self
            .request_like(&old, inherited)
            .map_err(|error| error.of_key(&old.hash))?;
        if request.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(refused(
                "the key has expired: renew its expiry with the rotation",
            ));
        }
        let plan = Plan {
            name: old.name.clone(),
            request,
            chosen: None,
        };
        plan.check()?;
        let begun = Record::RotationBegun {
            rotation: self.name.clone(),
            name: plan.name,
            request: plan.request,
            full_limit,
            overlap_seconds: whole_seconds(self.overlap.unwrap_or_default()),
            grace_seconds: whole_seconds(self.grace.unwrap_or_default()),
        };
        log.append(begun, None).await
    }

    /// The old key, if it is one that may be replaced: the new one would be enabled.
    async fn check_old(&self, hash: &KeyHash) -> Result<Key, Error> {
        let old = self.provisioner.look_at(hash).await?;
        if old.disabled {
            let message = "a key that is disabled is not rotated: enable it first, or if it has leaked, `remove` it and `ensure` a new one";
            return Err(refused(message.to_owned()).of_key(hash));
        }
        Ok(old)
    }

    /// The customer is about to depend on the new key alone.
    async fn check_new(&self, new: &Held) -> Result<(), Error> {
        if !self.provisioner.holds(Guard::VerifyBeforeDisable) {
            return Ok(());
        }
        let key = self.provisioner.look_at(&new.hash).await?;
        if key.disabled || self.has_expired(&key) {
            let state = if key.disabled {
                "is disabled"
            } else {
                "has expired"
            };
            let message = format!("the new key {state}: mend that, or roll the rotation back");
            return Err(refused(message).of_key(&new.hash));
        }
        Ok(())
    }

    /// What the new key is to be like, and its limit in the next window, if it is to have only what is left of the old one's
    /// in this. The limit that the old one was to get in the next window, if it has only a remainder itself, is its full one.
    fn request_like(
        &self,
        old: &Key,
        inherited: Option<f64>,
    ) -> Result<(NewKey, Option<f64>), Error> {
        let mut request = NewKey::like(old);
        request.limit = inherited.or(request.limit);
        if let (true, Some(expires)) = (self.renews_expiry, old.expires_at) {
            request.expires_at = self.now().checked_add_signed(expires - old.created_at);
        }
        if let Some(change) = &self.change {
            request = change(request);
            request.check()?;
        }
        let mut full_limit = None;
        if self.remaining_only {
            let (limit, left) = super::remainder::left_of(old)?;
            let limit = request.limit.unwrap_or(limit);
            full_limit = Some(limit);
            request.limit = Some(left.min(limit));
        }
        Ok((request, full_limit))
    }

    async fn make(&self, log: &mut Log<'_, L>, turnover: &Turnover) -> Result<(), Error> {
        self.check_old(&turnover.old.hash).await?;
        let plan = Plan {
            name: turnover.name.clone(),
            request: turnover.request.clone(),
            chosen: None,
        };
        let expires_at = plan.request.expires_at;
        if log.history().stage != Stage::Sealed && expires_at.is_some_and(|at| at <= self.now()) {
            let message =
                "the new key would have expired by now: roll the rotation back, and begin another";
            return Err(refused(message.to_owned()));
        }
        if !self.provisioner.holds(Guard::AcknowledgeBeforeDisable) {
            self.disable(turnover).await?;
        }
        self.provisioner.make(log, &plan, &mut Vec::new()).await?;
        Ok(())
    }

    async fn deliver<S, F>(&self, new: &Held, sink: S) -> Result<(), Error>
    where
        S: FnOnce(Delivery) -> F,
        F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>>,
    {
        let Some(secret) = new.secret.clone() else {
            let what = "the new key has no plaintext";
            return Err(Error::new(Problem::Damaged(what.to_owned())).of_key(&new.hash));
        };
        let delivery = Delivery {
            intent: self.intent.clone(),
            hash: new.hash.clone(),
            secret: secret.clone(),
        };
        sink(delivery)
            .await
            .map_err(|error| Error::sink(error, &secret).of_key(&new.hash))
    }

    async fn verify(&self, new: &Held) -> Result<(), Error> {
        let Some(secret) = &new.secret else {
            return Ok(());
        };
        if !self.provisioner.holds(Guard::VerifyBeforeDisable) {
            return Ok(());
        }
        let doing = "trying the new key, which you can do again or roll the rotation back";
        let works = self.provisioner.key_of(secret).await;
        works
            .map(drop)
            .map_err(|error| Error::client(doing, error).of_key(&new.hash))
    }

    /// One that somebody has removed is as good as disabled.
    async fn disable(&self, turnover: &Turnover) -> Result<(), Error> {
        let hash = &turnover.old.hash;
        let update = self.provisioner.client().update(hash).disabled(true);
        match update.send().await {
            Err(error) if !is_no_key(&error) => {
                Err(Error::client("disabling the old key", error).of_key(hash))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn has_expired(&self, key: &Key) -> bool {
        key.expires_at.is_some_and(|at| at <= self.now())
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.provisioner.settings().clock.utc_now()
    }
}

/// A part of a second counts as one.
fn whole_seconds(time: Duration) -> u64 {
    let part = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(part)
}
