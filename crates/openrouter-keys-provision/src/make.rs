//! The protocol: how exactly one key is made.

use std::time::Duration;

use openrouter_keys::chrono::{DateTime, Utc};
use openrouter_keys::{ExposeSecret, Key, KeyHash, SecretString};

use crate::absence::{is_no_key, is_no_workspace};
use crate::error::{Error, Problem};
use crate::guards::Guard;
use crate::history::{Attempt, Fate, Stage};
use crate::ledger::{Ledger, LedgerError};
use crate::leftover::{LOOKING, Leftover, marked, workspaces};
use crate::log::Log;
use crate::marker::Nonce;
use crate::new_key::NewKey;
use crate::provisioner::Provisioner;
use crate::record::Record;

/// What is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) request: NewKey,
    /// The plaintext that the caller chose.
    pub(crate) chosen: Option<SecretString>,
}

/// The service's condition on a plaintext that the caller chose, in characters.
const SHORTEST_CHOSEN: usize = 32;

impl Plan {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if Nonce::of_marker(&self.name).is_some() {
            return Err(Error::invalid(
                "name",
                "must not be a marker of the provisioner, which removes what has one",
            ));
        }
        self.request.check()?;
        let Some(chosen) = &self.chosen else {
            return Ok(());
        };
        if self.request.external_user.is_none() {
            let allowed = "must go with an `external_user`";
            return Err(Error::invalid("partner_key", allowed));
        }
        if chosen.expose_secret().chars().count() < SHORTEST_CHOSEN {
            let allowed = "must have at least 32 characters";
            return Err(Error::invalid("partner_key", allowed));
        }
        Ok(())
    }

    /// What of it is other than it was asked for before.
    pub(crate) fn differs(&self, name: &str, request: &NewKey) -> Vec<&'static str> {
        let mut differs = request.differs(&self.request);
        if self.name != name {
            differs.insert(0, "name");
        }
        differs
    }
}

/// How often a ledger that fails is tried again where a plaintext would be lost with it.
const SEALING_TRIES: u32 = 3;
const SEALING_PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether another process has come on.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

impl<L: Ledger> Provisioner<L> {
    /// Makes the key of an intent that has none, beginning where the one before has stopped.
    pub(crate) async fn make(
        &self,
        log: &mut Log<'_, L>,
        plan: &Plan,
        leftovers: &mut Vec<Leftover>,
    ) -> Result<Key, Error> {
        let mut creates = 0;
        let mut lost = None;
        let mut made = None;
        loop {
            match log.history().stage {
                Stage::Sealed => return self.commit(log, made).await,
                Stage::Open => {
                    if !self.find_chosen(log).await? {
                        if !self.holds(Guard::FenceBeforeRemoval) {
                            self.clean_up(log, leftovers).await?;
                        }
                        self.abandon(log, false).await?;
                    }
                }
                Stage::Idle => {
                    if self.holds(Guard::LookBeforeRetry) {
                        self.clean_up(log, leftovers).await?;
                    }
                    if let Some(error) = lost.take_if(|_| creates == self.settings().attempts) {
                        return Err(Error::new(Problem::Lost { creates, error }));
                    }
                    creates += 1;
                    match self.attempt(log, plan).await? {
                        Outcome::Sealed(key) => made = key.map(|key| *key),
                        Outcome::Lost(error) => lost = Some(error),
                    }
                }
            }
        }
    }

    /// One create, from the note that it is about to be sent to the seal on what it has made.
    async fn attempt(&self, log: &mut Log<'_, L>, plan: &Plan) -> Result<Outcome, Error> {
        let nonce = match log.history().attempts.last() {
            Some(earlier) if !self.holds(Guard::NoncePerAttempt) => earlier.nonce,
            _ => self.nonce()?,
        };
        let now = self.settings().clock.utc_now();
        plan.request.check_expiry(now)?;
        let escrow = self.settings().has_escrow;
        let note = Record::Attempt {
            nonce,
            name: plan.name.clone(),
            request: plan.request.clone(),
            escrow,
            at: now,
        };
        let chosen = plan.chosen.clone();
        if self.holds(Guard::NoteBeforeCreate) {
            log.append(note.clone(), chosen.clone()).await?;
        }
        let create = plan.request.create(self.client(), nonce, escrow, chosen);
        let created = create.send().await;
        if !self.holds(Guard::NoteBeforeCreate) {
            log.append(note, plan.chosen.clone()).await?;
        }

        let error = match created {
            Ok(created) => {
                let (hash, secret) = (&created.key.hash, created.secret);
                let chosen = plan.chosen.as_ref();
                let secret = self.working(chosen, secret, &created.key).await;
                self.seal(log, nonce, hash, secret).await?;
                self.settled(nonce);
                return Ok(Outcome::Sealed(Some(Box::new(created.key))));
            }
            Err(error) => error,
        };
        if let Some(salvaged) = error.salvaged() {
            let hash = if let Some(hash) = &salvaged.hash {
                Some(hash.clone())
            } else {
                let workspace = plan.request.workspace_id.as_deref();
                self.only_key_of(&salvaged.secret, nonce, workspace).await?
            };
            if let Some(hash) = hash {
                let secret = salvaged.secret.clone();
                self.seal(log, nonce, &hash, secret).await?;
                self.settled(nonce);
                // What the answer said of the key could not be read.
                return Ok(Outcome::Sealed(None));
            }
        } else if !error.maybe_applied() {
            // Should this fail, the next call looks for what cannot be there; that is all.
            let _ = self.abandon(log, true).await;
            return Err(Error::client("making a key", error));
        }
        Ok(Outcome::Lost(error))
    }

