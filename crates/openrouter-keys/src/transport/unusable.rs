//! Why an answer of the right shape is not what the caller asked for.

use crate::model::Odd;

/// A success whose body was decoded and makes no sense all the same.
pub(crate) struct Unusable {
    /// Completes the sentence "the answer was a success, but …".
    pub(crate) reason: String,
    /// Whether the server may have done what it was asked.
    pub(crate) maybe_applied: bool,
}

impl From<Odd> for Unusable {
    fn from(odd: Odd) -> Self {
        Self {
            reason: odd.to_string(),
            maybe_applied: true,
        }
    }
}
