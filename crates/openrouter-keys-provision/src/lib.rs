//! One OpenRouter API key for each customer, whatever crashes or gets lost.

mod binding;
mod chosen;
mod ensure;
mod error;
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
mod sweep;
#[cfg(test)]
mod tests;

pub use ensure::{Ensure, Provisioned};
pub use error::{Error, ErrorKind};
pub use ledger::{Entry, Ledger, LedgerError, MemoryLedger};
pub use leftover::{Leftover, LeftoverFate};
pub use marker::{Nonce, NotANonce};
pub use new_key::NewKey;
pub use provisioner::Provisioner;
pub use record::Record;
pub use rotation::{Delivery, Rotation, RotationStage, RotationStatus};
pub use sweep::Sweep;
