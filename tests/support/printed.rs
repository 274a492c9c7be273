//! An error, printed in every way there is.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;

use openrouter_keys::Error;

/// Whatever an error says but the one thing that hands out a secret by its name.
pub(crate) fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    for accessor in [
        format!("{:?}", error.kind()),
        format!("{:?}", error.status()),
        format!("{:?}", error.code()),
        format!("{:?}", error.message()),
        format!("{:?}", error.metadata()),
        format!("{:?}", error.body_text()),
        format!("{:?}", error.retry_after()),
        format!("{:?}", error.headers()),
        format!("{:?} {:?}", error.attempts(), error.maybe_applied()),
        format!("{:?}", error.hash()),
    ] {
        write!(text, "\n{accessor}").expect("writing to a String does not fail");
    }
    for value in error.headers().values() {
        // Debug leaves out one that is marked as sensitive.
        write!(text, "\n{}", String::from_utf8_lossy(value.as_bytes()))
            .expect("writing to a String does not fail");
    }
    let mut next = error.source();
    while let Some(source) = next {
        write!(text, "\n{source} {source:?} {source:#?}")
            .expect("writing to a String does not fail");
        // What an `io::Error` wraps is not its source.
        let wrapped = source
            .downcast_ref()
            .and_then(io::Error::get_ref)
            .map(|wrapped| wrapped as &(dyn StdError + 'static));
        next = wrapped.or_else(|| source.source());
    }
    text
}
