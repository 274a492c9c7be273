//! What is nearly HTTP, or nothing of the kind. What is left unsaid ends with the sending side.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::request::{MANAGEMENT_KEY, Request, SECRET, to_the_api};
use crate::seeded::texts;

#[derive(Clone, Debug)]
pub(crate) enum Garbage {
    Bytes(Escaped),
    /// A request, and what happens to its bytes.
    Mangled(Request, Vec<Mangling>),
}

#[derive(Clone, Debug)]
pub(crate) enum Mangling {
    Cut(Index),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

/// Bytes that are shown as text.
#[derive(Clone)]
pub(crate) struct Escaped(Vec<u8>);

impl fmt::Debug for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl Garbage {
    pub(crate) fn bytes(&self, hashes: &[String]) -> Vec<u8> {
        match self {
            Self::Bytes(Escaped(bytes)) => bytes.clone(),
            Self::Mangled(request, manglings) => {
                let mut bytes = request.bytes(hashes);
                for mangling in manglings {
                    mangling.mangle(&mut bytes);
                }
                bytes
            }
        }
    }
}

impl Mangling {
    fn mangle(&self, bytes: &mut Vec<u8>) {
        let end = bytes.len();
        match self {
            Self::Cut(at) => bytes.truncate(at.index(end + 1)),
            Self::Set(at, byte) => {
                if end > 0 {
                    bytes[at.index(end)] = *byte;
                }
            }
            Self::Insert(at, inserted) => {
                let at = at.index(end + 1);
                bytes.splice(at..at, inserted.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = at.index(end + 1);
                bytes.drain(at..end.min(at + count));
            }
            Self::Repeat(at, count) => {
                let at = at.index(end + 1);
                let repeated = bytes[at..end.min(at + count)].to_vec();
                bytes.splice(at..at, repeated);
            }
        }
    }
}

pub(crate) fn garbage() -> impl Strategy<Value = Garbage> {
    // The answer to HEAD says that there is a body where there is none, and cannot be told from
    // others in a stream of them.
    let request = to_the_api().prop_filter("has no body in its answer", |request| {
        !request.method.contains("HEAD")
    });
    prop_oneof![
        6 => (request, vec(manglings(), 1..4))
            .prop_map(|(request, manglings)| Garbage::Mangled(request, manglings)),
        1 => vec(any::<u8>(), 0..2_000).prop_map(|bytes| Garbage::Bytes(Escaped(bytes))),
        1 => texts("[GETPOS /a-z0-9:.\r\n%]{0,400}").prop_map(|text| Garbage::Bytes(Escaped(text.into_bytes()))),
        4 => framings().prop_map(|text| Garbage::Bytes(Escaped(text.into_bytes()))),
        1 => overlong().prop_map(|text| Garbage::Bytes(Escaped(text.into_bytes()))),
    ]
}

/// Pieces that are too short to carry a secret to another place.
fn manglings() -> impl Strategy<Value = Mangling> {
    prop_oneof![
        any::<Index>().prop_map(Mangling::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mangling::Set(at, byte)),
        (any::<Index>(), vec(any::<u8>(), 1..6))
            .prop_map(|(at, bytes)| Mangling::Insert(at, bytes)),
        (
            any::<Index>(),
            select(&["\r\n", "\r\n\r\n", "\n", " ", ":", "\0", "é", "\t", "%"][..])
        )
            .prop_map(|(at, text)| Mangling::Insert(at, text.into())),
        (any::<Index>(), 1..8_usize).prop_map(|(at, count)| Mangling::Remove(at, count)),
        (any::<Index>(), 1..8_usize).prop_map(|(at, count)| Mangling::Repeat(at, count)),
    ]
}

/// Requests that contradict themselves, or speak another protocol.
fn framings() -> impl Strategy<Value = String> {
    let start = select(
        &[
            "POST /api/v1/keys HTTP/1.1",
            "POST /api/v1/keys HTTP/1.0",
            "GET /api/v1/keys HTTP/1.2",
            "GET /api/v1/keys HTTP/2.0",
            "GET /api/v1/keys",
            "GET  /api/v1/keys HTTP/1.1",
            "GET http://canary.example/api/v1/keys HTTP/1.1",
            "GET api/v1/keys HTTP/1.1",
            "GET /api/v1/keys/é HTTP/1.1",
            "GET /api/v1/keys#canary HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "CONNECT canary.example:443 HTTP/1.1",
            "CONNECT /api/v1/keys HTTP/1.1",
            "PRI * HTTP/2.0\r\n\r\nSM",
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0",
            "",
        ][..],
    );
    let header = select(
        &[
            "Content-Length: 17",
            "Content-Length: 2",
            "Content-Length: 18446744073709551615",
            "Content-Length: 18446744073709551616",
            "Content-Length: -1",
            "Content-Length: 17, 17",
            "Content-Length: canary",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: canary",
            "Connection: close",
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "Upgrade: websocket",
            "Expect: 100-continue",
            "Expect: canary",
            " folded: canary",
            "no colon",
            "spaced : canary",
            ": canary",
            "nul: \0",
        ][..],
    );
    let body = select(
        &[
            "",
            "{\"name\":\"canary\"}",
            "11\r\n{\"name\":\"canary\"}\r\n0\r\n\r\n",
            "ZZ\r\n{\"name\":\"canary\"}\r\n0\r\n\r\n",
            "-1\r\n{}\r\n",
            "FFFFFFFFFFFFFFFFF\r\n{}\r\n",
            "fffffffffffffff0\r\n{}\r\n",
            "1\r\n{\"name\":\"canary\"}\r\n0\r\n\r\n",
            "99\r\n{\"name\":\"canary\"}\r\n0\r\n\r\n",
            "11\n{\"name\":\"canary\"}\n0\n\n",
            "11\r\n{\"name\":\"canary\"}\r\n",
            "0\r\n\r\n0\r\n\r\n",
            "0\r\nTrailer\r\n\r\n",
        ][..],
    );
    let end = select(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"][..]);
    (start, vec(header, 0..4), body, end, 0..4_u8).prop_map(
        |(start, headers, body, end, signed)| {
            let mut lines = vec![start.to_owned(), "Host: localhost".to_owned()];
            if signed > 0 {
                lines.push(format!("Authorization: Bearer {MANAGEMENT_KEY}"));
            }
            lines.extend(headers.into_iter().map(str::to_owned));
            lines.push(String::new());
            lines.push(body.to_owned());
            lines.join(end)
        },
    )
}

/// Lines of more bytes, and heads of more lines, than anyone reads.
fn overlong() -> impl Strategy<Value = String> {
    let target = (60_000..500_000_usize)
        .prop_map(|length| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length)));
    let header = (60_000..500_000_usize).prop_map(|length| {
        format!(
            "GET /api/v1/keys HTTP/1.1\r\nCookie: {SECRET}{}\r\n\r\n",
            "a".repeat(length)
        )
    });
    let headers = (90..3_000_usize).prop_map(|count| {
        format!(
            "GET /api/v1/keys HTTP/1.1\r\n{}\r\n",
            "a: canary\r\n".repeat(count)
        )
    });
    prop_oneof![target, header, headers]
}
