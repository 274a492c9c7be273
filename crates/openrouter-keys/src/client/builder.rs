//! Making a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

#[cfg(feature = "static-roots")]
use super::static_roots;
use super::{BaseUrl, Client, Credential, Settings};
use crate::error::{Error, ErrorKind, Inner};
use crate::transport::{Clock, InFlight, RetryBudget, RetryPolicy, TokioClock, time_limit};

const USER_AGENT: &str = concat!("openrouter-keys/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`]. What is wrong with a setting is said by [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys::Client;
///
/// # fn main() -> Result<(), openrouter_keys::Error> {
/// let client = Client::builder()
///     .management_key("sk-or-v1-not-a-real-key")
/// #   .base_url("http://127.0.0.1:4010/api/v1") // A machine without certificates has none to load.
///     .timeout(Duration::from_secs(30))
///     .app_title("Key desk")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    /// Each with the name that the caller knows it by.
    key: Option<(&'static str, SecretString)>,
    base_url: (&'static str, String),
    http: Option<reqwest::ClientBuilder>,
    proxy_from_env: bool,
    proxies: Vec<reqwest::Proxy>,
    user_agent: Option<String>,
    attribution: Vec<(&'static str, &'static str, String)>,
    retry: RetryPolicy,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    timeout: Duration,
    max_in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            key: None,
            base_url: ("base_url", BaseUrl::DEFAULT.to_owned()),
            http: None,
            proxy_from_env: false,
            proxies: Vec::new(),
            user_agent: None,
            attribution: Vec::new(),
            retry: RetryPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(20),
            timeout: Duration::from_secs(90),
            max_in_flight: InFlight::DEFAULT,
            clock: Arc::new(TokioClock),
        }
    }

    /// See [`Client::from_env`].
    pub(super) fn from_env() -> Result<Self, Error> {
        const MANAGEMENT_KEY: &str = "OPENROUTER_MANAGEMENT_KEY";
        const API_KEY: &str = "OPENROUTER_API_KEY";
        const BASE_URL: &str = "OPENROUTER_BASE_URL";

        let mut builder = Self::new();
        builder.key = if let Some(key) = variable(MANAGEMENT_KEY)? {
            Some((MANAGEMENT_KEY, key.into()))
        } else if let Some(key) = variable(API_KEY)? {
            Some((API_KEY, key.into()))
        } else {
            return Err(Error::invalid_input(
                MANAGEMENT_KEY,
                "must be set in the environment to a management key (or else OPENROUTER_API_KEY)",
            ));
        };
        if let Some(base_url) = variable(BASE_URL)? {
            builder.base_url = (BASE_URL, base_url);
        }
        Ok(builder)
    }

    /// The key that makes the calls: a management key for all but [`Client::current`].
    pub fn management_key(mut self, key: impl Into<SecretString>) -> Self {
        self.key = Some(("management_key", key.into()));
        self
    }

    /// Where the API is, `https://openrouter.ai/api/v1` by default. Plain `http` is for loopback alone.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = ("base_url", url.into());
        self
    }

    /// How long making a connection may take, TLS included: 5 seconds by default, a day at the most.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from the connection to the last byte: 20 seconds by default, a day at the most.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take, with all its attempts and the waits between them: 90 seconds by default, a day at
    /// the most. A further attempt is made only if there is as much time left as a connection may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many requests may be under way at once: 32 by default, at least one.
    ///
    /// A request is under way from the moment it is sent until its answer is read, or its call is dropped. The client, its
    /// clones and those made of it by [`with_key`](Client::with_key) are counted together, because they share their
    /// connections. Where there is no room, a call waits, and whoever came first goes first. That counts into its
    /// [`timeout`](Self::timeout) and not into the attempt's. If there is none before the call has less time left than a
    /// connection may take (or than half of its own, if that is less), the error is of kind
    /// [`Timeout`](ErrorKind::Timeout) and the request was not sent (again). A call that waits to try again takes no room.
    ///
    /// A call that was begun and is polled no more keeps its room: one of a `buffer_unordered`, for instance, while the
    /// caller waits for another. [Bulk runs](Client::bulk) and listings go on by themselves and do not.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// When to try again. See [`RetryPolicy`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The `User-Agent`; by default this crate's name and version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// The URL of your app, by which OpenRouter attributes calls to it (header `HTTP-Referer`).
    pub fn app_url(self, url: impl Into<String>) -> Self {
        self.attribute("app_url", "http-referer", url.into())
    }

    /// The name of your app (header `X-OpenRouter-Title`).
    pub fn app_title(self, title: impl Into<String>) -> Self {
        self.attribute("app_title", "x-openrouter-title", title.into())
    }

    /// The categories of your app (header `X-OpenRouter-Categories`).
    pub fn app_categories<I>(self, categories: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let categories: Vec<_> = categories.into_iter().collect();
        let list: Vec<_> = categories.iter().map(AsRef::as_ref).collect();
        self.attribute("app_categories", "x-openrouter-categories", list.join(","))
    }

    fn attribute(mut self, argument: &'static str, header: &'static str, value: String) -> Self {
        self.attribution.retain(|(_, name, _)| *name != header);
        self.attribution.push((argument, header, value));
        self
    }

    /// Uses the proxies that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name. By default the environment is
    /// ignored, because whoever can set it could read along. Where [`proxy`](Self::proxy) is called too, only that
    /// one is used.
    pub fn proxy_from_env(mut self, yes: bool) -> Self {
        self.proxy_from_env = yes;
        self
    }

    /// Sends all calls through this proxy. A second one is asked where the first does not apply.
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.proxies.push(proxy);
        self
    }

    /// Takes the time from elsewhere, and waits there: for tests. See [`Clock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Brings your own HTTP client: your TLS settings, your resolver, your pool.
    ///
    /// Some settings are ours all the same, since a key could be lost, repeated or shown without them: no
    /// redirects, no `Referer`, no replays, no decompression, no verbose logging of connections, HTTP/1.1 in a build
    /// without the feature `http2`, and the connect timeout and user agent of this builder. So are the proxies: one
    /// that you set on yours is dropped, unless [`proxy_from_env`](Self::proxy_from_env) is on; give it to
    /// [`proxy`](Self::proxy).
    ///
    /// TLS is 1.2 or later. A stricter minimum of yours stays, except in a build with the feature `native-tls`.
    /// Whom to trust is your choice: a client that was told to accept any certificate does so here too, and whoever
    /// is in between then reads the management key.
    ///
    /// What it sends with every request is yours, and so is what comes of it: with a default header that asks for a
    /// compressed answer, for instance, a plaintext arrives that nobody can read.
    pub fn http(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = Some(builder);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if a setting makes no sense; the message names it and says what
    /// is allowed. [`Other`](ErrorKind::Other) if the HTTP client cannot be made, for instance because the system
    /// has no trusted certificates.
    pub fn build(self) -> Result<Client, Error> {
        let (argument, key) = self.key.ok_or_else(|| {
            Error::invalid_input("management_key", "must be given, or use Client::from_env")
        })?;
        let credential = Credential::new(argument, &key);
        credential.header()?;
        let base_url = BaseUrl::parse(self.base_url.0, &self.base_url.1)?;
        #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
        if base_url.is_https && self.http.is_none() {
            return Err(Error::invalid_input(
                self.base_url.0,
                "must be http on loopback in a build without TLS; enable the feature rustls or native-tls",
            ));
        }
        let retry = self.retry.checked()?;
        let connect_timeout = time_limit("connect_timeout", self.connect_timeout)?;
        let attempt_timeout = time_limit("attempt_timeout", self.attempt_timeout)?;
        let timeout = time_limit("timeout", self.timeout)?;
        let in_flight = InFlight::new(self.max_in_flight)?;
        let mut headers = HeaderMap::new();
        for (argument, name, value) in self.attribution {
            headers.insert(
                HeaderName::from_static(name),
                header_value(argument, &value)?,
            );
        }
        let user_agent = header_value(
            "user_agent",
            self.user_agent.as_deref().unwrap_or(USER_AGENT),
        )?;

        let http = match self.http {
            Some(http) => http,
            None => own_builder(&base_url)?,
        };
        let mut http = harden(http, &base_url);
        if !self.proxy_from_env {
            http = http.no_proxy();
        }
        let http = self
            .proxies
            .into_iter()
            .fold(http, reqwest::ClientBuilder::proxy)
            .connect_timeout(connect_timeout)
            .user_agent(user_agent)
            .build()
            .map_err(no_http_client)?;

        Ok(Client {
            settings: Arc::new(Settings {
                http,
                base_url,
                headers,
                budget: RetryBudget::new(retry.reserve(), self.clock.now()),
                in_flight,
                retry,
                clock: self.clock,
                connect_timeout,
                attempt_timeout,
                timeout,
            }),
            credential: Arc::new(credential),
        })
    }
}

