//! A port of loopback, with or without TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// A connection that was accepted.
pub(super) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {
    fn socket(&self) -> &TcpStream;
}

/// Accepts connections for as long as it lives.
pub(super) struct Listener {
    scheme: &'static str,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Gives each connection to `serve`, in a task of its own, after the handshake if there is one.
    pub(super) async fn start<Served>(
        tls: Option<Arc<ServerConfig>>,
        serve: impl Fn(Box<dyn Connection>) -> Served + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Served: Future<Output = ()> + Send + 'static,
    {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let tls = tls.map(TlsAcceptor::from);
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let task = tokio::spawn(async move {
            // They end with the listener.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // What is sent in pieces arrives in pieces, and no reset overtakes what was written before it.
                let _ = stream.set_nodelay(true);
                let (tls, serve) = (tls.clone(), serve.clone());
                connections.spawn(async move {
                    let Some(tls) = tls else {
                        return serve(Box::new(stream)).await;
                    };
                    // A client that does not like what it sees here has sent nothing.
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(Box::new(stream)).await;
                    }
                });
            }
        });
        Self {
            scheme,
            address,
            task,
        }
    }

    pub(super) fn base_url(&self) -> String {
        format!("{}://{}/api/v1", self.scheme, self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}
