//! The background thread of a blocking client.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Inner};
use crate::transport::{Operation, carried_over, given_up};

/// A tokio runtime on a thread of its own. Both end after the last clone of this is dropped.
///
/// The thread owns the runtime, because tokio panics where one is dropped in async code. Here, dropping only says that
/// the thread may go, and waiting is done by a channel of the standard library, of which tokio knows nothing.
#[derive(Clone)]
pub(super) struct Runtime(Arc<Shared>);

struct Shared {
    handle: Handle,
    /// Never used: the thread goes on until it is dropped.
    _stay: oneshot::Sender<Infallible>,
}

impl Runtime {
    pub(super) fn start() -> Result<Self, Error> {
        let (started, starts) = mpsc::channel();
        thread::Builder::new()
            .name("openrouter-keys".to_owned())
            .spawn(move || run(&started))
            .map_err(not_started)?;
        let started = starts.recv().map_err(io::Error::other);
        started.and_then(|result| result).map_err(not_started)
    }

    /// Runs `call` beside all others, and returns when it is over. If it panics, so does this.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let handle = &self.0.handle;
        let (ended, ends) = mpsc::channel();
        let task = handle.spawn(carried_over(call));
        // A second task, because a panic of the first is told by its handle alone.
        handle.spawn(async move {
            // Nobody stops waiting before.
            let _ = ended.send(task.await);
        });
        match ends.recv() {
            Ok(Ok(result)) => result,
            Ok(Err(failure)) => Err(given_up(failure, || gone(operation))),
            Err(_) => Err(gone(operation)),
        }
    }
}

/// What the thread does. Tasks go on between calls too, so that a connection that the server ends is noticed.
fn run(started: &mpsc::Sender<io::Result<Runtime>>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Whoever started the thread is waiting for this.
            let _ = started.send(Err(error));
            return;
        }
    };
    let (stay, go) = oneshot::channel();
    let shared = Shared {
        handle: runtime.handle().clone(),
        _stay: stay,
    };
    let _ = started.send(Ok(Runtime(Arc::new(shared))));
    let _ = runtime.block_on(go);
}

fn not_started(source: io::Error) -> Error {
    Error::new(Inner {
        kind: Some(ErrorKind::Other),
        detail: "the background thread of a blocking client could not be started".to_owned(),
        source: Some(source.into()),
        ..Inner::default()
    })
}

/// The runtime ended before its last handle, which only a panic in tokio itself can bring about. How far the call came
/// is not known.
fn gone(operation: Operation) -> Error {
    Error::new(Inner {
        kind: Some(ErrorKind::Other),
        operation: Some(operation),
        detail: "the background thread of the blocking client has ended".to_owned(),
        attempts: 1,
        maybe_applied: operation.is_mutation(),
        ..Inner::default()
    })
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, mpsc};

    use tokio::sync::oneshot;

    use super::{Builder, Runtime, Shared};
    use crate::error::{Error, ErrorKind};
    use crate::transport::Operation;

    /// The runtime ends under a call that has begun, and once more before one begins.
    #[test]
    fn a_runtime_that_is_gone_is_an_error_that_leaves_open_what_happened() {
        let (begun, begins) = mpsc::channel();
        let (stay, _go) = oneshot::channel();
        let tokio = Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let runtime = Runtime(Arc::new(Shared {
            handle: tokio.handle().clone(),
            _stay: stay,
        }));
        let waiting = {
            let runtime = runtime.clone();
            std::thread::spawn(move || {
                runtime.wait(Operation::Create, async move {
                    begun.send(()).unwrap();
                    pending::<Result<(), Error>>().await
                })
            })
        };
        begins.recv().unwrap();
        drop(tokio);
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert!(error.maybe_applied() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            "create key: the background thread of the blocking client has ended \
             (the key may exist: look before creating another)"
        );

        let error = runtime.wait(Operation::Get, async { Ok(()) }).unwrap_err();
        assert!(!error.maybe_applied(), "{error}");
    }
}
