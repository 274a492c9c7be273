//! What lost creates leave behind, for all intents.

use std::collections::HashMap;

use openrouter_keys::Key;
use openrouter_keys::chrono::{DateTime, Utc};

use crate::absence::is_no_workspace;
use crate::binding;
use crate::error::{Error, ErrorKind, Problem};
use crate::guards::Guard;
use crate::history::{Attempt, Fate, History};
use crate::ledger::{Entry, Ledger};
use crate::leftover::{self, LOOKING, Leftover, LeftoverFate, workspaces};
use crate::log::Log;
use crate::marker::Nonce;
use crate::provisioner::Provisioner;

/// What a [`sweep`](Provisioner::sweep) found.
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
/// let sweep = provisioner.sweep().await?;
/// for intent in &sweep.unfinished {
///     println!("{intent} was begun, and has no key: ask for it again");
/// }
/// assert!(sweep.unfinished.is_empty() && sweep.leftovers.is_empty());
/// // The create was sent a moment ago. What the network may do with it still, the next sweep finds.
/// assert!(!sweep.is_settled);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sweep {
    /// The keys that carry a marker and are no intent's key, and what became of each.
    pub leftovers: Vec<Leftover>,
    /// The intents that were begun, have no committed key, and at which nobody has been at work for the
    /// [longest delay](Provisioner::longest_delay): call [`ensure`](Provisioner::ensure) for them. If nobody wants a key for one,
    /// or if it is being removed already, call [`remove`](Provisioner::remove), which takes away also what was made meanwhile.
    pub unfinished: Vec<String>,
    /// The intents whose key is being rotated, each with the name of the rotation: [resume](crate::Rotation::resume) it when it
    /// is [time](crate::RotationStatus::until).
    pub rotating: Vec<(String, String)>,
    /// The intents of which the ledger holds something that makes no sense, or comes from a later version. What they have left
    /// behind cannot be told: keys of theirs are reported as of an [unknown marker](LeftoverFate::Unknown).
    pub unreadable_intents: Vec<String>,
    /// Workspaces in which there were attempts, and which the service does not list (400, 403 or 404): they were removed,
    /// perhaps, and their keys with them. Nothing is known of what is in them.
    pub unreadable_workspaces: Vec<String>,
    /// Whether no attempt can have an effect any more. If not, an attempt is younger than the
    /// [longest delay](Provisioner::longest_delay) or has a call at work on it, and another sweep is due when that is over.
    /// One that seems to come from later than the longest delay does not count, for the clock of whoever made it was wrong; nor
    /// do those of [unreadable intents](Self::unreadable_intents), of which nothing is known.
    pub is_settled: bool,
}

