//! What is behind an error of the HTTP client, as far as types tell. Nothing here looks at what an error prints.

use std::error::Error;
use std::io;

/// Whether the HTTP client gave the request up before it wrote any of it.
pub(super) fn is_canceled(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}

/// Whether there was an answer that the HTTP client could not read.
pub(super) fn is_parse(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
}

/// Whether the server's certificate was refused: unknown, expired, or another host's. Only rustls says so.
#[cfg(feature = "rustls")]
pub(super) fn is_certificate(error: &reqwest::Error) -> bool {
    find::<rustls::Error>(error)
        .is_some_and(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// Whether the server's certificate was refused. The other TLS library has no type for it.
#[cfg(not(feature = "rustls"))]
pub(super) fn is_certificate(_: &reqwest::Error) -> bool {
    false
}

/// The words of the last cause: those of the HTTP client say less than the operating system's.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The first of the causes that is a `T`. It must be the version of the type that the HTTP client uses.
fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The error and its causes, from the outermost to the innermost.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // What an `io::Error` wraps is not its source: that is the source of what it wraps.
        let io: Option<&'a io::Error> = error.downcast_ref();
        match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
