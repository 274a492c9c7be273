//! The one error of the crate.

use std::fmt;

use openrouter_keys::{KeyHash, SecretString};

use crate::foreign;
use crate::ledger::LedgerError;

/// Why an intent could not be seen through, and what to do about it.
///
/// Display is one line for the person who reads the log. It names the intent, which is therefore no place for a secret, and
/// hashes, which are none.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// use openrouter_keys_provision::{ErrorKind, MemoryLedger, Provisioner};
///
/// let provisioner = Provisioner::new(client, MemoryLedger::new());
/// provisioner.ensure("customer-42", |key| key.limit(50)).await?;
///
/// let error = provisioner.ensure("customer-42", |key| key.limit(80)).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::OtherRequest);
/// // The key that there is, for an update.
/// assert!(error.hash().is_some());
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    intent: Option<String>,
    hash: Option<KeyHash>,
    /// The intent has another key, which works: what is wrong with this one is no reason to remove both.
    in_rotation: bool,
    problem: Problem,
}

/// What kind of failure an [`Error`] is, and what to do about it.
///
/// While a key is rotated, the message may say to roll the rotation back where it says here to call
/// [`remove`](crate::Provisioner::remove): that would remove the old key too, which works.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client.clone(), openrouter_keys_provision::MemoryLedger::new());
/// use openrouter_keys_provision::ErrorKind;
///
/// let made = provisioner.ensure("customer-42", |key| key.limit(50)).await?;
/// client.delete(&made.key.hash).send().await?; // by hand
///
/// let error = provisioner.ensure("customer-42", |key| key.limit(50)).await.unwrap_err();
/// let to_do = match error.kind() {
///     _ if error.is_retryable() => "again in a minute",
///     ErrorKind::KeyGone | ErrorKind::KeyRenamed | ErrorKind::NotAsAsked => "ask who did that",
///     _ => "wake somebody up",
/// };
/// assert_eq!(to_do, "ask who did that");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument makes no sense. No key was made for it. Correct the argument that the message names.
    InvalidInput,
    /// A call failed: [`client_error`](Error::client_error) says why. Nothing is lost. Unless it says that the request itself
    /// is wrong, do the same again.
    Client,
    /// The ledger failed, or the system has no random numbers. Nothing that anybody could rely on is lost. Do the same again,
    /// and if it stays so, mend what the message names.
    Ledger,
    /// Somebody else is at work on this intent: another process with the same ledger. Nothing is lost. Do the same again, after
    /// a moment that is not the same for all; if it happens often, see to it that one of them has the intent.
    Contended,
    /// The ledger is about another account, or about another base URL. Nothing was sent that could change anything. Use the
    /// ledger that belongs to the client, or the other way round.
    ForeignLedger,
    /// What the ledger has on the intent makes no sense, or comes from a later version. Nothing was changed. Look at
    /// the intent's entries, or use the later version.
    DamagedLedger,
    /// The client's key is an ordinary one, which cannot manage keys. Give the client a management key.
    OrdinaryKey,
    /// The intent has a key already, which was asked for otherwise. To change that key, [update](openrouter_keys::Client::update)
    /// it by its [`hash`](Error::hash), and ask for what was asked for first, or for the new settings under another intent.
    OtherRequest,
    /// The intent's key is not there any more: somebody has removed it. If that was meant, call
    /// [`remove`](crate::Provisioner::remove), after which the intent can have a new one.
    KeyGone,
    /// A key that is not committed yet has another name than it was made with, so it cannot be told whether it is the intent's.
    /// Look at it. If somebody has renamed it, give it back the name that the message shows, or call
    /// [`remove`](crate::Provisioner::remove), which deletes it, and do the same again. If it is not the intent's, leave it
    /// alone: then the ledger is wrong.
    KeyRenamed,
    /// The service has made a key with other settings than it was asked for, or somebody has changed them before it was
    /// committed. Look at the key, [`update`](openrouter_keys::Client::update) it, and do the same again; or
    /// [`remove`](crate::Provisioner::remove) it.
    NotAsAsked,
    /// The ledger has no key for this intent. Look whether it is spelt as it was for [`ensure`](crate::Provisioner::ensure).
    UnknownIntent,
    /// The intent has another key already, or is about to, or another intent has this one. Only an intent without a key can adopt
    /// one, and only one that is no other intent's.
    OtherKey,
    /// That cannot be done while a rotation is under way, or at the point that it has reached. The message says what can.
    Rotation,
    /// The caller's sink has not taken the plaintext. Nothing was disabled. Do the same again.
    Sink,
}

