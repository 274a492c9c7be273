//! Create, list, change and delete OpenRouter API keys.
//!
//! A [`Client`] holds a management key. Its six verbs each return a builder, and `send()` is the one step that uses
//! the network:
//!
//! | verb | operation | answer |
//! |---|---|---|
//! | [`Client::create`] | `POST /keys` | [`Created`] |
//! | [`Client::get`] | `GET /keys/{hash}` | [`Key`] |
//! | [`Client::update`] | `PATCH /keys/{hash}` | [`Key`] |
//! | [`Client::delete`] | `DELETE /keys/{hash}` | nothing |
//! | [`Client::list`] | `GET /keys` | [`Page`], or with `stream()` [every key](KeyStream) |
//! | [`Client::current`] | `GET /key` | [`CurrentKey`] |
//!
//! [`Client::bulk`] makes an update, a delete or a get for each of many keys, several at a time, and gives a
//! [stream](BulkStream) of what comes of them.
//!
//! What it promises:
//!
//! - A create that may have reached the server is never sent again, unless that answered 429: nothing was done then. The error then says
//!   [`maybe_applied`](Error::maybe_applied).
//! - A plaintext that arrived is never lost: it is in [`Created`], or [salvaged](Error::into_salvaged) by the error.
//! - No secret is printed: not by Debug, not by Display, not by an error or its sources. The only way to a plaintext is
//!   [`ExposeSecret`].
//! - An update says absent, null and a value apart: nothing but `unlimited()` removes a limit.
//! - A hash names a key and nothing else: see [`KeyHash`].
//! - A call for [many keys](Client::bulk) reports each of them once, whatever becomes of the others.
//! - A listing of all keys has each of them once, although keys come and go meanwhile: see [`KeyStream`].
//!
//! What it cannot promise is that memory forgets. What this crate holds of a secret is overwritten before it is given back:
//! the secrets themselves, the `Authorization` header, the body of a create and that of its answer, and the forms that
//! a text from the server is searched for. Out of its reach are
//!
//! - the buffers that the HTTP and TLS libraries read and write with; the header, both bodies and the headers of the answer
//!   pass through them;
//! - what `serde_json` gives up when a body outgrows its memory, and where it reads a text that has escapes in it, which
//!   a plaintext has not;
//! - a text that a secret was made of before it was a [`SecretString`], the environment, and what [`ExposeSecret`] hands
//!   out and the caller copies;
//! - what the operating system keeps: sockets, swap, core dumps.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = openrouter_keys_emulator::Emulator::start().await?;
//! # let client = openrouter_keys::Client::builder()
//! #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
//! # let store = |_: &str| {};
//! use openrouter_keys::{ExposeSecret, LimitReset};
//!
//! // let client = Client::from_env()?;
//! let created = client
//!     .create("Customer 42")
//!     .limit(50) // USD
//!     .limit_reset(LimitReset::Monthly)
//!     .send()
//!     .await?;
//! store(created.secret.expose_secret());
//!
//! let hash = created.key.hash;
//! client.update(&hash).disabled(true).send().await?;
//! client.delete(&hash).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Features:
//!
//! - `rustls` (default) and `native-tls` choose who does TLS; with both it is rustls.
//! - `static-roots` is `rustls` with Mozilla's roots compiled in, instead of the system's trust store. A client is then made
//!   in a fraction of a millisecond, and also where there is no such store, as in an empty container. Roots that the
//!   system's administrator added are not trusted, and what Mozilla withdraws is trusted until you build with a newer
//!   `webpki-roots`. An HTTP client of your own ([`ClientBuilder::http`]) is left as it is.
//! - `blocking` adds a client for programs without an async runtime, `blocking::Client`.
//! - `http2` speaks HTTP/2 to a server that offers it over TLS, and HTTP/1.1 to others; without it, HTTP/1.1 to all.
//! - `schemars` implements `schemars::JsonSchema` for the types that serialize, so that their JSON can be described
//!   where it is stored or handed on.
//! - `tracing` tells those who trace what calls do, as follows.
//!
//! # Tracing
//!
//! A call is a span `call` of level INFO, and each of its attempts is an event within: DEBUG if it gave what was asked
//! for, else WARN. Both have the target `openrouter_keys`. What is refused before anything is sent has neither. The names are
//! OpenTelemetry's for HTTP clients, and `otel.*` those that `tracing-opentelemetry` looks for. No hash, name, header, URL
//! or text from a server is among the values.
//!
//! | field | span | event | |
//! |---|---|---|---|
//! | `otel.name` | ✓ | | method and template: `PATCH /api/v1/keys/{hash}` |
//! | `otel.kind` | ✓ | | `client` |
//! | `otel.status_code` | ✓ | | `ERROR`, if the last attempt failed |
//! | `http.request.method` | ✓ | | |
//! | `url.template` | ✓ | | the base URL's path and the operation's: `/api/v1/keys/{hash}` |
//! | `server.address`, `server.port` | ✓ | | the base URL's |
//! | `http.response.status_code` | ✓ | ✓ | if there was an answer; in the span the last one's |
//! | `http.request.resend_count` | ✓ | ✓ | which resend it was, from 1; in the span how many there were |
//! | `error.type` | ✓ | ✓ | if it failed: the status, or `connect`, `timeout`, `rate_limited`, `decode`, `body_too_large`, `other` |
//! | `retry_in_ms` | | ✓ | if it failed and there is another attempt: the wait before it, in milliseconds |
//!
//! A [`delete`](Client::delete) whose repetition meets 404 is a success to its caller; its span tells of the 404. A call
//! that ends because an attempt could not begin has an event for that too: `rate_limited` in the pause after a 429, and
//! `timeout` where there was no room among the requests under way.

#[cfg(feature = "blocking")]
pub mod blocking;
mod bulk;
mod client;
mod concurrency;
mod error;
mod listing;
mod model;
pub mod operations;
mod response;
mod transport;

pub use bulk::{Bulk, BulkCall, BulkError, BulkStream};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Salvaged};
pub use listing::{KeyStream, PageStream};
pub use model::{
    BudgetScope, Created, CurrentKey, DataRegion, FreeModelDailyRequests, Key, KeyBudget, KeyHash,
    LimitReset, Page, RateLimit, Usage,
};
pub use response::Response;
pub use transport::{Clock, RetryPolicy};

/// Times are [`chrono::DateTime<Utc>`](chrono::DateTime).
pub use chrono;
/// The head of an answer, in the types that the whole field uses.
pub use http::{HeaderMap, StatusCode};
/// For [`ClientBuilder::http`] and [`ClientBuilder::proxy`], in the version that this crate uses.
pub use reqwest;
/// Secrets are [`SecretString`]; [`ExposeSecret`] is the one way to read them.
pub use secrecy::{ExposeSecret, SecretString};
