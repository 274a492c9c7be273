//! How the builders of a client that waits send.

use std::fmt;

use super::runtime::Runtime;
use crate::error::Error;
use crate::transport::Operation;

/// The mode of the builders that a [`blocking::Client`](super::Client) makes: `send()` waits for the answer.
///
/// ```
/// use openrouter_keys::blocking::{self, Blocking};
/// use openrouter_keys::operations::ListKeys;
///
/// fn all_keys(client: &blocking::Client) -> ListKeys<Blocking> {
///     client.list().include_all()
/// }
/// ```
#[derive(Clone)]
pub struct Blocking(Runtime);

impl Blocking {
    /// The mode of a new client, with a background thread of its own.
    pub(super) fn start() -> Result<Self, Error> {
        Runtime::start().map(Self)
    }

    /// What comes of `call`, which is this operation.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.wait(operation, call)
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}
