//! A server that speaks HTTP/2 frame by frame: it can refuse a stream, or end one in the middle, as no library offers.
//!
//! It reads no header: what it is asked shows by the number of the requests and by their bodies.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio_rustls::rustls::ServerConfig;

use super::listener::{Connection, Listener};

/// What to do with a request: frames, in this order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Head(u16),
    Data(Vec<u8>),
    /// The end of the answer.
    End,
    /// The stream is ended, for this reason.
    Reset(u32),
    /// No further streams, and which was the last that was looked at.
    GoAway {
        last_stream: Option<u32>,
        reason: u32,
    },
    /// So many streams may be open at once.
    MostStreams(u32),
    /// Waits for a word of the test.
    When(Arc<Notify>),
    /// The connection is ended in an orderly way.
    Closed,
    /// The connection is ended by a reset of TCP.
    Lost,
}

impl Frames {
    /// Nothing was wrong.
    pub(crate) const NO_ERROR: u32 = 0;
    /// The server failed.
    pub(crate) const INTERNAL_ERROR: u32 = 2;
    /// The server has not looked at the stream.
    pub(crate) const REFUSED_STREAM: u32 = 7;

    /// A whole answer with a JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    /// A whole answer with any body.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::head(status).data(body).with(Step::End)
    }

    /// The beginning of an answer.
    pub(crate) fn head(status: u16) -> Self {
        Self::default().with(Step::Head(status))
    }

    /// A whole answer with a JSON body, after what there is already.
    pub(crate) fn then_json(self, status: u16, body: &Value) -> Self {
        let answer = Self::json(status, body).0;
        answer.into_iter().fold(self, Self::with)
    }

    /// A piece of the body.
    pub(crate) fn data(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.with(Step::Data(bytes.into()))
    }

    /// Ends the stream for a reason.
    pub(crate) fn reset(self, reason: u32) -> Self {
        self.with(Step::Reset(reason))
    }

    /// Says that there will be no answer to this request, nor to a further one on this connection.
    pub(crate) fn go_away_unseen(self, reason: u32) -> Self {
        self.with(Step::GoAway {
            last_stream: Some(0),
            reason,
        })
    }

    /// Says that this request is the last one on this connection.
    pub(crate) fn go_away_after_this(self, reason: u32) -> Self {
        self.with(Step::GoAway {
            last_stream: None,
            reason,
        })
    }

    /// Says how many streams may be open at once.
    pub(crate) fn most_streams(self, count: u32) -> Self {
        self.with(Step::MostStreams(count))
    }

    /// Goes on when the test says so.
    pub(crate) fn when(self, word: &Arc<Notify>) -> Self {
        self.with(Step::When(Arc::clone(word)))
    }

    /// Ends the connection in an orderly way.
    pub(crate) fn closed(self) -> Self {
        self.with(Step::Closed)
    }

    /// Ends the connection by a reset.
    pub(crate) fn lost(self) -> Self {
        self.with(Step::Lost)
    }

    fn with(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

/// The server. It ends with the value.
pub(crate) struct Http2 {
    listener: Listener,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Http2 {
    /// A server for those who know beforehand what it speaks (`http2_prior_knowledge`), or after `tls` said so. Each
    /// request beyond the script loses its connection.
    pub(crate) async fn start(
        tls: Option<Arc<ServerConfig>>,
        script: impl IntoIterator<Item = Frames>,
    ) -> Self {
        let bodies = Arc::<Mutex<Vec<_>>>::default();
        let seen = Arc::clone(&bodies);
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let listener = Listener::start(tls, move |connection| {
            let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
            async move {
                let mut speaker = Speaker {
                    connection,
                    requests: HashMap::new(),
                    is_settled: false,
                };
                // A client that goes away has said all that it had to say.
                let _ = speaker.serve(&script, &seen).await;
            }
        })
        .await;
        Self { listener, bodies }
    }

    pub(crate) fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// The body of each request that was asked so far, in the order in which they were complete.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        self.bodies
            .lock()
            .expect("no test panics while it holds this")
            .clone()
    }
}

/// The server's end of a connection.
struct Speaker {
    connection: Box<dyn Connection>,
    /// Streams with a request that is not complete yet.
    requests: HashMap<u32, Vec<u8>>,
    /// The client has agreed to our settings. While it still has that to say, it might fail to, and then it reads nothing
    /// more; so no answer is given before.
    is_settled: bool,
}

/// What a client says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Types of frames, and their flags, of RFC 9113.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const MAX_CONCURRENT_STREAMS: u16 = 3;

impl Speaker {
    async fn serve(
        &mut self,
        script: &Mutex<VecDeque<Frames>>,
        bodies: &Mutex<Vec<Vec<u8>>>,
    ) -> io::Result<()> {
        let mut preface = [0; PREFACE.len()];
        self.connection.read_exact(&mut preface).await?;
        assert_eq!(&preface, PREFACE, "the client does not speak HTTP/2");
        self.write(SETTINGS, 0, 0, &[]).await?;
        loop {
            let (stream, body) = self.request().await?;
            bodies
                .lock()
                .expect("no test panics while it holds this")
                .push(body);
            let next = script
                .lock()
                .expect("no test panics while it holds this")
                .pop_front();
            for step in next.unwrap_or_else(|| Frames::default().lost()).0 {
                self.take(stream, step).await?;
            }
        }
    }

    /// The next request that is complete.
    async fn request(&mut self) -> io::Result<(u32, Vec<u8>)> {
        let mut complete = None;
        loop {
            if self.is_settled
                && let Some(request) = complete.take()
            {
                return Ok(request);
            }
            let mut head = [0; 9];
            self.connection.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, stream @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.connection.read_exact(&mut payload).await?;
            let stream = u32::from_be_bytes(stream);
            match kind {
                SETTINGS if flags & ACK == 0 => self.write(SETTINGS, ACK, 0, &[]).await?,
                SETTINGS => self.is_settled = true,
                PING if flags & ACK == 0 => self.write(PING, ACK, 0, &payload).await?,
                HEADERS => drop(self.requests.insert(stream, Vec::new())),
                DATA => self.requests.entry(stream).or_default().extend(payload),
                _ => {}
            }
            if matches!(kind, HEADERS | DATA)
                && flags & END_STREAM != 0
                && let Some(body) = self.requests.remove(&stream)
            {
                complete = Some((stream, body));
            }
        }
    }

    async fn take(&mut self, stream: u32, step: Step) -> io::Result<()> {
        match step {
            Step::Head(status) => {
                // `:status` is the eighth name of HPACK's table, and its value follows as it is.
                let mut block = vec![8, 3];
                block.extend(status.to_string().bytes());
                self.write(HEADERS, END_HEADERS, stream, &block).await
            }
            Step::Data(bytes) => self.write(DATA, 0, stream, &bytes).await,
            Step::End => self.write(DATA, END_STREAM, stream, &[]).await,
            Step::Reset(reason) => {
                self.write(RST_STREAM, 0, stream, &reason.to_be_bytes())
                    .await
            }
            Step::GoAway {
                last_stream,
                reason,
            } => {
                let mut payload = last_stream.unwrap_or(stream).to_be_bytes().to_vec();
                payload.extend(reason.to_be_bytes());
                self.write(GOAWAY, 0, 0, &payload).await
            }
            Step::MostStreams(count) => {
                let mut payload = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
                payload.extend(count.to_be_bytes());
                self.write(SETTINGS, 0, 0, &payload).await
            }
            Step::When(word) => {
                word.notified().await;
                Ok(())
            }
            Step::Closed => {
                self.connection.shutdown().await?;
                Err(io::ErrorKind::BrokenPipe.into())
            }
            Step::Lost => {
                self.connection.socket().set_zero_linger()?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let [_, a, b, c] = u32::try_from(payload.len())
            .expect("a frame of a test is short")
            .to_be_bytes();
        let mut frame = vec![a, b, c, kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.connection.write_all(&frame).await?;
        self.connection.flush().await
    }
}
