//! A server that says what it is told to, and keys that are visibly not real.

mod answers;
mod by_hand;
mod canary;
mod clock;
mod emulator;
mod from_env;
mod hello;
#[cfg(feature = "http2")]
mod http2;
mod listener;
pub(crate) mod listing;
mod printed;
mod request;
mod scripted;
mod tls;
mod verb;

use openrouter_keys::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};

pub(crate) use answers::{created, current_key, deleted, error, key, one_key, page};
pub(crate) use by_hand::{ByHand, answer_all};
pub(crate) use canary::{PROXY_PASSWORD, UNUSUAL, assert_clean, find};
pub(crate) use clock::VirtualClock;
pub(crate) use emulator::{base_url_of, client_of, emulator};
pub(crate) use from_env::{print_from_env, run_from_env};
pub(crate) use hello::Hello;
#[cfg(feature = "http2")]
pub(crate) use http2::{Frames, Http2};
pub(crate) use printed::everything;
pub(crate) use request::Request;
pub(crate) use scripted::{Answer, Scripted, news_travels};
pub(crate) use tls::{Authority, Certificate, Tls};
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
    builder_at(server.base_url())
}

/// The same for a server of any kind.
pub(crate) fn builder_at(base_url: String) -> ClientBuilder {
    no_waits(Client::builder()).base_url(base_url)
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

/// What a server comes to that no call can succeed with: the errors of a create, a get, an update and a delete. The first
/// and the third have a body.
pub(crate) async fn errors_of(client: &Client) -> [Error; 4] {
    let create = Box::pin(client.create("a").send()).await.map(drop);
    let get = Box::pin(client.get(HASH).send()).await.map(drop);
    let update = Box::pin(client.update(HASH).unlimited().send()).await;
    let delete = Box::pin(client.delete(HASH).send()).await;
    [create, get, update.map(drop), delete].map(|result| result.expect_err("nothing can succeed"))
}

/// Nothing can have left: the call was repeated, and nothing was done.
#[track_caller]
pub(crate) fn assert_unsent(error: &Error) {
    let outcome = (error.kind(), error.attempts());
    assert_eq!(outcome, (ErrorKind::Connect, 3), "{error}");
    assert!(!error.maybe_applied() && error.is_retryable(), "{error}");
}
