//! Reading the body of an answer that is not a value.

use openrouter_keys_raw as raw;
use serde::Deserialize;
use serde_json::{Value, error::Category};
use zeroize::Zeroizing;

use super::scrub::Scrubber;
use crate::error::Inner;

/// The most that is kept of a body that is not the API's JSON, in bytes.
const LONGEST_TEXT: usize = 512;

/// The API's error body, as far as a client may rely on it.
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: Option<i64>,
    message: String,
    metadata: Option<Value>,
}

/// Notes in `error` what the body of a failure says, without the secrets.
pub(super) fn explain(error: &mut Inner, body: &[u8], scrubber: &Scrubber) {
    if let Ok(ErrorBody { error: detail }) = serde_json::from_slice(body) {
        error.code = detail.code;
        error.message = Some(scrubber.owned(detail.message));
        error.metadata = detail.metadata.map(|value| scrubber.value(value));
    } else if !body.is_empty() {
        // Scrubbed before it is shortened: half a secret would not be recognized.
        let mut text = if let Ok(value) = serde_json::from_slice(body) {
            // A string in JSON can be escaped in more ways than one.
            scrubber.value(value).to_string()
        } else {
            let whole = Zeroizing::new(String::from_utf8_lossy(body).into_owned());
            scrubber.cut_text(&whole)
        };
        let end = (0..=LONGEST_TEXT).rfind(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        error.body_text = Some(text);
    }
}

/// Why the generated code could not decode the body: kind and place of the mistake, never the text there, which
/// may be a secret.
pub(super) fn why_undecodable(body: &[u8], error: &raw::Error) -> String {
    if body.is_empty() {
        return "its body is empty".to_owned();
    }
    let raw::Error::InvalidResponsePayload(_, error) = error else {
        return "its body could not be read".to_owned();
    };
    let category = match error.classify() {
        Category::Syntax => "is not JSON",
        Category::Eof => "is not whole",
        Category::Data | Category::Io => "is not what the API documents",
    };
    format!(
        "its body {category} (line {}, column {})",
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod tests {
    use super::{Inner, Scrubber, explain};

    fn explained(body: &str) -> Inner {
        let token = "canary-token".into();
        let mut inner = Inner::default();
        explain(&mut inner, body.as_bytes(), &Scrubber::new([&token]));
        inner
    }

    #[test]
    fn the_documented_body_gives_code_message_and_metadata() {
        let inner = explained(
            r#"{"error":{"code":429,"message":"slow down canary-token","metadata":{"a":"canary-token"}},"user_id":null}"#,
        );
        assert_eq!(inner.code, Some(429));
        assert_eq!(inner.message.as_deref(), Some("slow down [redacted]"));
        assert_eq!(inner.metadata.unwrap()["a"], "[redacted]");
        assert_eq!(inner.body_text, None);
    }

    #[test]
    fn anything_else_gives_its_first_bytes_without_secrets() {
        // The secret straddles the 512th byte, and so does a character of two bytes.
        let body = format!("{}canary-token{}", "x".repeat(505), "é".repeat(400));
        let text = explained(&body).body_text.unwrap();
        assert!(text.len() <= 512 && !text.contains("canary"), "{text}");
        assert!(explained("").body_text.is_none());
        assert!(explained(r#"{"error":"no object"}"#).body_text.is_some());
        assert!(explained("<html>").message.is_none());
    }
}
