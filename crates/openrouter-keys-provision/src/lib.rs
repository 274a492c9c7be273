//! One OpenRouter API key for each customer, whatever crashes or gets lost.

mod ledger;
mod marker;
mod new_key;
mod record;

pub use ledger::{Entry, Ledger, LedgerError, MemoryLedger};
pub use marker::{Nonce, NotANonce};
pub use new_key::NewKey;
pub use record::Record;
