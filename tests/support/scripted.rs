//! A server that answers each request with the next answer of a script, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openrouter_keys::chrono::TimeDelta;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};
use tokio_rustls::rustls::ServerConfig;

use super::listener::{Connection, Listener};
use super::{Request, VirtualClock};

/// What to do with a request: so much of it is read, and then these steps are taken.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    read: Read,
    steps: Vec<Step>,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Read {
    Whole,
    /// Not the body.
    Head,
    /// Nothing: the steps begin when the connection is accepted.
    Nothing,
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    /// Sends this again and again.
    Flood(Vec<u8>),
    /// Sends this a byte at a time, with so long after each.
    Drip(Vec<u8>, VirtualClock, Duration),
    Advance(VirtualClock, Duration),
    /// The time of day, and nothing else.
    Jump(VirtualClock, TimeDelta),
    /// Gives the client the time to read what was sent.
    Settle,
    /// Says that the request is here, and waits for nothing.
    Notify(Arc<Notify>),
}

#[derive(Clone, Copy, Debug)]
enum Then {
    /// Wait for the next request on the same connection.
    Stay,
    /// End the connection in an orderly way.
    Close,
    /// End it by a reset.
    Reset,
    /// Say nothing more, keep it open, and read what comes.
    Stall,
    /// Keep it open, and neither write nor read.
    Ignore,
}

impl Answer {
    /// An answer with a JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// An answer with any body.
    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::with_headers(status, &format!("content-type: {content_type}\r\n"), body)
    }

    /// An answer with these header lines, each ended by CR LF, and any body.
    pub(crate) fn with_headers(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::raw(format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
    }

    /// The same with another `Content-Length`.
    pub(crate) fn with_length(mut self, length: usize) -> Self {
        for step in &mut self.steps {
            if let Step::Send(bytes) = step {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let (before, after) = text.split_once("content-length: ").expect("it has one");
                let (_, after) = after.split_once('\r').expect("a header is a line");
                *bytes = format!("{before}content-length: {length}\r{after}").into_bytes();
            }
        }
        self
    }

    /// These bytes.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::nothing_yet(Read::Whole).then_send(bytes)
    }

    /// No answer at all.
    pub(crate) fn nothing() -> Self {
        Self::nothing_yet(Read::Whole).then_close()
    }

    /// No answer to any request: whatever follows is done when the connection is accepted.
    pub(crate) fn on_accept() -> Self {
        Self::nothing_yet(Read::Nothing)
    }

    /// Whatever follows is done when the head of the request has arrived, and its body is left unread.
    pub(crate) fn after_head() -> Self {
        Self::nothing_yet(Read::Head)
    }

    fn nothing_yet(read: Read) -> Self {
        Self {
            read,
            steps: Vec::new(),
            then: Then::Stay,
        }
    }

    pub(crate) fn then_send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.and(Step::Send(bytes.into()))
    }

    /// The same, so many bytes at a time, each of which the client has read before the next come.
    pub(crate) fn in_pieces(mut self, size: usize) -> Self {
        let steps = self.steps.into_iter().flat_map(|step| match step {
            Step::Send(bytes) => bytes
                .chunks(size)
                .flat_map(|piece| [Step::Send(piece.to_vec()), Step::Settle])
                .collect(),
            other => vec![other],
        });
        self.steps = steps.collect();
        self
    }

    /// Sends `bytes` without end.
    pub(crate) fn then_flood(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.and(Step::Flood(bytes.into()))
    }

    /// Sends `bytes` one by one, with a pause after each.
    pub(crate) fn then_drip(
        self,
        bytes: impl Into<Vec<u8>>,
        clock: &VirtualClock,
        pause: Duration,
    ) -> Self {
        self.and(Step::Drip(bytes.into(), clock.clone(), pause))
    }

    /// Lets time pass.
    pub(crate) fn then_advance(self, clock: &VirtualClock, time: Duration) -> Self {
        self.and(Step::Advance(clock.clone(), time))
    }

    /// Sets the time of day.
    pub(crate) fn then_jump(self, clock: &VirtualClock, by: TimeDelta) -> Self {
        self.and(Step::Jump(clock.clone(), by))
    }

    /// Gives the client the time to send all that it wants to before this is its answer.
    pub(crate) fn settled_first(mut self) -> Self {
        self.steps.insert(0, Step::Settle);
        self
    }

    /// Lets the client read what was sent so far.
    pub(crate) fn then_settle(self) -> Self {
        self.and(Step::Settle)
    }

    /// Tells the test that it has come this far.
    pub(crate) fn then_notify(self, notify: &Arc<Notify>) -> Self {
        self.and(Step::Notify(Arc::clone(notify)))
    }

    fn and(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(crate) fn then_close(self) -> Self {
        Self {
            then: Then::Close,
            ..self
        }
    }

    pub(crate) fn then_reset(self) -> Self {
        Self {
            then: Then::Reset,
            ..self
        }
    }

    pub(crate) fn then_stall(self) -> Self {
        Self {
            then: Then::Stall,
            ..self
        }
    }

    pub(crate) fn then_ignore(self) -> Self {
        Self {
            then: Then::Ignore,
            ..self
        }
    }
}

