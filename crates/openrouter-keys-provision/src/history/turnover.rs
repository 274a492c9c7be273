//! What the entries of a rotation come to.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Held;
use crate::new_key::{NewKey, is_same_limit};
use crate::record::Record;

/// A rotation that is under way.
#[derive(Clone)]
pub(crate) struct Turnover {
    /// The caller's name for it.
    pub(crate) rotation: String,
    pub(crate) old: Held,
    /// What the new key shall be called, and be like.
    pub(crate) name: String,
    pub(crate) request: NewKey,
    /// The old key's limit, USD, if the new one gets only what is left of it.
    pub(crate) full_limit: Option<f64>,
    /// The rotation that this one has taken over while it waited for the next window. It goes on if this one is taken back.
    pub(crate) before: Option<Box<Self>>,
    pub(crate) overlap: Duration,
    pub(crate) grace: Duration,
    /// The new key, once it is committed.
    pub(crate) new: Option<Held>,
    pub(crate) delivered: Option<DateTime<Utc>>,
    pub(crate) is_verified: bool,
    pub(crate) disabling: Option<DateTime<Utc>>,
    pub(crate) disabled: Option<DateTime<Utc>>,
    pub(crate) remainder: Option<Remainder>,
    pub(crate) removal: Removal,
    pub(crate) rolling_back: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<Outcome>,
}

/// What the new key gets of the old one's limit.
#[derive(Clone, Copy)]
pub(crate) struct Remainder {
    /// USD.
    pub(crate) limit: f64,
    /// The end of the window, if there is one.
    pub(crate) until: Option<DateTime<Utc>>,
    pub(crate) state: Granting,
}

/// How far that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granting {
    /// It is about to get that.
    Trimming,
    /// It has that.
    Trimmed,
    /// It has its full limit.
    Restored,
}

/// How far the removal of the old key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    NotBegun,
    Begun,
    Done,
}

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Rotated,
    RolledBack,
    /// The intent's keys were removed in the midst of it.
    Removed,
}

impl Turnover {
    pub(super) fn new(
        rotation: String,
        old: Held,
        name: String,
        request: NewKey,
        full_limit: Option<f64>,
    ) -> Self {
        Self {
            rotation,
            old,
            name,
            request,
            full_limit,
            before: None,
            overlap: Duration::ZERO,
            grace: Duration::ZERO,
            new: None,
            delivered: None,
            is_verified: false,
            disabling: None,
            disabled: None,
            remainder: None,
            removal: Removal::NotBegun,
            rolling_back: None,
            outcome: None,
        }
    }

    pub(super) fn made(&mut self, mut held: Held) {
        // What was asked for of the intent stays, whichever key it has, and whatever somebody has called that.
        held.name.clone_from(&self.old.name);
        held.request.clone_from(&self.old.request);
        self.new = Some(held);
    }

    /// Whether all is done but to give the new key its full limit in the next window.
    pub(crate) fn is_in_remainder(&self) -> bool {
        self.removal == Removal::Done
    }

    /// The full limit, USD, if it is due in the next window to a key that has this limit. If that is not the remainder, somebody
    /// has changed it, who knows better.
    pub(crate) fn withheld_from(&self, limit: Option<f64>) -> Option<f64> {
        let remainder = self.remainder?;
        let is_withheld = remainder.state == Granting::Trimmed;
        let is_unchanged = is_same_limit(limit, Some(remainder.limit));
        self.full_limit.filter(|_| is_withheld && is_unchanged)
    }

    pub(super) fn forget_secrets(&mut self) {
        self.old.secret = None;
        if let Some(new) = &mut self.new {
            new.secret = None;
        }
    }

    pub(super) fn wants_key(&self) -> bool {
        self.new.is_none() && self.rolling_back.is_none()
    }

    /// The intent's key: the old one until it is about to be disabled, and again when that is taken back.
    pub(super) fn current(&self) -> &Held {
        let is_over = self.outcome == Some(Outcome::Rotated);
        match &self.new {
            Some(new) if self.rolling_back.is_none() && (self.disabling.is_some() || is_over) => {
                new
            }
            _ => &self.old,
        }
    }

    fn grants(&mut self, from: Granting, to: Granting) -> bool {
        match &mut self.remainder {
            Some(remainder) if remainder.state == from => {
                remainder.state = to;
                true
            }
            _ => false,
        }
    }

    /// Adds an entry, if it can stand there.
    pub(super) fn add(&mut self, record: &Record) -> bool {
        let is_forward = self.rolling_back.is_none();
        match record {
            Record::RollingBack { at } if is_forward && self.removal == Removal::NotBegun => {
                self.rolling_back = Some(*at);
            }
            Record::RolledBack {} if !is_forward => self.outcome = Some(Outcome::RolledBack),
            // There is nothing to go back to.
            Record::Rotated {} if !is_forward && self.new.is_some() => {
                self.rolling_back = None;
                self.outcome = Some(Outcome::Rotated);
            }
            // From here on, everything is a step forward.
            _ if !is_forward => return false,
            Record::Delivered { at } if self.new.is_some() && self.delivered.is_none() => {
                self.delivered = Some(*at);
            }
            Record::Verified {} if self.delivered.is_some() => self.is_verified = true,
            Record::Disabling { at } if self.is_verified && self.disabling.is_none() => {
                self.disabling = Some(*at);
            }
            Record::Disabled { at } if self.disabling.is_some() && self.disabled.is_none() => {
                self.disabled = Some(*at);
            }
            Record::Trimming { limit, until }
                if self.disabled.is_some() && self.remainder.is_none() =>
            {
                self.remainder = Some(Remainder {
                    limit: *limit,
                    until: *until,
                    state: Granting::Trimming,
                });
            }
            Record::Trimmed {} => return self.grants(Granting::Trimming, Granting::Trimmed),
            Record::Restored {} => return self.grants(Granting::Trimmed, Granting::Restored),
            Record::RemovingOld {}
                if self.disabled.is_some() && self.removal == Removal::NotBegun =>
            {
                self.removal = Removal::Begun;
            }
            Record::RemovedOld {} if self.removal == Removal::Begun => {
                self.removal = Removal::Done;
            }
            Record::Rotated {} if self.removal == Removal::Done => {
                self.outcome = Some(Outcome::Rotated);
            }
            _ => return false,
        }
        true
    }
}
