//! The bearer token of a client, and what the service asked of those who use it.

use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::transport::{Pause, Scrubber};

pub(super) struct Credential {
    /// What the caller knows it as.
    argument: &'static str,
    scrubber: Scrubber,
    /// `None`: the token cannot be sent in a header.
    header: Option<HeaderValue>,
    pause: Pause,
}

impl Credential {
    pub(super) fn new(argument: &'static str, secret: &SecretString) -> Self {
        Self {
            argument,
            header: bearer(secret),
            scrubber: Scrubber::new([secret]),
            pause: Pause::default(),
        }
    }

    pub(super) fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    pub(super) fn pause(&self) -> &Pause {
        &self.pause
    }

    pub(super) fn header(&self) -> Result<HeaderValue, Error> {
        self.header.clone().ok_or_else(|| {
            Error::invalid_input(
                self.argument,
                "must be visible ASCII characters without white space",
            )
        })
    }
}

fn bearer(secret: &SecretString) -> Option<HeaderValue> {
    let token = secret.expose_secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    // What holds it is overwritten when the last request that has it is gone.
    let text = Zeroizing::new(format!("Bearer {token}").into_bytes());
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    // Keeps it out of Debug, and out of HTTP/2's compression tables.
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::Credential;

    #[test]
    fn the_header_is_marked_sensitive() {
        let header = Credential::new("key", &"canary".into()).header().unwrap();
        assert!(header.is_sensitive());
        assert_eq!(header, "Bearer canary");
        assert!(!format!("{header:?}").contains("canary"));
    }
}
