//! Starting and stopping.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
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
use crate::rate_limit::{RateLimit, RateLimiter};
use crate::saver::Saver;
use crate::state::{CredentialInUse, Shared, State, TooMany};
use crate::state_file::StateFile;

/// A running emulator, with keys of its own that no other emulator knows.
///
/// It listens on 127.0.0.1, unless it is [told otherwise](EmulatorBuilder::expose_to_network), and serves until it is stopped
/// or dropped, or until the tokio runtime that it was started in ends.
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
    /// Keeps the state file, if there is one, up to date.
    saver: Option<(Saver, JoinHandle<()>)>,
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

    /// Where the API is for a program on this machine: `http://127.0.0.1:PORT/api/v1`, without a slash at the end.
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

    /// Waits until the [state file](EmulatorBuilder::state_file) holds all that the emulator knows now, if there is one. An
    /// answer over HTTP waits for that by itself; what is done to this value does not.
    ///
    /// # Errors
    /// Those of the operating system, and [`io::ErrorKind::InvalidData`] if somebody else has changed the file. The emulator
    /// goes on, and the next call tries again.
    pub async fn saved(&self) -> io::Result<()> {
        match &self.saver {
            Some((saver, _)) => saver.saved().await.map_err(|error| copied(&error)),
            None => Ok(()),
        }
    }

    /// Stops: takes no more connections, closes idle ones, lets the others finish for half a
    /// second, and returns when all are closed. What the emulator knew is gone then, but for its
    /// [state file](EmulatorBuilder::state_file); [`saved`](Self::saved) tells whether that could be written.
    pub async fn stop(mut self) {
        // The server may have ended with its runtime, in which case nobody listens and there is
        // nothing to wait for.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = (&mut self.server).await;
        let _ = self.saved().await;
    }
}

impl Drop for Emulator {
    /// Stops at once: connections are closed in the middle of whatever they are doing, and what has not been saved yet is not.
    fn drop(&mut self) {
        self.server.abort();
        if let Some((saver, task)) = &self.saver {
            task.abort();
            // What is being written at this moment runs on by itself, and the file may be the next emulator's by then.
            saver.close();
        }
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
    exposed: Option<IpAddr>,
    port: u16,
    management_key: Option<String>,
    keys: usize,
    state_file: Option<PathBuf>,
    rate_limit: Option<RateLimit>,
}

impl EmulatorBuilder {
    /// Listens on that port of 127.0.0.1. The default, 0, is any port that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens on that address of this machine instead of 127.0.0.1, so that other machines can connect: `0.0.0.0` stands for
    /// all its IPv4 addresses, as is needed in a container.
    ///
    /// Whoever can reach that address can then read and change everything, the management key's rights included: what controls
    /// the emulator asks for no credential. Do that on networks alone in which everybody may.
    pub fn expose_to_network(mut self, address: IpAddr) -> Self {
        self.exposed = Some(address);
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

    /// Keeps the state in that file, and begins with what is in it: all that is part of a [`Snapshot`](crate::Snapshot), and the
    /// management key, unless [`management_key`](Self::management_key) gives one. If the file does not exist, the emulator
    /// begins as it would without it. The default is to keep everything in memory.
    ///
    /// An answer is sent when what it tells of is in the file, which is replaced as a whole each time (some milliseconds with
    /// a few thousand keys, and a second with some 100,000). On Unix only its owner can read it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use openrouter_keys_emulator::Emulator;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("state");
    /// let emulator = Emulator::builder().keys(3).state_file(&path).start().await?;
    /// let (key, state) = (emulator.management_key().to_owned(), emulator.snapshot());
    /// emulator.stop().await;
    ///
    /// let emulator = Emulator::builder().state_file(&path).start().await?;
    /// assert_eq!(emulator.management_key(), key);
    /// assert_eq!(emulator.snapshot(), state);
    /// # Ok(())
    /// # }
    /// ```
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Answers 429 to a key's requests beyond so many in that time, which begins with the first of them: with `Retry-After` in
    /// seconds, `X-RateLimit-Limit`, `X-RateLimit-Remaining`, and `X-RateLimit-Reset` in milliseconds since 1970. The default is
    /// no limit. [`Emulator::limit_rate`] sets it later.
    ///
    /// # Panics
    /// If there are no requests or there is no time.
    #[track_caller]
    pub fn rate_limit(mut self, requests: u64, per: Duration) -> Self {
        self.rate_limit = Some(RateLimit::new(requests, per));
        self
    }

    /// Starts the emulator. It answers from the moment this returns.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if the state file is something else, or is damaged; it is left as it is.
    /// [`io::ErrorKind::InvalidInput`] if the management key could not be sent in a header or
    /// too many keys are asked for; the error does not repeat the key.
    /// [`io::ErrorKind::AddrInUse`] if the port is taken: choose another, or 0. Any other error
    /// is the operating system's.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O and time drivers enabled.
    pub async fn start(self) -> io::Result<Emulator> {
        let mut mint = Mint::new()?;
        let (file, stored) = match &self.state_file {
            Some(path) => {
                let (file, stored) = StateFile::open(path)?;
                (Some(file), stored)
            }
            None => (None, None),
        };
        let (stored_key, snapshot) = stored.map_or((None, None), |stored| {
            (stored.management_key, Some(stored.state))
        });
        let is_given = self.management_key.is_some();
        let management_key = match self.management_key.or(stored_key) {
            Some(key) if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Err(invalid(
                    "the management key must consist of visible ASCII characters, at least one",
                ));
            }
            Some(key) => key,
            None => mint.mint(),
        };
        let mut state = State::new(mint, &management_key, Fleet::of(self.keys))
            .map_err(|TooMany| invalid("no more than 1000000 keys can be seeded"))?;
        if let Some(snapshot) = snapshot {
            state.restore(snapshot).map_err(|CredentialInUse| {
                invalid("a key in the state file has the credential of the management key")
            })?;
        }

        let address = self.exposed.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let listener = TcpListener::bind((address, self.port)).await?;
        let local_addr = listener.local_addr()?;
        let state = Shared::new(state);
        let saver = match file {
            Some(file) => {
                let kept = (!is_given).then(|| management_key.clone());
                Some(Saver::start(state.clone(), file, kept).await?)
            }
            None => None,
        };
        let rate = RateLimiter::default();
        rate.set(self.rate_limit);
        let control = Control {
            log: Log::new(state.clone(), &management_key),
            faults: Faults::default(),
            rate,
            initial_rate: self.rate_limit,
            state,
        };
        let front = Front::new(
            control.clone(),
            saver.as_ref().map(|(saver, _)| saver.clone()),
        );
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, front, stopped));

        Ok(Emulator {
            base_url: format!("http://{}/api/v1", reachable(local_addr)),
            management_key,
            local_addr,
            control,
            stop: Some(stop),
            server,
            saver,
        })
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("exposed", &self.exposed)
            .field("port", &self.port)
            .field(
                "management_key",
                &self.management_key.as_ref().map(|_| Redacted),
            )
            .field("keys", &self.keys)
            .field("state_file", &self.state_file)
            .field("rate_limit", &self.rate_limit)
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

/// Where to connect to what listens there: nobody is at home at an address that stands for all.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The same error for somebody else: the operating system's cannot be cloned.
pub(crate) fn copied(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
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

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn all_addresses_are_reached_by_that_of_this_machine() {
        for (address, reached) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("127.0.0.2:1", "127.0.0.2:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(reachable(address).to_string(), reached);
        }
    }
}
