//! What a caller may call an intent.

use crate::error::Error;

const LONGEST: usize = 256;

pub(crate) fn check(intent: &str) -> Result<(), Error> {
    check_name("intent", intent)
}

/// A name that is written into the ledger, and printed.
pub(crate) fn check_name(argument: &str, name: &str) -> Result<(), Error> {
    let allowed = if name.is_empty() {
        "must not be empty"
    } else if name.chars().count() > LONGEST {
        "must have at most 256 characters"
    } else if name.chars().any(char::is_control) {
        "must not have control characters in it"
    } else if holds_plaintext(name) {
        "must not have a key in it (sk-or-)"
    } else {
        return Ok(());
    };
    Err(Error::invalid(argument, allowed))
}

/// The error, with the intent that it is about. One that is not allowed may be a secret, and is not named.
pub(crate) fn about(error: Error, intent: &str) -> Error {
    if check(intent).is_ok() {
        error.about(intent)
    } else {
        error
    }
}

/// Whether it would be a secret in the ledger and in what is printed.
pub(crate) fn holds_plaintext(text: &str) -> bool {
    text.to_ascii_lowercase().contains("sk-or-")
}
