//! Requests that HTTP allows, however little sense they make: each has an answer.

use std::fmt;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::body;
use crate::seeded::texts;

/// The secret that stands wherever a secret can be, and in no answer.
pub(crate) const SECRET: &str = "sk-or-v1-canary-0123456789-0123456789-SECRET";

pub(crate) const MANAGEMENT_KEY: &str = "sk-or-v1-canary-0123456789-0123456789-MANAGEMENT";

/// Stands for the hash of a key that exists, wherever one does.
pub(crate) const HASH: &str = "HASH";

/// A request, in parts that make sense of each other.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Whole lines. They can hold bytes that are no text.
    pub(crate) headers: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    /// The size of the chunks in which the body is sent, if it is sent in chunks.
    pub(crate) chunk: Option<usize>,
    /// Which of the keys that exist is meant by [`HASH`].
    pub(crate) key: Index,
}

impl Request {
    /// The request as it goes over the line, when those are the hashes of the keys.
    pub(crate) fn bytes(&self, hashes: &[String]) -> Vec<u8> {
        let target = match hashes.len() {
            0 => self.target.clone(),
            all => self.target.replace(HASH, &hashes[self.key.index(all)]),
        };
        let mut bytes =
            format!("{} {target} HTTP/1.1\r\nHost: localhost\r\n", self.method).into_bytes();
        for header in &self.headers {
            bytes.extend_from_slice(header);
            bytes.extend_from_slice(b"\r\n");
        }
        match self.chunk {
            None => {
                let length = format!("Content-Length: {}\r\n\r\n", self.body.len());
                bytes.extend_from_slice(length.as_bytes());
                bytes.extend_from_slice(&self.body);
            }
            Some(size) => {
                bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                // Of extensions, HTTP's own limit is soon reached.
                let mut extension = ";canary=1";
                for chunk in self.body.chunks(size) {
                    let head = format!("{:x}{extension}\r\n", chunk.len());
                    bytes.extend_from_slice(head.as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                    extension = "";
                }
                bytes.extend_from_slice(b"0\r\nTrailer: canary\r\n\r\n");
            }
        }
        bytes
    }
}

impl fmt::Debug for Request {
    /// As text, to be read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes(&[]).escape_ascii())
    }
}

/// For the API: often right, and hardly ever in all of it.
pub(crate) fn to_the_api() -> impl Strategy<Value = Request> {
    let operations = prop_oneof![
        3 => (Just("POST"), Just("/api/v1/keys"), body::of_create().boxed()),
        3 => (Just("PATCH"), Just("/api/v1/keys/HASH"), body::of_update().boxed()),
        2 => (Just("GET"), Just("/api/v1/keys"), body::of_reading().boxed()),
        2 => (Just("GET"), Just("/api/v1/keys/HASH"), body::of_reading().boxed()),
        1 => (Just("DELETE"), Just("/api/v1/keys/HASH"), body::of_reading().boxed()),
        1 => (Just("GET"), Just("/api/v1/key"), body::of_reading().boxed()),
    ];
    requests(operations)
}

/// Makes requests of such methods, targets and bodies, with whatever can be wrong in each.
pub(crate) fn requests(
    operations: impl Strategy<Value = (&'static str, &'static str, Vec<u8>)>,
) -> impl Strategy<Value = Request> {
    (
        operations,
        weighted(0.1, methods()),
        weighted(0.2, edits()),
        weighted(0.3, queries()),
        headers(),
        weighted(0.2, prop_oneof![1_usize..20, Just(100_000)]),
        any::<Index>(),
    )
        .prop_map(|(operation, method, edits, query, headers, chunk, key)| {
            let (usual, target, body) = operation;
            let mut target = target.to_owned();
            for (at, text) in edits.into_iter().flatten() {
                // Not before the slash that every target begins with.
                target.insert_str(at.index(target.len()) + 1, &text);
            }
            Request {
                method: method.unwrap_or_else(|| usual.to_owned()),
                target: target + &query.unwrap_or_default(),
                headers,
                body,
                chunk,
                key,
            }
        })
}

