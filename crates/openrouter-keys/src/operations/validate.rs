//! What is checked of arguments before anything is sent.

use std::fmt;

use chrono::{DateTime, Datelike as _, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::model::{KeyHash, LimitReset};

/// Whether all arguments so far make sense; otherwise the first that does not.
///
/// Only the argument and what is allowed are kept, never a value, so that a builder can be cloned and printed.
#[derive(Clone, Default)]
pub(super) struct Valid(Option<String>);

impl Valid {
    /// The checked value, or else its mistake is noted, unless there was one before.
    pub(super) fn keep<T>(&mut self, checked: Result<T, Error>) -> Option<T> {
        checked
            .map_err(|error| {
                self.0.get_or_insert_with(|| error.to_string());
            })
            .ok()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.0
            .clone()
            .map_or(Ok(()), |message| Err(Error::invalid(message)))
    }
}

impl fmt::Debug for Valid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("yes"),
            Some(message) => write!(f, "no: {message}"),
        }
    }
}

pub(super) fn name(name: &str) -> Result<(), Error> {
    not_empty("name", name)
}

pub(super) fn not_empty(argument: &str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid_input(argument, "must not be empty"));
    }
    Ok(())
}

pub(super) fn hash(text: &str) -> Result<String, Error> {
    KeyHash::check(text).map(|()| text.to_owned())
}

/// An amount of USD as it is sent. JSON has no NaN and no infinity, and serde writes null for them, which would make the
/// key unlimited.
pub(super) fn limit(usd: f64) -> Result<f64, Error> {
    if !usd.is_finite() || usd < 0.0 {
        return Err(Error::invalid_input(
            "limit",
            "must be a finite amount of USD, zero or more",
        ));
    }
    // -0.0 compares as zero and would be written with its sign.
    Ok(usd.abs())
}

pub(super) fn limit_reset(reset: &LimitReset) -> Result<(), Error> {
    not_empty("limit_reset", reset.as_str())
}

/// The service's condition is UTC with seconds, which the type and the way it is written see to.
pub(super) fn expires_at(time: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
    if time <= now {
        return Err(Error::invalid_input("expires_at", "must be in the future"));
    }
    if time.year() > 9999 {
        return Err(Error::invalid_input(
            "expires_at",
            "must be before the year 10000",
        ));
    }
    Ok(())
}

/// A UUID in its usual form: 8-4-4-4-12 hexadecimal digits.
pub(super) fn workspace_id(text: String) -> Result<String, Error> {
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if !is_uuid {
        return Err(Error::invalid_input(
            "workspace_id",
            "must be a UUID such as 01234567-89ab-cdef-0123-456789abcdef",
        ));
    }
    Ok(text)
}

/// The service's condition on a key that a partner brings.
pub(super) fn partner_key(key: &SecretString) -> Result<(), Error> {
    const SHORTEST: usize = 32;
    if key.expose_secret().chars().count() < SHORTEST {
        return Err(Error::invalid_input(
            "partner_key",
            "must have at least 32 characters",
        ));
    }
    Ok(())
}

pub(super) fn offset(offset: u64) -> Result<i64, Error> {
    i64::try_from(offset).map_err(|_| Error::invalid_input("offset", "must be less than 2^63"))
}

#[cfg(test)]
mod tests {
    use super::{limit, workspace_id};

    #[test]
    fn limits_are_finite_and_not_negative() {
        for usd in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -1.0,
            -f64::MIN_POSITIVE,
        ] {
            assert!(limit(usd).is_err(), "{usd}");
        }
        for usd in [0.0, 0.01, 50.0, f64::MAX] {
            assert_eq!(limit(usd).unwrap().to_bits(), usd.to_bits());
        }
        assert!(limit(-0.0).unwrap().is_sign_positive());
    }

    #[test]
    fn workspaces_are_uuids() {
        for text in [
            "0df9e665-d932-5740-b2c7-b52af166bc11",
            "0DF9E665-D932-5740-B2C7-B52AF166BC11",
        ] {
            assert_eq!(workspace_id(text.to_owned()).unwrap(), text);
        }
        for text in [
            "",
            "default",
            "0df9e665d9325740b2c7b52af166bc11",
            "0df9e665-d932-5740-b2c7-b52af166bc1",
            "0df9e665-d932-5740-b2c7-b52af166bc1g",
            "0df9e665-d932-5740-b2c7b52af166bc111-",
            "éé9e665-d932-5740-b2c7-b52af166bc11",
        ] {
            assert!(workspace_id(text.to_owned()).is_err(), "{text}");
        }
    }
}
