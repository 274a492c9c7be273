//! The client and its six verbs.

mod base_url;
mod builder;
mod credential;
#[cfg(feature = "static-roots")]
mod static_roots;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use openrouter_keys_raw as raw;
use secrecy::SecretString;

use crate::bulk::Bulk;
use crate::error::Error;
use crate::operations::{Async, CreateKey, DeleteKey, GetCurrentKey, GetKey, ListKeys, UpdateKey};
use crate::transport::{Clock, InFlight, Pause, RetryBudget, RetryPolicy, Scrubber};

use base_url::BaseUrl;
pub use builder::ClientBuilder;
use credential::Credential;

/// A client for the keys of one account. Clones are cheap and share one connection pool.
///
/// Each verb takes what the operation needs and returns a builder; `send()` on that builder is the one step that
/// uses the network. The futures need a tokio runtime with time and I/O enabled; the feature `blocking` has a client for
/// programs without one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// use openrouter_keys::Client;
///
/// let client = Client::builder()
///     .management_key(emulator.management_key())
///     .base_url(emulator.base_url())
///     .build()?;
/// let created = client.create("Customer 42").limit(50).send().await?;
/// assert_eq!(client.get(&created.key.hash).send().await?.limit, Some(50.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
    credential: Arc<Credential>,
}

/// What all clones of a client, and its siblings with another key, share.
pub(crate) struct Settings {
    http: reqwest::Client,
    base_url: BaseUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: RetryBudget,
    pub(crate) in_flight: InFlight,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) timeout: Duration,
}

impl Client {
    /// A client for the service, with the management key in the environment.
    ///
    /// The key is read from `OPENROUTER_MANAGEMENT_KEY`, or else from `OPENROUTER_API_KEY`; the base URL from
    /// `OPENROUTER_BASE_URL`, or else it is `https://openrouter.ai/api/v1`. A variable that is empty counts as
    /// not set.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput), naming the variable, if there is no key or if a value
    /// makes no sense. [`Other`](crate::ErrorKind::Other) if the HTTP client cannot be made, for instance because
    /// the system has no trusted certificates.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// A client made to measure.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// This client with another key: the same connections and settings.
    ///
    /// Both count towards one [`max_in_flight`](ClientBuilder::max_in_flight). When the service answers 429, only the calls
    /// with that key wait.
    ///
    /// Whether the key is well formed is checked when a call is sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// let created = client.create("Customer 42").send().await?;
    /// let theirs = client.with_key(created.secret).current().send().await?;
    /// assert_eq!(theirs.is_management_key, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_key(&self, key: impl Into<SecretString>) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            credential: Arc::new(Credential::new("key", &key.into())),
        }
    }

    /// Makes a key of this name. The plaintext is in what [`send`](CreateKey::send) returns, and nowhere else.
    pub fn create(&self, name: impl Into<String>) -> CreateKey {
        CreateKey::new(self.clone(), Async, name.into())
    }

    /// Looks at one key. `hash` is a [`KeyHash`](crate::KeyHash), or text that is checked to be one.
    pub fn get(&self, hash: impl AsRef<str>) -> GetKey {
        GetKey::new(self.clone(), Async, hash.as_ref())
    }

    /// Changes one key: what is not mentioned stays as it is.
    pub fn update(&self, hash: impl AsRef<str>) -> UpdateKey {
        UpdateKey::new(self.clone(), Async, hash.as_ref())
    }

    /// Removes one key for good.
    pub fn delete(&self, hash: impl AsRef<str>) -> DeleteKey {
        DeleteKey::new(self.clone(), Async, hash.as_ref())
    }

    /// Lists keys, newest first: a page of them, or all with [`stream`](ListKeys::stream).
    pub fn list(&self) -> ListKeys {
        ListKeys::new(self.clone(), Async)
    }

    /// Looks at the key that this client itself uses.
    pub fn current(&self) -> GetCurrentKey {
        GetCurrentKey::new(self.clone(), Async)
    }

    /// Updates, removes or looks at many keys, several at a time.
    pub fn bulk(&self) -> Bulk {
        Bulk::new(self.clone())
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The generated client, for one attempt.
    pub(crate) fn raw(&self, exchange: raw::Exchange) -> raw::Client {
        let Settings { http, base_url, .. } = &*self.settings;
        let exchange = exchange.at(Arc::clone(base_url.url()));
        raw::Client::new_with_client(base_url.as_str(), http.clone(), exchange)
    }

    /// The server, as an error names it.
    pub(crate) fn host(&self) -> &str {
        self.settings.base_url.host()
    }

    /// The base URL, as requests are sent to it: without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.settings.base_url.as_str()
    }

    pub(crate) fn authorization(&self) -> Result<HeaderValue, Error> {
        self.credential.header()
    }

    /// What the calls with this key wait for after a 429.
    pub(crate) fn pause(&self) -> &Pause {
        self.credential.pause()
    }

    /// How many requests with this key were answered 429 so far.
    pub(crate) fn rate_limits(&self) -> u64 {
        self.pause().rate_limits()
    }

    /// Takes the key that this client uses out of what goes into an error.
    pub(crate) fn scrubber(&self) -> &Scrubber {
        self.credential.scrubber()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.settings.base_url.as_str())
            .finish_non_exhaustive()
    }
}