fn methods() -> impl Strategy<Value = String> {
    prop_oneof![
        select(
            &[
                "GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS", "TRACE", "get"
            ][..]
        )
        .prop_map(str::to_owned),
        texts("[A-Z!#$%&'*+.^_`|~-]{1,40}")
            .prop_filter("asks for a tunnel", |method| method != "CONNECT"),
    ]
}

/// What is put into a path, and where.
fn edits() -> impl Strategy<Value = Vec<(Index, String)>> {
    let text = prop_oneof![
        select(
            &[
                "/", "//", "/..", "/.", "%2F", "%2e%2e", "%00", "%ff", "%", "%zz", "%C3%A9", "%6b",
                "?", "&", "keys", "HASH", "HASH/", ";canary", "*", SECRET,
            ][..]
        )
        .prop_map(str::to_owned),
        texts("[A-Za-z0-9/._~%&=?+,;:@!$'()*-]{1,20}"),
        (texts("[a-z%0-9]{1,4}"), 100..2_000_usize).prop_map(|(text, times)| text.repeat(times)),
    ];
    vec((any::<Index>(), text), 1..3)
}

fn queries() -> impl Strategy<Value = String> {
    let name = select(
        &[
            "include_disabled",
            "include_expired",
            "offset",
            "workspace_id",
            "off%73et",
            "canary",
            "",
        ][..],
    );
    let value = prop_oneof![
        select(
            &[
                "true",
                "false",
                "0",
                "1",
                "null",
                "",
                "-1",
                "18446744073709551616",
                "%00",
                "%ff",
                "%",
                "1+1",
                "00000000-0000-4000-8000-000000000001",
                SECRET,
            ][..]
        )
        .prop_map(str::to_owned),
        texts("[A-Za-z0-9/._~%=?+,;:@!$'()*-]{0,60}"),
    ];
    vec((name, value), 1..5).prop_map(|parameters| {
        let parameters = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        format!("?{}", parameters.collect::<Vec<_>>().join("&"))
    })
}

/// A credential, and whatever else there can be. None of them says where the request ends.
fn headers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let management = format!("Authorization: Bearer {MANAGEMENT_KEY}").into_bytes();
    let other = prop_oneof![
        3 => select(vec![
            format!("Authorization: Bearer {SECRET}"),
            format!("Authorization: Basic {SECRET}"),
            format!("authorization: {SECRET}"),
            "Authorization:".to_owned(),
            "AUTHORIZATION: Bearer".to_owned(),
            format!("Cookie: session={SECRET}"),
            format!("X-Api-Key: {SECRET}"),
            "Content-Type: text/html; charset=canary".to_owned(),
            "Content-Type: application/x-www-form-urlencoded".to_owned(),
            "Content-Encoding: gzip".to_owned(),
            "Accept: text/html".to_owned(),
            "Accept-Encoding: gzip, br".to_owned(),
            "Expect: 100-continue".to_owned(),
            "Host: canary.example".to_owned(),
            "Origin: http://canary.example".to_owned(),
            "Range: bytes=0-0".to_owned(),
            "If-None-Match: *".to_owned(),
            "X-HTTP-Method-Override: DELETE".to_owned(),
            "X-Forwarded-Prefix: /canary".to_owned(),
        ]).prop_map(String::into_bytes),
        1 => (texts("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}"), vec(prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8], 0..200))
            .prop_map(|(name, value)| [b"x-", name.as_bytes(), b": ", &value].concat()),
    ];
    let others = prop_oneof![5 => vec(other.clone(), 0..1), 4 => vec(other.clone(), 1..4), 1 => vec(other, 4..60)];
    (others, weighted(0.9, any::<Index>())).prop_map(move |(mut headers, credential)| {
        if let Some(at) = credential {
            headers.insert(at.index(headers.len() + 1), management.clone());
        }
        headers
    })
}
