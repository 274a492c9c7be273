//! What every builder can be told about its one call.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    EXPECT, HOST, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue};

use crate::error::Error;
use crate::transport::Options;

/// The setters that all six builders have. `$builder` has the fields `options` and `valid`.
macro_rules! per_call_setters {
    ($builder:ident) => {
        impl $builder {
            /// How long this call may take, with all its attempts and the waits between them, instead of the
            /// client's `timeout`. A further attempt is made only if there is as much time left as a connection
            /// may take (`connect_timeout`).
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.options.timeout = Some(timeout);
                self
            }

            /// When to try again in this call, instead of the client's policy.
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.options.retry = Some(policy);
                self
            }

            /// Sends one more header, or another value of one that this crate sends.
            ///
            /// Not `Authorization` and `Host`, nor one that says how the message is written or encoded, such as
            /// `Content-Length`, `Content-Type` and `Accept-Encoding`: the answer could not be read, and the
            /// plaintext in it would be lost.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                let added = $crate::operations::options::add_header(
                    &mut self.options,
                    name.as_ref(),
                    value.as_ref(),
                );
                self.valid.keep(added);
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

pub(super) fn add_header(options: &mut Options, name: &str, value: &str) -> Result<(), Error> {
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
    options.headers.insert(name, value);
    Ok(())
}
