//! Whatever is wrong from the outset, or was changed behind the provisioner's back: the error says what it is and what to do,
//! and nothing is made, changed or deleted on a guess.

mod account;
mod arguments;
mod entries;
mod keys;

use openrouter_keys_provision::{Error, ErrorKind};

use crate::support::World;

/// Makes a call that must fail like this, and change nothing.
async fn refused<T>(
    world: &World,
    call: impl IntoFuture<Output = Result<T, Error>>,
    kind: ErrorKind,
    message: &str,
) -> Error {
    let before = world.everything().await;
    let Err(error) = call.await else {
        panic!("it should have said: {message}");
    };
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), kind, "{message}");
    assert_eq!(world.everything().await, before, "{message}");
    error
}
