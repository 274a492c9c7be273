//! A stateful, in-memory stand-in for OpenRouter's API-key management API.
//!
//! It speaks HTTP on loopback and keeps keys for as long as it runs, so that code which creates,
//! lists, updates and deletes keys can be tested without an account, without the network and
//! without money. It only ever binds 127.0.0.1.
//!
//! # In a test
//!
//! ```
//! use openrouter_keys_emulator::Emulator;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! // Two hundred and fifty keys exist already: three pages of a listing.
//! let emulator = Emulator::builder().keys(250).start().await?;
//!
//! // Point the client under test here, with this management key.
//! assert!(emulator.base_url().starts_with("http://127.0.0.1:"));
//! assert!(emulator.management_key().starts_with("sk-or-v1-"));
//!
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # As a program
//!
//! ```text
//! $ openrouter-keys-emulator --port 4010 --keys 250
//! listening on http://127.0.0.1:4010/api/v1
//! management key: sk-or-v1-…
//! ```
//!
//! # What it answers
//!
//! | method and path | answer |
//! |---|---|
//! | `GET /api/v1/keys` | 200, the newest 100 keys that match, after `offset` of them |
//! | `POST /api/v1/keys` | 201, the key and, this once, its plaintext |
//! | `GET /api/v1/keys/{hash}` | 200, the key |
//! | `PATCH /api/v1/keys/{hash}` | 200, the changed key |
//! | `DELETE /api/v1/keys/{hash}` | 200, `{"deleted": true}` |
//! | `GET /api/v1/key` | 200, the key that asks |
//!
//! Every failure is `{"error": {"code": 404, "message": "…"}}` with the code of its status, found
//! in this order: the path (404), the method (405), the credential (401), its rights (403), the
//! hash (404), the size of the body (413), its content or the query (400). It never answers 5xx
//! unless a [fault](#faults) says so. What HTTP itself forbids gets an empty answer instead: 400 for
//! what is no HTTP, 414 and 431 for a line or headers of tens of kilobytes. `HEAD` is answered like
//! `GET`, without a body.
//!
//! # Faults
//!
//! A [`Fault`] makes something go wrong with the next request, or with the next few, for one of the
//! six operations or for any. Those that are armed form a queue: a request is struck by the first
//! one that is on its [`Route`], and by no other. Which one that is, is settled when the head of the
//! request has arrived.
//!
//! ```
//! use openrouter_keys_emulator::{Emulator, Fault, Route};
//!
//! # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let emulator = Emulator::start().await?;
//! emulator.inject(Fault::commit_then_reset().on(Route::Create));
//!
//! // The code under test creates a key here, and is told nothing but that the connection is gone.
//! # let mut stream = tokio::net::TcpStream::connect(emulator.local_addr()).await?;
//! # let head = "POST /api/v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
//! # stream.write_all(head.as_bytes()).await?;
//! # assert!(stream.read(&mut [0]).await.is_err());
//!
//! // Has it tried again, and made a second key?
//! assert_eq!(emulator.requests(Route::Create), 1);
//! # Ok(())
//! # }
//! ```
//!
//! | fault | carried out | what the caller sees |
//! |---|---|---|
//! | [`status`](Fault::status) | no | that status, with the API's error body |
//! | [`html`](Fault::html) | no | a gateway's page in place of JSON |
//! | [`delay`](Fault::delay) | yes | the answer, later |
//! | [`reset_before_response`](Fault::reset_before_response) | no | a reset, no byte of an answer |
//! | [`commit_then_reset`](Fault::commit_then_reset) | yes | a reset, no byte of the answer |
//! | [`commit_then_status`](Fault::commit_then_status) | yes | that status, with the API's error body |
//! | [`truncate_body`](Fault::truncate_body) | yes | the head, a part of the body, and the connection's end |
//! | [`slow_body`](Fault::slow_body) | yes | the body in small pieces, with pauses |
//!
//! What is not carried out is not looked at either: such a fault strikes before the credential is
//! judged, as a gateway that fails would. What is carried out takes the ordinary way, so that a 401
//! can be what is late, cut off or lost.
//!
//! ## Over HTTP
//!
//! Next to the API, and without a credential, since nothing but a program on the same machine can
//! come here:
//!
//! | method and path | answer |
//! |---|---|
//! | `POST /_emulator/faults` | 201; arms the fault in the body |
//! | `GET /_emulator/faults` | 200 |
//! | `DELETE /_emulator/faults` | 200; disarms all |
//! | `GET /_emulator/requests` | 200, `{"create": 1, …}`: what [`Emulator::requests`] counts, by route |
//!
//! The first three answer `{"faults": […]}`, those that are armed then, in the order in which they
//! were armed: each as it would be sent, with its defaults, and `struck`, the number of requests
//! that it has struck. One that has struck for the last time is gone. A fault is a JSON object:
//!
//! | field | of | value |
//! |---|---|---|
//! | `fault` | all | the name, as in the table above |
//! | `route` | all | `"create"`, `"list"`, `"get"`, `"update"`, `"delete"`, `"current"` or `"any"`, the default |
//! | `count` | all | how many requests it strikes, 1 by default, or `"always"` |
//! | `delay_ms` | all | how late the answer is, from 1 ms to an hour; `delay` must have it |
//! | `status` | `status`, `html`, `commit_then_status` | from 400 to 599; an `html` can have 200 too, and has 502 by default |
//! | `retry_after` | `status`, `html`, `commit_then_status` | the seconds in a `Retry-After` header |
//! | `bytes` | `truncate_body` | how much of the body is sent; required |
//! | `over_ms` | `slow_body` | how long the body takes, from 1 ms to an hour; required |
//!
//! A field that is unknown, stands there twice or is no good for the fault is refused with 400 and
//! a message that names it, and nothing is armed.
//!
//! # What it assumes
//!
//! Where the service's documents are silent, the emulator does the following.
//!
//! - A key's hash is the lowercase hexadecimal SHA-256 of its plaintext. Do not rely on that: the
//!   service's own examples do not hold to it.
//! - An ordinary key gets 403 on everything but `GET /key`, and 401 everywhere while it is disabled and
//!   once it has expired.
//! - Any UUID is a workspace that exists. The default one is [`DEFAULT_WORKSPACE_ID`].
//! - `updated_at` moves only when an update changes something, so `{}` and a move to the same
//!   workspace leave it alone.
//! - An `expires_at` in the past is accepted and makes a key that has expired already.
//! - A key of a partner (`external.api_key`) signs in as the key it was given for, next to the
//!   generated plaintext that the answer carries as always. One that is in use already is
//!   refused with 400.
//! - An `offset` beyond the last key gives an empty page, up to 2⁶⁴ − 1; a larger one is refused.
//! - A query parameter that the service knows and that is given twice is refused with 400.
//! - A name, query parameter or body field that the service does not know is ignored.
//! - Whatever presents a valid credential uses it, even if it is then refused with 403:
//!   `last_used_at` moves.
//! - A management key belongs to no workspace and has no budget, and no key is on the free tier.
//! - Spending and the `metadata` of an error never occur, and rate limits (429) and conflicts (409)
//!   only as faults.
//!
//! # Seeded keys
//!
//! [`EmulatorBuilder::keys`] and `--keys` make keys named `fleet-00001`, `fleet-00002` and so on,
//! the same ones in every run. Their plaintexts are no secret: `sk-or-v1-` followed by the
//! lowercase hexadecimal SHA-256 of the name. They were created one second apart at the beginning
//! of 2025, and all that they ever spent, they spent then.

mod answer;
mod auth;
mod budget;
mod clock;
mod connection;
mod control;
mod credential;
mod faults;
mod fleet;
mod front;
mod key;
mod log;
mod payload;
mod query;
mod rate_limit;
mod routes;
mod saver;
mod script;
mod server;
mod snapshot;
mod state;
mod state_file;
mod usage;
mod usd;
mod validate;
mod wire;
mod workspace;

pub use budget::Budget;
pub use faults::Fault;
pub use fleet::Fleet;
pub use log::{Credential, LoggedRequest};
pub use routes::Route;
pub use server::{Emulator, EmulatorBuilder};
pub use snapshot::Snapshot;
pub use usage::LimitReset;
pub use workspace::DEFAULT_WORKSPACE_ID;