    /// Writes down which key is the intent's, with its plaintext.
    ///
    /// The plaintext is nowhere else. If the ledger fails all the same, it is lost, and with it the key is one that nobody
    /// has ever held: the next call removes it and makes another.
    async fn seal(
        &self,
        log: &mut Log<'_, L>,
        nonce: Nonce,
        hash: &KeyHash,
        secret: SecretString,
    ) -> Result<(), Error> {
        if !self.holds(Guard::SealBeforeRename) {
            self.rename(log, hash).await?;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let record = Record::Sealed { hash: hash.clone() };
            let Err(error) = log.append(record, Some(secret.clone())).await else {
                return Ok(());
            };
            // What the ledger says it could not do may have been done.
            let reread = log.reread().await;
            match reread {
                Ok(()) if is_sealed_as(log, nonce, hash) => {
                    // Somebody else may have gone on with it: then this call has nothing left to do.
                    return match log.history().stage {
                        Stage::Sealed => Ok(()),
                        _ => Err(LedgerError::Conflict.into()),
                    };
                }
                Ok(()) if is_open_as(log, nonce) => {}
                Ok(()) => {
                    // Somebody has abandoned this attempt, or made another.
                    self.settled(nonce);
                    self.remove_superseded(log, nonce, hash).await;
                    return Err(LedgerError::Conflict.into());
                }
                Err(_) => {}
            }
            if tries == SEALING_TRIES {
                return Err(error.of_key(hash));
            }
            self.settings().clock.sleep(SEALING_PAUSE * tries).await;
        }
    }

    /// A key that was made for an attempt which somebody has abandoned meanwhile. If it cannot be removed now, a sweep can.
    async fn remove_superseded(&self, log: &Log<'_, L>, nonce: Nonce, hash: &KeyHash) {
        if log.history().holds(hash) {
            return;
        }
        if let Ok(key) = self.client().get(hash).send().await {
            let _ = self.remove_leftover(nonce, key, log.intent()).await;
        }
    }

