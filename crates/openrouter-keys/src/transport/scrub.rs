//! Taking the secrets we hold out of text that comes from elsewhere.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

/// The secrets of one call. Text that goes into an error passes through here first.
#[derive(Clone)]
pub(crate) struct Scrubber {
    /// Each secret as it is, as JSON writes it, and as a URL does.
    forms: Vec<SecretString>,
}

const REDACTED: &str = "[redacted]";
/// Where a text is cut off in a secret, fewer of its bytes than these say nothing.
const SHORTEST_PART: usize = 8;

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
        let json = json_escaped(secret);
        let url = Zeroizing::new(percent_encoded(secret));
        for form in [secret, &json, &url] {
            if !self.forms.iter().any(|known| known.expose_secret() == form) {
                self.forms.push(form.into());
            }
        }
    }

    /// Whether this is one of the secrets.
    pub(crate) fn holds(&self, secret: &SecretString) -> bool {
        let secret = secret.expose_secret();
        self.forms
            .iter()
            .any(|known| known.expose_secret() == secret)
    }

    /// `text` without the secrets, and without anything that looks like a key.
    pub(super) fn text(&self, text: &str) -> String {
        without(text, self.find(text))
    }

    /// The same of a text that may have been cut off, in the midst of a secret too.
    pub(super) fn cut_text(&self, text: &str) -> String {
        let mut found = self.find(text);
        for form in &self.forms {
            let form = form.expose_secret();
            let part = (SHORTEST_PART..form.len())
                .rev()
                .filter_map(|length| form.get(..length))
                .find(|part| text.ends_with(part));
            found.extend(part.map(|part| text.len() - part.len()..text.len()));
        }
        without(text, found)
    }

    /// Whether there is nothing in `text` that would be taken out.
    pub(super) fn is_clean(&self, text: &str) -> bool {
        self.find(text).is_empty()
    }

    /// Where the secrets are.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = keys(text);
        for form in &self.forms {
            found.extend(occurrences(text, form.expose_secret()));
        }
        found
    }

    /// Every value that repeats a secret is cleaned in its place.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            // Nearly every text is UTF-8, and to see that is cheaper than to mend it.
            let text = str::from_utf8(value.as_bytes())
                .map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed);
            if !self.is_clean(&text) {
                *value = HeaderValue::from_str(&self.text(&text))
                    .unwrap_or(HeaderValue::from_static(REDACTED));
            }
        }
    }

    /// Every string of `value`, names of members included.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.owned(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| (self.owned(name), self.value(value)))
                .collect(),
            other => other,
        }
    }

    /// As [`text`](Self::text), of text that nobody needs any more: it is overwritten.
    pub(super) fn owned(&self, mut text: String) -> String {
        let clean = self.text(&text);
        text.zeroize();
        clean
    }
}

/// `text` without what was found in it.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| range.start);
    // Piece by piece, so that no secret is copied.
    let mut clean = String::with_capacity(text.len());
    let mut rest = 0;
    for Range { start, end } in found {
        if start >= rest {
            clean.push_str(&text[rest..start]);
            clean.push_str(REDACTED);
        }
        rest = rest.max(end);
    }
    clean.push_str(&text[rest..]);
    clean
}

/// Where a secret is in a text. Each header of each answer is looked at, most are shorter than any secret, and what the
/// standard library prepares for its own search would cost more than all of this. No form of a secret is empty.
fn occurrences<'a>(text: &'a str, secret: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let (text, secret) = (text.as_bytes(), secret.as_bytes());
    let windows = text.windows(secret.len()).enumerate();
    windows
        .filter(move |(_, window)| window.first() == secret.first() && *window == secret)
        .map(|(start, window)| start..start + window.len())
}

/// Where anything is that looks like a plaintext key: a server can repeat one that we do not hold.
fn keys(text: &str) -> Vec<Range<usize>> {
    const PREFIX: &[u8] = b"sk-or-";
    const DASH: usize = 2;
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut rest = 0;
    // By its dash, which is the same in both cases and rarer than letters are.
    for dash in (0..bytes.len()).filter(|place| bytes[*place] == b'-') {
        let Some(start) = dash.checked_sub(DASH).filter(|start| *start >= rest) else {
            continue;
        };
        let prefix = bytes.get(start..start + PREFIX.len());
        if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX)) {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
            let length = bytes[start..].iter().position(|byte| !is_part(byte));
            let end = length.map_or(bytes.len(), |length| start + length);
            found.push(start..end);
            rest = end;
        }
    }
    found
}

/// As JSON writes it, without the quotation marks.
fn json_escaped(text: &str) -> Zeroizing<String> {
    // Room for the longest escape of each byte, so that nothing is left behind in memory that was outgrown.
    let mut json = Zeroizing::new(Vec::with_capacity(6 * text.len() + 2));
    serde_json::to_writer(&mut *json, text).expect("a vector takes whatever is written");
    let inner = json.get(1..json.len() - 1).unwrap_or_default();
    Zeroizing::new(String::from_utf8_lossy(inner).into_owned())
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
    fn secrets_that_overlap_or_are_cut_off_leave_nothing() {
        let token = "one-secret-canary".into();
        let partner = "canary and another".into();
        let scrubber = Scrubber::new([&token, &partner]);
        for (text, clean) in [
            ("a one-secret-canary and another b", "a [redacted] b"),
            ("a sk-or-one-secret-canary-x b", "a [redacted] b"),
            ("a sk-or-canary and another b", "a [redacted] b"),
            ("one-secret-canaryone-secret-canary", "[redacted][redacted]"),
            ("a one-secret-can", "a [redacted]"),
            ("a canary and", "a [redacted]"),
            // It could be anything.
            ("a one-sec", "a one-sec"),
            ("a one-secret-can b", "a one-secret-can b"),
            ("-sk-sk-or-sk-or-x é-sK-Or-", "-sk-[redacted] é-[redacted]"),
            ("sk-or", "sk-or"),
            ("é", "é"),
            ("", ""),
        ] {
            assert_eq!(scrubber.cut_text(text), clean);
        }
        assert_eq!(scrubber.text("a one-secret-can"), "a one-secret-can");
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