/// The server. It ends with the value.
pub(crate) struct Scripted {
    listener: Listener,
    shared: Shared,
}

/// The answer to a request, of which the server had so many before.
type Rule = Arc<dyn Fn(&Request, usize) -> Answer + Send + Sync>;

/// What the connections of a server have in common.
#[derive(Clone, Default)]
struct Shared {
    script: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    /// What it answers when the script is at its end.
    rule: Option<Rule>,
    under_way: Arc<AtomicUsize>,
    most_under_way: Arc<AtomicUsize>,
    /// How many connections have ended.
    ended: watch::Sender<usize>,
}

impl Shared {
    fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            ..Self::default()
        }
    }

    /// The next answer of the script, if it is of that kind.
    fn next_if(&self, is_wanted: impl FnOnce(&Answer) -> bool) -> Option<Answer> {
        let mut script = self
            .script
            .lock()
            .expect("no test panics while it holds this");
        let is_wanted = script.front().is_some_and(is_wanted);
        is_wanted.then(|| script.pop_front()).flatten()
    }

    fn push(&self, request: Request) {
        let mut requests = self
            .requests
            .lock()
            .expect("no test panics while it holds this");
        requests.push(request);
    }

    /// What the rule says to this request, which is the next one.
    fn by_rule(&self, request: &Request) -> Option<Answer> {
        let before = self.requests.lock().map(|requests| requests.len());
        let before = before.expect("no test panics while it holds this");
        self.rule.as_ref().map(|rule| rule(request, before))
    }
}

impl Scripted {
    /// A server on a free port of loopback with this script. Requests beyond it are met by a closed connection.
    pub(crate) async fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::listen(None, Shared::new(script)).await
    }

    /// A server that answers each request by a rule.
    pub(crate) async fn start_by(
        rule: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared {
            rule: Some(Arc::new(rule)),
            ..Shared::default()
        };
        Self::listen(None, shared).await
    }

    /// The same behind TLS. See [`Authority::server`](super::Authority::server).
    pub(crate) async fn start_tls(
        tls: Arc<ServerConfig>,
        script: impl IntoIterator<Item = Answer>,
    ) -> Self {
        Self::listen(Some(tls), Shared::new(script)).await
    }

    async fn listen(tls: Option<Arc<ServerConfig>>, shared: Shared) -> Self {
        let of_each = shared.clone();
        let connections = Arc::new(AtomicUsize::new(0));
        let listener = Listener::start(tls, move |connection| {
            let number = connections.fetch_add(1, Ordering::SeqCst);
            let shared = of_each.clone();
            async move {
                serve(connection, number, shared.clone()).await;
                shared.ended.send_modify(|ended| *ended += 1);
            }
        })
        .await;
        Self { listener, shared }
    }

    pub(crate) fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// One more answer at the end of the script.
    pub(crate) fn then(&self, answer: Answer) {
        self.shared
            .script
            .lock()
            .expect("no test panics while it holds this")
            .push_back(answer);
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .expect("no test panics while it holds this")
            .clone()
    }

    /// How many requests were waiting for their answers at once.
    pub(crate) fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }

    /// Waits until so many connections were ended by the server, and the client can know of it.
    pub(crate) async fn connections_ended(&self, count: usize) {
        let mut ended = self.shared.ended.subscribe();
        let ended = ended.wait_for(|ended| *ended >= count).await;
        drop(ended.expect("the server is still there"));
        news_travels().await;
    }

    /// The one thing that was asked.
    pub(crate) fn only_request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "one request was expected: {requests:#?}");
        requests.remove(0)
    }
}