impl<L: Ledger> Provisioner<L> {
    /// Finds and removes what lost creates have left behind. Call it now and then, from a timer for instance.
    ///
    /// A create that was held back by the network can make its key after it was looked for: such keys, and what it made
    /// twice, are found here. Looked at are the workspaces in which this ledger's attempts were made. A key is removed only
    /// if its name is a marker of this ledger, if it is no intent's key, and if it was never used; what else has a marker is
    /// [reported](Sweep::leftovers), and what has none is not touched.
    ///
    /// It may run at any time, beside calls that make keys too: an attempt that may be under way is left alone until it is
    /// older than the [longest delay](Self::longest_delay).
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). What was removed until then is removed; sweep again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let provisioner = openrouter_keys_provision::Provisioner::new(
    /// #     client, openrouter_keys_provision::MemoryLedger::new());
    /// use openrouter_keys_provision::LeftoverFate;
    ///
    /// for leftover in provisioner.sweep().await?.leftovers {
    ///     if leftover.fate == LeftoverFate::Used {
    ///         eprintln!("somebody uses {}, which nobody should have", leftover.key.hash);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep(&self) -> Result<Sweep, Error> {
        Box::pin(self.sweep_it()).await
    }

    async fn sweep_it(&self) -> Result<Sweep, Error> {
        self.bind().await?;
        // Before anything is looked at: what grows old while this goes on may have made a key behind the listing.
        let began = self.settings().clock.utc_now();
        let (mut histories, mut unreadable) = self.histories_and_unreadable().await?;
        let mut sweep = Sweep::default();
        let mut marked: Vec<(Nonce, Key)> = Vec::new();
        let attempts = histories.iter().flat_map(|(_, history)| &history.attempts);
        for workspace in workspaces(attempts) {
            match leftover::marked(self.client(), workspace.as_deref()).await {
                Ok(mut found) => {
                    // The default workspace may be among those that have a name.
                    found.retain(|(_, key)| marked.iter().all(|(_, known)| known.hash != key.hash));
                    marked.extend(found);
                }
                Err(error) if is_no_workspace(&error) && workspace.is_some() => {
                    sweep.unreadable_workspaces.extend(workspace);
                }
                Err(error) => return Err(Error::client(LOOKING, error)),
            }
        }
        if !marked.is_empty() {
            // Each of them was in the ledger before it was made: now all of them are known.
            (histories, unreadable) = self.histories_and_unreadable().await?;
        }
        let intent_of: HashMap<Nonce, &str> = histories
            .iter()
            .flat_map(|(intent, history)| {
                let nonces = history.attempts.iter().map(|attempt| attempt.nonce);
                nonces.map(|nonce| (nonce, intent.as_str()))
            })
            .collect();

        for (nonce, key) in marked {
            let leftover = match intent_of.get(&nonce) {
                Some(intent) => self.sweep_one(nonce, key, intent).await?,
                None => Some(Leftover {
                    key,
                    intent: None,
                    fate: LeftoverFate::Unknown,
                }),
            };
            sweep.leftovers.extend(leftover);
        }
        let unreadable = unreadable.into_iter().map(|(intent, _)| intent);
        sweep.unreadable_intents = unreadable.collect();
        let mut attempts = histories.iter().flat_map(|(_, history)| &history.attempts);
        let mut fates = sweep.leftovers.iter().map(|leftover| leftover.fate);
        sweep.is_settled = !attempts.any(|attempt| self.is_young(attempt, began))
            && fates.all(|fate| fate != LeftoverFate::UnderWay);
        for (intent, history) in histories {
            let latest = history.attempts.last();
            let is_at_work = latest.is_some_and(|attempt| self.is_young(attempt, began));
            let lacks_key = history.is_begun && history.current.is_none() && !is_at_work;
            match history.turnover {
                Some(turnover) if !history.is_removing => {
                    sweep.rotating.push((intent, turnover.rotation));
                }
                _ if lacks_key || history.is_removing => sweep.unfinished.push(intent),
                _ => {}
            }
        }
        Ok(sweep)
    }

    /// A key with a marker, by what the ledger says of it at this moment.
    async fn sweep_one(
        &self,
        nonce: Nonce,
        key: Key,
        intent: &str,
    ) -> Result<Option<Leftover>, Error> {
        let of_intent = |error: Error| error.about(intent);
        let turn = self.turn_now(intent);
        // Without the secrets: one that cannot be opened must not keep what others have left behind.
        let history = self.history(intent).await.map_err(of_intent)?;
        if history.holds(&key.hash) && self.holds(Guard::SpareTheSealed) {
            return Ok(None);
        }
        // The latest one with this nonce: they are all different.
        let attempt = history
            .attempts
            .iter()
            .rfind(|attempt| attempt.nonce == nonce);
        if let Some(open) = attempt.filter(|attempt| matches!(attempt.fate, Fate::Open)) {
            let now = self.settings().clock.utc_now();
            let left = if turn.is_none() || self.is_young(open, now) {
                Some(LeftoverFate::UnderWay)
            } else {
                self.fence(nonce, intent).await.map_err(of_intent)?
            };
            if let Some(fate) = left {
                let intent = Some(intent.to_owned());
                return Ok(Some(Leftover { key, intent, fate }));
            }
        }
        let leftover = self.remove_leftover(nonce, key, intent).await;
        leftover.map(Some).map_err(of_intent)
    }

    /// Sees to it that nobody can seal what an open attempt has made, unless it is left to those whose it is: then what to say
    /// of it.
    async fn fence(&self, nonce: Nonce, intent: &str) -> Result<Option<LeftoverFate>, Error> {
        // Only the secrets tell whether the plaintext is the caller's own.
        let mut log = match Log::read(self.ledger(), intent).await {
            Err(error) if error.kind() == ErrorKind::DamagedLedger => {
                return Ok(Some(LeftoverFate::Unfinished));
            }
            log => log?,
        };
        // It may have come to something in this moment.
        let Some(open) = log.history().open().filter(|open| open.nonce == nonce) else {
            return Ok(Some(LeftoverFate::UnderWay));
        };
        if open.chosen.is_some() {
            return Ok(Some(LeftoverFate::Unfinished));
        }
        if !self.holds(Guard::FenceBeforeSweeping) {
            return Ok(None);
        }
        match self.abandon(&mut log, false).await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == ErrorKind::Contended => Ok(Some(LeftoverFate::UnderWay)),
            Err(error) => Err(error),
        }
    }

    /// Whether it may be under way still at that time. One that seems to come from the far future is by a clock that was wrong.
    fn is_young(&self, attempt: &Attempt, now: DateTime<Utc>) -> bool {
        let delay = self.longest_delay_of_day();
        attempt.at <= now + delay && now < attempt.at + delay
    }

    /// What the ledger has on every intent, but for the secrets; or why that makes no sense.
    pub(crate) async fn histories(&self) -> Result<Vec<(String, History)>, Error> {
        let (histories, unreadable) = self.histories_and_unreadable().await?;
        match unreadable.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(histories),
        }
    }

    async fn histories_and_unreadable(
        &self,
    ) -> Result<(Vec<(String, History)>, Vec<(String, Error)>), Error> {
        let mut histories = Vec::new();
        let mut unreadable = Vec::new();
        for intent in self.ledger().intents().await? {
            if intent == binding::INTENT {
                continue;
            }
            match self
                .history(&intent)
                .await
                .map_err(|error| error.about(&intent))
            {
                Ok(history) => histories.push((intent, history)),
                Err(error) if error.kind() == ErrorKind::DamagedLedger => {
                    unreadable.push((intent, error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((histories, unreadable))
    }

    /// What the ledger has on an intent, but for the secrets.
    async fn history(&self, intent: &str) -> Result<History, Error> {
        let records = self.ledger().records(intent).await?;
        let entries = records.into_iter().map(|record| Entry::new(record, None));
        History::of(entries).map_err(|what| Error::new(Problem::Damaged(what)))
    }
}
