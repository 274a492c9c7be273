//! The line that a person on call reads.

use std::fmt;

use super::{Error, ErrorKind};
use crate::model::KeyHash;

impl fmt::Display for Error {
    /// `update key: 503 Service Unavailable: upstream failed (3 attempts; the server may have done it)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.name())?;
        }
        f.write_str(&inner.detail)?;
        if let Some(message) = &inner.message {
            write!(f, ": {}", OneLine(message))?;
        }
        if self.kind() == ErrorKind::InvalidInput {
            return Ok(());
        }

        let mut notes = Vec::new();
        if inner.attempts > 1 {
            notes.push(format!("{} attempts", inner.attempts));
        }
        // Without a status, nobody was asked, and the detail says how long the client has to wait.
        if let (Some(wait), Some(_)) = (inner.retry_after, inner.status) {
            notes.push(format!("the server asks to wait {} s", wait.as_secs()));
        }
        if inner.out_of_retries {
            notes.push("no retry: the client has used up its budget".to_owned());
        }
        if inner.salvaged.is_some() {
            notes.push("the key was made, and its plaintext is in this error".to_owned());
        } else if let Some(hash) = inner.hash.as_ref().and_then(printable) {
            notes.push(format!(
                "the key was made and its plaintext is lost: delete it by its hash, {hash}"
            ));
        } else if inner.maybe_applied && inner.is_create() {
            notes.push("the key may exist: look before creating another".to_owned());
        } else if inner.maybe_applied {
            notes.push("the server may have done it".to_owned());
        }
        if notes.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", notes.join("; "))
        }
    }
}

/// A hash that came from the server, if it is one. It could be anything.
fn printable(hash: &KeyHash) -> Option<&str> {
    KeyHash::check(hash.as_str()).ok()?;
    Some(hash.as_str())
}

/// Text from elsewhere, kept from writing log lines of its own.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 300;
        for character in self.0.chars().take(LONGEST) {
            if character.is_control() || is_layout(character) {
                f.write_str(" ")?;
            } else {
                write!(f, "{character}")?;
            }
        }
        if self.0.chars().nth(LONGEST).is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// Characters that break a line, or turn its direction, without being control characters.
fn is_layout(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
