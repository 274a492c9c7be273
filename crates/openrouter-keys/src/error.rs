//! The one error of the crate.

mod display;

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use crate::model::KeyHash;
use crate::transport::Operation;

/// Why a call failed, what the server said, and whether it may have done what it was asked.
///
/// Display is one line for the person who reads the log. No secret and no body is printed, by it or by Debug, or
/// kept as a source.
///
/// ```
/// use openrouter_keys::{Client, ErrorKind};
///
/// let error = Client::builder().management_key("not\nvalid").build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert_eq!(
///     error.to_string(),
///     "invalid `management_key`: must be visible ASCII characters without white space",
/// );
/// ```
pub struct Error(Box<Inner>);

/// What kind of failure an [`Error`] is.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// use openrouter_keys::ErrorKind;
///
/// let error = client.get("0000").send().await.unwrap_err();
/// match error.kind() {
///     ErrorKind::NotFound => println!("there is no such key"),
///     ErrorKind::Unauthorized | ErrorKind::Forbidden => println!("check the management key"),
///     _ => println!("{error}"),
/// }
/// # assert!(error.is_not_found());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument makes no sense. Nothing was sent. Correct the argument that the message names.
    InvalidInput,
    /// The connection could not be made, or was lost before the answer was complete;
    /// [`maybe_applied`](Error::maybe_applied) tells whether the server can have acted.
    Connect,
    /// There was no complete answer in time, or the server said that it ran out of time (408). Call again later, unless it
    /// was a create that [`maybe_applied`](Error::maybe_applied).
    ///
    /// Without a [`status`](Error::status), it may also be that the call waited in vain for one of the
    /// [`max_in_flight`](crate::ClientBuilder::max_in_flight) requests that the client may have under way. The message
    /// says so, and the request was not sent (again). Call again later, or allow more.
    Timeout,
    /// The answer was a redirect, which is never followed: it would take the management key elsewhere.
    /// Correct the base URL.
    Redirect,
    /// 400, 413 or 422: the server refused the request. The message says why.
    BadRequest,
    /// 401: the key that made the call is missing, unknown, disabled or expired. Check which one the client was given.
    Unauthorized,
    /// 403: the key that made the call may not do this. An ordinary key may only look at itself.
    Forbidden,
    /// 404: there is no such key.
    NotFound,
    /// 409: the change conflicts with another, or with what the key is. Get the key, look at it, and decide.
    Conflict,
    /// 429: too many requests. Nothing was done. Wait for [`retry_after`](Error::retry_after).
    ///
    /// Without a [`status`](Error::status), the call was not sent (again): another one with the same key was answered 429,
    /// and the wait that the service asked for is longer than a minute, or than the call has time. After a minute of such
    /// a wait, calls are sent again to see whether it still holds.
    RateLimited,
    /// 5xx: the server, or a gateway before it, failed. Call again later, unless it was a create that
    /// [`maybe_applied`](Error::maybe_applied).
    Server,
    /// The answer is not what the API documents. Another attempt would hardly bring another one: look at the
    /// [`status`](Error::status), and whether the base URL is right. After a create, see
    /// [`into_salvaged`](Error::into_salvaged).
    Decode,
    /// The answer is longer than any that the API documents could be: 4 MiB for a page of keys, 1 MiB for others. See
    /// [`Decode`](Self::Decode).
    BodyTooLarge,
    /// A listing could not be made consistent, because keys came and went faster than they could be read. Begin it again
    /// later.
    Listing,
    /// Another status, or a failure that none of these describes. The message says which.
    Other,
}

