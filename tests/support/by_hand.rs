//! A server whose every request waits until the test answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, oneshot};

use super::listener::{Connection, Listener};
use super::scripted::{act, news_travels, read_head};
use super::{Answer, Request};

/// How long to wait for what comes at once, before the test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server. It ends with the value.
pub(crate) struct ByHand {
    listener: Listener,
    arrivals: mpsc::UnboundedReceiver<Held>,
    most: Arc<AtomicUsize>,
}

/// A request that waits for its answer.
pub(crate) struct Held {
    pub(crate) request: Request,
    answer: oneshot::Sender<Answer>,
}

impl Held {
    pub(crate) fn answer(self, answer: Answer) {
        // The client may have gone away.
        let _ = self.answer.send(answer);
    }

    /// Waits until the client has gone away.
    pub(crate) async fn given_up(mut self) {
        self.answer.closed().await;
    }

    /// The hash that the request is about.
    pub(crate) fn hash(&self) -> String {
        let (path, _) = self.request.path_and_query();
        let (_, hash) = path.rsplit_once('/').expect("a path begins with a slash");
        hash.to_owned()
    }
}

/// The same answer to all of them.
pub(crate) fn answer_all(held: Vec<Held>, answer: &Answer) {
    for held in held {
        held.answer(answer.clone());
    }
}

/// The requests that have arrived and have no answer yet.
#[derive(Clone, Default)]
struct Waiting {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Waiting {
    fn one_more(&self) -> Waits {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Waits(Arc::clone(&self.now))
    }
}

struct Waits(Arc<AtomicUsize>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ByHand {
    pub(crate) async fn start() -> Self {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let waiting = Waiting::default();
        let most = Arc::clone(&waiting.most);
        let listener = Listener::start(None, move |stream| {
            serve(stream, arrived.clone(), waiting.clone())
        });
        Self {
            listener: listener.await,
            arrivals,
            most,
        }
    }

    pub(crate) fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// The next request that arrives.
    pub(crate) async fn next(&mut self) -> Held {
        let held = tokio::time::timeout(PATIENCE, self.arrivals.recv()).await;
        let held = held.expect("a request was to arrive");
        held.expect("the server is still there")
    }

    /// The next requests that arrive, in the order of the hashes that they are about: those of several connections arrive in
    /// any order.
    pub(crate) async fn several(&mut self, count: usize) -> Vec<Held> {
        let mut several = Vec::new();
        while several.len() < count {
            several.push(self.next().await);
        }
        several.sort_by_key(Held::hash);
        several
    }

    /// No other request arrives, although everybody had the time to send one.
    pub(crate) async fn nothing_more(&mut self) {
        for _ in 0..4 {
            news_travels().await;
        }
        if let Ok(held) = self.arrivals.try_recv() {
            panic!("nothing was to arrive: {:?}", held.request);
        }
    }

    /// How many requests have waited for their answers at once, at the most.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: Box<dyn Connection>,
    arrived: mpsc::UnboundedSender<Held>,
    waiting: Waiting,
) {
    while let Some((mut request, length)) = read_head(&mut stream).await {
        request.body = vec![0; length];
        if stream.read_exact(&mut request.body).await.is_err() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        let waits = waiting.one_more();
        if arrived.send(Held { request, answer }).is_err() {
            return;
        }
        let answer = tokio::select! {
            answer = answered => answer,
            // Nothing comes before the answer but the end.
            _ = stream.read_u8() => return,
        };
        // Before the client can know of it.
        drop(waits);
        let Ok(answer) = answer else {
            return;
        };
        if act(&mut stream, answer).await.is_none() {
            return;
        }
    }
}
