//! What lost creates leave behind.

use std::collections::BTreeSet;

use openrouter_keys::{Client, Key, KeyHash};

use crate::absence::is_no_key;
use crate::error::Error;
use crate::guards::Guard;
use crate::history::Attempt;
use crate::ledger::Ledger;
use crate::marker::Nonce;
use crate::provisioner::Provisioner;

/// A key with the provisioner's marker that is no intent's key.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client, openrouter_keys_provision::MemoryLedger::new());
/// use openrouter_keys_emulator::{Fault, Route};
/// use openrouter_keys_provision::LeftoverFate;
///
/// // The key is made, and the answer with its plaintext is lost.
/// emulator.inject(Fault::commit_then_reset().on(Route::Create));
/// let made = provisioner.ensure("customer-42", |key| key.limit(50)).await?;
///
/// let leftover = &made.leftovers[0];
/// assert_eq!(leftover.intent.as_deref(), Some("customer-42"));
/// assert_eq!(leftover.fate, LeftoverFate::Removed);
/// assert_ne!(leftover.key.hash, made.key.hash);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Leftover {
    /// The key, as it was when it was looked at last.
    pub key: Key,
    /// The intent that it was made for, if the ledger knows it.
    pub intent: Option<String>,
    /// What became of it.
    pub fate: LeftoverFate,
}

/// What is being done where leftovers are looked for.
pub(crate) const LOOKING: &str = "looking for leftovers";

/// What became of a [`Leftover`].
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
/// use openrouter_keys_provision::LeftoverFate;
///
/// // A key that another ledger is about to have.
/// let marker = "openrouter-keys-provision 0123456789abcdef0123456789abcdef";
/// let theirs = client.create(marker).send().await?.key;
///
/// let mut to_look_at = Vec::new();
/// for leftover in provisioner.sweep().await?.leftovers {
///     match leftover.fate {
///         LeftoverFate::Removed | LeftoverFate::UnderWay | LeftoverFate::Unfinished => {}
///         _ => to_look_at.push(leftover.key.hash),
///     }
/// }
/// assert_eq!(to_look_at, [theirs.hash]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeftoverFate {
    /// It was removed, here or by somebody else just before. As far as the service says, it was never used.
    Removed,
    /// It has been used, and was left as it is. Somebody has its plaintext: find out who before you remove it.
    Used,
    /// Somebody has renamed it in the moment before it would have been removed, and it was left as it is.
    Renamed,
    /// The ledger knows nothing of its marker, and it was left as it is. Another ledger may: look for it before you remove
    /// the key.
    Unknown,
    /// It belongs to an attempt that may be under way still, and was left to it.
    UnderWay,
    /// The next `ensure` takes it, or removes it: its plaintext was [chosen](crate::Ensure::partner_key) by the caller.
    Unfinished,
}

/// All keys of a workspace that have a marker, each with its nonce. `None` is the default workspace.
pub(crate) async fn marked(
    client: &Client,
    workspace: Option<&str>,
) -> Result<Vec<(Nonce, Key)>, openrouter_keys::Error> {
    let mut listing = client.list().include_all();
    if let Some(id) = workspace {
        listing = listing.workspace_id(id);
    }
    let mut marked = Vec::new();
    let mut keys = listing.stream();
    while let Some(key) = keys.next().await {
        let key = key?;
        if let Some(nonce) = Nonce::of_marker(&key.name) {
            marked.push((nonce, key));
        }
    }
    Ok(marked)
}

/// The workspaces of these attempts, each once.
pub(crate) fn workspaces<'a>(
    attempts: impl IntoIterator<Item = &'a Attempt>,
) -> BTreeSet<Option<String>> {
    let attempts = attempts.into_iter();
    attempts
        .map(|attempt| attempt.request.workspace_id.clone())
        .collect()
}

impl<L: Ledger> Provisioner<L> {
    /// Removes a key that carries the marker of this nonce, unless it turns out to be more than a leftover.
    ///
    /// Nobody can seal it any more: whoever calls this has made sure of that.
    pub(crate) async fn remove_leftover(
        &self,
        nonce: Nonce,
        key: Key,
        intent: &str,
    ) -> Result<Leftover, Error> {
        let doing = "removing a leftover";
        let found = |key, fate| {
            Ok(Leftover {
                key,
                intent: Some(intent.to_owned()),
                fate,
            })
        };
        // A listing takes its time, and what it says of a key may be old by now.
        let key = match self.client().get(&key.hash).send().await {
            Ok(fresh) => fresh,
            Err(error) if is_no_key(&error) => return found(key, LeftoverFate::Removed),
            Err(error) => return Err(Error::client(doing, error).of_key(&key.hash)),
        };
        if key.name != nonce.marker() {
            return found(key, LeftoverFate::Renamed);
        }
        if is_used(&key) && self.holds(Guard::LookAtUsage) {
            return found(key, LeftoverFate::Used);
        }
        self.remove_key(&key.hash, doing).await?;
        found(key, LeftoverFate::Removed)
    }

    /// Removes a key, if it is there.
    pub(crate) async fn remove_key(
        &self,
        hash: &KeyHash,
        doing: &'static str,
    ) -> Result<(), Error> {
        match self.client().delete(hash).send().await {
            Err(error) if !is_no_key(&error) => Err(Error::client(doing, error).of_key(hash)),
            _ => Ok(()),
        }
    }
}

/// Whether anybody has ever sent a request with it, as far as the service says.
fn is_used(key: &Key) -> bool {
    key.usage.total > 0.0 || key.byok_usage.total > 0.0 || key.last_used_at.is_some()
}