/// A plaintext that arrived although the create failed. See [`Error::into_salvaged`].
///
/// Debug does not print the secret.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "the plaintext is shown this once: store it"]
pub struct Salvaged {
    /// The plaintext of the key that was made.
    pub secret: SecretString,
    /// What names that key, if it arrived too.
    pub hash: Option<KeyHash>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) kind: Option<ErrorKind>,
    /// What was being done; `None` before there was a call.
    pub(crate) operation: Option<Operation>,
    /// One phrase; for a status, the server's message says the rest.
    pub(crate) detail: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<String>,
    pub(crate) metadata: Option<serde_json::Value>,
    pub(crate) body_text: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attempts: u32,
    pub(crate) maybe_applied: bool,
    pub(crate) retryable: bool,
    /// It would have been tried again, had the client had a retry left.
    pub(crate) out_of_retries: bool,
    pub(crate) salvaged: Option<Salvaged>,
    pub(crate) hash: Option<KeyHash>,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::Other)
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The `code` of the API's error body. It repeats the status.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// The `message` of the API's error body, scrubbed of the secrets that this call knew.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The `metadata` of the API's error body, scrubbed likewise. Its shape is not promised.
    #[must_use]
    pub fn metadata(&self) -> Option<&serde_json::Value> {
        self.0.metadata.as_ref()
    }

    /// The beginning of an error body that is not the API's JSON, such as a gateway's page: at most 512 bytes,
    /// scrubbed likewise. It is in no log line, because nobody knows what else stands in it. `None` after a 2xx.
    #[must_use]
    pub fn body_text(&self) -> Option<&str> {
        self.0.body_text.as_deref()
    }

    /// How long the server asked to wait, or what is left of that where an answer to another call asked for it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The headers of the answer, scrubbed likewise; empty if there was none.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// How often the request was tried. 0: the call ended before its first attempt.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether there is no such key (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Whether there were too many requests (429), by this call or by others with the same key.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.kind() == ErrorKind::RateLimited
    }

    /// Whether the same call may be made again later without harm and with some hope.
    ///
    /// Never true of a create that may have made its key: see [`maybe_applied`](Self::maybe_applied).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let repeats = self.0.maybe_applied && self.0.is_create();
        self.0.retryable && !repeats
    }

    /// Whether the server may have done what it was asked, although this is an error.
    ///
    /// After an update or a delete, call again: done twice, it comes to the same. After a create, first see whether
    /// [`into_salvaged`](Self::into_salvaged) has the plaintext. If it has not, look for the key before creating another, by
    /// its name and `created_at` among `client.list().include_all().stream()`, and delete it: nobody has its plaintext. There
    /// is no idempotency key, and a second create makes a second key.
    #[must_use]
    pub fn maybe_applied(&self) -> bool {
        self.0.maybe_applied
    }

    /// The key that a create made and whose plaintext is lost: the server answered 201 with the key, and what arrived has
    /// no plaintext in it.
    ///
    /// It is of no use to anybody: delete it by this hash, as the example of [`into_salvaged`](Self::into_salvaged) does.
    /// `None` where a plaintext was salvaged; the hash is beside it then.
    #[must_use]
    pub fn hash(&self) -> Option<&KeyHash> {
        self.0.hash.as_ref()
    }

    /// The plaintext of a key that was made, where the rest of the answer could not be used.
    ///
    /// The server shows a plaintext once. When a create answers with one and the rest of the answer is cut off or
    /// odd, the plaintext is here, together with the key's hash if that arrived. Store both as after a success,
    /// or delete the key by its hash.
    ///
    /// ```
    /// # fn store(_: &str) {}
    /// # async fn example(client: openrouter_keys::Client) -> Result<(), openrouter_keys::Error> {
    /// use openrouter_keys::ExposeSecret;
    ///
    /// match client.create("Customer 42").send().await {
    ///     Ok(created) => store(created.secret.expose_secret()),
    ///     Err(error) => {
    ///         eprintln!("{error}"); // Says what to do, and no secret.
    ///         let (maybe_applied, lost) = (error.maybe_applied(), error.hash().cloned());
    ///         match (error.into_salvaged(), lost) {
    ///             (Some(salvaged), _) => store(salvaged.secret.expose_secret()),
    ///             // It was made, and nobody has its plaintext.
    ///             (None, Some(hash)) => client.delete(&hash).send().await?,
    ///             (None, None) if maybe_applied => { /* look for a key of that name before creating another */ }
    ///             (None, None) => { /* nothing was made */ }
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_salvaged(self) -> Option<Salvaged> {
        self.0.salvaged
    }

    /// The same, for whoever needs the error too.
    #[must_use]
    pub fn salvaged(&self) -> Option<&Salvaged> {
        self.0.salvaged.as_ref()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    /// An argument that makes no sense. `allowed` completes the sentence "`argument` …" and never quotes the value.
    pub(crate) fn invalid_input(argument: &str, allowed: &str) -> Self {
        Self::invalid(format!("invalid `{argument}`: {allowed}"))
    }

    /// An argument that makes no sense, with the whole message.
    pub(crate) fn invalid(message: String) -> Self {
        Self::new(Inner {
            kind: Some(ErrorKind::InvalidInput),
            detail: message,
            ..Inner::default()
        })
    }

    /// A call was begun in a runtime that ended before it did. How far it came is not known.
    pub(crate) fn runtime_ended(operation: Operation) -> Self {
        Self::new(Inner {
            kind: Some(ErrorKind::Other),
            operation: Some(operation),
            detail: "the runtime that the call was made in has ended".to_owned(),
            attempts: 1,
            maybe_applied: operation.is_mutation(),
            retryable: true,
            ..Inner::default()
        })
    }
}

impl Inner {
    fn is_create(&self) -> bool {
        self.operation == Some(Operation::Create)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("attempts", &self.attempts())
            .field("maybe_applied", &self.maybe_applied())
            .field("salvaged", &self.0.salvaged.is_some())
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}
