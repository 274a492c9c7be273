//! A client that stays on the line, and takes an answer for what it is.

use std::io::ErrorKind;
use std::time::Duration;

use openrouter_keys_emulator::Emulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time;

/// A connection that stays open, and what it sends as the management key.
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    pub(crate) key: String,
}

impl Line {
    pub(crate) async fn open(emulator: &Emulator) -> Self {
        Self {
            stream: TcpStream::connect(emulator.local_addr())
                .await
                .expect("a connection"),
            key: emulator.management_key().to_owned(),
        }
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.stream
            .write_all(request.as_bytes())
            .await
            .expect("sent");
    }

    /// One answer, as long as its head says.
    pub(crate) async fn receive(&mut self) -> Raw {
        let mut raw = String::new();
        loop {
            if let Some(raw) = Raw::read(&raw).filter(|raw| raw.body.len() == raw.length()) {
                return raw;
            }
            let mut buffer = [0; 1024];
            let read = time::timeout(PATIENCE, self.stream.read(&mut buffer));
            let read = read.await.expect("in time").expect("received");
            assert_ne!(read, 0, "{raw}");
            raw += std::str::from_utf8(&buffer[..read]).expect("UTF-8");
        }
    }

    /// Everything that comes until the connection ends, and how it ends.
    pub(crate) async fn rest(mut self) -> (String, Result<(), ErrorKind>) {
        let mut bytes = Vec::new();
        let read = time::timeout(PATIENCE, self.stream.read_to_end(&mut bytes));
        let end = read.await.expect("in time");
        let text = String::from_utf8(bytes).expect("UTF-8");
        (text, end.map(drop).map_err(|error| error.kind()))
    }
}

/// The answer to a request without a credential, on a connection of its own.
pub(crate) async fn raw(emulator: &Emulator, method: &str, path: &str) -> Raw {
    visit(emulator, method, &format!("/api/v1{path}"), "localhost").await
}

/// Likewise to any path there is, by somebody who calls the emulator by that name.
pub(crate) async fn visit(emulator: &Emulator, method: &str, target: &str, host: &str) -> Raw {
    let mut line = Line::open(emulator).await;
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    line.stream
        .write_all(request.as_bytes())
        .await
        .expect("sent");
    let (text, end) = line.rest().await;
    assert_eq!(end, Ok(()), "{text}");
    Raw::read(&text).expect("a head")
}

/// An answer whose body can be anything.
pub(crate) struct Raw {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Raw {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Self {
            head: head.to_lowercase(),
            body: body.to_owned(),
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    pub(crate) fn length(&self) -> usize {
        let length = self.header("content-length").expect("a length");
        length.parse().expect("a number")
    }

    #[track_caller]
    pub(crate) fn expect(self, status: &str) -> Self {
        let line = format!("http/1.1 {status} ");
        assert!(self.head.starts_with(&line), "{}", self.head);
        self
    }
}

/// Asks again and again, without a clock but the one that gives up.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    time::timeout(PATIENCE, asking).await.expect("in time");
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