    /// Gives the sealed key its real name and settings, and writes down that it has them.
    async fn commit(&self, log: &mut Log<'_, L>, made: Option<Key>) -> Result<Key, Error> {
        let (attempt, hash) = log.history().sealed().expect("it was asked for the stage");
        let (attempt, hash) = (attempt.clone(), hash.clone());
        // Just made, and the answer said what it is like; or from an earlier call, and who knows what happened since.
        let key = match made {
            Some(key) => key,
            None => self.look_at(&hash).await?,
        };
        let marker = attempt.nonce.marker();
        if key.name != marker && key.name != attempt.name {
            return Err(Error::new(Problem::Renamed { marker }).of_key(&hash));
        }
        // One that has its real name is not touched again: somebody may have changed it meanwhile.
        let key = if key.name == marker {
            self.rename(log, &hash).await?
        } else {
            key
        };
        let mut other = attempt.request.not_as_asked(&key);
        if key.name != attempt.name {
            other.insert(0, "name");
        }
        if !other.is_empty() {
            return Err(Error::new(Problem::NotAsAsked(other)).of_key(&hash));
        }
        match log.append(Record::Committed {}, None).await {
            Ok(()) => Ok(key),
            Err(error) => {
                // Somebody else may have done the same.
                log.reread().await?;
                let history = log.history();
                let new = history.turnover.as_ref().and_then(|it| it.new.as_ref());
                let mut committed = new.into_iter().chain(&history.current);
                if committed.any(|held| held.hash == hash) {
                    Ok(key)
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Gives a key the real name of the latest attempt, and the limit if it was held back. Never says `disabled`: the call
    /// may be repeated, and would then undo what somebody else has done.
    async fn rename(&self, log: &Log<'_, L>, hash: &KeyHash) -> Result<Key, Error> {
        let attempt = log.history().attempts.last();
        let attempt = attempt.expect("what is renamed was made by an attempt");
        let mut update = self.client().update(hash).name(&attempt.name);
        if attempt.escrow {
            update = match attempt.request.limit {
                Some(usd) => update.limit(usd),
                None => update.unlimited(),
            };
        }
        let named = update.send().await;
        named.map_err(|error| gone_or("naming the key", hash, error))
    }

    /// The intent's key, as it is now.
    pub(crate) async fn look_at(&self, hash: &KeyHash) -> Result<Key, Error> {
        let key = self.client().get(hash).send().await;
        key.map_err(|error| gone_or("looking at the key", hash, error))
    }

    pub(crate) async fn abandon(&self, log: &mut Log<'_, L>, refused: bool) -> Result<(), Error> {
        let nonce = log.history().open().map(|open| open.nonce);
        log.append(Record::Abandoned { refused }, None).await?;
        if let Some(nonce) = nonce {
            self.settled(nonce);
        }
        Ok(())
    }

    /// Removes what the intent's lost creates have made. They are abandoned: nobody can seal it any more.
    pub(crate) async fn clean_up(
        &self,
        log: &Log<'_, L>,
        leftovers: &mut Vec<Leftover>,
    ) -> Result<(), Error> {
        let history = log.history();
        let lost: Vec<_> = history
            .lost(!self.holds(Guard::FenceBeforeRemoval))
            .collect();
        // What was refused has no effect that is worth waiting for.
        let in_doubt = lost
            .iter()
            .filter(|attempt| !matches!(attempt.fate, Fate::Abandoned { refused: true }));
        if let Some(latest) = in_doubt.map(|attempt| attempt.at).max()
            && self.settings().is_strict
            && self.holds(Guard::WaitWhenStrict)
        {
            self.wait_out(latest).await;
        }
        for workspace in workspaces(lost) {
            let marked = match marked(self.client(), workspace.as_deref()).await {
                // It is one that the service has refused, or that was removed with all its keys.
                Err(error) if workspace.is_some() && is_no_workspace(&error) => continue,
                marked => marked.map_err(|error| Error::client(LOOKING, error))?,
            };
            for (nonce, key) in marked {
                let is_ours = history
                    .attempts
                    .iter()
                    .any(|attempt| attempt.nonce == nonce);
                if is_ours && !history.holds(&key.hash) {
                    let leftover = self.remove_leftover(nonce, key, log.intent()).await?;
                    leftovers.retain(|known| known.key.hash != leftover.key.hash);
                    leftovers.push(leftover);
                }
            }
        }
        Ok(())
    }

    /// Waits for the attempt that is open, if another process may be at work on it.
    pub(crate) async fn wait_for_others(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        let Some(open) = log.history().open() else {
            return Ok(());
        };
        let (nonce, settings) = (open.nonce, self.settings());
        if self.is_mine(nonce) || self.ledger().is_exclusive() {
            return Ok(());
        }
        let mut left = self.left_until(open.at, settings.patience);
        while !left.is_zero() {
            let pause = left.min(BETWEEN_LOOKS);
            settings.clock.sleep(pause).await;
            left -= pause;
            log.reread().await?;
            if log.history().open().is_none_or(|open| open.nonce != nonce) {
                break;
            }
        }
        Ok(())
    }

    /// Waits until an attempt of that time can have no effect any more.
    async fn wait_out(&self, at: DateTime<Utc>) {
        let settings = self.settings();
        let left = self.left_until(at, settings.longest_delay);
        settings.clock.sleep(left).await;
    }

    /// What is left of a time that began then.
    fn left_until(&self, began: DateTime<Utc>, time: Duration) -> Duration {
        let passed = self.settings().clock.utc_now() - began;
        // A wall clock that was set back must not make this longer than it was meant to be.
        time.saturating_sub(passed.to_std().unwrap_or_default())
    }
}

/// What came of a create.
enum Outcome {
    /// A key, which is sealed; as the answer described it, if that could be read.
    Sealed(Option<Box<Key>>),
    /// Nobody knows.
    Lost(openrouter_keys::Error),
}

/// What the client says of the intent's key; or that somebody has removed that.
fn gone_or(doing: &'static str, hash: &KeyHash, error: openrouter_keys::Error) -> Error {
    let error = if is_no_key(&error) {
        Error::new(Problem::Gone)
    } else {
        Error::client(doing, error)
    };
    error.of_key(hash)
}

fn latest_of<'a, L: Ledger>(log: &'a Log<'_, L>, nonce: Nonce) -> Option<&'a Attempt> {
    log.history()
        .attempts
        .last()
        .filter(|attempt| attempt.nonce == nonce)
}

fn is_open_as<L: Ledger>(log: &Log<'_, L>, nonce: Nonce) -> bool {
    latest_of(log, nonce).is_some_and(|attempt| matches!(attempt.fate, Fate::Open))
}

fn is_sealed_as<L: Ledger>(log: &Log<'_, L>, nonce: Nonce, hash: &KeyHash) -> bool {
    latest_of(log, nonce).is_some_and(
        |attempt| matches!(&attempt.fate, Fate::Sealed { hash: sealed, .. } if sealed == hash),
    )
}
