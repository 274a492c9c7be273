//! The name that a key has until it is committed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What tells one attempt from every other: 128 random bits, which a key's name has in it until the key is committed.
///
/// It is not a secret.
///
/// ```
/// use openrouter_keys_provision::Nonce;
///
/// // A key of this name is met among those of the account.
/// let name = "openrouter-keys-provision 0123456789abcdef0123456789abcdef";
/// let nonce: Nonce = name.trim_start_matches("openrouter-keys-provision ").parse()?;
/// // It is in a ledger's `Record::Attempt`, as it is printed.
/// assert_eq!(nonce.to_string(), "0123456789abcdef0123456789abcdef");
/// # Ok::<(), openrouter_keys_provision::NotANonce>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(u128);

/// What a marker begins with. A person who meets it among the keys of the account shall know what to look for.
const PREFIX: &str = "openrouter-keys-provision ";
const DIGITS: usize = 32;

impl Nonce {
    pub(crate) const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// One that nobody had before.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self::new(u128::from_be_bytes(bytes)))
    }

    /// The name of a key that an attempt with this nonce makes.
    pub(crate) fn marker(self) -> String {
        format!("{PREFIX}{self}")
    }

    /// The nonce in a name that is a marker, the whole of it.
    pub(crate) fn of_marker(name: &str) -> Option<Self> {
        name.strip_prefix(PREFIX)?.parse().ok()
    }
}

impl FromStr for Nonce {
    type Err = NotANonce;

    fn from_str(text: &str) -> Result<Self, NotANonce> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != DIGITS || !text.bytes().all(is_digit) {
            return Err(NotANonce);
        }
        u128::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| NotANonce)
    }
}

/// A text that is no [`Nonce`].
///
/// ```
/// use openrouter_keys_provision::{Nonce, NotANonce};
///
/// assert_eq!("0123".parse::<Nonce>(), Err(NotANonce));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANonce;

impl fmt::Display for NotANonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a nonce has 32 lowercase hexadecimal digits")
    }
}

impl std::error::Error for NotANonce {}

impl TryFrom<String> for Nonce {
    type Error = NotANonce;

    fn try_from(text: String) -> Result<Self, NotANonce> {
        text.parse()
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_string()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$x}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef] {
            let nonce = Nonce::new(bits);
            assert_eq!(Nonce::of_marker(&nonce.marker()), Some(nonce));
        }
    }

    /// A key with a name like these is not ours to remove.
    #[test]
    fn what_is_almost_a_marker_is_none() {
        let digits = "0123456789abcdef0123456789abcdef";
        assert!(Nonce::of_marker(&format!("{PREFIX}{digits}")).is_some());
        for name in [
            digits.to_owned(),
            format!("{PREFIX}{digits} "),
            format!("{PREFIX}{digits}0"),
            format!(" {PREFIX}{digits}"),
            format!("{PREFIX} {digits}"),
            format!("{PREFIX}{}", &digits[1..]),
            format!("{PREFIX}+{}", &digits[1..]),
            format!("{PREFIX}{}", digits.to_uppercase()),
            format!("copy of {PREFIX}{digits}"),
            PREFIX.to_owned(),
            String::new(),
        ] {
            assert_eq!(Nonce::of_marker(&name), None, "{name:?}");
        }
    }
}
