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
    let (target, headers) = (target(path), authorization(token));
    send(emulator.local_addr(), method, &target, &headers, body).await
}

/// A path below the base URL, as it is asked for.
fn target(path: &str) -> String {
    format!("/api/v1{path}")
}

/// The header line with that bearer token, if there is one.
fn authorization(token: Option<&str>) -> String {
    token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    })
}

/// One request on a connection of its own, with those header lines.
pub(crate) async fn send(
    to: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let headers = format!("Connection: close\r\n{headers}");
    let request = request(method, target, &headers, body.as_ref());
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(&request).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("received");
    Answer::read(method, &answer)
}

/// A request as it goes over the line.
pub(crate) fn request(method: &str, target: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A connection for many calls, one after the other: a new one for each would take most of the
/// time of a test that makes thousands.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What has come already of answers that nobody has asked for yet.
    ahead: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket takes the option");
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    /// One call with that bearer token, to a path below the base URL.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let (target, headers) = (target(path), authorization(token));
        self.send(&request(method, &target, &headers, body.as_ref()))
            .await;
        self.receive(method).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends that and nothing more, and takes whatever comes back. It can be the server that ends
    /// the connection, and before it has read everything.
    pub(crate) async fn finish(mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut read, mut write) = self.stream.split();
        let send = async {
            let _ = write.write_all(bytes).await;
            let _ = write.shutdown().await;
        };
        let ((), _) = tokio::join!(send, read.read_to_end(&mut self.ahead));
        self.ahead
    }

    /// The next answer, which is one to that method.
    pub(crate) async fn receive(&mut self, method: &str) -> Answer {
        loop {
            if let Some((answer, length)) = Answer::first(method, &self.ahead) {
                let answer = Answer::read(method, answer);
                self.ahead.drain(..length);
                return answer;
            }
            let read = self.stream.read_buf(&mut self.ahead).await;
            let text = String::from_utf8_lossy(&self.ahead);
            assert_ne!(read.expect("received"), 0, "closed after {text:?}");
        }
    }
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
    /// The bytes of the first answer, once it has come whole, and how many there are with what
    /// comes before it.
    pub(crate) fn first<'a>(method: &str, bytes: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        if bytes.starts_with(b"HTTP/1.1 100 ") {
            let (answer, length) = Self::first(method, &bytes[end..])?;
            return Some((answer, end + length));
        }
        let head = std::str::from_utf8(&bytes[..end]).expect("UTF-8");
        let body = match method {
            "HEAD" => 0,
            _ => header(head, "content-length")
                .and_then(|length| length.parse().ok())
                .expect("a length"),
        };
        Some((bytes.get(..end + body)?, end + body))
    }

    pub(crate) fn read(method: &str, bytes: &[u8]) -> Self {
        let all = std::str::from_utf8(bytes).expect("UTF-8");
        let (head, text) = all.split_once("\r\n\r\n").expect("a head");
        let status = head
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5))
            .and_then(|code| code.parse().ok())
            .expect("a status");
        let mut answer = Self {
            status,
            body: Value::Null,
            text: text.to_owned(),
            head: head.to_owned(),
        };
        // A page for people, which there is only with its feature, is not looked into here.
        let is_page = cfg!(feature = "ui")
            && status == 200
            && answer.header("content-security-policy").is_some();
        if !is_page {
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
        if method == "HEAD" {
            assert_eq!(text, "");
            return answer;
        }
        if is_page {
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
        header(&self.head, name)
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

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
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
