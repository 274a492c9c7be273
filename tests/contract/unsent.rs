//! What cannot have left: each way in which a request stays at home, told by a type and not by what an error prints.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use openrouter_keys::reqwest::dns::{Name, Resolve, Resolving};
use openrouter_keys::{Client, ClientBuilder, Clock, ErrorKind, RetryPolicy, reqwest};
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{
    Answer, Authority, HASH, Scripted, assert_unsent, client, errors_of, no_waits, one_key,
};

/// A layer around the making of connections that notes when one is handed over.
#[derive(Clone, Default)]
struct Notes(Arc<AtomicBool>);

impl Notes {
    /// Whether a connection was handed over since the last time.
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

impl<S> Layer<S> for Notes {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting {
            inner,
            notes: self.clone(),
        }
    }
}

#[derive(Clone)]
struct Noting<S> {
    inner: S,
    notes: Notes,
}

impl<S, R> Service<R> for Noting<S>
where
    S: Service<R, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, notes) = (self.inner.call(request), self.notes.clone());
        Box::pin(async move {
            let connection = connecting.await;
            notes.0.store(true, Ordering::SeqCst);
            connection
        })
    }
}

/// Pending until somebody wakes the task.
async fn until_woken() {
    let mut is_first = true;
    std::future::poll_fn(|_| {
        if std::mem::take(&mut is_first) {
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// The connection is up and asks for a request, and is reset before it gets one. A delete has no body by which to tell,
/// so it takes hyper's own error type, in the version that reqwest has.
///
/// Sockets hit this moment only now and then. Here it is forced: the call is polled by hand, on a runtime of one thread,
/// which polls this task first after it has looked at the sockets.
#[tokio::test]
async fn a_connection_that_dies_before_it_gets_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let notes = Notes::default();
    let client = no_waits(Client::builder())
        .base_url(format!("http://{}/api/v1", listener.local_addr().unwrap()))
        .http(reqwest::Client::builder().connector_layer(notes.clone()))
        .build()
        .unwrap();
    let mut call = Box::pin(client.delete(HASH).send());
    let result = loop {
        let polled = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        if let Poll::Ready(result) = polled {
            break result;
        }
        // Once there is a connection, what wakes the call is that the connection asks for the request.
        until_woken().await;
        if notes.take() {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nonblocking(true).unwrap();
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            stream.set_zero_linger().unwrap();
            drop(stream);
            // The runtime looks at its sockets, and goes on here.
            tokio::task::yield_now().await;
        }
    };
    let error = result.unwrap_err();
    assert_unsent(&error);
    let says = "could not connect to 127.0.0.1:";
    assert!(error.to_string().contains(says), "{error}");
}

/// What comes is no HTTP, and the request was sent. That is told apart from a connection that was lost.
#[tokio::test]
async fn an_answer_that_is_no_http() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let script = [Answer::raw(garbage).then_close(), one_key()];
        let server = Scripted::start(script).await;
        let error = client(&server)
            .get(HASH)
            .retry(RetryPolicy::none())
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{garbage}: {error}");
        assert!(error.to_string().contains("not valid HTTP"), "{error}");
        server.only_request();
    }
}

/// A resolver that never answers, or has no answer.
#[derive(Clone, Default)]
struct Resolver {
    fails: bool,
    asked: Arc<AtomicUsize>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        assert_eq!(name.as_str(), "some.invalid");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let fails = self.fails;
        Box::pin(async move {
            if !fails {
                std::future::pending::<()>().await;
            }
            Err(io::Error::other("no such host").into())
        })
    }
}

impl Resolver {
    /// A client of a host that only this resolver knows.
    fn client(&self) -> ClientBuilder {
        let http = Authority::new().trusted().dns_resolver(self.clone());
        no_waits(Client::builder())
            .base_url("https://some.invalid/api/v1")
            .http(http)
    }
}

#[tokio::test]
async fn a_host_that_does_not_resolve() {
    for (fails, says) in [
        (true, "could not connect to some.invalid: no such host"),
        (false, "no connection to some.invalid in time"),
    ] {
        let resolver = Resolver {
            fails,
            ..Resolver::default()
        };
        let client = resolver
            .client()
            .connect_timeout(Duration::from_millis(100))
            .build()
            .unwrap();
        for error in errors_of(&client).await {
            assert_unsent(&error);
            assert!(error.to_string().contains(says), "{error}");
        }
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 12);
    }
}

/// A clock on which no time passes, and all of it has passed when it is waited for.
#[derive(Debug)]
struct Hurry;

impl Clock for Hurry {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }

    fn timeout(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

/// The time of an attempt runs out while there is no connection: nobody asked for the body, so nothing left. A
/// request without a body shows nothing, and so counts as sent.
#[tokio::test]
async fn an_attempt_whose_time_is_over_before_there_is_a_connection() {
    let resolver = Resolver::default();
    let client = resolver.client().clock(Hurry).build().unwrap();
    let [create, get, update, delete] = errors_of(&client).await;
    for error in [create, update] {
        assert_unsent(&error);
    }
    assert_eq!(
        (get.kind(), get.attempts()),
        (ErrorKind::Timeout, 3),
        "{get}"
    );
    assert_eq!(
        (delete.kind(), delete.maybe_applied()),
        (ErrorKind::Timeout, true),
        "{delete}"
    );
}