pub(crate) enum Problem {
    Invalid(String),
    Client {
        doing: &'static str,
        error: openrouter_keys::Error,
    },
    /// The answers to this many creates were lost.
    Lost {
        creates: u32,
        error: openrouter_keys::Error,
    },
    Ledger(Foreign),
    Random(getrandom::Error),
    Contended,
    ForeignLedger {
        theirs: String,
        ours: String,
    },
    Damaged(String),
    Ordinary,
    OtherRequest(Vec<&'static str>),
    Gone,
    Renamed {
        marker: String,
    },
    NotAsAsked(Vec<&'static str>),
    Unknown,
    OtherKey,
    UnderWay,
    Taken {
        by: String,
    },
    Rotation(String),
    Sink(Foreign),
}

/// An error that is not ours, and what we say of it.
pub(crate) struct Foreign {
    text: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Foreign {
    fn new(
        source: Box<dyn std::error::Error + Send + Sync>,
        secret: Option<&SecretString>,
    ) -> Self {
        let text = foreign::text(&*source, secret);
        Self { text, source }
    }
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.0.problem {
            Problem::Invalid(_) => ErrorKind::InvalidInput,
            Problem::Client { .. } | Problem::Lost { .. } => ErrorKind::Client,
            Problem::Ledger(_) | Problem::Random(_) => ErrorKind::Ledger,
            Problem::Contended => ErrorKind::Contended,
            Problem::ForeignLedger { .. } => ErrorKind::ForeignLedger,
            Problem::Damaged(_) => ErrorKind::DamagedLedger,
            Problem::Ordinary => ErrorKind::OrdinaryKey,
            Problem::OtherRequest(_) => ErrorKind::OtherRequest,
            Problem::Gone => ErrorKind::KeyGone,
            Problem::Renamed { .. } => ErrorKind::KeyRenamed,
            Problem::NotAsAsked(_) => ErrorKind::NotAsAsked,
            Problem::Unknown => ErrorKind::UnknownIntent,
            Problem::OtherKey | Problem::UnderWay | Problem::Taken { .. } => ErrorKind::OtherKey,
            Problem::Rotation(_) => ErrorKind::Rotation,
            Problem::Sink(_) => ErrorKind::Sink,
        }
    }

    /// The intent that it is about, if it is about one.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        self.0.intent.as_deref()
    }

    /// The key that it is about, if it is about one.
    #[must_use]
    pub fn hash(&self) -> Option<&KeyHash> {
        self.0.hash.as_ref()
    }

    /// What the client said, if a call failed.
    #[must_use]
    pub fn client_error(&self) -> Option<&openrouter_keys::Error> {
        match &self.0.problem {
            Problem::Client { error, .. } | Problem::Lost { error, .. } => Some(error),
            _ => None,
        }
    }

    /// What the ledger said, if it failed. Where yours has an error type of its own, `downcast_ref` gives it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// use openrouter_keys_provision::{Entry, Ledger, LedgerError, Provisioner};
    /// use std::io;
    ///
    /// struct OutOfReach;
    ///
    /// impl Ledger for OutOfReach {
    ///     async fn read(&self, _: &str) -> Result<Vec<Entry>, LedgerError> {
    ///         Err(io::Error::from(io::ErrorKind::HostUnreachable).into())
    ///     }
    /// #   async fn append(&self, _: &str, _: usize, _: &Entry) -> Result<(), LedgerError> { unreachable!() }
    /// #   async fn intents(&self) -> Result<Vec<String>, LedgerError> { unreachable!() }
    ///     // …
    /// }
    /// let error = Provisioner::new(client, OutOfReach).sweep().await.unwrap_err();
    /// let said = error.ledger_error().and_then(|error| error.downcast_ref::<io::Error>());
    /// assert!(said.is_some_and(|error| error.kind() == io::ErrorKind::HostUnreachable));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ledger_error(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        match &self.0.problem {
            Problem::Ledger(foreign) => Some(&*foreign.source),
            _ => None,
        }
    }

    /// Whether the same may be done again with some hope, without anybody doing something about it first.
    ///
    /// Of what a ledger says this crate knows nothing, so every failure of one counts as such. A `FileLedger` that has
    /// stopped goes on failing until it is opened again: ask [`ledger_error`](Self::ledger_error) whether it
    /// `needs_reopening`.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.0.problem {
            Problem::Client { error, .. } => error.is_retryable(),
            Problem::Lost { .. }
            | Problem::Contended
            | Problem::Sink(_)
            | Problem::Ledger(_)
            | Problem::Random(_) => true,
            _ => false,
        }
    }

    pub(crate) fn new(problem: Problem) -> Self {
        Self(Box::new(Inner {
            intent: None,
            hash: None,
            in_rotation: false,
            problem,
        }))
    }

    pub(crate) fn invalid(argument: &str, allowed: &str) -> Self {
        Self::new(Problem::Invalid(format!("invalid `{argument}`: {allowed}")))
    }

    pub(crate) fn client(doing: &'static str, error: openrouter_keys::Error) -> Self {
        Self::new(Problem::Client { doing, error })
    }

    /// A failure of the ledger, which had this secret in its hands.
    pub(crate) fn ledger(error: LedgerError, secret: Option<&SecretString>) -> Self {
        Self::new(match error {
            LedgerError::Conflict => Problem::Contended,
            LedgerError::Damaged(source) => Problem::Damaged(foreign::text(&*source, secret)),
            LedgerError::Failed(source) => Problem::Ledger(Foreign::new(source, secret)),
        })
    }

    /// A failure of the caller's sink, which had this secret in its hands.
    pub(crate) fn sink(
        source: Box<dyn std::error::Error + Send + Sync>,
        secret: &SecretString,
    ) -> Self {
        Self::new(Problem::Sink(Foreign::new(source, Some(secret))))
    }

    /// One that is met while the intent's key is being rotated.
    pub(crate) fn in_rotation(mut self) -> Self {
        self.0.in_rotation = true;
        self
    }

    pub(crate) fn about(mut self, intent: &str) -> Self {
        if !intent.is_empty() {
            self.0.intent.get_or_insert_with(|| intent.to_owned());
        }
        self
    }

    pub(crate) fn of_key(mut self, hash: &KeyHash) -> Self {
        self.0.hash.get_or_insert_with(|| hash.clone());
        self
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        Self::ledger(error, None)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.problem {
            Problem::Client { error, .. } | Problem::Lost { error, .. } => Some(error),
            Problem::Ledger(foreign) | Problem::Sink(foreign) => Some(&*foreign.source),
            Problem::Random(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(intent) = &self.0.intent {
            write!(f, "intent {intent:?}: ")?;
        }
        let key = Named(self.0.hash.as_ref());
        let way_out = if self.0.in_rotation {
            "roll the rotation back"
        } else {
            "call `remove`"
        };
        match &self.0.problem {
            Problem::Invalid(message) | Problem::Rotation(message) => f.write_str(message),
            Problem::Client { doing, error } => write!(f, "{doing}: {error}"),
            Problem::Lost { creates, .. } => write!(
                f,
                "the outcome of {creates} creates is not known; do the same again, which looks for what they made first"
            ),
            Problem::Ledger(foreign) => write!(f, "the ledger failed: {}", foreign.text),
            Problem::Random(error) => write!(f, "the system has no random numbers: {error}; do the same again"),
            Problem::Contended => f.write_str(
                "somebody else has written to the ledger about it meanwhile; do the same again in a moment, and have one process at work on an intent",
            ),
            Problem::ForeignLedger { theirs, ours } => write!(
                f,
                "the ledger is about {theirs}, and the client about {ours}; nothing was changed: give the client the ledger of its own account, or this ledger the client that it began with"
            ),
            Problem::Damaged(what) => write!(
                f,
                "what the ledger holds makes no sense: {what}; nothing was changed: look at its entries"
            ),
            Problem::Ordinary => f.write_str(
                "the client's key is an ordinary one, which cannot manage keys; give the client a management key",
            ),
            Problem::OtherRequest(fields) => write!(
                f,
                "{key} was asked for otherwise before ({}); update the key itself, or ask for what was asked for then",
                fields.join(", ")
            ),
            Problem::Gone if self.0.in_rotation => write!(
                f,
                "{key} has been removed by somebody else; roll the rotation back, and begin another"
            ),
            Problem::Gone => write!(
                f,
                "{key} has been removed by somebody else; if that was meant, call `remove`, and then ask for a new one"
            ),
            Problem::Renamed { marker } => write!(
                f,
                "{key} is not called {marker:?}, as this intent's is until it is ready; look at it first: if somebody has renamed it, name it so again, or {way_out}, which deletes it, and do the same again; if it is not this intent's, leave it alone: then the ledger is wrong"
            ),
            Problem::NotAsAsked(fields) => write!(
                f,
                "{key} is not as it was asked for ({}); mend that or {way_out}, and do the same again",
                fields.join(", ")
            ),
            Problem::Unknown => f.write_str(
                "the ledger knows of no key for it; is it spelt as it was for `ensure` or `adopt`?",
            ),
            Problem::OtherKey => write!(
                f,
                "it has {key} already; if another is to take its place, call `remove` first"
            ),
            Problem::UnderWay => f.write_str(
                "a key is being made for it; see that through by `ensure`, or call `remove` first",
            ),
            Problem::Taken { by } => write!(
                f,
                "{key} belongs to the intent {by:?}; remove it there first, or leave it to it"
            ),
            Problem::Sink(foreign) => write!(f, "the new key was not taken: {}", foreign.text),
        }
    }
}

/// A key in a sentence.
struct Named<'a>(Option<&'a KeyHash>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(hash) => write!(f, "the key {hash}"),
            None => f.write_str("the key"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("intent", &self.intent())
            .field("hash", &self.hash())
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_random_numbers_may_be_done_again() {
        let error = Error::new(Problem::Random(getrandom::Error::UNEXPECTED));
        assert_eq!(error.kind(), ErrorKind::Ledger);
        assert!(error.is_retryable());
        assert!(error.to_string().ends_with("; do the same again"));
    }
}
