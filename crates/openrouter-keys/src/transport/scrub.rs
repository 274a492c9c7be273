//! Taking the secrets we hold out of text that comes from elsewhere.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The secrets of one call. Text that goes into an error passes through here first.
pub(super) struct Scrubber<'a> {
    secrets: Vec<&'a SecretString>,
}

const REDACTED: &str = "[redacted]";

impl<'a> Scrubber<'a> {
    pub(super) fn new(token: &'a SecretString, request: Option<&'a SecretString>) -> Self {
        Self {
            secrets: std::iter::once(token).chain(request).collect(),
        }
    }

    /// `text` without the secrets, plain or as JSON writes them, and without anything that looks like a key.
    pub(super) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.is_empty() {
                continue;
            }
            clean = clean.replace(secret, REDACTED);
            let escaped = Value::from(secret).to_string();
            clean = clean.replace(&escaped[1..escaped.len() - 1], REDACTED);
        }
        without_keys(&clean)
    }

    /// Every string of `value`, names of members included.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| (self.text(&name), self.value(value)))
                .collect(),
            other => other,
        }
    }
}

/// Replaces whatever looks like a plaintext key: a server can repeat one that we do not hold.
fn without_keys(text: &str) -> String {
    const PREFIX: &str = "sk-or-";
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(PREFIX) {
        clean.push_str(&rest[..start]);
        clean.push_str(REDACTED);
        let after = &rest[start + PREFIX.len()..];
        let end = after
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "-_".contains(character))
            })
            .unwrap_or(after.len());
        rest = &after[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Scrubber;

    #[test]
    fn known_secrets_and_what_looks_like_a_key_are_taken_out() {
        let token = "management-canary".into();
        let partner = "partner\"canary\\".into();
        let scrubber = Scrubber::new(&token, Some(&partner));
        let text =
            r#"a management-canary b partner"canary\ c partner\"canary\\ d sk-or-v1-canary_1: e"#;
        assert_eq!(
            scrubber.text(text),
            "a [redacted] b [redacted] c [redacted] d [redacted]: e"
        );
        let value =
            json!({"management-canary": ["sk-or-v1-canary", 1, {"a": "partner\"canary\\"}]});
        let clean = scrubber.value(value).to_string();
        assert!(!clean.contains("canary"), "{clean}");
    }
}
