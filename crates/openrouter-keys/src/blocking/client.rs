//! The client that waits, and its six verbs.

use std::fmt;

use secrecy::SecretString;

use super::mode::Blocking;
use crate::client::ClientBuilder;
use crate::error::Error;
use crate::operations::{CreateKey, DeleteKey, GetCurrentKey, GetKey, ListKeys, UpdateKey};

/// A client for the keys of one account that waits for each answer. Clones are cheap and share one connection pool.
///
/// It may be used by any number of threads at a time; their calls run side by side. A background thread does the
/// work: one for a client with all its clones, builders and [siblings](Self::with_key), which ends after the last of
/// them is dropped. None of these waits for it, and a call that another thread waits for is finished first.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let servers = tokio::runtime::Runtime::new()?;
/// # let emulator = servers.block_on(openrouter_keys_emulator::Emulator::start())?;
/// use openrouter_keys::Client;
///
/// let client = Client::builder()
///     .management_key(emulator.management_key())
///     .base_url(emulator.base_url())
///     .build_blocking()?;
/// let created = client.create("Customer 42").limit(50).send()?;
/// assert_eq!(client.get(&created.key.hash).send()?.limit, Some(50.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    client: crate::Client,
    mode: Blocking,
}

impl Client {
    /// A client for the service, with the management key in the environment: see
    /// [`Client::from_env`](crate::Client::from_env) of async mode.
    ///
    /// # Errors
    /// As there, and [`Other`](crate::ErrorKind::Other) if the background thread cannot be started.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(crate::Client::from_env()?)
    }

    /// No call may have been made by `client` yet: its connections would need the runtime that they were made in, which
    /// may be the one that a blocking call keeps from running.
    fn new(client: crate::Client) -> Result<Self, Error> {
        let mode = Blocking::start()?;
        Ok(Self { client, mode })
    }

    /// This client with another key: the same connections, settings and background thread.
    ///
    /// Whether the key is well formed is checked when a call is sent.
    #[must_use]
    pub fn with_key(&self, key: impl Into<SecretString>) -> Self {
        Self {
            client: self.client.with_key(key),
            mode: self.mode.clone(),
        }
    }

    /// Makes a key of this name. The plaintext is in what `send()` returns, and nowhere else.
    pub fn create(&self, name: impl Into<String>) -> CreateKey<Blocking> {
        CreateKey::new(self.client.clone(), self.mode.clone(), name.into())
    }

    /// Looks at one key. `hash` is a [`KeyHash`](crate::KeyHash), or text that is checked to be one.
    pub fn get(&self, hash: impl AsRef<str>) -> GetKey<Blocking> {
        GetKey::new(self.client.clone(), self.mode.clone(), hash.as_ref())
    }

    /// Changes one key: what is not mentioned stays as it is.
    pub fn update(&self, hash: impl AsRef<str>) -> UpdateKey<Blocking> {
        UpdateKey::new(self.client.clone(), self.mode.clone(), hash.as_ref())
    }

    /// Removes one key for good.
    pub fn delete(&self, hash: impl AsRef<str>) -> DeleteKey<Blocking> {
        DeleteKey::new(self.client.clone(), self.mode.clone(), hash.as_ref())
    }

    /// Lists keys, newest first: a page of them, or all in a `for` loop.
    pub fn list(&self) -> ListKeys<Blocking> {
        ListKeys::new(self.client.clone(), self.mode.clone())
    }

    /// Looks at the key that this client itself uses.
    pub fn current(&self) -> GetCurrentKey<Blocking> {
        GetCurrentKey::new(self.client.clone(), self.mode.clone())
    }
}

impl ClientBuilder {
    /// The client, for use without an async runtime. Needs the feature `blocking`.
    ///
    /// # Errors
    /// As [`build`](Self::build), and [`Other`](crate::ErrorKind::Other) if the background thread cannot be started.
    pub fn build_blocking(self) -> Result<Client, Error> {
        Client::new(self.build()?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}
