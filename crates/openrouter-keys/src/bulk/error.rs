//! A failure that names its item.

use std::fmt;

use crate::error::Error;

/// Why one call of a bulk run failed, and for which item; or why there are no more items.
///
/// Display is the line of the [`Error`], and neither it nor Debug prints the item, which may be anything.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let mut keys = client.bulk().run(["0000"], |client, hash| client.get(hash));
/// let failed = keys.next().await.unwrap().unwrap_err();
/// assert_eq!(failed.item, Some("0000"));
/// assert!(failed.error.is_not_found());
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct BulkError<T> {
    /// The item whose call failed. `None`: the stream of items failed, or the run could not begin.
    pub item: Option<T>,
    /// Why, and whether it may have been [applied](Error::maybe_applied) all the same.
    pub error: Error,
}

impl<T> fmt::Display for BulkError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> fmt::Debug for BulkError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkError")
            .field("has_item", &self.item.is_some())
            .field("error", &self.error)
            .finish()
    }
}

impl<T> std::error::Error for BulkError<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
