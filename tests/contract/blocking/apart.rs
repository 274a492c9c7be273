//! Servers for those who wait.

use std::ops::Deref;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

/// A server with a thread of its own. In the runtime of a test that waits for it, it could not answer.
pub(super) struct Apart<S> {
    server: S,
    runtime: Option<Runtime>,
}

impl<S: Send + 'static> Apart<S> {
    /// Starts the server; returns when it listens.
    pub(super) fn start(server: impl Future<Output = S> + Send + 'static) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a test can start a thread");
        let (started, starts) = mpsc::channel();
        runtime.spawn(async move { started.send(server.await) });
        Self {
            server: starts.recv().expect("the server starts"),
            runtime: Some(runtime),
        }
    }
}

impl<S> Deref for Apart<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.server
    }
}

impl<S> Drop for Apart<S> {
    /// As async tests may: they must not wait for a runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
