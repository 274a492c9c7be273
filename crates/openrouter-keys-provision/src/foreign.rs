//! What others say of their failures, without the plaintexts that they may say with it.

use openrouter_keys::{ExposeSecret, SecretString};

const PLAINTEXT: &str = "sk-or-";
const MASK: &str = "[plaintext]";

/// The text of an error that is not ours, on one line, without this secret and without whatever looks like a plaintext. A database
/// may well say which value it did not like.
pub(crate) fn text(error: &dyn std::error::Error, secret: Option<&SecretString>) -> String {
    let mut text = error.to_string();
    if let Some(secret) = secret.map(ExposeSecret::expose_secret)
        && !secret.is_empty()
    {
        text = text.replace(secret, MASK);
    }
    without_plaintexts(&text)
}

fn without_plaintexts(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.to_ascii_lowercase().find(PLAINTEXT) {
        let (before, found) = rest.split_at(start);
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let end = found
            .find(|character| !is_part(character))
            .unwrap_or(found.len());
        clean.push_str(before);
        // The prefix alone is no plaintext, and stands in a message of the client's.
        let is_plaintext = end > PLAINTEXT.len();
        clean.push_str(if is_plaintext { MASK } else { &found[..end] });
        rest = &found[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_plaintext_is_not_repeated() {
        for (said, kept) in [
            ("the disk is full", "the disk is full"),
            (
                "Key (secret)=(sk-or-v1-0123) exists",
                "Key (secret)=([plaintext]) exists",
            ),
            (
                "no plaintext (which has sk-or- in it)",
                "no plaintext (which has sk-or- in it)",
            ),
            ("SK-OR-v1-1 sk-or-v1-2", "[plaintext] [plaintext]"),
            ("not 'partner\u{e9}s own' here", "not '[plaintext]' here"),
        ] {
            let secret = SecretString::from("partner\u{e9}s own");
            let error: Box<dyn std::error::Error> = said.into();
            assert_eq!(text(&*error, Some(&secret)), kept);
        }
    }
}
