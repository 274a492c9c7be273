//! Whom one asks for keys.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use openrouter_keys::chrono::TimeDelta;
use openrouter_keys::{Client, Clock};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::error::{Error, Problem};
use crate::guards::{Guard, Guards};
use crate::ledger::Ledger;
use crate::log::Log;
use crate::marker::Nonce;

/// Makes keys, exactly one for each intent, and keeps track of them in a [`Ledger`].
///
/// An *intent* is your own stable name for what the key is for, such as `customer-42`. However often
/// [`ensure`](Self::ensure) is called for it, from whatever crash or cancellation it comes back, there is one committed key,
/// and its plaintext is in the ledger until you [release](Self::release) it.
///
/// To use it in several tasks, give each a clone: clones are cheap and share everything. Calls for one intent take turns, among
/// the clones of one provisioner; different intents do not wait for each other. Several processes may work with one ledger, if
/// the ledger allows it (a [`FileLedger`](crate#features) does not): one that comes in another's way gets an error of kind
/// [`Contended`](crate::ErrorKind::Contended), and nothing worse.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// use openrouter_keys::LimitReset;
/// use openrouter_keys_provision::{MemoryLedger, Provisioner};
///
/// // let client = openrouter_keys::Client::from_env()?;
/// let provisioner = Provisioner::new(client, MemoryLedger::new());
/// let ours = provisioner
///     .ensure("customer-42", |key| key.limit(50).limit_reset(LimitReset::Monthly))
///     .await?;
/// let again = provisioner
///     .ensure("customer-42", |key| key.limit(50).limit_reset(LimitReset::Monthly))
///     .await?;
/// assert_eq!(again.key.hash, ours.key.hash);
/// # Ok(())
/// # }
/// ```
pub struct Provisioner<L> {
    client: Client,
    ledger: Arc<L>,
    settings: Settings,
    turns: Arc<Turns>,
    /// The attempts of this provisioner that came to nothing yet. Nobody else is at work on those.
    mine: Arc<Mutex<HashSet<Nonce>>>,
    /// Set when the ledger was seen to belong to the client's account.
    pub(crate) bound: Arc<OnceLock<()>>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) longest_delay: Duration,
    pub(crate) patience: Duration,
    pub(crate) is_strict: bool,
    pub(crate) has_escrow: bool,
    pub(crate) attempts: u32,
    pub(crate) account: Option<String>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) guards: Guards,
    pub(crate) nonces: Arc<dyn Fn() -> Result<Nonce, getrandom::Error> + Send + Sync>,
}

/// The clock of everybody who brings none.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {}

/// # Making one
impl<L: Ledger> Provisioner<L> {
    /// One for the client's account, with this ledger.
    ///
    /// The ledger belongs to the account from the first call on: see [`account`](Self::account).
    pub fn new(client: Client, ledger: L) -> Self {
        Self {
            client,
            ledger: Arc::new(ledger),
            settings: Settings {
                longest_delay: Duration::from_secs(5 * 60),
                patience: Duration::from_secs(5),
                is_strict: false,
                has_escrow: false,
                attempts: 3,
                account: None,
                clock: Arc::new(SystemClock),
                guards: Guards::ALL,
                nonces: Arc::new(Nonce::random),
            },
            turns: Arc::default(),
            mine: Arc::default(),
            bound: Arc::default(),
        }
    }

    /// How long after it was written down an attempt can still have an effect, at the most; 5 minutes by default.
    ///
    /// It has to be longer than a call of the client may take (90 seconds by default), what the network, a gateway or the
    /// service may hold back a request for, what the service's lists may be behind, and what the clocks of the machines that
    /// write to the ledger differ by, together. Nobody guarantees such a time. What depends on it: strict mode waits for it, a
    /// [`sweep`](Self::sweep) lets younger attempts be, and a [rollback](crate::Rotation::rollback) keeps the new key for so
    /// long. What does not: that an intent has one committed key.
    #[must_use]
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.settings.longest_delay = delay;
        self
    }

    /// How long a call waits for an attempt that another process may be at work on, before it takes that for dead, abandons it
    /// and makes another; 5 seconds by default.
    ///
    /// If the other one was alive after all, nothing worse comes of it than an error of kind
    /// [`Contended`](crate::ErrorKind::Contended) for it, and its key is removed. Attempts of this provisioner and its clones
    /// are not waited for. With a [`FileLedger`](crate#features) none is, since no other process can have it open; but if you
    /// have put it into an [`Arc`], attempts of other provisioners are, which may share it.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.settings.patience = time;
        self
    }

    /// After a create whose answer was lost, waits until the [`longest_delay`](Self::longest_delay) is over before it looks for
    /// what the create has made, and sends another: in this call or in a later one.
    ///
    /// Without, which is *fast* mode, it looks at once. A create that was held back and lands after that makes a key which
    /// nobody holds, and which is there until the next [`sweep`](Self::sweep).
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.settings.is_strict = true;
        self
    }

    /// Makes each key with a limit of 0 USD, and gives it its real one when it is committed: what is made twice by an
    /// accident cannot spend meanwhile.
    ///
    /// Off by default, because nothing that OpenRouter documents says that a limit of 0 means *nothing* and not *no limit*.
    /// Try it with a key of your account before you rely on it. Nothing else depends on it.
    #[must_use]
    pub fn escrow(mut self) -> Self {
        self.settings.has_escrow = true;
        self
    }

    /// How many creates one call sends for an intent at the most, if the answers are lost; 3 by default, at least 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts.max(1);
        self
    }

    /// Your own name for the account that the client's key belongs to.
    ///
    /// A ledger serves one account at one base URL: in another, each of its keys would look like one that somebody has
    /// removed. The first call writes into the ledger which those are, and each provisioner compares, once, what `GET /key` says of
    /// the client's key: its organisation, or where there is none, the user who made it (both known since 2026, and neither
    /// is there for every key). Where the service says neither, only this name can tell accounts apart. A name that was given
    /// before and is given now decides alone; one that is given for the first time is believed rather than the user, and not
    /// rather than the organisation.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// use openrouter_keys_provision::{ErrorKind, MemoryLedger, Provisioner};
    /// use std::sync::Arc;
    ///
    /// let ledger = Arc::new(MemoryLedger::new());
    /// let shop = Provisioner::new(client.clone(), ledger.clone()).account("shop");
    /// shop.sweep().await?;
    ///
    /// // The ledger of the one with the client of the other.
    /// let warehouse = Provisioner::new(client, ledger).account("warehouse");
    /// assert_eq!(warehouse.sweep().await.unwrap_err().kind(), ErrorKind::ForeignLedger);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.settings.account = Some(name.into());
        // What was compared for a clone was another name.
        self.bound = Arc::default();
        self
    }

    /// Where the time comes from, and how it waits: for tests. The client has [its own](openrouter_keys::ClientBuilder::clock).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }
}

