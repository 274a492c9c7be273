//! One connection, from its first request to its end.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use axum::body::Bytes;
use axum::http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::front::Front;

/// Answers the requests of a connection until either side has enough of it. Once the sender is
/// gone, what has been asked already is answered and no more.
pub(crate) async fn serve(stream: TcpStream, front: Front, mut stopping: watch::Receiver<()>) {
    let service = service_fn(|request| front.clone().answer(request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        _ = stopping.changed() => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        (&mut connection).await
    };
    // How it ended otherwise is the caller's business.
    if let Some(breach) = ended.err().as_ref().and_then(Breach::find) {
        let stream = connection.into_parts().io.into_inner();
        breach.commit(stream).await;
    }
}

/// How a fault ends a connection on which HTTP would have had an answer. To hyper it is an error
/// of the service, upon which it gives up the connection and writes nothing.
#[derive(Debug)]
pub(crate) enum Breach {
    /// Not a byte, and a reset.
    Reset,
    /// Those bytes, which begin an answer with that status, and the end.
    Cut { status: StatusCode, bytes: Bytes },
}

impl Breach {
    fn find(error: &hyper::Error) -> Option<&Self> {
        error.source()?.downcast_ref()
    }

    /// Writes what is still to come and closes the connection. Nobody is left to tell if that
    /// fails: the connection is gone either way.
    async fn commit(&self, mut stream: TcpStream) {
        let _ = match self {
            // Closing then sends RST in place of FIN.
            Self::Reset => stream.set_zero_linger(),
            Self::Cut { bytes, .. } => stream.write_all(bytes).await,
        };
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault ends the connection")
    }
}

impl Error for Breach {}
