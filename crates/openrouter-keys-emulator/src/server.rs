//! Starting and stopping.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time;

use crate::connection;
use crate::control::Control;
use crate::credential::Mint;
use crate::faults::Faults;
use crate::fleet::Fleet;
use crate::front::Front;
use crate::log::Log;
use crate::state::{Shared, State, TooMany};

/// A running emulator, with keys of its own that no other emulator knows.
///
/// It listens on 127.0.0.1 and serves until it is stopped or dropped, or until the tokio runtime
/// that it was started in ends.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use openrouter_keys_emulator::Emulator;
///
/// let emulator = Emulator::start().await?;
/// println!("{} with {}", emulator.base_url(), emulator.management_key());
/// # Ok(())
/// # }
/// ```
#[must_use = "an emulator stops when it is dropped"]
pub struct Emulator {
    base_url: String,
    management_key: String,
    local_addr: SocketAddr,
    pub(crate) control: Control,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator on a free port, with a fresh management key and no other keys.
    ///
    /// # Errors
    /// Those of [`EmulatorBuilder::start`].
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts describing an emulator that differs from the one of [`Emulator::start`].
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Where the API is: `http://127.0.0.1:PORT/api/v1`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that may manage all others. It is a fake one and opens nothing else.
    #[must_use]
    pub fn management_key(&self) -> &str {
        &self.management_key
    }

    /// The address that the emulator listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops: takes no more connections, closes idle ones, lets the others finish for half a
    /// second, and returns when all are closed. What the emulator knew is gone then.
    pub async fn stop(mut self) {
        // The server may have ended with its runtime, in which case nobody listens and there is
        // nothing to wait for.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = (&mut self.server).await;
    }
}

impl Drop for Emulator {
    /// Stops at once: connections are closed in the middle of whatever they are doing.
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("base_url", &self.base_url)
            .field("management_key", &Redacted)
            .finish_non_exhaustive()
    }
}

/// Describes an emulator before it starts.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use openrouter_keys_emulator::Emulator;
///
/// let emulator = Emulator::builder()
///     .management_key("sk-or-v1-fake-management-key")
///     .keys(3)
///     .start()
///     .await?;
/// assert_eq!(emulator.management_key(), "sk-or-v1-fake-management-key");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct EmulatorBuilder {
    port: u16,
    management_key: Option<String>,
    keys: usize,
}

impl EmulatorBuilder {
    /// Listens on that port of 127.0.0.1. The default, 0, is any port that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Takes that management key, where the default is a fresh one. It must consist of visible
    /// ASCII characters, at least one. Do not use a real one.
    pub fn management_key(mut self, key: impl Into<String>) -> Self {
        self.management_key = Some(key.into());
        self
    }

    /// Begins with so many keys in the default workspace, at most a million: `fleet-00001`,
    /// `fleet-00002` and so on, in this order. They are the same in every run; the crate's
    /// documentation tells how.
    pub fn keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    /// Starts the emulator. It answers from the moment this returns.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if the management key could not be sent in a header or
    /// too many keys are asked for; the error does not repeat the key.
    /// [`io::ErrorKind::AddrInUse`] if the port is taken: choose another, or 0. Any other error
    /// is the operating system's.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O and time drivers enabled.
    pub async fn start(self) -> io::Result<Emulator> {
        let mut mint = Mint::new()?;
        let management_key = match self.management_key {
            Some(key) if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Err(invalid(
                    "the management key must consist of visible ASCII characters, at least one",
                ));
            }
            Some(key) => key,
            None => mint.mint(),
        };
        let state = State::new(mint, &management_key, Fleet::of(self.keys))
            .map_err(|TooMany| invalid("no more than 1000000 keys can be seeded"))?;

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let local_addr = listener.local_addr()?;
        let state = Shared::new(state);
        let control = Control {
            log: Log::new(state.clone(), &management_key),
            faults: Faults::default(),
            state,
        };
        let front = Front::new(control.clone());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, front, stopped));

        Ok(Emulator {
            base_url: format!("http://{local_addr}/api/v1"),
            management_key,
            local_addr,
            control,
            stop: Some(stop),
            server,
        })
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("port", &self.port)
            .field(
                "management_key",
                &self.management_key.as_ref().map(|_| Redacted),
            )
            .field("keys", &self.keys)
            .finish()
    }
}

/// How long a connection may go on once the emulator is told to stop.
const GRACE: Duration = Duration::from_millis(500);

/// How long to wait when no connection can be taken, as when no file descriptor is left.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves until told to stop. The connections belong to this task, so that none can outlive it,
/// whichever way it ends.
async fn serve(listener: TcpListener, front: Front, mut stopped: oneshot::Receiver<()>) {
    let (going_on, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // An answer is whole when it is written, so there is nothing to wait for.
                    // If the system refuses, answers are slower and no less right.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection::serve(stream, front.clone(), stopping.clone()));
                }
                Err(_) => time::sleep(PAUSE).await,
            },
            // Forgets connections that have ended.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    drop(going_on);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = time::timeout(GRACE, all).await;
    // What is still going on after that ends here.
    connections.shutdown().await;
}

pub(crate) fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
