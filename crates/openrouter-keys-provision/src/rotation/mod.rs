//! Replacing a key by another one, without a moment in which the customer has none.

mod remainder;
mod resume;
mod rollback;
mod status;

use std::fmt;
use std::time::Duration;

use openrouter_keys::{KeyHash, SecretString};

use crate::error::{Error, Problem};
use crate::history::{History, Outcome, Turnover};
use crate::intent;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::new_key::NewKey;
use crate::provisioner::Provisioner;

pub use status::{RotationStage, RotationStatus};

impl<L: Ledger> Provisioner<L> {
    /// A rotation of the intent's key: the replacement of it by a new one with the same settings.
    ///
    /// `rotation` is your own name for this one rotation, such as `2026-11`. It makes [`resume`](Rotation::resume) safe to be
    /// called any number of times: what is done under this name is done once. The next rotation gets another name.
    ///
    /// A key that was not made here is [adopted](Self::adopt) first.
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
    /// use openrouter_keys_provision::RotationStage;
    /// use std::time::Duration;
    ///
    /// let rotation = provisioner
    ///     .rotation("customer-42", "2026-11")
    ///     .grace(Duration::from_secs(24 * 60 * 60));
    /// let status = rotation
    ///     .resume(async |delivery| Ok(store(&delivery.secret).await?))
    ///     .await?;
    /// // The new key is in use, and the old one disabled. It is removed by a call of `resume` after this time.
    /// assert_eq!(status.stage, RotationStage::Grace);
    /// println!("call again after {}", status.until.expect("the end of the grace"));
    ///
    /// // Something does not work with the new one after all.
    /// rotation.rollback().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn rotation(
        &self,
        intent: impl Into<String>,
        rotation: impl Into<String>,
    ) -> Rotation<'_, L> {
        Rotation {
            provisioner: self,
            intent: intent.into(),
            name: rotation.into(),
            overlap: None,
            grace: None,
            remaining_only: false,
            renews_expiry: false,
            change: None,
        }
    }
}

/// A rotation, which goes forward with [`resume`](Self::resume) and back with [`rollback`](Self::rollback). From
/// [`Provisioner::rotation`].
///
/// The steps, each of which is written down, so that whatever stops it, the next call goes on from there:
///
/// 1. A new key is made with the old one's settings, as `ensure` makes one: exactly one.
/// 2. Your sink gets the plaintext, and acknowledges that it has stored it.
/// 3. The new key is tried, by `GET /key`.
/// 4. After the [`overlap`](Self::overlap), the old key is disabled. From here on, `ensure` gives the new one.
/// 5. After the [`grace`](Self::grace), the old key is removed. Until then, the way back is open.
///
/// So at each moment there is a key that works and whose plaintext the sink has, or had before this began, unless somebody
/// else disables or removes it.
///
/// The settings are the name, the limit, when it resets, whether it includes BYOK, the workspace, the time of expiry, and the
/// partner's name for the customer, as the old key has them when this begins. On whose behalf the key was made is not among them: that
/// can only be set in an organisation, and says so itself with [`settings`](Self::settings).
///
/// The new plaintext is in the ledger, as the first one was. If the sink has it durably, call
/// [`release`](Provisioner::release) when [`resume`](Self::resume) has come to [`Grace`](RotationStage::Grace),
/// [`Remainder`](RotationStage::Remainder) or [`Done`](RotationStage::Done).
///
/// **Money.** What is spent with a key counts from zero for a new one. So the budget of the current window is granted twice,
/// unless you ask for [`remaining_only`](Self::remaining_only).
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
/// # async fn store(_: &openrouter_keys::SecretString) -> std::io::Result<()> { Ok(()) }
/// // From now on with another limit, USD.
/// let rotation = provisioner
///     .rotation("customer-42", "more for customer 42")
///     .settings(|key| key.limit(80));
/// let _ = rotation.resume(async |delivery| Ok(store(&delivery.secret).await?)).await?;
///
/// // What was asked for first is what `ensure` goes on to ask for; the key is the new one.
/// let provisioned = provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// assert_eq!(provisioned.key.limit, Some(80.0));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before it is resumed"]
pub struct Rotation<'a, L> {
    provisioner: &'a Provisioner<L>,
    intent: String,
    name: String,
    overlap: Option<Duration>,
    grace: Option<Duration>,
    remaining_only: bool,
    renews_expiry: bool,
    change: Option<Change>,
}

type Change = Box<dyn Fn(NewKey) -> NewKey + Send + Sync>;

/// A new key for the sink of a [`Rotation`].
///
/// `Debug` does not print the plaintext.
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
/// use openrouter_keys::SecretString;
/// use openrouter_keys_provision::Delivery;
/// use std::sync::Mutex;
///
/// static VAULT: Mutex<Vec<(String, SecretString)>> = Mutex::new(Vec::new());
///
/// async fn store(delivery: Delivery) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     let mut vault = VAULT.lock().map_err(|_| "the vault is closed")?;
///     vault.push((delivery.intent, delivery.secret));
///     Ok(()) // when it is there durably, for everybody who uses the key, and not before
/// }
/// let _ = provisioner.rotation("customer-42", "2026-11").resume(store).await?;
/// let (intent, plaintext) = VAULT.lock().unwrap().remove(0);
/// assert_eq!(intent, "customer-42");
/// assert!(client.with_key(plaintext).current().send().await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The intent.
    pub intent: String,
    /// The new key.
    pub hash: KeyHash,
    /// Its plaintext.
    pub secret: SecretString,
}

