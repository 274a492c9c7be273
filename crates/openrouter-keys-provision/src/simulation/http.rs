//! As much of HTTP/1.1 as the client and the emulator speak with each other.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::director::Actor;
use super::schedule::Step;

/// A request as it came.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) actor: Actor,
    pub(super) step: Step,
    /// The last segment of its path.
    pub(super) hash: String,
    pub(super) message: Arc<Message>,
}

/// A request or an answer, byte by byte.
pub(crate) struct Message {
    bytes: Vec<u8>,
    body: usize,
}

/// What a client of an actor calls itself.
pub(super) fn user_agent(actor: Actor) -> String {
    format!("actor-{actor}")
}

impl Message {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// The status, of an answer.
    pub(crate) fn status(&self) -> u16 {
        let status = self.first_line().split(' ').nth(1);
        let status = status.and_then(|status| status.parse().ok());
        status.expect("an answer has a status")
    }

    /// A change that somebody else makes.
    pub(super) fn patch(path: &str, token: &str, body: &str) -> Self {
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nuser-agent: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            user_agent(0),
            body.len()
        );
        Self {
            body: head.len(),
            bytes: [head.as_bytes(), body.as_bytes()].concat(),
        }
    }

    /// A request of nobody in particular.
    pub(super) fn get(path: &str, token: &str) -> Self {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        Self {
            body: head.len(),
            bytes: head.into_bytes(),
        }
    }

    /// An answer.
    pub(crate) fn answer(status: &str, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self {
            body: head.len(),
            bytes: [head.as_bytes(), body.as_bytes()].concat(),
        }
    }

    fn head(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.body]).expect("a head is ASCII")
    }

    fn first_line(&self) -> &str {
        self.head().lines().next().expect("a head has a line")
    }

    fn header<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut headers = self.head().lines().filter_map(|line| line.split_once(": "));
        let header = headers.find(|(found, _)| found.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value)
    }
}

impl Request {
    pub(super) fn new(message: Message) -> Self {
        let mut words = message.first_line().split(' ');
        let method = words.next().expect("a request has a method");
        let target = words.next().expect("a request has a target");
        let path = target.split('?').next().expect("there is a first part");
        let (folder, last) = path.rsplit_once('/').expect("a path has a slash");
        let step = match (method, last) {
            ("POST", "keys") => Step::Create,
            ("GET", "keys") => Step::List,
            ("GET", "key") => Step::Current,
            ("GET", _) if folder.ends_with("/keys") => Step::Get,
            ("PATCH", _) => Step::Update,
            ("DELETE", _) => Step::Delete,
            _ => panic!("no request of the client: {method} {path}"),
        };
        let agent = message.header("user-agent").unwrap_or_default();
        let actor = agent.strip_prefix("actor-").and_then(|n| n.parse().ok());
        Self {
            actor: actor.expect("a client says whose it is"),
            step,
            hash: last.to_owned(),
            message: Arc::new(message),
        }
    }
}

/// A connection, and what was read from it too early.
pub(crate) struct Connection {
    pub(super) stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(4096),
        })
    }

    /// The next message, or `None` at the end.
    pub(crate) async fn receive(&mut self) -> Option<Message> {
        let body = loop {
            if let Some(end) = end_of_head(&self.read) {
                break end;
            }
            self.more().await?;
        };
        let mut message = Message {
            bytes: std::mem::take(&mut self.read),
            body,
        };
        let length = message.header("content-length").map_or(0, |length| {
            length.parse::<usize>().expect("a length is a number")
        });
        assert!(
            message.header("transfer-encoding").is_none(),
            "a body comes with its length"
        );
        let end = body + length;
        while message.bytes.len() < end {
            self.more().await?;
            message.bytes.append(&mut self.read);
        }
        self.read = message.bytes.split_off(end);
        Some(message)
    }

    pub(crate) async fn send(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(message.bytes()).await
    }

    /// Waits until the other side closes the connection.
    pub(super) async fn closed(&mut self) {
        while self.more().await.is_some() {}
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.read).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

/// Where the body begins, if the head is there. What follows it is text too.
fn end_of_head(read: &[u8]) -> Option<usize> {
    let text = match std::str::from_utf8(read) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&read[..error.valid_up_to()]).expect("it is valid"),
    };
    Some(text.find("\r\n\r\n")? + 4)
}
