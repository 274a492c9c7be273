//! How much of the file is kept free for what must not fail.

use super::format::{LONGEST_SECRET, line_length};

/// What an intent may still write without making the file longer.
///
/// An attempt is given this before its create is sent, so that a full disk is met before there is a key and not after it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Room {
    lines: usize,
    line: usize,
    secret: usize,
}

/// Sealed, committed or abandoned, and one that a later version may think of.
const LINES: usize = 4;

/// Longer than the JSON of each of these without the intent: a hash is at most 256 characters.
const LONGEST_JSON: usize = 900;

impl Room {
    /// What may follow an attempt under an intent whose text in JSON has this length.
    pub(super) const fn after_attempt(intent: usize) -> Self {
        Self {
            lines: LINES,
            line: line_length(intent + LONGEST_JSON),
            secret: LONGEST_SECRET,
        }
    }

    /// What is left of it after an entry.
    pub(super) const fn after_entry(self, has_secret: bool) -> Self {
        Self {
            lines: self.lines.saturating_sub(1),
            line: self.line,
            secret: if has_secret { 0 } else { self.secret },
        }
        .or_none()
    }

    /// All of it, in bytes.
    pub(super) const fn bytes(self) -> usize {
        self.lines * self.line + self.secret
    }

    /// Whether an entry whose lines have these lengths is among what it is for.
    pub(super) const fn has(self, line: usize, secret: usize) -> bool {
        self.lines > 0 && line <= self.line && secret <= self.secret
    }

    const fn or_none(self) -> Self {
        if self.lines == 0 {
            return Self {
                lines: 0,
                line: 0,
                secret: 0,
            };
        }
        self
    }
}
