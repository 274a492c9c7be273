//! What is logged at the level TRACE by this crate and by all that are beneath it.

use std::time::Duration;

use openrouter_keys::{Client, reqwest};

use crate::calls::{play, replies};
use crate::capture::{self, Captured};
use crate::errors;
use crate::support::{
    Answer, Authority, PROXY_PASSWORD, Scripted, TOKEN, Tls, assert_clean, builder, find, no_waits,
};
#[cfg(feature = "http2")]
use crate::support::{Frames, Http2};

/// The crates that log in this build. rustls does because the tests ask it to, and h2 does where there is HTTP/2.
///
/// hyper logs only where the compiler is given `--cfg hyper_unstable_tracing`, and nothing secret when that was tried;
/// tower, tower-http, hyper-rustls and mio, where somebody switches their features on; rustls-platform-verifier, where it
/// has loaded or refused certificates.
const LOGGING: [&str; 5] = ["h2", "hyper_util", "openrouter_keys", "reqwest", "rustls"];

/// One test for all of it, since a process has one logger.
#[test]
fn no_log_prints_a_secret() {
    let captured = capture::during(|| in_a_runtime(everything()));
    let said: Vec<_> = captured
        .crates
        .iter()
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(said, LOGGING, "the crates that logged anything");
    // That it is of the calls: what they connect to, keep for the next call, and came to.
    for line in [
        "reqwest::connect: starting new connection",
        "reqwest::connect: proxy(",
        "hyper_util::client::legacy::pool:",
        "rustls::client::hs:",
        "openrouter_keys: ",
    ] {
        assert!(captured.text.contains(line), "nobody logged `{line}`");
    }
    assert_clean("a log", &captured.text);

    // The capture would have seen a leak: by each of the two ways to log, and in what reqwest logs of a connection when
    // it is asked to, which is what `Client::builder().http(…)` switches off.
    let leaks = |captured: Captured| find(&captured.text).is_some();
    assert!(leaks(capture::during(|| log::trace!("{TOKEN}"))));
    assert!(leaks(capture::during(|| tracing::trace!(token = TOKEN))));
    assert!(leaks(capture::during(|| {
        tracing::trace_span!("span", token = TOKEN);
    })));
    let captured = capture::during(|| in_a_runtime(verbose()));
    assert!(captured.text.contains("reqwest::connect::verbose:"));
    assert!(leaks(captured));
}

/// To its end, and to that of all that it left behind.
fn in_a_runtime(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work);
}

/// All calls by all the ways there are to reach a server, and all that fails on the way.
async fn everything() {
    // A client of the caller's that asks to log what is sent and received.
    let verbose = || reqwest::Client::builder().connection_verbose(true);

    let server = scripted().await;
    play(&builder(&server).build().unwrap()).await;

    let server = scripted().await;
    play(&builder(&server).http(verbose()).build().unwrap()).await;

    let proxy = scripted().await;
    let address = proxy
        .base_url()
        .replace("http://", "")
        .replace("/api/v1", "");
    let with_password = format!("http://user:{PROXY_PASSWORD}@{address}");
    let client = no_waits(Client::builder())
        .base_url("http://127.0.0.1:1/api/v1")
        .http(verbose())
        .proxy(reqwest::Proxy::all(with_password).unwrap())
        .build()
        .unwrap();
    play(&client).await;
    let asked = proxy.requests();
    assert!(asked[0].header("proxy-authorization").is_some());

    let authority = Authority::new();
    let tls = authority.server(Tls::default());
    let server = Scripted::start_tls(tls, replies().into_iter().map(Answer::from)).await;
    let trusting = || builder(&server).http(authority.trusted().connection_verbose(true));
    play(&trusting().build().unwrap()).await;

    #[cfg(feature = "http2")]
    {
        let tls = Tls {
            alpn: &["h2"],
            ..Tls::default()
        };
        let frames = replies()
            .into_iter()
            .map(|reply| Frames::text(reply.status, &reply.body));
        let server = Http2::start(Some(authority.server(tls)), frames).await;
        let client = no_waits(Client::builder())
            .base_url(server.base_url())
            .http(authority.trusted().connection_verbose(true))
            .build()
            .unwrap();
        play(&client).await;
    }

    errors::of_connections().await;
}

async fn scripted() -> Scripted {
    Scripted::start(replies().into_iter().map(Answer::from)).await
}

/// A call as it would be without us.
async fn verbose() {
    let server = scripted().await;
    let client = reqwest::Client::builder()
        .connection_verbose(true)
        .no_proxy()
        .tls_certs_only([])
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let request = client.get(server.base_url()).bearer_auth(TOKEN);
    request.send().await.unwrap();
}