impl<L> Rotation<'_, L> {
    /// How long both keys work, after the sink has acknowledged the new one; no time by default.
    ///
    /// For sinks that acknowledge before everybody who uses the key has got the new one. It is written down when the rotation
    /// begins, in whole seconds, and counts in each call that does not say otherwise.
    pub fn overlap(mut self, time: Duration) -> Self {
        self.overlap = Some(time);
        self
    }

    /// How long the old key is disabled before it is removed; no time by default.
    ///
    /// Whoever still uses it is noticed by then, and [`rollback`](Self::rollback) can bring it back. It is written down when the
    /// rotation begins, in whole seconds, and counts in each call that does not say otherwise.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = Some(time);
        self
    }

    /// Grants the new key only what is left of the old one's limit in the current window.
    ///
    /// It is made with what is left at that time. When the old key is disabled, it gets what is left then, or 0.000001 USD if
    /// that is nothing: what both may spend together in the overlap, what is booked late, and what is spent in the first
    /// minutes of a window is all that can be granted twice. If the limit resets, the
    /// rotation is over only when the window is, and the new key has its full limit again: call [`resume`](Self::resume)
    /// [then](RotationStatus::until). Until then another rotation may begin. If that one grants only what remains too, it takes
    /// this over; otherwise its key has the full limit at once.
    ///
    /// A key without a limit, one of which nothing is left, and one whose limit resets in a way that this version does not
    /// know, cannot be rotated so, nor one that waits for a window that begins about now: that is an error of kind
    /// [`Rotation`](crate::ErrorKind::Rotation), before anything was done.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let provisioner = openrouter_keys_provision::Provisioner::new(
    /// #     client, openrouter_keys_provision::MemoryLedger::new());
    /// # async fn store(_: &openrouter_keys::SecretString) -> std::io::Result<()> { Ok(()) }
    /// let old = provisioner.ensure("customer-42", |key| key.limit(50)).await?.key;
    /// emulator.spend(old.hash.as_str(), 20.0)?;
    ///
    /// let rotation = provisioner.rotation("customer-42", "2026-11").remaining_only();
    /// let _ = rotation.resume(async |delivery| Ok(store(&delivery.secret).await?)).await?;
    /// let new = provisioner.ensure("customer-42", |key| key.limit(50)).await?.key;
    /// assert_eq!(new.limit, Some(30.0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn remaining_only(mut self) -> Self {
        self.remaining_only = true;
        self
    }

    /// Lets the new key live for as long as the old one was to live, counted from now. Otherwise it expires when the old one
    /// does.
    pub fn renew_expiry(mut self) -> Self {
        self.renews_expiry = true;
        self
    }

    /// Changes the settings that the new key would have: called once, when the rotation begins. With
    /// [`remaining_only`](Self::remaining_only), a limit that is set here is the one of the next window.
    pub fn settings(mut self, change: impl Fn(NewKey) -> NewKey + Send + Sync + 'static) -> Self {
        self.change = Some(Box::new(change));
        self
    }
}

impl<L: Ledger> Rotation<'_, L> {
    /// How far it has come, from the ledger alone.
    ///
    /// # Errors
    /// [`Ledger`](crate::ErrorKind::Ledger), [`DamagedLedger`](crate::ErrorKind::DamagedLedger), and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the intent or the rotation has a name that cannot be one.
    pub async fn status(&self) -> Result<RotationStatus, Error> {
        let of_intent = |error| intent::about(error, &self.intent);
        self.check().map_err(of_intent)?;
        let log = Log::read(self.provisioner.ledger(), &self.intent).await;
        Ok(self.status_of(&log.map_err(of_intent)?))
    }

    fn check(&self) -> Result<(), Error> {
        intent::check(&self.intent)?;
        intent::check_name("rotation", &self.name)
    }

    /// The rotation of that name, if it is under way; an error, if it is another one that is.
    fn under_way<'l>(&self, log: &'l Log<'_, L>) -> Result<Option<&'l Turnover>, Error> {
        match &log.history().turnover {
            // It only waits for the next window, and this one sees to that too.
            Some(other) if other.rotation != self.name && other.is_in_remainder() => Ok(None),
            Some(other) if other.rotation != self.name => Err(refused(format!(
                "the rotation {:?} is under way; resume it or roll it back first",
                other.rotation
            ))),
            turnover => Ok(turnover.as_ref()),
        }
    }

    /// How the rotation of that name ended, if it did.
    fn outcome(&self, log: &Log<'_, L>) -> Option<Outcome> {
        let mut over = log.history().rotations.iter();
        over.find(|(name, _)| *name == self.name)
            .map(|(_, outcome)| *outcome)
    }
}

fn check_not_removing(history: &History) -> Result<(), Error> {
    if history.is_removing {
        let message = "the intent's keys are being removed: call `remove` again";
        return Err(refused(message.to_owned()));
    }
    Ok(())
}

fn refused(message: String) -> Error {
    Error::new(Problem::Rotation(message))
}

impl<L> fmt::Debug for Rotation<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation")
            .field("intent", &self.intent)
            .field("rotation", &self.name)
            .field("overlap", &self.overlap)
            .field("grace", &self.grace)
            .field("remaining_only", &self.remaining_only)
            .finish_non_exhaustive()
    }
}
