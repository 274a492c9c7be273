//! What becomes of an intent's key after it was made.

use std::collections::BTreeSet;

use openrouter_keys::Key;

use crate::error::{Error, Problem};
use crate::history::Stage;
use crate::intent;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::marker::Nonce;
use crate::provisioner::Provisioner;
use crate::record::Record;

/// # After it was made
impl<L: Ledger> Provisioner<L> {
    /// Erases the intent's plaintext from the ledger: you have it where it belongs.
    ///
    /// From then on, [`ensure`](Self::ensure) gives the key without its plaintext. The plaintexts of the keys that the intent had
    /// before, removed or replaced, are erased too. What of them a disk or a backup remembers is beyond this.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). In particular
    /// [`UnknownIntent`](crate::ErrorKind::UnknownIntent) if the ledger knows nothing of the intent, or its key is being made;
    /// [`Rotation`](crate::ErrorKind::Rotation) while one is under way whose new key was not seen to work yet. Done twice, it
    /// comes to the same.
    pub async fn release(&self, intent: &str) -> Result<(), Error> {
        let of_intent = |error| intent::about(error, intent);
        let done = Box::pin(self.release_it(intent)).await;
        done.map_err(of_intent)
    }

    async fn release_it(&self, intent: &str) -> Result<(), Error> {
        intent::check(intent)?;
        let (_turn, mut log) = self.enter(intent).await?;
        if log.is_empty() {
            return Err(Error::new(Problem::Unknown));
        }
        if log.history().is_removing {
            self.finish_removal(&mut log).await?;
        }
        if !log.history().may_release() {
            return Err(Error::new(match &log.history().turnover {
                None => Problem::Unknown,
                Some(turnover) => Problem::Rotation(format!(
                    "the rotation {:?} is under way, and needs the new plaintext still: release it when the old key is disabled",
                    turnover.rotation
                )),
            }));
        }
        if !log.history().has_secrets() {
            return Ok(());
        }
        log.append(Record::Released {}, None).await
    }

    /// Takes a key that exists already for an intent that has none: one that was made by hand, or before there was a ledger.
    ///
    /// Its plaintext is not known here; you have it. From then on it is the intent's key, to be
    /// [rotated](Self::rotation), for instance. What a later [`ensure`](Self::ensure) asks for is not compared with it.
    ///
    /// Adopt a key for one intent: whether another one has it is looked up before, which two calls at the same moment, for two
    /// intents, may both do in vain.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). In particular
    /// [`OtherKey`](crate::ErrorKind::OtherKey) if the intent has another one, or is about to, or if another intent has this
    /// one; [`InvalidInput`](crate::ErrorKind::InvalidInput) if its name is a marker;
    /// [`DamagedLedger`](crate::ErrorKind::DamagedLedger) if it cannot be read which keys other intents have;
    /// [`Client`](crate::ErrorKind::Client) if there is no such key. Done twice, it comes to the same.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let provisioner = openrouter_keys_provision::Provisioner::new(
    /// #     client.clone(), openrouter_keys_provision::MemoryLedger::new());
    /// // Made by hand, years ago.
    /// let by_hand = client.create("Customer 7").limit(50).send().await?;
    ///
    /// provisioner.adopt("customer-7", &by_hand.key.hash).await?;
    /// let provisioned = provisioner.ensure("customer-7", |key| key.limit(50)).await?;
    /// assert_eq!(provisioned.key.hash, by_hand.key.hash);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn adopt(&self, intent: &str, hash: impl AsRef<str>) -> Result<Key, Error> {
        let of_intent = |error| intent::about(error, intent);
        let done = Box::pin(self.adopt_it(intent, hash.as_ref())).await;
        done.map_err(of_intent)
    }

    async fn adopt_it(&self, intent: &str, hash: &str) -> Result<Key, Error> {
        intent::check(intent)?;
        let _turn = self.turn(intent).await;
        self.bind().await?;
        let key = self.client().get(hash).send().await;
        let key = key.map_err(|error| Error::client("looking at the key", error))?;
        if Nonce::of_marker(&key.name).is_some() {
            let allowed = "must not be that of a key with a marker: it may be removed";
            return Err(Error::invalid("hash", allowed).of_key(&key.hash));
        }
        if intent::holds_plaintext(&key.name) {
            let allowed =
                "must not be that of a key whose name has a key in it (sk-or-): rename it first";
            return Err(Error::invalid("hash", allowed).of_key(&key.hash));
        }
        let mut log = Log::read(self.ledger(), intent).await?;
        if log.history().is_removing {
            self.finish_removal(&mut log).await?;
        }
        let history = log.history();
        if let Some(held) = &history.current {
            return if held.hash == key.hash {
                Ok(key)
            } else {
                Err(Error::new(Problem::OtherKey).of_key(&held.hash))
            };
        }
        if history.stage != Stage::Idle {
            return Err(Error::new(Problem::UnderWay));
        }
        for (other, history) in self.histories().await? {
            if history.holds(&key.hash) {
                let taken = Error::new(Problem::Taken { by: other });
                return Err(taken.of_key(&key.hash));
            }
        }
        let record = Record::Adopted {
            hash: key.hash.clone(),
            name: key.name.clone(),
        };
        log.append(record, None).await?;
        Ok(key)
    }

    /// Removes the intent's key for good, used or not, and both keys if it is being rotated. The next
    /// [`ensure`](Self::ensure) makes another.
    ///
    /// This is also what to do about a key that somebody else has removed or spoilt. Removed is what the ledger says is the
    /// intent's, whatever it is called; what lost attempts have left behind, as by `ensure`. An attempt that is under way in
    /// another process is given up, and is not waited for.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); call it again then. In particular
    /// [`UnknownIntent`](crate::ErrorKind::UnknownIntent) if the ledger knows nothing of the intent. Done twice, it comes to
    /// the same.
    pub async fn remove(&self, intent: &str) -> Result<(), Error> {
        let of_intent = |error| intent::about(error, intent);
        let done = Box::pin(self.remove_it(intent)).await;
        done.map_err(of_intent)
    }

    async fn remove_it(&self, intent: &str) -> Result<(), Error> {
        intent::check(intent)?;
        let (_turn, mut log) = self.enter(intent).await?;
        if log.is_empty() {
            return Err(Error::new(Problem::Unknown));
        }
        if log.history().stage == Stage::Open {
            self.abandon(&mut log, false).await?;
        }
        if !log.history().is_removing {
            if !log.history().is_begun {
                return Ok(());
            }
            // From here on there is no way back, for nobody who is at work on the intent.
            log.append(Record::Removing {}, None).await?;
        }
        self.finish_removal(&mut log).await
    }

    /// Removes all keys of an intent of which it is written down that they are to be removed.
    pub(crate) async fn finish_removal(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        self.clean_up(log, &mut Vec::new()).await?;
        let history = log.history();
        let sealed = history.sealed().map(|(_, hash)| hash);
        let held = history.held().map(|held| &held.hash);
        let hashes: BTreeSet<_> = held.chain(sealed).cloned().collect();
        for hash in &hashes {
            self.remove_key(hash, "removing the key").await?;
        }
        log.append(Record::Removed {}, None).await
    }
}
