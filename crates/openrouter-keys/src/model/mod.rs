//! What the service answers with, in types that regenerating the raw client cannot change.

mod budget;
mod current;
mod hash;
mod key;
mod limit_reset;
mod open_enum;
#[cfg(feature = "schemars")]
mod schema;
mod time;
mod usage;
mod wire;

pub use budget::{BudgetScope, KeyBudget};
pub use current::{CurrentKey, DataRegion, FreeModelDailyRequests, RateLimit};
pub use hash::KeyHash;
pub use key::{Created, Key, Page};
pub use limit_reset::LimitReset;
pub use usage::Usage;

pub(crate) use time::{Odd, text as time_text};