/// Serves one connection, the `number`th of the server.
async fn serve(mut stream: Box<dyn Connection>, number: usize, shared: Shared) {
    if let Some(answer) = shared.next_if(|answer| answer.read == Read::Nothing) {
        let _ = act(&mut stream, answer).await;
        return;
    }
    while let Some((mut request, length)) = read_head(&mut stream).await {
        request.connection = number;
        // What is asked of the next answer is known before the body is read, since it says whether to read it.
        let answer = shared.next_if(|_| true);
        let answer = answer.or_else(|| shared.by_rule(&request));
        let is_read = answer
            .as_ref()
            .is_none_or(|answer| answer.read == Read::Whole);
        request.body = vec![0; if is_read { length } else { 0 }];
        if stream.read_exact(&mut request.body).await.is_err() {
            return;
        }
        shared.push(request);
        let Some(answer) = answer else {
            return;
        };
        let under_way = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        let goes_on = act(&mut stream, answer).await.is_some();
        shared.under_way.fetch_sub(1, Ordering::SeqCst);
        if !goes_on {
            return;
        }
    }
}

/// What one side did to a connection, the system knows at once, and the other side when the runtime asks the system: that
/// is at the latest after so many turns.
pub(crate) async fn news_travels() {
    for _ in 0..256 {
        tokio::task::yield_now().await;
    }
}

/// Does what the script says, and returns `None` where the connection ends by it.
pub(super) async fn act(stream: &mut Box<dyn Connection>, answer: Answer) -> Option<()> {
    for step in answer.steps {
        match step {
            Step::Send(bytes) => send(stream, &bytes).await?,
            // Ends when the client hangs up.
            Step::Flood(bytes) => loop {
                send(stream, &bytes).await?;
            },
            Step::Drip(bytes, clock, pause) => {
                for byte in bytes {
                    send(stream, &[byte]).await?;
                    clock.advance(pause);
                    // Lets the client look at it.
                    tokio::task::yield_now().await;
                }
            }
            Step::Advance(clock, time) => clock.advance(time),
            Step::Jump(clock, by) => clock.jump(by),
            Step::Settle => news_travels().await,
            Step::Notify(notify) => notify.notify_one(),
        }
    }
    match answer.then {
        Then::Stay => return Some(()),
        // With a word of farewell, where there is one: without it, TLS takes the end for a cut.
        Then::Close => drop(stream.shutdown().await),
        Then::Reset => stream
            .socket()
            .set_zero_linger()
            .expect("a connected socket can linger"),
        Then::Stall => {
            // Until the client has had enough.
            while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
        }
        // Until the server ends.
        Then::Ignore => std::future::pending().await,
    }
    None
}

/// TLS keeps what is written until it is flushed.
async fn send(stream: &mut Box<dyn Connection>, bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()
}

/// The head of a request and the length of its body, or `None` at the end of the connection.
pub(super) async fn read_head(stream: &mut Box<dyn Connection>) -> Option<(Request, usize)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a request's head is ASCII");
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let request = Request {
        connection: 0,
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    let length = length.parse().expect("a length is a number");
    Some((request, length))
}
