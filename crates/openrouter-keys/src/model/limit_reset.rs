//! How often spending is counted from zero again.

use super::open_enum::open_enum;

open_enum! {
    /// The length of a key's spending window. At its end the spending counts from zero again.
    ///
    /// Windows end at midnight UTC; a week runs from Monday to Sunday (the API's description of `limit_reset`).
    /// A key whose limit never resets has no `LimitReset` at all: `None` in a [`Key`](crate::Key), and
    /// `never_resets()` on a builder.
    ///
    /// ```
    /// use openrouter_keys::LimitReset;
    ///
    /// assert_eq!(LimitReset::from("weekly"), LimitReset::Weekly);
    /// // What this version does not know is kept, not refused.
    /// assert_eq!(LimitReset::from("hourly").as_str(), "hourly");
    /// ```
    LimitReset {
        /// Every day at midnight UTC.
        Daily = "daily",
        /// Every Monday at midnight UTC.
        Weekly = "weekly",
        /// On the first of every month at midnight UTC.
        Monthly = "monthly",
    }
}
