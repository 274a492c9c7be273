//! A stateful stand-in for OpenRouter's API-key management API.
//!
//! It speaks HTTP on loopback and keeps keys for as long as it runs, or in a
//! [file](EmulatorBuilder::state_file), so that code which creates, lists, updates and deletes keys
//! can be tested without an account, without the network and without money. It binds 127.0.0.1 and
//! nothing else, unless it is [told to](EmulatorBuilder::expose_to_network).
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
//! $ cargo install openrouter-keys-emulator --features ui
//! $ openrouter-keys-emulator --port 4010 --keys 250
//! listening on http://127.0.0.1:4010/api/v1
//! management key: sk-or-v1-…
//! ```
//!
//! # In a browser
//!
//! With the feature `ui`, which the program always has and the library has not by default, three
//! more paths answer, to `GET` and `HEAD` and without a credential:
//!
//! | path | answer |
//! |---|---|
//! | `/` | a page that says what there is and where |
//! | `/docs` | a page from which all six operations can be sent to this emulator (Swagger UI) |
//! | `/openapi.yaml` | the description of the API, in OpenAPI 3.1, with this emulator as its server |
//!
//! What the pages load is compiled in, and they forbid the browser to ask anybody else. Without the
//! feature all of these paths are answered with 404.
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
//! hash (404), the size of the body (413), its content or the query (400). Where a
//! [rate limit](EmulatorBuilder::rate_limit) is set, a key that asks too often gets 429 before any of
//! these. It never answers 5xx unless a [fault](#faults) says so, or its state file cannot be
//! written. What HTTP itself forbids gets an empty answer instead: 400 for what is no HTTP, 414 and
//! 431 for a line or headers of tens of kilobytes. `HEAD` is answered like `GET`, without a body.
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
//! # Scripting
//!
//! A test sets the stage, and looks at what came of it: in Rust by the methods of [`Emulator`], and
//! in any language over HTTP, next to the API and without a credential.
//!
//! | in Rust | over HTTP | what it does |
//! |---|---|---|
//! | [`seed`](Emulator::seed) | `POST /_emulator/keys` | adds keys that nobody created |
//! | [`spend`](Emulator::spend), [`spend_byok`](Emulator::spend_byok) | `POST /_emulator/keys/{hash}/spend` | spends money with a key |
//! | [`add_budget`](Emulator::add_budget) | `POST /_emulator/budgets` | sets what keys may spend together |
//! | | `GET /_emulator/budgets` | shows the budgets |
//! | [`clear_budgets`](Emulator::clear_budgets) | `DELETE /_emulator/budgets` | removes the budgets |
//! | [`now`](Emulator::now) | `GET /_emulator/clock` | tells the time |
//! | [`set_time`](Emulator::set_time), [`advance`](Emulator::advance), [`freeze_time`](Emulator::freeze_time), [`unfreeze_time`](Emulator::unfreeze_time) | `POST /_emulator/clock` | moves the clock, stops it, lets it go on |
//! | [`inject`](Emulator::inject) | `POST /_emulator/faults` | arms a fault |
//! | | `GET /_emulator/faults` | shows the armed faults |
//! | [`clear_faults`](Emulator::clear_faults) | `DELETE /_emulator/faults` | disarms all |
//! | | `GET /_emulator/rate_limit` | shows the rate limit |
//! | [`limit_rate`](Emulator::limit_rate) | `PUT /_emulator/rate_limit` | answers 429 to a key that asks too often |
//! | [`unlimit_rate`](Emulator::unlimit_rate) | `DELETE /_emulator/rate_limit` | removes the limit |
//! | [`requests`](Emulator::requests), [`request_log`](Emulator::request_log) | `GET /_emulator/requests` | counts the requests, and shows the latest thousand |
//! | [`clear_requests`](Emulator::clear_requests) | `DELETE /_emulator/requests` | forgets them |
//! | [`snapshot`](Emulator::snapshot) | `GET /_emulator/state` | takes down the state |
//! | [`restore`](Emulator::restore) | `PUT /_emulator/state` | goes back to a state |
//! | [`reset`](Emulator::reset) | `POST /_emulator/reset` | goes back to the start |
//!
//! What is shown, set or removed is answered with 200 and what there is then; what is added, with
//! 201. A body is a JSON object. A field that is unknown, stands there twice or cannot be is
//! refused with 400 and a message that names it, and nothing has changed then. A page of another
//! site, which a browser would let post to this machine, is turned away with 403.
//!
//! In Rust:
//!
//! ```
//! use std::time::Duration;
//! use openrouter_keys_emulator::{Emulator, Fleet, LimitReset};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start().await?;
//! emulator.set_time("2026-10-27T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>()?);
//! let hashes = emulator.seed(&Fleet::of(3).limit(10.0).limit_reset(LimitReset::Daily))?;
//! emulator.spend(&hashes[0], 12.5)?;
//! let overdrawn = emulator.snapshot();
//!
//! // The code under test finds the key that has spent too much, and pauses it. And the next day?
//! emulator.restore(overdrawn)?;
//! emulator.advance(Duration::from_secs(24 * 60 * 60));
//! # Ok(())
//! # }
//! ```
//!
//! Over HTTP, where `emulator=http://127.0.0.1:4010/_emulator`:
//!
//! ```text
//! $ curl -d '{"set": "2026-10-27T12:00:00Z"}' $emulator/clock
//! $ curl -d '{"count": 3, "name": "customer-", "limit": 10, "limit_reset": "daily"}' $emulator/keys
//! {"hashes":["1ab2399074c96870dec9acab96caebdfa19c2646276b56093ae71ed0d1c4110d", …]}
//! $ curl -d '{"usd": 12.5}' $emulator/keys/1ab2399074c96870dec9acab96caebdfa19c2646276b56093ae71ed0d1c4110d/spend
//! $ curl $emulator/state > overdrawn.json
//!
//! $ curl -T overdrawn.json $emulator/state
//! {"keys":3}
//! $ curl -d '{"advance_seconds": 86400}' $emulator/clock
//! ```
//!
//! ## `POST /_emulator/keys`
//!
//! Answers `{"hashes": ["…"]}`, in the order of creation. [`Fleet`] tells what the keys are like: those
//! without a `limit` of their own have spent some money before.
//!
//! | field | value |
//! |---|---|
//! | `count` | how many; required |
//! | `name` | what their names begin with; `"fleet-"` by default |
//! | `workspace_id` | a UUID; the default workspace by default |
//! | `limit` | in USD, or null for none; it differs by default |
//! | `limit_reset` | `"daily"`, `"weekly"`, `"monthly"`, or null for never; it differs by default |
//! | `disabled` | false by default |
//! | `expires_at` | a time in UTC, or null |
//! | `creator_user_id` | the member on whose behalf they were made |
//!
//! ## `POST /_emulator/keys/{hash}/spend`
//!
//! Answers `{"data": {…}}`, the key as the API shows it, or 404.
//!
//! ```text
//! $ curl -d '{"usd": 1.25, "byok_usd": 0.5}' $emulator/keys/1ab2399074c96870dec9acab96caebdfa19c2646276b56093ae71ed0d1c4110d/spend
//! ```
//!
//! | field | value |
//! |---|---|
//! | `usd` | so much of the service's credits |
//! | `byok_usd` | so much on the customer's own provider keys; one of the two is required |
//!
//! ## `POST /_emulator/budgets`
//!
//! Answers `{"budgets": […]}`, all of them as they are set, with a `budget_id`. [`Budget`] tells more.
//!
//! ```text
//! $ curl -d '{"scope": "workspace", "limit_usd": 100, "limit_reset": "monthly"}' $emulator/budgets
//! {"budgets":[{"budget_id":"budget-1","scope":"workspace","limit_usd":100,"limit_reset":"monthly","include_byok":false,"workspace_id":"00000000-0000-4000-8000-000000000001"}]}
//! ```
//!
//! | field | value |
//! |---|---|
//! | `scope` | `"workspace_default_member"`, `"workspace_default_key"`, `"member"`, `"api_key"` or `"workspace"`; required |
//! | `limit_usd` | in USD; required |
//! | `limit_reset` | `"daily"`, `"weekly"`, `"monthly"`, or null, the default |
//! | `include_byok` | whether spending on the customer's own provider keys counts; false by default |
//! | `workspace_id` | of a `workspace…`: a UUID; the default workspace by default |
//! | `user_id` | of a `member`; required |
//! | `hash` | of an `api_key`; required |
//!
//! ## `POST /_emulator/clock`
//!
//! Answers `{"now": "2026-10-27T12:00:00Z", "frozen": false}`. One field is required.
//!
//! ```text
//! $ curl -d '{"set": "2026-10-27T12:00:00Z", "frozen": true}' $emulator/clock
//! {"now":"2026-10-27T12:00:00Z","frozen":true}
//! $ curl -d '{"advance_seconds": 86400}' $emulator/clock
//! {"now":"2026-10-28T12:00:00Z","frozen":true}
//! ```
//!
//! | field | value |
//! |---|---|
//! | `set` | a time in UTC, between the years 1970 and 9998 |
//! | `advance_seconds` | how far to move on, instead of `set` |
//! | `frozen` | true stops the clock, and false lets it go on |
//!
//! ## `POST /_emulator/faults`
//!
//! Answers `{"faults": […]}`, those that are armed then, in the order in which they were armed: each
//! as it would be sent, with its defaults, and `struck`, the number of requests that it has struck.
//! One that has struck for the last time is gone.
//!
//! ```text
//! $ curl -d '{"fault": "status", "status": 503, "retry_after": 1, "route": "create", "count": 2}' $emulator/faults
//! {"faults":[{"fault":"status","status":503,"retry_after":1,"route":"create","count":2,"struck":0}]}
//! ```
//!
//! | field | of | value |
//! |---|---|---|
//! | `fault` | all | the name, as in the table [above](#faults); required |
//! | `route` | all | `"create"`, `"list"`, `"get"`, `"update"`, `"delete"`, `"current"` or `"any"`, the default |
//! | `count` | all | how many requests it strikes, 1 by default, or `"always"` |
//! | `delay_ms` | all | how late the answer is, from 1 ms to an hour; `delay` must have it |
//! | `status` | `status`, `html`, `commit_then_status` | from 400 to 599; an `html` can have 200 too, and has 502 by default |
//! | `retry_after` | `status`, `html`, `commit_then_status` | the seconds in a `Retry-After` header |
//! | `bytes` | `truncate_body` | how much of the body is sent; required |
//! | `over_ms` | `slow_body` | how long the body takes, from 1 ms to an hour; required |
//!
//! ## `PUT /_emulator/rate_limit`
//!
//! Answers `{"rate_limit": {…}}`, or null in its place where there is none.
//!
//! ```text
//! $ curl -X PUT -d '{"requests": 20, "per_ms": 1000}' $emulator/rate_limit
//! {"rate_limit":{"requests":20,"per_ms":1000}}
//! $ curl -X DELETE $emulator/rate_limit
//! {"rate_limit":null}
//! ```
//!
//! | field | value |
//! |---|---|
//! | `requests` | how many each key may send; required |
//! | `per_ms` | in which time, from 1 ms to an hour; required |
//!
//! ## `GET /_emulator/requests`
//!
//! Answers `{"counts": {"create": 1, …}, "forgotten": 0, "requests": […]}`: how many have come for
//! each operation, how many are no longer shown, and the others, the oldest first, with the fields
//! of [`LoggedRequest`]. After a listing, for example:
//!
//! ```text
//! $ curl $emulator/requests
//! {"counts":{"create":0,"current":0,"delete":0,"get":0,"list":1,"update":0},"forgotten":0,"requests":[
//!   {"number":1,"at":"2026-10-28T12:00:00Z","route":"list","method":"GET","path":"/api/v1/keys","query":"offset=100",
//!    "credential":"management","headers":{"accept":"*/*","user-agent":"curl/7.88.1"},"body":null,"fault":null,"status":200}]}
//! ```
//!
//! ## `PUT /_emulator/state`
//!
//! Takes what `GET` on the same path answers, and answers `{"keys": 3}`, how many keys there are
//! then.
//!
//! ## `POST /_emulator/reset`
//!
//! Takes nothing, and answers the same. The start is what the [builder](EmulatorBuilder) or the
//! program's options ask for, without what a state file held when the emulator started.
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
//! - An `offset` beyond the last key gives an empty page, however large it is.
//! - A `limit` below zero is refused with 400.
//! - A query parameter that the service knows and that is given twice is refused with 400.
//! - A name, query parameter or body field that the service does not know is ignored.
//! - Whatever presents a valid credential uses it, even if it is then refused with 403:
//!   `last_used_at` moves.
//! - A management key belongs to no workspace and has no budget, and no key is on the free tier.
//! - Money is spent only by [scripting](#scripting), and whatever a key's limit is.
//! - Budgets are enforced in the order in which the documents list their scopes, the limit of the key
//!   itself last.
//! - There is no rate limit unless one is [set](EmulatorBuilder::rate_limit). It holds for each key,
//!   on `GET /key` too, and is counted in windows that begin with a request. `X-RateLimit-Reset` is in
//!   milliseconds since 1970.
//! - Beside an `error` there is no `user_id` and no `openrouter_metadata`, in it no `metadata`, and
//!   conflicts (409) occur only as faults.
//!
//! # Seeded keys
//!
//! [`EmulatorBuilder::keys`] and `--keys` make keys named `fleet-00001`, `fleet-00002` and so on,
//! the same ones in every run. Their plaintexts are no secret: `sk-or-v1-` followed by the
//! lowercase hexadecimal SHA-256 of the name. They were created one second apart at the beginning
//! of 2025, and all that they ever spent, they spent then. Later fleets are created when they are
//! seeded.

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
mod json;
mod key;
mod lock;
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
#[cfg(feature = "ui")]
mod ui;
mod usage;
mod usd;
mod validate;
mod views;
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
