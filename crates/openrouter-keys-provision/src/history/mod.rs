//! What the entries of an intent come to.

mod turnover;

use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{KeyHash, SecretString};

use crate::ledger::Entry;
use crate::marker::Nonce;
use crate::new_key::NewKey;
use crate::record::Record;

pub(crate) use turnover::{Granting, Outcome, Removal, Turnover};

const MISPLACED: &str = "one that cannot stand there";

/// What is known of an intent.
#[derive(Clone, Default)]
pub(crate) struct History {
    /// All attempts there ever were, the oldest first.
    pub(crate) attempts: Vec<Attempt>,
    /// The intent's key.
    pub(crate) current: Option<Held>,
    /// How far the making of a key has come.
    pub(crate) stage: Stage,
    /// Whether anything was begun since there was nothing.
    pub(crate) is_begun: bool,
    /// Whether all of it is to be removed.
    pub(crate) is_removing: bool,
    /// The rotation that is under way.
    pub(crate) turnover: Option<Turnover>,
    /// The rotations that are over, by their names.
    pub(crate) rotations: Vec<(String, Outcome)>,
}

/// How far the making of a key has come. What is meant is the latest attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No attempt can come to anything.
    #[default]
    Idle,
    /// Its create may be sent, and may come to something.
    Open,
    /// Its key is the one, and may have its marker or its real name.
    Sealed,
}

/// A create that may have been sent.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) nonce: Nonce,
    pub(crate) name: String,
    pub(crate) request: NewKey,
    pub(crate) escrow: bool,
    pub(crate) at: DateTime<Utc>,
    /// The plaintext that the caller chose.
    pub(crate) chosen: Option<SecretString>,
    pub(crate) fate: Fate,
}

#[derive(Clone)]
pub(crate) enum Fate {
    Open,
    /// It may have made a key, which nobody holds; hardly so, if it was refused.
    Abandoned {
        refused: bool,
    },
    Sealed {
        hash: KeyHash,
        secret: Option<SecretString>,
    },
}

/// A key that is an intent's.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) hash: KeyHash,
    pub(crate) name: String,
    /// What was asked for; nothing, if it was adopted.
    pub(crate) request: Option<NewKey>,
    pub(crate) secret: Option<SecretString>,
}

impl History {
    /// What these entries come to, or why they make no sense.
    pub(crate) fn of(entries: impl IntoIterator<Item = Entry>) -> Result<Self, String> {
        let mut history = Self::default();
        for (position, entry) in entries.into_iter().enumerate() {
            history
                .add(entry)
                .map_err(|what| format!("entry {position} is {what}"))?;
        }
        Ok(history)
    }

