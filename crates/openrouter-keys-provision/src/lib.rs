//! One OpenRouter API key for each customer, whatever crashes or gets lost.
//!
//! To create a key is not idempotent, its plaintext is in the answer alone, and answers get lost. Whoever asks again makes a
//! second key that nobody holds; whoever does not, leaves the customer without one. A [`Provisioner`] does neither: it
//! writes down in a [`Ledger`] what it is about to do, gives each attempt a marker by which its key can be found, and removes
//! what came of those that were lost.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = openrouter_keys_emulator::Emulator::start().await?;
//! # let client = openrouter_keys::Client::builder()
//! #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
//! # let ledger = openrouter_keys_provision::MemoryLedger::new();
//! use openrouter_keys::LimitReset;
//! use openrouter_keys_provision::Provisioner;
//!
//! // let client = openrouter_keys::Client::from_env()?;
//! // let ledger = FileLedger::open("/var/lib/shop/keys", Custody::plaintext()).await?;
//! let provisioner = Provisioner::new(client, ledger);
//!
//! // As often as you like, from wherever you were interrupted.
//! let provisioned = provisioner
//!     .ensure("customer-42", |key| key.limit(50).limit_reset(LimitReset::Monthly)) // USD
//!     .name("Customer 42")
//!     .await?;
//! println!("{}", provisioned.key.hash);
//!
//! // From a timer, once an hour for instance.
//! provisioner.sweep().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | call | what it does |
//! |---|---|
//! | [`ensure`](Provisioner::ensure) | sees to it that an intent has a key, and gives it with its plaintext |
//! | [`sweep`](Provisioner::sweep) | removes what lost creates have left behind |
//! | [`rotation`](Provisioner::rotation) | replaces an intent's key, in steps that can stop and be resumed |
//! | [`adopt`](Provisioner::adopt) | takes a key that exists already |
//! | [`release`](Provisioner::release) | erases a plaintext from the ledger |
//! | [`remove`](Provisioner::remove) | removes an intent's key |
//!
//! A ledger is a [`FileLedger`](#features), which comes with the feature `file-ledger`, or your own: an `impl` of [`Ledger`] on
//! your database takes some fifty lines.
//!
//! # The protocol
//!
//! An intent is your own stable name for what a key is for. Its entries in the ledger are a list that only grows, in which
//! each position is taken once.
//!
//! | | step | written down | if it stops after this, the next call |
//! |---|---|---|---|
//! | 1 | a nonce of 128 random bits, and what is asked for | [`Attempt`](Record::Attempt), before the create leaves | [waits](Provisioner::patience) for whoever may be at work on it, and goes to 6; to 3, if the caller [chose](Ensure::partner_key) the plaintext and it opens the key |
//! | 2 | the create, with the nonce in the key's name: its marker | | the same |
//! | 3 | hash and plaintext | [`Sealed`](Record::Sealed), before the key loses its marker | goes to 4 |
//! | 4 | the update that gives the key its real name, and its limit if that is in [escrow](Provisioner::escrow) | | goes to 4, and to 5 if the key has its name |
//! | 5 | the key has its name and its settings | [`Committed`](Record::Committed) | returns the key |
//! | 6 | the answer was lost, the create was refused, or nobody knows | [`Abandoned`](Record::Abandoned), before anything is removed | goes to 7 |
//! | 7 | in [strict mode](Provisioner::strict) the wait; then a list of all keys of the attempts' workspaces, disabled and expired ones too; those with a marker of the intent that are not sealed and were never used are removed | | goes to 7 |
//! | 8 | 1 again, with a new nonce; or an error, if the create was refused or was the last that the call may send | | |
//!
//! A rotation is entries of the same intent, and makes its key by the same steps. Each call of
//! [`resume`](Rotation::resume) goes on after the last of them:
//!
//! | | step | written down |
//! |---|---|---|
//! | 1 | a new key is to be made, with the settings of the old one | [`RotationBegun`](Record::RotationBegun), and then as above |
//! | 2 | the sink takes the plaintext | [`Delivered`](Record::Delivered), after it has acknowledged it |
//! | 3 | the new key is tried | [`Verified`](Record::Verified), after `GET /key` was answered with it |
//! | 4 | the overlap; the new key is looked at, and tried again unless its plaintext is released; the old one is disabled | [`Disabling`](Record::Disabling) before and [`Disabled`](Record::Disabled) after; from `Disabling` on the new key is the intent's |
//! | 5 | the new key gets what the old one has left, if that was asked for | [`Trimming`](Record::Trimming) before, [`Trimmed`](Record::Trimmed) after; [`Restored`](Record::Restored) when it has its full limit, after the window |
//! | 6 | the grace; the old key is removed | [`RemovingOld`](Record::RemovingOld) before, [`RemovedOld`](Record::RemovedOld) and [`Rotated`](Record::Rotated) after |
//! | back | until `RemovingOld`: if the old key was to be disabled, it is enabled and the longest delay is waited for; then the new one is removed | [`RollingBack`](Record::RollingBack) before, after which the old key is the intent's; [`RolledBack`](Record::RolledBack) after, or [`Rotated`](Record::Rotated) if the old key turns out to be gone or expired |
//!
//! [`remove`](Provisioner::remove) writes [`Removing`](Record::Removing) before it removes anything, and
//! [`Removed`](Record::Removed) after; if it stops in between, the next `remove` or `ensure` ends it.
//! [`adopt`](Provisioner::adopt) writes [`Adopted`](Record::Adopted), and [`release`](Provisioner::release) writes
//! [`Released`](Record::Released), with which the ledger erases. Before all that, once for each provisioner, `GET /key` says
//! whose the client's key is, and that is compared with [`Bound`](Record::Bound), which the first one writes under the intent `""`.
//!
//! Two things make it hold if several are at work, or one that was thought dead goes on:
//!
//! - *An entry goes to a position that nobody else has taken.* So `Sealed` and `Abandoned` exclude each other: once an attempt
//!   is abandoned, nobody can seal its key, and it can be removed; as long as it is not, nobody removes its key. There is no
//!   lock that could expire while its holder goes on.
//! - *Each attempt has a nonce of its own.* So to remove what an attempt has left behind cannot meet the key of the next one.
//!
//! What lost creates have left behind is removed only if its name is a marker of a nonce in this ledger, all of it, when it is
//! looked at once more just before, if it is not sealed, and if it was never used. What was used is
//! [reported](LeftoverFate::Used) and left alone.
//!
//! # What is promised
//!
//! 1. **At most one committed key for an intent,** at any time, whatever the network does. Only the sealed key is ever named,
//!    and an intent has one sealed key. (While it is rotated it has two, the old one and the new one.)
//! 2. **After a [`sweep`](Provisioner::sweep) that is [settled](Sweep::is_settled), no other live key has a marker of the
//!    ledger,** in the workspaces that it could list and of the intents that it could read, but for those that it reports as
//!    used or [unfinished](LeftoverFate::Unfinished). Settled means: it began later than the
//!    [longest delay](Provisioner::longest_delay) after the last attempt that it found.
//! 3. **Each key that was ever caused can be found:** its nonce was durable before the request left.
//! 4. **`Ok` means that it is done:** the plaintext is durable, and the key has its real name and the limit, the reset, the BYOK
//!    flag, the workspace and the expiry that were asked for, as the service has answered. Of a key that was there already,
//!    the answer says what it is like now.
//! 5. **While a key is rotated, one works whose plaintext the sink has, or had before:** the old one is disabled only when the
//!    sink has acknowledged the new one and that was seen to work, and the new one is removed only when the old one is enabled
//!    and no request of the rotation can disable it any more, as far as the longest delay holds. What somebody else disables
//!    or removes meanwhile is not covered.
//! 6. **A key that was committed is removed by `remove` or by a rotation,** and by nothing else here.
//!
//! # What cannot be promised
//!
//! - *That there are never two live keys at the same moment.* A create that the network holds back can land at any time, and
//!   nobody bounds that time. [Fast mode](Provisioner::strict) does not wait for it; strict mode waits for the longest delay,
//!   which is a guess. What lands later is found by a sweep. Nobody has its plaintext, since nobody got the answer, unless you
//!   [chose](Ensure::partner_key) it. With [`escrow`](Provisioner::escrow) it cannot spend either, if the service takes a limit
//!   of 0 for nothing, which nobody has verified.
//! - *That nothing happens between the last look at a leftover and its removal.* The service removes a key by its hash, whatever
//!   has become of it in that moment; and what was spent with it may be booked later.
//! - *Anything, if the ledger loses what it has acknowledged:* a database that was restored from yesterday's backup has
//!   forgotten today's keys, and makes others. The old ones have their real names, so no sweep finds them.
//! - *Anything against whoever can write to the ledger.* It says which keys are an intent's, and so which ones `remove` and
//!   a rotation remove; and who can read it has the plaintexts that are not released. Guard it as you guard the management key.
//! - *That what somebody changes by hand is understood.* Who gives a key of ours another name before it is committed, moves
//!   it to another workspace, or removes it, gets an error that says so, or none. And an update that the network sends a second
//!   time, later, sets again what it had set: a name, a limit, whether the key is disabled.
//! - *That the default workspace stays what it is.* Where no workspace is asked for, keys are made and looked for in the
//!   account's default one. Name it if it may change.
//!
//! # What goes wrong, and what comes of it
//!
//! | what happens | what comes of it |
//! |---|---|
//! | the machine stops, or the future is dropped, at any point | the next `ensure` goes on from the ledger's last entry |
//! | the answer to a create is lost, cut off, or 5xx | what it made is removed, and another is made, up to [three](Provisioner::attempts) in one call |
//! | a plaintext arrives in an answer that is odd otherwise | it is used, if the key can be told |
//! | a create is held back and lands later | the next `sweep` removes what it made |
//! | the network sends a create twice | the one that was answered is sealed; the next `sweep` removes the other |
//! | what would be removed was used | it is left alone and [reported](LeftoverFate::Used): somebody has its plaintext |
//! | 429, or an error before anything was sent | the client tries again; then it is an error, and the next call begins anew |
//! | the answer to the naming is lost | it is sent again: done twice, it comes to the same |
//! | a gateway answers in the service's place that something is not there | it is not believed: an error |
//! | the ledger fails before the create | an error, and no create was sent |
//! | the ledger fails when the plaintext is there | it is tried three times; then the plaintext is lost, the key was never in use, and the next call removes it and makes another |
//! | the ledger has something that makes no sense | [`DamagedLedger`](ErrorKind::DamagedLedger); a sweep goes on with the other intents, and [says so](Sweep::unreadable_intents) |
//! | two processes at once | the second waits for the first, [5 seconds](Provisioner::patience) by default, and gives its key; if both write at once, one gets [`Contended`](ErrorKind::Contended), and finds the key when it calls again |
//! | the sink of a rotation fails | [`Sink`](ErrorKind::Sink): the old key works as before, and the next call delivers the same new key |
//! | the new key does not work | an error, and the old one is not disabled |
//! | a rotation stops, at any point | the next [`resume`](Rotation::resume) or [`rollback`](Rotation::rollback) goes on from the ledger's last entry |
//! | other settings are asked for than before | [`OtherRequest`](ErrorKind::OtherRequest), and the key stays as it is |
//! | the key was removed by hand | [`KeyGone`](ErrorKind::KeyGone), until you call `remove` |
//! | it was renamed or changed before the commit | [`KeyRenamed`](ErrorKind::KeyRenamed), [`NotAsAsked`](ErrorKind::NotAsAsked) |
//! | the ledger is another account's, or the client's key cannot manage keys | [`ForeignLedger`](ErrorKind::ForeignLedger), [`OrdinaryKey`](ErrorKind::OrdinaryKey), before anything is sent that changes anything |
//!
//! # Where plaintexts are
//!
//! In the answer to the create, in [`Provisioned`] and [`Delivery`], in the `GET /key` by which a key is tried, and in the
//! ledger until they are [released](Provisioner::release): the one of a key that was removed or replaced, too. They are in no
//! error, no log and no `Debug`. Intents, names and hashes are printed and are no place for a secret.
//!
//! # Tested
//!
//! A simulation stops, loses, delays, doubles and refuses whatever can be, at every step and at every pair of steps (of most
//! rotations at one pair in thirteen, unless all are asked for), against an emulator of the service; and whenever one of the
//! protocol's guards is taken out, it finds the harm that this guard is there to prevent. See `src/simulation/` and `tests/` of
//! this crate.
//!
//! # Features
//!
//! - `file-ledger`: a ledger in a file, `FileLedger`. For Unix. Off by default.

mod absence;
mod binding;
mod chosen;
mod ensure;
mod error;
mod foreign;
mod guards;
mod history;
mod holding;
mod intent;
mod ledger;
mod leftover;
mod log;
mod make;
mod marker;
mod new_key;
mod provisioner;
mod record;
mod rotation;
#[cfg(test)]
mod simulation;
mod sweep;
#[cfg(test)]
mod tests;

pub use binding::Account;
pub use ensure::{Ensure, Provisioned};
pub use error::{Error, ErrorKind};
pub use ledger::{BrokenPromise, Entry, Ledger, LedgerError, MemoryLedger, check_ledger};
#[cfg(all(feature = "file-ledger", unix))]
pub use ledger::{Custody, FileLedger, FileLedgerError};
pub use leftover::{Leftover, LeftoverFate};
pub use marker::{Nonce, NotANonce};
pub use new_key::NewKey;
pub use provisioner::Provisioner;
pub use record::Record;
pub use rotation::{Delivery, Rotation, RotationStage, RotationStatus};
pub use sweep::Sweep;
