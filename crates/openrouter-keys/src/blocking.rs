//! The same six verbs for programs without an async runtime. Needs the feature `blocking`.
//!
//! A [`Client`] is made by [`Client::from_env`], or to measure by
//! [`ClientBuilder::build_blocking`](crate::ClientBuilder::build_blocking). Its verbs return the builders of
//! [`operations`](crate::operations), whose `send()` then returns when the call is over, and not a future.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let servers = tokio::runtime::Runtime::new()?;
//! # let emulator = servers.block_on(openrouter_keys_emulator::Emulator::start())?;
//! # let client = openrouter_keys::Client::builder()
//! #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build_blocking()?;
//! # let store = |_: &str| {};
//! use openrouter_keys::{ExposeSecret, LimitReset, blocking};
//!
//! // let client = blocking::Client::from_env()?;
//! let created = client
//!     .create("Customer 42")
//!     .limit(50) // USD
//!     .limit_reset(LimitReset::Monthly)
//!     .send()?;
//! store(created.secret.expose_secret());
//!
//! fn pause(client: &blocking::Client, hash: &str) -> Result<(), openrouter_keys::Error> {
//!     client.update(hash).disabled(true).send()?;
//!     Ok(())
//! }
//! pause(&client, created.key.hash.as_str())?;
//! client.delete(&created.key.hash).send()?;
//! # Ok(())
//! # }
//! ```
//!
//! All else is as in async mode: timeouts, retries, errors, and what is sent. In the place of a stream of all keys, the
//! builder of [`Client::list`] is what a `for` loop can go over: see [`KeyIter`]. Bulk runs are for async code alone
//! ([`crate::Client::bulk`]).
//!
//! A [`Clock`](crate::Clock), or a resolver given to [`http`](crate::ClientBuilder::http), must not make a call of the
//! client that it belongs to: it runs on the thread that the call would need.
//!
//! # In async code
//!
//! It does not panic there, neither a call nor the drop of the last client. But a call keeps its thread until it is
//! over, with every task that the thread would have run meanwhile: on a current-thread runtime, that is all of them.
//! Use [`crate::Client`] there, or make the call in `tokio::task::spawn_blocking`.

mod client;
mod keys;
mod mode;
mod runtime;

pub use client::Client;
pub use keys::KeyIter;
pub use mode::Blocking;
