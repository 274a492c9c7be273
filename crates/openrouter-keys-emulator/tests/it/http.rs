//! A client with no opinions: it sends what it is told and checks only what every answer must be.

use std::net::SocketAddr;

use openrouter_keys_emulator::Emulator;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One call as the management key.
pub(crate) async fn manage(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    call(
        emulator,
        method,
        path,
        Some(emulator.management_key()),
        body,
    )
    .await
}

/// One call with that bearer token, to a path below the base URL.
pub(crate) async fn call(
    emulator: &Emulator,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: impl AsRef<[u8]>,
) -> Answer {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let target = format!("/api/v1{path}");
    let head = authorization.unwrap_or_default();
    send(emulator.local_addr(), method, &target, &head, body).await
}

/// One request on a connection of its own, with those header lines.
pub(crate) async fn send(
    to: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let body = body.as_ref();
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\
         Content-Length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);

    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(&request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("received");
    Answer::read(method, &answer)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    head: String,
}

impl Answer {
    fn read(method: &str, bytes: &[u8]) -> Self {
        let all = std::str::from_utf8(bytes).expect("UTF-8");
        let (head, text) = all.split_once("\r\n\r\n").expect("a head");
        let status = head
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .expect("a status");
        let mut answer = Self {
            status,
            body: Value::Null,
            text: text.to_owned(),
            head: head.to_owned(),
        };
        assert_eq!(answer.header("content-type"), Some("application/json"));
        if method == "HEAD" {
            assert_eq!(text, "");
            return answer;
        }
        answer.body = serde_json::from_str(text).expect("JSON");
        if status >= 300 {
            let error = &answer.body["error"];
            assert_eq!(error["code"], status, "{text}");
            assert!(error["message"].is_string(), "{text}");
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The message of a failure.
    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().expect("a message")
    }

    /// The plaintext of a created key.
    #[track_caller]
    pub(crate) fn plaintext(&self) -> &str {
        self.body["key"].as_str().expect("a plaintext")
    }

    /// The path of the key that the answer is about.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let hash = self.body["data"]["hash"].as_str().expect("a hash");
        format!("/keys/{hash}")
    }

    /// The names of the keys of a page, in its order.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<&str> {
        let keys = self.body["data"].as_array().expect("a page");
        keys.iter()
            .map(|key| key["name"].as_str().expect("a name"))
            .collect()
    }
}

pub(crate) async fn start() -> Emulator {
    Emulator::start().await.expect("an emulator")
}

/// Creates a key from that body.
pub(crate) async fn create(emulator: &Emulator, body: &str) -> Answer {
    manage(emulator, "POST", "/keys", body).await.expect(201)
}

pub(crate) fn sha256(text: &str) -> String {
    use std::fmt::Write as _;

    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes everything");
            hex
        })
}
