//! The name of a key in calls about it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;

/// The hash that names a key: what `get`, `update` and `delete` take.
///
/// It is not a secret. In practice it is 64 hexadecimal digits, but the API promises only a string, so anything
/// is accepted that can safely be one segment of a URL's path and is not a plaintext key.
///
/// ```
/// use openrouter_keys::KeyHash;
///
/// let hash: KeyHash = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943".parse()?;
/// assert_eq!(hash.to_string().len(), 64);
///
/// // It could name something else than a key, or put a secret into a URL.
/// assert!("..".parse::<KeyHash>().is_err());
/// assert!("sk-or-v1-0123".parse::<KeyHash>().is_err());
/// # Ok::<(), openrouter_keys::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::without_example))]
#[serde(transparent)]
pub struct KeyHash(
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::hash"))] String,
);

/// Longer than any hash function's output in hexadecimal, and short enough for any URL.
pub(super) const MAX_LENGTH: usize = 256;

impl KeyHash {
    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash as the service sent it, whatever it looks like. To refuse an odd one here would be to lose the page, or
    /// the plaintext, that it came with; a request that is to use it checks it.
    pub(crate) fn from_server(text: String) -> Self {
        Self(text)
    }

    /// The invariant that keeps a request about a key at `/keys/{that hash}`.
    pub(crate) fn check(text: &str) -> Result<(), Error> {
        let allowed = if text.is_empty() {
            "must not be empty"
        } else if text.len() > MAX_LENGTH {
            "must have at most 256 characters"
        } else if text == "." || text == ".." {
            "must not be a relative path"
        } else if is_plaintext(text) {
            "must be the hash of a key, not its plaintext (which has sk-or- in it)"
        } else if !text.bytes().all(is_path_safe) {
            "must consist of letters and digits of ASCII and the characters -._~!$&()*+,;=:@"
        } else {
            return Ok(());
        };
        Err(Error::invalid_input("hash", allowed))
    }
}

fn is_plaintext(text: &str) -> bool {
    const PREFIX: &[u8] = b"sk-or-";
    let is_prefix = |window: &[u8]| window.eq_ignore_ascii_case(PREFIX);
    // Most hashes have no dash, which is soon seen.
    text.contains('-') && text.as_bytes().windows(PREFIX.len()).any(is_prefix)
}

/// What a path segment may have in it as it is (RFC 3986, section 3.3), but for the quotation mark: so the request line
/// names exactly this hash, and no encoding has a part in it.
fn is_path_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@".contains(&byte)
}

impl FromStr for KeyHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::check(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for KeyHash {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::check(&text).map(|()| Self(text))
    }
}

impl AsRef<str> for KeyHash {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .try_into()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyHash;

    #[test]
    fn what_could_leave_its_path_segment_is_refused_and_not_echoed() {
        let long = "a".repeat(257);
        let refused = [
            "",
            ".",
            "..",
            "a/b",
            "..\\credits",
            "a\\b",
            "%2e%2e",
            "a%2fb",
            "a?b",
            "a#b",
            "a\0b",
            "a\nb",
            "a\tb",
            "a b",
            " ",
            "\u{7f}",
            "é",
            "ａ",
            "sk-or-v1-canary",
            "SK-OR-v1-canary",
            "Bearer:sk-or-v1-canary",
            "\"abc\"",
            "'abc'",
            &long,
        ];
        for text in refused {
            let error = text.parse::<KeyHash>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidInput, "{text:?}");
            let printed = format!("{error} {error:?}");
            assert!(printed.contains("hash"), "{printed}");
            assert!(!printed.contains("canary"), "{printed}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<KeyHash>(&json).is_err(), "{text:?}");
            assert!(KeyHash::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_one_path_segment_is_kept_to_the_letter() {
        let longest = "f".repeat(256);
        for text in ["f01d52606dc8", "A-z_0.9~", "...", "a:b@c;d", &longest] {
            let hash: KeyHash = text.parse().unwrap();
            assert_eq!(hash.as_str(), text);
            let json = serde_json::to_string(&hash).unwrap();
            assert_eq!(serde_json::from_str::<KeyHash>(&json).unwrap(), hash);
        }
    }
}
