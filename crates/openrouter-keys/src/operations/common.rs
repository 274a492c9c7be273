//! What all six builders begin with, and can be told about their one call.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    EXPECT, HOST, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue};

#[cfg(feature = "blocking")]
use super::mode::Async;
use super::validate::{self, Valid};
use crate::client::Client;
use crate::error::Error;
use crate::transport::{Call, Operation, Options};

/// Whose call it is, what it was told about itself, and whether its arguments make sense so far.
#[derive(Clone, Debug)]
pub(super) struct Common<M> {
    client: Client,
    #[cfg_attr(
        not(feature = "blocking"),
        allow(dead_code, reason = "an async call needs nothing of its mode")
    )]
    pub(super) mode: M,
    pub(super) options: Options,
    pub(super) valid: Valid,
}

impl<M> Common<M> {
    pub(super) fn new(client: Client, mode: M) -> Self {
        Self {
            client,
            mode,
            options: Options::default(),
            valid: Valid::default(),
        }
    }

    /// The beginning of a call about one key, and the key's hash. One that is not valid is not kept: it could be a
    /// plaintext that was pasted.
    pub(super) fn about(client: Client, mode: M, hash: &str) -> (Self, String) {
        let mut common = Self::new(client, mode);
        let hash = common.valid.keep(validate::hash(hash)).unwrap_or_default();
        (common, hash)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The call, if all arguments make sense.
    pub(super) fn call(&self, operation: Operation) -> Result<Call<'_>, Error> {
        self.valid.check()?;
        Ok(Call {
            client: &self.client,
            operation,
            options: &self.options,
            request_secret: None,
        })
    }

    /// The same for async code.
    #[cfg(feature = "blocking")]
    pub(super) fn into_async(self) -> Common<Async> {
        Common {
            client: self.client,
            mode: Async,
            options: self.options,
            valid: self.valid,
        }
    }

    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        if let Some((name, value)) = self.valid.keep(header(name, value)) {
            self.options.headers.insert(name, value);
        }
    }
}

/// The setters that all six builders have. `$builder` has a field `common`.
macro_rules! per_call_setters {
    ($builder:ident) => {
        impl<M> $builder<M> {
            /// How long this call may take, with all its attempts and the waits between them, instead of the
            /// client's `timeout`. A further attempt is made only if there is as much time left as a connection
            /// may take (`connect_timeout`).
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                let timeout = $crate::transport::time_limit("timeout", timeout);
                self.common.options.timeout = self.common.valid.keep(timeout);
                self
            }

            /// When to try again in this call, instead of the client's policy.
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.common.options.retry = self.common.valid.keep(policy.checked_for_call());
                self
            }

            /// Sends one more header, or another value of one that this crate sends.
            ///
            /// Not `Authorization` and `Host`, nor one that says how the message is written or encoded, such as
            /// `Content-Length`, `Content-Type` and `Accept-Encoding`: the answer could not be read, and the
            /// plaintext in it would be lost.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                self.common.add_header(name.as_ref(), value.as_ref());
                self
            }
        }
    };
}

pub(super) use per_call_setters;

/// The headers that callers may not set.
const OURS: [HeaderName; 13] = [
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    RANGE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let name = HeaderName::try_from(name)
        .map_err(|_| Error::invalid_input("header", "must have a name that HTTP allows"))?;
    if OURS.contains(&name) {
        return Err(Error::invalid_input(
            "header",
            "must not be Authorization or Host, nor say how the message is written or encoded",
        ));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::invalid_input("header", "must have a value without control characters")
    })?;
    // Nobody knows what the caller puts there.
    value.set_sensitive(true);
    Ok((name, value))
}
