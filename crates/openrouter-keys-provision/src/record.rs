//! What is written down.

use chrono::{DateTime, Utc};
use openrouter_keys::KeyHash;
use serde::{Deserialize, Serialize};

use crate::binding::Account;
use crate::marker::Nonce;
use crate::new_key::NewKey;

/// Something that happened to an intent. No secret is in it.
///
/// A [`Ledger`](crate::Ledger) stores these as they are and need not look into them. They serialize, for instance to JSON,
/// in a form that later versions of this crate read too. [`Released`](Self::Released) is the one that a ledger acts on.
///
/// A later version may add fields: take those that you need, and `..`.
///
/// Which may follow which, and what each is written before or after, is in the [crate's documentation](crate).
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
/// use openrouter_keys_provision::{Ledger, Record};
///
/// // What has become of it?
/// let records = provisioner.ledger().records("customer-42").await.expect("memory does not fail");
/// let [Record::Attempt { name, .. }, Record::Sealed { hash }, Record::Committed {}] = &*records else {
///     panic!("its key is not made yet");
/// };
/// assert_eq!(client.get(hash).send().await?.name, *name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Record {
    /// Under the intent `""`: which service, and which account there, the ledger is about.
    Bound {
        /// The base URL of the client.
        base_url: String,
        /// What tells its account from others.
        account: Account,
    },
    /// A create is about to be sent. Written before it leaves, so that whatever comes of it can be found.
    ///
    /// The entry has a secret if the caller chose the key's plaintext.
    Attempt {
        /// What marks the key until it is committed.
        nonce: Nonce,
        /// What the key shall be called in the end.
        name: String,
        /// What was asked for.
        request: NewKey,
        /// Whether the key is to be made with a limit of 0 USD, which is raised at the commit.
        escrow: bool,
        /// When this was written, by the provisioner's clock.
        at: DateTime<Utc>,
    },
    /// The latest attempt can come to nothing any more: from here on nobody can seal it.
    Abandoned {
        /// Whether its create never left or was refused. It has made nothing then, unless the network has sent it twice.
        refused: bool,
    },
    /// The key of the latest attempt is the intent's. The entry has its plaintext as the secret.
    Sealed {
        /// The key.
        hash: KeyHash,
    },
    /// The sealed key has its real name and its settings.
    Committed {},
    /// A key that was not made by the provisioner is the intent's. Its plaintext is with the caller.
    Adopted {
        /// The key.
        hash: KeyHash,
        /// Its name.
        name: String,
    },
    /// The caller has the plaintext. The ledger erases all secrets of the intent with this entry.
    Released {},
    /// The intent's keys are about to be removed, whatever was under way with them.
    Removing {},
    /// The intent's keys were removed. The next one to be made is another.
    Removed {},
    /// A rotation has begun.
    RotationBegun {
        /// The caller's own name for this rotation.
        rotation: String,
        /// What the new key shall be called.
        name: String,
        /// What the new key is to be like, while the old one can spend.
        request: NewKey,
        /// The limit that the new key is to have in the next window, USD, if it gets only what is left of the old one's in this.
        full_limit: Option<f64>,
        /// How long both keys are to work.
        overlap_seconds: u64,
        /// How long the old key is to be disabled before it is removed.
        grace_seconds: u64,
    },
    /// The caller's sink has acknowledged the new key's plaintext.
    Delivered {
        /// When, by the provisioner's clock.
        at: DateTime<Utc>,
    },
    /// The new key has been seen to work.
    Verified {},
    /// The old key is about to be disabled. From here on the new key is the intent's.
    Disabling {
        /// When this was written.
        at: DateTime<Utc>,
    },
    /// The old key is disabled.
    Disabled {
        /// When.
        at: DateTime<Utc>,
    },
    /// The new key is about to get what the old one has left over, unless somebody has changed its limit.
    Trimming {
        /// Its limit, USD.
        limit: f64,
        /// When the window ends, after which it is due its full limit. Never, if the limit never resets.
        until: Option<DateTime<Utc>>,
    },
    /// The new key has what the old one has left over.
    Trimmed {},
    /// The window is over, and the new key has its full limit.
    Restored {},
    /// The old key is about to be removed. From here on there is no way back.
    RemovingOld {},
    /// The old key is removed.
    RemovedOld {},
    /// The rotation is over: as it was meant to be, or because there was nothing to go back to.
    Rotated {},
    /// The rotation is about to be taken back. From here on the old key is the intent's.
    RollingBack {
        /// When this was written.
        at: DateTime<Utc>,
    },
    /// The old key works as before, and the new one is removed.
    RolledBack {},
}
