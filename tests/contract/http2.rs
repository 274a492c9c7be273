//! HTTP/2, with the feature `http2`: the same promises, and nobody below the facade repeats a request.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::{Client, ClientBuilder, ErrorKind, ExposeSecret, RetryPolicy, reqwest};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{
    Authority, Frames, HASH, Http2, PLAINTEXT, Tls, VirtualClock, key, news_travels, no_waits,
};

fn created() -> Frames {
    Frames::json(201, &json!({"data": key(), "key": PLAINTEXT}))
}

fn one_key() -> Frames {
    Frames::json(200, &json!({"data": key()}))
}

/// A client that knows beforehand what the server speaks.
fn builder(server: &Http2) -> ClientBuilder {
    no_waits(Client::builder())
        .base_url(server.base_url())
        .http(reqwest::Client::builder().http2_prior_knowledge())
}

/// Over TLS it is agreed on without a word from the caller.
#[tokio::test]
async fn it_is_spoken_where_the_server_offers_it() {
    let authority = Authority::new();
    let tls = Tls {
        alpn: &["h2", "http/1.1"],
        ..Tls::default()
    };
    let script = [created(), one_key()];
    let server = Http2::start(Some(authority.server(tls)), script).await;
    let client = no_waits(Client::builder())
        .base_url(server.base_url())
        .http(authority.trusted())
        .build()
        .unwrap();
    let created = client.create("Customer 42").limit(50).send().await.unwrap();
    assert_eq!(created.secret.expose_secret(), PLAINTEXT);
    client.get(HASH).send().await.unwrap();
    let [create, get] = &server.bodies()[..] else {
        panic!("two requests were expected");
    };
    let create: Value = serde_json::from_slice(create).unwrap();
    assert_eq!(create, json!({"name": "Customer 42", "limit": 50.0}));
    assert!(get.is_empty());
}

/// Of some of these the server says that it did nothing. No create is sent again for its word alone.
#[tokio::test]
async fn a_create_that_the_server_gave_up_is_not_sent_again() {
    for answer in [
        Frames::default().reset(Frames::REFUSED_STREAM),
        Frames::default().reset(Frames::INTERNAL_ERROR),
        Frames::default().go_away_unseen(Frames::NO_ERROR),
        Frames::default()
            .go_away_after_this(Frames::NO_ERROR)
            .lost(),
        Frames::default().go_away_unseen(Frames::INTERNAL_ERROR),
        Frames::default().closed(),
        Frames::default().lost(),
        Frames::head(201).reset(Frames::INTERNAL_ERROR),
        Frames::head(201).data(r#"{"data":"#).lost(),
    ] {
        let server = Http2::start(None, [answer.clone(), created(), created()]).await;
        let client = builder(&server).build().unwrap();
        let error = client.create("a").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error} after {answer:?}");
        assert!(error.maybe_applied(), "{error} after {answer:?}");
        assert_eq!(
            (error.attempts(), server.bodies().len()),
            (1, 1),
            "{answer:?}"
        );
    }
}

/// The HTTP client repeats these by itself, unless it is told not to: for a request without a body it could.
#[tokio::test]
async fn one_attempt_is_one_request() {
    for answer in [
        Frames::default().reset(Frames::REFUSED_STREAM),
        Frames::default().go_away_unseen(Frames::NO_ERROR),
    ] {
        let server = Http2::start(None, vec![answer.clone(); 9]).await;
        let client = builder(&server).retry(RetryPolicy::none()).build().unwrap();
        let get = client.get(HASH).send().await.unwrap_err();
        assert_eq!(get.attempts(), 1);
        assert_eq!(server.bodies().len(), 1, "{answer:?}");
        let delete = client.delete(HASH).send().await.unwrap_err();
        assert!(delete.maybe_applied(), "{delete}");
        assert_eq!(server.bodies().len(), 2, "{answer:?}");
    }
}

/// What can be repeated is repeated by the facade, on another connection where this one is of no use.
#[tokio::test]
async fn what_can_be_repeated_is_repeated() {
    let script = [
        Frames::default().reset(Frames::REFUSED_STREAM),
        Frames::default().go_away_unseen(Frames::NO_ERROR),
        one_key(),
    ];
    let server = Http2::start(None, script).await;
    let client = builder(&server).build().unwrap();
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.bodies().len(), 3);
}

/// A stream that ends too early: what arrived before is not lost with it.
#[tokio::test]
async fn a_plaintext_that_arrived_is_salvaged() {
    let beginning = format!(r#"{{"key":"{PLAINTEXT}","data":{{"hash":"{HASH}","name":"#);
    let arrived = || Frames::head(201).data(&*beginning);
    for answer in [
        arrived().reset(Frames::NO_ERROR),
        arrived().reset(Frames::INTERNAL_ERROR),
        arrived().go_away_unseen(Frames::NO_ERROR),
        arrived().go_away_after_this(Frames::NO_ERROR).closed(),
        arrived().closed(),
        arrived().lost(),
    ] {
        let server = Http2::start(None, [answer.clone(), created()]).await;
        let client = builder(&server).build().unwrap();
        let error = client.create("a").send().await.unwrap_err();
        assert!(error.maybe_applied(), "{error}");
        assert_eq!(server.bodies().len(), 1);
        let salvaged = error
            .into_salvaged()
            .unwrap_or_else(|| panic!("lost after {answer:?}"));
        assert_eq!(salvaged.secret.expose_secret(), PLAINTEXT);
        assert_eq!(salvaged.hash.unwrap().as_str(), HASH);
    }
}

/// A server that takes no streams for a while: the HTTP client holds the request back, and goes on with it when the server
/// does. An attempt that was given up by then is not among those that arrive.
#[tokio::test]
async fn a_create_that_was_held_back_arrives_once() {
    let word = Arc::new(Notify::new());
    let key = json!({"data": key()});
    let pauses = Frames::default()
        .most_streams(0)
        .then_json(200, &key)
        .when(&word)
        .most_streams(100);
    let server = Http2::start(None, [pauses, created(), created()]).await;
    let clock = VirtualClock::new();
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    client.get(HASH).send().await.unwrap();

    let call = client.create("a").send_with_response();
    let create = tokio::spawn(call);
    news_travels().await;
    clock.advance(Duration::from_secs(20));
    news_travels().await;
    assert_eq!(clock.waits().len(), 1, "the first attempt was given up");
    word.notify_one();
    create.await.unwrap().unwrap();
    news_travels().await;
    let asked = server.bodies();
    assert_eq!(asked.len(), 2, "a get and one create: {asked:?}");

    // The caller gives up, and that is the end of it too.
    let word = Arc::new(Notify::new());
    let pauses = Frames::default()
        .most_streams(0)
        .then_json(200, &key)
        .when(&word)
        .most_streams(100);
    let server = Http2::start(None, [pauses, one_key()]).await;
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    client.get(HASH).send().await.unwrap();
    let create = tokio::spawn(client.create("a").send());
    news_travels().await;
    create.abort();
    news_travels().await;
    word.notify_one();
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.bodies(), [b"", b""], "two gets");
}