/// The HTTP client of those who bring none.
#[cfg_attr(
    not(feature = "static-roots"),
    allow(clippy::unnecessary_wraps, reason = "with the feature it can fail")
)]
fn own_builder(base_url: &BaseUrl) -> Result<reqwest::ClientBuilder, Error> {
    let builder = reqwest::Client::builder();
    // Another crate in the tree may have switched on another backend than the one that was asked for here.
    #[cfg(feature = "rustls")]
    let builder = builder.tls_backend_rustls();
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    let builder = builder.tls_backend_native();
    #[cfg(feature = "static-roots")]
    let builder = if base_url.is_https {
        builder.tls_backend_preconfigured(static_roots::config().map_err(no_http_client)?)
    } else {
        builder
    };
    #[cfg(not(feature = "static-roots"))]
    let _ = base_url;
    Ok(builder)
}

/// What holds for every client, whoever made it.
///
/// Some of it changes nothing in a build that has reqwest's features as this crate asks for them. Features are
/// the whole build's, though: another crate can switch decompression or HTTP/2 on.
fn harden(builder: reqwest::ClientBuilder, base_url: &BaseUrl) -> reqwest::ClientBuilder {
    let builder = builder
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connection_verbose(false);
    #[cfg(not(feature = "http2"))]
    let builder = builder.http1_only();
    // Rustls knows no version before 1.2, and what is set here would undo a stricter minimum of the caller's.
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_version_min(reqwest::tls::Version::TLS_1_2);
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = if base_url.is_https {
        builder
    } else {
        // Loading the system's certificates takes milliseconds, and fails where there are none.
        builder.tls_certs_only([])
    };
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    let _ = base_url;
    builder
}

fn header_value(argument: &str, value: &str) -> Result<HeaderValue, Error> {
    if value.is_empty() || value.trim() != value {
        return Err(Error::invalid_input(
            argument,
            "must not be empty, nor begin or end with white space",
        ));
    }
    HeaderValue::from_str(value)
        .map_err(|_| Error::invalid_input(argument, "must be text that fits into a header"))
}

fn no_http_client(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Inner {
        kind: Some(ErrorKind::Other),
        detail: "the HTTP client could not be made".to_owned(),
        source: Some(source.into()),
        ..Inner::default()
    })
}

/// A variable of the environment; `None` if it is not set, or empty.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::invalid_input(name, "must be Unicode text"))
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("has_key", &self.key.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("timeout", &self.timeout)
            .field("max_in_flight", &self.max_in_flight)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
