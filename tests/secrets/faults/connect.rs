//! The connection, and who is at its other end.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::reqwest::dns::{Name, Resolve, Resolving};
use openrouter_keys::{Client, ClientBuilder, reqwest};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::expect::{builder, refused, unsent, unsent_by};
use super::{Case, case};
use crate::support::{Answer, Scripted, TOKEN, Verb, VirtualClock};

/// Real time: making a connection is the HTTP client's affair. Nothing here connects however long it takes.
const SHORT: Duration = Duration::from_millis(100);

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "1",
            "the host does not resolve",
            unsent(|| resolved_by(NoSuchHost)),
        ),
        case("2", "the resolver hangs", unsent(|| resolved_by(Hangs))),
        case("3", "refused", refused_connection()),
        case("4", "packets swallowed", swallowed()),
        case(
            "5",
            "reset during the handshake",
            handshake(Answer::on_accept().then_reset()),
        ),
        case("6", "a pooled connection gone stale", stale()),
        case(
            "10",
            "the handshake stalls",
            handshake(Answer::on_accept().then_stall()),
        ),
        case("11", "plain http off loopback", async { plain_http() }),
    ]
}

fn virtual_client(base_url: &str) -> ClientBuilder {
    Client::builder()
        .management_key(TOKEN)
        .base_url(base_url)
        .clock(VirtualClock::new())
        .connect_timeout(SHORT)
        // The system's certificates are of no use here, and some systems have none.
        .http(reqwest::Client::builder().tls_certs_only([]))
}

fn resolved_by(resolver: impl Resolve + 'static) -> ClientBuilder {
    let http = reqwest::Client::builder()
        .tls_certs_only([])
        .dns_resolver(Arc::new(resolver));
    virtual_client("https://nowhere.invalid/api/v1").http(http)
}

struct NoSuchHost;

impl Resolve for NoSuchHost {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err("no such host".into()) })
    }
}

struct Hangs;

impl Resolve for Hangs {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

async fn refused_connection() {
    // Bound and not listening: nobody else gets the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base_url = format!("http://{}/api/v1", socket.local_addr().unwrap());
    unsent(|| virtual_client(&base_url)).await;
}

/// The system does not answer for a listener whose queue is full.
async fn swallowed() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
        assert!(queue.len() < 100, "the queue does not fill up");
    }
    let base_url = format!("http://{address}/api/v1");
    unsent(|| virtual_client(&base_url)).await;
    drop((listener, queue));
}

/// The server gets no further than the beginning of TLS.
async fn handshake(answer: Answer) {
    for verb in Verb::ALL {
        let server = Scripted::start(vec![answer.clone(); 3]).await;
        let base_url = server.base_url().replace("http:", "https:");
        unsent_by(&virtual_client(&base_url).build().unwrap(), verb).await;
        assert!(server.requests().is_empty());
    }
}

/// The server closes a connection that the client keeps for later.
async fn stale() {
    for verb in Verb::ALL {
        let script = [verb.good_answer().then_close(), verb.good_answer()];
        let server = Scripted::start(script).await;
        let client = builder(&server, &VirtualClock::new()).build().unwrap();
        verb.call(&client).await.unwrap();
        server.connections_ended(1).await;
        verb.call(&client).await.unwrap();
        assert_eq!(server.requests().len(), 2, "one for each call");
    }
}

fn plain_http() {
    for base_url in [
        "http://openrouter.ai/api/v1",
        "http://10.0.0.1/api/v1",
        "http://127.0.0.1.example/api/v1",
        "http://localhost.example",
    ] {
        refused("base_url", virtual_client(base_url).build());
    }
}
