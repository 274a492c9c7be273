//! What the service says is not there.

use openrouter_keys::{Error, ErrorKind};

/// Whether there is no such key.
pub(crate) fn is_no_key(error: &Error) -> bool {
    error.is_not_found() && is_of_api(error)
}

/// Whether a workspace could not be listed because the service knows none of that name, or does not show it.
pub(crate) fn is_no_workspace(error: &Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        ErrorKind::BadRequest | ErrorKind::Forbidden | ErrorKind::NotFound
    ) && is_of_api(error)
}

/// Whether the API itself has answered. What a gateway in front of it says is not about the key: to believe that would be to
/// forget one that lives.
fn is_of_api(error: &Error) -> bool {
    error.code().is_some() || error.message().is_some()
}
