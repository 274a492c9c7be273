//! What holds for every HTTP client below the facade, whoever brought it and whatever else is in the build.

use openrouter_keys::{ErrorKind, ExposeSecret, RetryPolicy, reqwest};
use serde_json::json;

use crate::support::{
    Answer, HASH, PLAINTEXT, Scripted, builder, client, created, error, key, one_key,
};

/// One attempt of the facade is one request, even if the HTTP client that was brought along would repeat it.
#[tokio::test]
async fn the_http_client_repeats_nothing() {
    let server = Scripted::start([error(500, "no"), one_key()]).await;
    let eager = reqwest::retry::for_host("127.0.0.1")
        .no_budget()
        .classify_fn(|answer| match answer.status() {
            Some(status) if status.is_success() => answer.success(),
            _ => answer.retryable(),
        });
    let http = reqwest::Client::builder().retry(eager);
    let client = builder(&server)
        .http(http)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.get(HASH).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 1));
    server.only_request();
}

/// A body that is compressed would be lost as a whole where the end of it is missing. So none is asked for, although
/// this build could read some; and what claims to be one is read as it came.
#[tokio::test]
async fn nothing_is_decompressed() {
    for encoding in ["gzip", "deflate"] {
        let headers = format!("content-encoding: {encoding}\r\n");
        let body = json!({"data": key(), "key": PLAINTEXT}).to_string();
        let answer = || Answer::with_headers(201, &headers, &body);
        let server = Scripted::start([answer(), answer(), created()]).await;
        let brought = reqwest::Client::builder().gzip(true).deflate(true);
        let brought = builder(&server).http(brought).build().unwrap();
        for client in [client(&server), brought] {
            let created = client.create("a").send().await.unwrap();
            assert_eq!(created.secret.expose_secret(), PLAINTEXT);
        }
        for request in server.requests() {
            assert_eq!(request.header("accept-encoding"), None);
        }
    }
}

/// Another crate in the build has HTTP/2 switched on, and the caller asks for it: what the facade was not asked for by
/// its own feature, it does not speak.
#[cfg(not(feature = "http2"))]
#[tokio::test]
async fn without_the_feature_it_is_http_1_1() {
    use crate::support::{Authority, Tls};

    let authority = Authority::new();
    let tls = Tls {
        alpn: &["h2", "http/1.1"],
        ..Tls::default()
    };
    let server = Scripted::start_tls(authority.server(tls), [one_key()]).await;
    let client = builder(&server).http(authority.trusted()).build().unwrap();
    client.get(HASH).send().await.unwrap();
    server.only_request();

    let server = Scripted::start([one_key()]).await;
    let http = reqwest::Client::builder().http2_prior_knowledge();
    let client = builder(&server).http(http).build().unwrap();
    client.get(HASH).send().await.unwrap();
    server.only_request();
}
