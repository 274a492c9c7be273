//! What becomes of a call that was made on a task of its own.

use std::panic::resume_unwind;

use tokio::task::JoinError;

use crate::error::Error;

/// The call did not come to its end. If it panicked, so does this; else its runtime has ended, which is the error that
/// `gone` makes.
pub(crate) fn given_up(failure: JoinError, gone: impl FnOnce() -> Error) -> Error {
    match failure.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_canceled) => gone(),
    }
}
