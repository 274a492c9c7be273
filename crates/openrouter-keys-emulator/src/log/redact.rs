//! What must not be seen of a request.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Credential;
use crate::auth;
use crate::credential::{Digest, PREFIX};
use crate::state::{Holder, Shared};

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// Tells what is a secret from what is not.
#[derive(Clone)]
pub(super) struct Redactor {
    state: Shared,
    management_key: Arc<str>,
}

impl Redactor {
    pub(super) fn new(state: Shared, management_key: &str) -> Self {
        Self {
            state,
            management_key: management_key.into(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.state.lock().now()
    }

    pub(super) fn credential(&self, headers: &HeaderMap) -> Credential {
        let Ok(digest) = auth::presented(headers) else {
            return Credential::None;
        };
        let state = self.state.lock();
        match state.holder(digest) {
            None => Credential::Unknown,
            Some(Holder::Management) => Credential::Management,
            Some(Holder::Key(sequence)) => state.at(sequence).map_or(Credential::Unknown, |key| {
                Credential::Key(key.hash.to_string())
            }),
        }
    }

    /// The text, unless it is a secret or has one in it.
    pub(super) fn text(&self, text: &str) -> String {
        if self.is_secret(text) {
            REDACTED.to_owned()
        } else {
            text.to_owned()
        }
    }

    /// The path, without the segments that are secrets. They are judged as what they stand for.
    pub(super) fn path(&self, path: &str) -> String {
        let segments: Vec<_> = path
            .split('/')
            .map(|segment| self.encoded(segment))
            .collect();
        self.encoded(&segments.join("/"))
    }

    /// The query, without the names and values that are secrets.
    pub(super) fn query(&self, query: &str) -> String {
        let pairs: Vec<_> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => format!("{}={}", self.encoded(name), self.encoded(value)),
                None => self.encoded(pair),
            })
            .collect();
        self.encoded(&pairs.join("&"))
    }

    /// Takes the secrets out of a body, and whatever stands where a partner's key belongs.
    pub(super) fn body(&self, body: &mut Value) {
        match body {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.body(value)),
            Value::Object(members) => {
                let old = std::mem::take(members);
                for (name, mut value) in old {
                    match (name.as_str(), &mut value) {
                        ("external", Value::Object(external)) => {
                            for (name, value) in external {
                                if name == "user" {
                                    self.body(value);
                                } else {
                                    *value = REDACTED.into();
                                }
                            }
                        }
                        ("api_key" | "external", value) if !value.is_null() => {
                            *value = REDACTED.into();
                        }
                        (_, value) => self.body(value),
                    }
                    members.insert(self.text(&name), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A part of a path or a query, or all of it. A plus can stand for a space or for itself.
    fn encoded(&self, text: &str) -> String {
        if self.is_secret(&text.replace('+', " ")) {
            REDACTED.to_owned()
        } else {
            self.text(text)
        }
    }

    /// Whether the text is a secret, or has one in it, as it stands or once it is decoded: some callers encode twice.
    fn is_secret(&self, text: &str) -> bool {
        /// What is encoded more often than that is no accident.
        const LAYERS: usize = 3;

        let mut text = Cow::Borrowed(text);
        for _ in 0..LAYERS {
            if self.is_plain_secret(&text) {
                return true;
            }
            let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
            if decoded == text {
                return false;
            }
            text = Cow::Owned(decoded);
        }
        self.is_plain_secret(&text)
    }

    fn is_plain_secret(&self, text: &str) -> bool {
        /// A shorter management key is only looked for as a whole: it is found in too much that is none.
        const ENOUGH: usize = 8;
        /// No partner's key is shorter.
        const SHORTEST: usize = 32;

        let management_key = &*self.management_key;
        let mut words = text
            .split_whitespace()
            .filter(|word| word.len() >= SHORTEST);
        text.to_ascii_lowercase().contains(PREFIX)
            || (management_key.len() >= ENOUGH && text.contains(management_key))
            || self.is_credential(text)
            // As in `Bearer <key>`, where the key alone belongs.
            || words.any(|word| self.is_credential(word))
    }

    fn is_credential(&self, text: &str) -> bool {
        let digest = Digest::of(text.trim());
        self.state.lock().holder(digest).is_some()
    }
}