impl<L: Ledger> Provisioner<L> {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same without a guard, to see whether it is missed.
    #[cfg(test)]
    pub(crate) fn without(mut self, guard: Guard) -> Self {
        self.settings.guards.without = Some(guard);
        self
    }

    pub(crate) fn holds(&self, guard: Guard) -> bool {
        self.settings.guards.hold(guard)
    }

    /// Waits until no other call of this provisioner, or a clone of it, is at work on the intent.
    pub(crate) async fn turn(&self, intent: &str) -> OwnedMutexGuard<()> {
        self.turns.of(intent).lock_owned().await
    }

    /// Waits for its turn, and reads what the ledger has on the intent, if it is about the client's account.
    pub(crate) async fn enter<'a>(
        &'a self,
        intent: &'a str,
    ) -> Result<(OwnedMutexGuard<()>, Log<'a, L>), Error> {
        let turn = self.turn(intent).await;
        self.bind().await?;
        Ok((turn, Log::read(self.ledger(), intent).await?))
    }

    /// The same as [`turn`](Self::turn), but without waiting.
    pub(crate) fn turn_now(&self, intent: &str) -> Option<OwnedMutexGuard<()>> {
        self.turns.of(intent).try_lock_owned().ok()
    }

    /// A nonce for an attempt of this provisioner.
    pub(crate) fn nonce(&self) -> Result<Nonce, Error> {
        let nonce = (self.settings.nonces)().map_err(|error| Error::new(Problem::Random(error)))?;
        self.mine().insert(nonce);
        Ok(nonce)
    }

    /// The attempt with this nonce has come to something, or cannot any more.
    pub(crate) fn settled(&self, nonce: Nonce) {
        self.mine().remove(&nonce);
    }

    pub(crate) fn is_mine(&self, nonce: Nonce) -> bool {
        self.mine().contains(&nonce)
    }

    fn mine(&self) -> MutexGuard<'_, HashSet<Nonce>> {
        self.mine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The longest delay, as it is added to a time of day.
    pub(crate) fn longest_delay_of_day(&self) -> TimeDelta {
        // More would be no time of day any more, and nobody waits for it.
        let most = TimeDelta::days(3650);
        TimeDelta::from_std(self.settings.longest_delay).map_or(most, |delay| delay.min(most))
    }
}

impl<L> Clone for Provisioner<L> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            ledger: Arc::clone(&self.ledger),
            settings: self.settings.clone(),
            turns: Arc::clone(&self.turns),
            mine: Arc::clone(&self.mine),
            bound: Arc::clone(&self.bound),
        }
    }
}

impl<L> fmt::Debug for Provisioner<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provisioner")
            .field("client", &self.client)
            .field("longest_delay", &self.settings.longest_delay)
            .field("patience", &self.settings.patience)
            .field("strict", &self.settings.is_strict)
            .field("escrow", &self.settings.has_escrow)
            .finish_non_exhaustive()
    }
}

/// Whose turn it is, for each intent that anybody is at work on.
#[derive(Default)]
struct Turns(Mutex<HashMap<String, Weak<AsyncMutex<()>>>>);

impl Turns {
    fn of(&self, intent: &str) -> Arc<AsyncMutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(intent).and_then(Weak::upgrade) {
            return turn;
        }
        // Nobody is at work on those any more.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(intent.to_owned(), Arc::downgrade(&turn));
        turn
    }
}
