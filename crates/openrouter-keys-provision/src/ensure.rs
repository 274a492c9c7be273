//! One key for an intent.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use openrouter_keys::{Key, SecretString};

use crate::error::{Error, Problem};
use crate::intent;
use crate::ledger::Ledger;
use crate::leftover::Leftover;
use crate::log::Log;
use crate::make::Plan;
use crate::new_key::NewKey;
use crate::provisioner::Provisioner;

impl<L: Ledger> Provisioner<L> {
    /// Sees to it that the intent has a key, and gives it with its plaintext. To be awaited.
    ///
    /// If the intent has a key, that is it; else one is made as the closure says. What happened before does not matter:
    /// whether this was called already, whether it failed, was dropped, or the machine stopped in the middle of it. The
    /// intent has one committed key, and all calls give that one.
    ///
    /// A call that asks for something else than the one that made the key, or for another name, is an error of kind
    /// [`OtherRequest`](crate::ErrorKind::OtherRequest). The time of expiry is not compared, since it is counted from now on
    /// in most programs. How the key was changed since is not looked at.
    ///
    /// An intent has 1 to 256 characters, no control characters and no key (`sk-or-`) in it. It stands in the ledger, in errors
    /// and, unless you give the key [another name](Ensure::name), in the account.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind), which says of each what to do. Nothing is lost by an error: the next call goes on
    /// where this one ended.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let provisioner = openrouter_keys_provision::Provisioner::new(
    /// #     client, openrouter_keys_provision::MemoryLedger::new());
    /// use openrouter_keys::{ExposeSecret, LimitReset};
    ///
    /// let provisioned = provisioner
    ///     .ensure("customer-42", |key| key.limit(50).limit_reset(LimitReset::Monthly))
    ///     .name("Customer 42")
    ///     .await?;
    /// assert_eq!(provisioned.key.name, "Customer 42");
    /// let plaintext = provisioned.secret.expect("it has not been released");
    /// assert!(plaintext.expose_secret().starts_with("sk-or-v1-"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure(
        &self,
        intent: impl Into<String>,
        wanted: impl FnOnce(NewKey) -> NewKey,
    ) -> Ensure<'_, L> {
        let intent = intent.into();
        Ensure {
            provisioner: self,
            plan: Plan {
                name: intent.clone(),
                request: wanted(NewKey::new()),
                chosen: None,
            },
            intent,
        }
    }
}

/// What [`Provisioner::ensure`] returns: await it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client, openrouter_keys_provision::MemoryLedger::new());
/// use std::time::Duration;
///
/// // It may be dropped at any point, by a timeout for instance: the next one goes on from there.
/// let ensure = provisioner.ensure("customer-42", |key| key.limit(50));
/// let provisioned = tokio::time::timeout(Duration::from_secs(60), ensure).await??;
/// assert_eq!(provisioned.key.name, "customer-42");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before it is awaited"]
pub struct Ensure<'a, L> {
    provisioner: &'a Provisioner<L>,
    intent: String,
    plan: Plan,
}

impl<L> Ensure<'_, L> {
    /// What the key shall be called; by default, what the intent is called.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.plan.name = name.into();
        self
    }

    /// For partners of OpenRouter: a plaintext of your own choosing, of at least 32 characters, which the service accepts as
    /// well. It goes with an [`external_user`](NewKey::external_user).
    ///
    /// It is written into the ledger before the create is sent. So nothing is lost with the answer: the key is found by its
    /// marker, and its plaintext is known. If it turns out that an earlier attempt has made the key, the plaintext of that
    /// one counts, and this one is not used.
    ///
    /// What is not verified of the service: whether an account may do this at all, whether the key can be used at once, and
    /// what it answers to a plaintext that is in use. So it is tried, by `GET /key`, before anything relies on it. If the
    /// service does not take it, an answer that arrived has a plaintext of the service's, which counts then; and what a
    /// lost answer has left behind is removed as without this.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let provisioner = openrouter_keys_provision::Provisioner::new(
    /// #     client, openrouter_keys_provision::MemoryLedger::new());
    /// use openrouter_keys::ExposeSecret;
    ///
    /// let chosen = "canary-of-a-partner-for-customer-42"; // of random characters, really
    /// let provisioned = provisioner
    ///     .ensure("customer-42", |key| key.limit(50).external_user("customer-42"))
    ///     .partner_key(chosen)
    ///     .await?;
    /// let plaintext = provisioned.secret.expect("it has not been released");
    /// assert_eq!(plaintext.expose_secret(), chosen);
    /// # Ok(())
    /// # }
    /// ```
    pub fn partner_key(mut self, plaintext: impl Into<SecretString>) -> Self {
        self.plan.chosen = Some(plaintext.into());
        self
    }
}

impl<'a, L: Ledger> IntoFuture for Ensure<'a, L> {
    type Output = Result<Provisioned, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let intent = self.intent.clone();
            self.perform()
                .await
                .map_err(|error| intent::about(error, &intent))
        })
    }
}

impl<L: Ledger> Ensure<'_, L> {
    async fn perform(self) -> Result<Provisioned, Error> {
        let Self {
            provisioner,
            intent,
            plan,
        } = self;
        intent::check(&intent)?;
        intent::check_name("name", &plan.name)?;
        plan.check()?;
        let (_turn, mut log) = provisioner.enter(&intent).await?;
        match provisioner.fulfil(&mut log, &plan).await {
            Ok(provisioned) => Ok(provisioned),
            Err(error) => Err(log.or_contended(error).await),
        }
    }
}

impl<L: Ledger> Provisioner<L> {
    /// The key of the intent, made if there is none.
    async fn fulfil(&self, log: &mut Log<'_, L>, plan: &Plan) -> Result<Provisioned, Error> {
        if log.history().is_removing {
            self.finish_removal(log).await?;
        }
        if log.history().current.is_none() {
            self.wait_for_others(log).await?;
        }
        let mut leftovers = Vec::new();
        let made = if log.history().current.is_none() {
            Some(self.make(log, plan, &mut leftovers).await?)
        } else {
            None
        };
        let held = log.history().current.clone();
        let held = held.expect("what was made is the intent's key");
        let other = held
            .request
            .as_ref()
            .map_or(Vec::new(), |request| plan.differs(&held.name, request));
        if !other.is_empty() {
            return Err(Error::new(Problem::OtherRequest(other)).of_key(&held.hash));
        }
        let key = match made {
            Some(key) => key,
            None => self.look_at(&held.hash).await?,
        };
        Ok(Provisioned {
            key,
            secret: held.secret,
            leftovers,
        })
    }
}

/// The key of an intent, with its plaintext.
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
/// #     client, openrouter_keys_provision::MemoryLedger::new());
/// # async fn store(_: &openrouter_keys::SecretString) -> std::io::Result<()> { Ok(()) }
/// let provisioned = provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// if let Some(plaintext) = provisioned.secret {
///     store(&plaintext).await?;
///     // It is where it belongs: the ledger need not have it any longer.
///     provisioner.release("customer-42").await?;
/// }
/// let again = provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// assert_eq!(again.key.hash, provisioned.key.hash);
/// assert!(again.secret.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Provisioned {
    /// The key, as it is now.
    pub key: Key,
    /// Its plaintext. `None`: it was [released](Provisioner::release), or the key was [adopted](Provisioner::adopt).
    pub secret: Option<SecretString>,
    /// What earlier attempts had left behind and this call came upon, removed or not: usually nothing.
    pub leftovers: Vec<Leftover>,
}

impl<L> fmt::Debug for Ensure<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ensure")
            .field("intent", &self.intent)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
