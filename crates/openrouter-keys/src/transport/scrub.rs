//! Taking the secrets we hold out of text that comes from elsewhere.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

/// The secrets of one call. Text that goes into an error passes through here first.
#[derive(Clone)]
pub(crate) struct Scrubber {
    /// Each secret as it is, as JSON writes it, and as a URL does.
    forms: Vec<SecretString>,
}

const REDACTED: &str = "[redacted]";

impl Scrubber {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut scrubber = Self { forms: Vec::new() };
        for secret in secrets {
            scrubber.add(secret);
        }
        scrubber
    }

    /// One more secret to take out.
    pub(super) fn add(&mut self, secret: &SecretString) {
        let secret = secret.expose_secret();
        if secret.is_empty() {
            return;
        }
        // Forms that are not kept are overwritten, as those are that are.
        let json = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
        let json = json.get(1..json.len() - 1).unwrap_or_default();
        let url = Zeroizing::new(percent_encoded(secret));
        for form in [secret, json, &url] {
            if !self.forms.iter().any(|known| known.expose_secret() == form) {
                self.forms.push(form.into());
            }
        }
    }

    /// Whether this is one of the secrets.
    pub(super) fn holds(&self, secret: &SecretString) -> bool {
        let secret = secret.expose_secret();
        self.forms
            .iter()
            .any(|known| known.expose_secret() == secret)
    }

    /// `text` without the secrets, and without anything that looks like a key.
    pub(super) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for form in &self.forms {
            clean = clean.replace(form.expose_secret(), REDACTED);
        }
        without_keys(&clean)
    }

    /// Every value that repeats a secret is cleaned in its place.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes());
            let is_clean = find_key(&text).is_none()
                && self
                    .forms
                    .iter()
                    .all(|form| !text.contains(form.expose_secret()));
            if !is_clean {
                *value = HeaderValue::from_str(&self.text(&text))
                    .unwrap_or(HeaderValue::from_static(REDACTED));
            }
        }
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
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = find_key(rest) {
        clean.push_str(&rest[..start]);
        clean.push_str(REDACTED);
        let end = rest[start..]
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "-_".contains(character))
            })
            .unwrap_or(rest.len() - start);
        rest = &rest[start + end..];
    }
    clean.push_str(rest);
    clean
}

/// Where something begins that looks like a plaintext key.
fn find_key(text: &str) -> Option<usize> {
    const PREFIX: &[u8] = b"sk-or-";
    text.as_bytes()
        .windows(PREFIX.len())
        .position(|window| window.eq_ignore_ascii_case(PREFIX))
}

/// As a URL's query writes it.
fn percent_encoded(text: &str) -> String {
    let encoded = String::with_capacity(3 * text.len());
    text.bytes().fold(encoded, |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::Scrubber;

    #[test]
    fn known_secrets_and_what_looks_like_a_key_are_taken_out() {
        let token = "management-canary".into();
        let partner = "partner\"canary\\".into();
        let scrubber = Scrubber::new([&token, &partner]);
        let text = r#"a management-canary b partner"canary\ c partner\"canary\\ d sk-or-v1-canary_1: e partner%22canary%5C f SK-OR-V1-canary"#;
        assert_eq!(
            scrubber.text(text),
            "a [redacted] b [redacted] c [redacted] d [redacted]: e [redacted] f [redacted]"
        );
        let value =
            json!({"management-canary": ["sk-or-v1-canary", 1, {"a": "partner\"canary\\"}]});
        let clean = scrubber.value(value).to_string();
        assert!(!clean.contains("canary"), "{clean}");
    }

    #[test]
    fn headers_are_cleaned_in_their_place() {
        let token = "management-canary".into();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("location", "https://a.example/?t=management-canary&x=1"),
            ("x-echo", "Bearer sk-or-v1-canary"),
            ("content-type", "text/html"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append(
            "x-bytes",
            HeaderValue::from_bytes(b"\xff management-canary").unwrap(),
        );
        Scrubber::new([&token]).headers(&mut headers);
        assert_eq!(headers["location"], "https://a.example/?t=[redacted]&x=1");
        assert_eq!(headers["x-echo"], "Bearer [redacted]");
        assert_eq!(headers["content-type"], "text/html");
        assert!(!format!("{headers:?}").contains("canary"));
    }
}
