//! A request as it arrived.

use std::fmt::Write as _;

use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The number of the connection that it came on, from 0.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    /// In order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The path and the query.
    pub(crate) fn path_and_query(&self) -> (&str, Option<&str>) {
        match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.target, None),
        }
    }

    /// The body as JSON; null if there is none.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("a request's body is JSON")
    }

    /// For a snapshot: everything but what differs from run to run (`Host`), what follows from the rest
    /// (`Content-Length`), and the secrets.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.target);
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| name != "host" && name != "content-length")
            .collect();
        headers.sort();
        for (name, value) in headers {
            let value = value
                .replace(super::TOKEN, "[token]")
                .replace(env!("CARGO_PKG_VERSION"), "[version]");
            writeln!(text, "{name}: {value}").expect("writing to a String does not fail");
        }
        if !self.body.is_empty() {
            let mut body = self.json();
            body.sort_all_objects();
            if let Some(key) = body.pointer_mut("/external/api_key") {
                assert_eq!(key, super::PARTNER_KEY);
                *key = "[partner key]".into();
            }
            let body = serde_json::to_string_pretty(&body).expect("JSON can be written");
            write!(text, "\n{body}").expect("writing to a String does not fail");
        }
        text
    }
}
