//! Plaintext keys, and what may be kept of them.

use std::fmt;
use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::json::{self, Json};

/// What every plaintext begins with.
pub(crate) const PREFIX: &str = "sk-or-v1-";

/// Makes plaintext keys that look like the service's and that nobody can guess.
///
/// Randomness is drawn from the operating system once, when the emulator starts, because that is
/// the one place where its absence can be reported. Each key is then the hash of that seed and a
/// number never used before.
pub(crate) struct Mint {
    seed: [u8; 32],
    minted: u64,
}

impl Mint {
    pub(crate) fn new() -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { seed, minted: 0 })
    }

    /// A plaintext key: the prefix and 64 lowercase hexadecimal digits.
    pub(crate) fn mint(&mut self) -> String {
        let random = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.minted.to_be_bytes())
            .finalize();
        self.minted += 1;
        plaintext(Digest(random.into()))
    }
}

/// The plaintext key whose digits are those of `digest`.
pub(crate) fn plaintext(digest: Digest) -> String {
    format!("{PREFIX}{digest}")
}

/// The shortened form of a plaintext key, such as `sk-or-v1-0e6...1c96`.
pub(crate) fn label(plaintext: &str) -> String {
    /// So many characters must be there for seven of them to give nothing away.
    const ENOUGH: usize = 32;

    let (prefix, rest) = match plaintext.strip_prefix(PREFIX) {
        Some(rest) => (PREFIX, rest),
        None => ("", plaintext),
    };
    // A management key can be any text that its user chose.
    match (rest.get(..3), rest.get(rest.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if rest.len() >= ENOUGH => format!("{prefix}{head}...{tail}"),
        _ => format!("{prefix}..."),
    }
}

/// The SHA-256 of a plaintext key: all that is kept of it, and the `hash` that names a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(plaintext: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(plaintext).into())
    }

    /// Reads the form that names a key: 64 lowercase hexadecimal digits and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        fn nibble(byte: u8) -> Option<u8> {
            match byte {
                b'0'..=b'9' => Some(byte - b'0'),
                b'a'..=b'f' => Some(byte - b'a' + 10),
                _ => None,
            }
        }

        if text.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(digest))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Json for Digest {
    fn write(&self, out: &mut Vec<u8>) {
        let mut text = [b'"'; 66];
        json::hex(&self.0, &mut text[1..65]);
        out.extend_from_slice(&text);
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a SHA-256 in hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Mint, label};

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_lowercase_sha256_and_reads_back() {
        assert_eq!(Digest::of("abc").to_string(), OF_ABC);
        assert!(Digest::parse(OF_ABC) == Some(Digest::of("abc")));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let upper = OF_ABC.to_uppercase();
        let long = format!("{OF_ABC}0");
        let wide = format!("{}é", &OF_ABC[2..]);
        for text in ["", "..", &OF_ABC[1..], &long, &upper, &wide] {
            assert!(Digest::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn labels_show_seven_characters_of_a_long_key_and_none_of_a_short_one() {
        let long = format!("sk-or-v1-0e6{}1c96", "f".repeat(57));
        assert_eq!(label(&long), "sk-or-v1-0e6...1c96");
        assert_eq!(label("sk-or-v1-hunter2"), "sk-or-v1-...");
        assert_eq!(label("hunter2"), "...");
        assert_eq!(label(&format!("abc{}wxyz", "-".repeat(30))), "abc...wxyz");
    }

    #[test]
    fn no_key_is_minted_twice() {
        let mut first = Mint::new().expect("randomness");
        let mut second = Mint::new().expect("randomness");
        let keys = [first.mint(), first.mint(), second.mint(), second.mint()];
        for (position, key) in keys.iter().enumerate() {
            assert_eq!(key.len(), "sk-or-v1-".len() + 64);
            assert!(!keys[..position].contains(key));
        }
    }
}
