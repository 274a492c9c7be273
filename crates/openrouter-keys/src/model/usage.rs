//! What was spent.

use serde::{Deserialize, Serialize};

/// Money spent in USD, in four windows that overlap.
///
/// Windows begin at midnight UTC; a week runs from Monday to Sunday. What is spent of a key's limit is
/// `limit - limit_remaining`, not one of these: the limit may have a window of its own.
///
/// ```
/// use openrouter_keys::Usage;
///
/// let usage = Usage::new(25.5, 0.5, 3.0, 12.0);
/// assert_eq!(usage.total - usage.monthly, 13.5); // USD spent in earlier months
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::without_example))]
#[non_exhaustive]
pub struct Usage {
    /// Since the key was made, USD.
    pub total: f64,
    /// Today, USD.
    pub daily: f64,
    /// This week, USD.
    pub weekly: f64,
    /// This month, USD.
    pub monthly: f64,
}

impl Usage {
    /// Four amounts in USD: in total, today, this week, this month.
    #[must_use]
    pub const fn new(total: f64, daily: f64, weekly: f64, monthly: f64) -> Self {
        Self {
            total,
            daily,
            weekly,
            monthly,
        }
    }
}
