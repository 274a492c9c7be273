//! Names of workspaces.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::json::{self, Json};

/// The workspace of every key that was created without one.
///
/// The service's own default workspace shows its name only in the keys that are in it; this name is the
/// emulator's.
pub const DEFAULT_WORKSPACE_ID: &str = "00000000-0000-4000-8000-000000000001";

/// The UUID of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkspaceId(u128);

impl WorkspaceId {
    /// The parsed form of [`DEFAULT_WORKSPACE_ID`].
    pub(crate) const DEFAULT: Self = Self(0x0000_0000_0000_4000_8000_0000_0000_0001);

    /// Reads the hyphenated form, in either case. Every version of UUID is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        const HYPHENS: [usize; 4] = [8, 13, 18, 23];

        if text.len() != 36 {
            return None;
        }
        let mut value = 0;
        for (position, byte) in text.bytes().enumerate() {
            if HYPHENS.contains(&position) {
                if byte != b'-' {
                    return None;
                }
            } else {
                value = value << 4 | u128::from(char::from(byte).to_digit(16)?);
            }
        }
        Some(Self(value))
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let (time, rest) = hex.split_at(8);
        write!(
            f,
            "{time}-{}-{}-{}-{}",
            &rest[..4],
            &rest[4..8],
            &rest[8..12],
            &rest[12..]
        )
    }
}

impl Serialize for WorkspaceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Json for WorkspaceId {
    fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.0.to_be_bytes();
        let mut text = *b"\"00000000-0000-0000-0000-000000000000\"";
        json::hex(&bytes[..4], &mut text[1..9]);
        json::hex(&bytes[4..6], &mut text[10..14]);
        json::hex(&bytes[6..8], &mut text[15..19]);
        json::hex(&bytes[8..10], &mut text[20..24]);
        json::hex(&bytes[10..], &mut text[25..37]);
        out.extend_from_slice(&text);
    }
}

impl<'de> Deserialize<'de> for WorkspaceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_WORKSPACE_ID, WorkspaceId};

    #[test]
    fn the_default_is_the_documented_one() {
        assert_eq!(WorkspaceId::DEFAULT.to_string(), DEFAULT_WORKSPACE_ID);
    }

    #[test]
    fn case_is_no_difference() {
        let id = WorkspaceId::parse("0B5F9C2E-1D34-4A7B-9C0D-EF0123456789").expect("a UUID");
        assert_eq!(id.to_string(), "0b5f9c2e-1d34-4a7b-9c0d-ef0123456789");
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "default",
            "0b5f9c2e1d344a7b9c0def0123456789",
            "0b5f9c2e-1d34-4a7b-9c0d-ef012345678",
            "0b5f9c2e-1d34-4a7b-9c0d-ef01234567890",
            "0b5f9c2e-1d34-4a7b-9c0d-ef012345678g",
            "0b5f9c2e_1d34-4a7b-9c0d-ef0123456789",
            "-b5f9c2e-1d34-4a7b-9c0d-ef0123456789",
            "{b5f9c2e-1d34-4a7b-9c0d-ef012345678}",
            "0b5f9c2e-1d34-4a7b-9c0d-ef01234567é",
        ] {
            assert!(WorkspaceId::parse(text).is_none(), "{text}");
        }
    }
}
