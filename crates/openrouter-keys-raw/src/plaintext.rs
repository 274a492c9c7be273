//! A plaintext key on its way to or from the wire.

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// A plaintext key. It is not printed by Debug, and its memory is overwritten when it is dropped.
///
/// Unlike [`SecretString`] it can be serialized, because one that a partner chose has to be sent.
#[derive(Clone, Debug)]
pub struct Plaintext(SecretString);

impl Plaintext {
    /// The secret in the type that callers hold.
    #[must_use]
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl From<SecretString> for Plaintext {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl Serialize for Plaintext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::Plaintext;

    #[test]
    fn it_goes_over_the_wire_and_not_into_debug() {
        let read: Plaintext = serde_json::from_str(r#""canary""#).unwrap();
        assert!(!format!("{read:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&read).unwrap(), r#""canary""#);
    }
}
