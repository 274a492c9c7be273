//! A server that says what it is told to, and keys that are visibly not real.

mod answers;
mod canary;
mod clock;
mod from_env;
pub(crate) mod listing;
mod printed;
mod request;
mod scripted;
mod verb;

use openrouter_keys::{Client, ClientBuilder, RetryPolicy};

pub(crate) use answers::{created, current_key, deleted, error, key, one_key, page};
pub(crate) use canary::{PROXY_PASSWORD, UNUSUAL, assert_clean, find};
pub(crate) use clock::VirtualClock;
pub(crate) use from_env::{get_from_env, print_from_env};
pub(crate) use printed::everything;
pub(crate) use request::Request;
pub(crate) use scripted::{Answer, Scripted};
pub(crate) use verb::Verb;

/// The management key of every test. It must be printed nowhere.
pub(crate) const TOKEN: &str = "sk-or-v1-canary-management-not-a-real-key";

/// The plaintext that scripted creates answer with. It must be printed nowhere.
pub(crate) const PLAINTEXT: &str = "sk-or-v1-canary-plaintext-not-a-real-key";

/// The key that a partner chose. It must be printed nowhere, not even as JSON writes it.
pub(crate) const PARTNER_KEY: &str = "canary \"partner\" key, not a real one";

/// A hash that is visibly one of a test.
pub(crate) const HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

/// A client of `server` that waits no time between attempts.
pub(crate) fn client(server: &Scripted) -> Client {
    builder(server)
        .build()
        .expect("the settings of a test make sense")
}

pub(crate) fn builder(server: &Scripted) -> ClientBuilder {
    no_waits(Client::builder()).base_url(server.base_url())
}

/// A client with the key of the tests that waits no time between attempts.
pub(crate) fn no_waits(builder: ClientBuilder) -> ClientBuilder {
    let at_once = std::time::Duration::ZERO;
    builder.management_key(TOKEN).retry(
        RetryPolicy::default()
            .min_backoff(at_once)
            .max_backoff(at_once),
    )
}