    /// Adds an entry, or says what is wrong with it.
    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), &'static str> {
        let Entry { record, secret } = entry;
        if self.is_removing && !matches!(record, Record::Removed {}) {
            return Err(MISPLACED);
        }
        match record {
            Record::Attempt {
                nonce,
                name,
                request,
                escrow,
                at,
            } if self.wants_key() => {
                self.attempts.push(Attempt {
                    nonce,
                    name,
                    request,
                    escrow,
                    at,
                    chosen: secret,
                    fate: Fate::Open,
                });
                self.stage = Stage::Open;
                self.is_begun = true;
            }
            Record::Abandoned { refused } if self.stage == Stage::Open => {
                self.latest().fate = Fate::Abandoned { refused };
                self.stage = Stage::Idle;
            }
            Record::Sealed { hash } if self.stage == Stage::Open => {
                self.latest().fate = Fate::Sealed { hash, secret };
                self.stage = Stage::Sealed;
            }
            Record::Committed {} if self.stage == Stage::Sealed => {
                let attempt = self.latest();
                let Fate::Sealed { hash, secret } = &attempt.fate else {
                    return Err("a commit of what is not sealed");
                };
                let held = Held {
                    hash: hash.clone(),
                    name: attempt.name.clone(),
                    request: Some(attempt.request.clone()),
                    secret: secret.clone(),
                };
                match &mut self.turnover {
                    Some(turnover) => turnover.made(held),
                    None => self.current = Some(held),
                }
                self.stage = Stage::Idle;
            }
            Record::Adopted { hash, name } if self.wants_key() && self.turnover.is_none() => {
                self.current = Some(Held {
                    hash,
                    name,
                    request: None,
                    secret: None,
                });
                self.is_begun = true;
            }
            Record::Released {} if self.may_release() => self.forget_secrets(),
            Record::Removing {} if self.is_begun && self.stage != Stage::Open => {
                self.is_removing = true;
            }
            Record::Removed {} if self.is_removing => {
                self.is_removing = false;
                self.is_begun = false;
                self.current = None;
                self.stage = Stage::Idle;
                if let Some(turnover) = self.turnover.take() {
                    self.rotations.push((turnover.rotation, Outcome::Removed));
                }
            }
            Record::RotationBegun {
                rotation,
                name,
                request,
                full_limit,
                overlap_seconds,
                grace_seconds,
            } if self.may_rotate() && full_limit.is_none_or(|usd| usd >= 0.0) => {
                let Some(old) = self.current.clone() else {
                    return Err("a rotation of nothing");
                };
                let mut turnover = Turnover::new(rotation, old, name, request, full_limit);
                if let Some(before) = self.turnover.take() {
                    let over = (before.rotation.clone(), Outcome::Rotated);
                    self.rotations.push(over);
                    turnover.before = Some(Box::new(before));
                }
                turnover.overlap = Duration::from_secs(overlap_seconds);
                turnover.grace = Duration::from_secs(grace_seconds);
                self.turnover = Some(turnover);
            }
            record => return self.add_to_turnover(&record),
        }
        Ok(())
    }

    /// A step of the rotation that is under way.
    fn add_to_turnover(&mut self, record: &Record) -> Result<(), &'static str> {
        let may_stand = match record {
            // It can be taken back at any time,
            Record::RollingBack { .. } => true,
            // and then what was sealed is removed instead of committed.
            Record::RolledBack {} => self.stage != Stage::Open,
            _ => self.stage == Stage::Idle,
        };
        if !may_stand {
            return Err(MISPLACED);
        }
        let Some(turnover) = &mut self.turnover else {
            return Err(MISPLACED);
        };
        if !turnover.add(record) {
            return Err(MISPLACED);
        }
        self.current = Some(turnover.current().clone());
        if let Some(outcome) = turnover.outcome {
            let rotation = std::mem::take(&mut turnover.rotation);
            let before = turnover.before.take();
            self.turnover = before
                .filter(|_| outcome == Outcome::RolledBack)
                .map(|it| *it);
            if let Some(again) = &self.turnover {
                self.rotations.retain(|(name, _)| *name != again.rotation);
            }
            self.rotations.push((rotation, outcome));
            self.stage = Stage::Idle;
        }
        Ok(())
    }

    /// Whether nothing needs the plaintexts any more.
    pub(crate) fn may_release(&self) -> bool {
        let turnover = self.turnover.as_ref();
        self.stage == Stage::Idle && turnover.is_none_or(|turnover| turnover.is_verified)
    }

    /// Whether no rotation is under way that has anything to do but to wait for the next window.
    fn may_rotate(&self) -> bool {
        let turnover = self.turnover.as_ref();
        self.stage == Stage::Idle && turnover.is_none_or(Turnover::is_in_remainder)
    }

    /// Whether a key is to be made: nothing is under way, and there is none, or it is to be replaced.
    fn wants_key(&self) -> bool {
        let wanted = match &self.turnover {
            Some(turnover) => turnover.wants_key(),
            None => self.current.is_none(),
        };
        wanted && self.stage == Stage::Idle
    }

    /// The latest attempt, if it may come to something.
    pub(crate) fn open(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|_| self.stage == Stage::Open)
    }

    /// The latest attempt, if its key is sealed and not committed.
    pub(crate) fn sealed(&self) -> Option<(&Attempt, &KeyHash)> {
        let attempt = self.attempts.last()?;
        match &attempt.fate {
            Fate::Sealed { hash, .. } if self.stage == Stage::Sealed => Some((attempt, hash)),
            _ => None,
        }
    }

    /// The attempts that may have made a key which nobody holds: those that are abandoned, and, if it is asked for, the one
    /// that is open.
    pub(crate) fn lost(&self, with_open: bool) -> impl Iterator<Item = &Attempt> {
        let is_lost = move |attempt: &&Attempt| match attempt.fate {
            Fate::Open => with_open,
            Fate::Abandoned { .. } => true,
            Fate::Sealed { .. } => false,
        };
        self.attempts.iter().filter(is_lost)
    }

    /// Whether that key is the intent's, or is about to be.
    pub(crate) fn holds(&self, hash: &KeyHash) -> bool {
        let is_sealed = self.sealed().is_some_and(|(_, sealed)| sealed == hash);
        is_sealed || self.held().any(|held| held.hash == *hash)
    }

    /// The committed keys of the intent: one, or while it is rotated two. The current one comes twice then.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Held> {
        let turnover = self.turnover.iter();
        let turned = turnover.flat_map(|it| [Some(&it.old), it.new.as_ref()]);
        turned.chain([self.current.as_ref()]).flatten()
    }

    /// Whether a secret of it is in the ledger.
    pub(crate) fn has_secrets(&self) -> bool {
        let current = self
            .current
            .as_ref()
            .is_some_and(|held| held.secret.is_some());
        current
            || self.attempts.iter().any(|attempt| {
                attempt.chosen.is_some()
                    || matches!(
                        &attempt.fate,
                        Fate::Sealed {
                            secret: Some(_),
                            ..
                        }
                    )
            })
    }

    fn forget_secrets(&mut self) {
        for attempt in &mut self.attempts {
            attempt.chosen = None;
            if let Fate::Sealed { secret, .. } = &mut attempt.fate {
                *secret = None;
            }
        }
        if let Some(held) = &mut self.current {
            held.secret = None;
        }
        if let Some(turnover) = &mut self.turnover {
            turnover.forget_secrets();
        }
    }

    fn latest(&mut self) -> &mut Attempt {
        self.attempts
            .last_mut()
            .expect("a stage other than idle is that of an attempt")
    }
}
