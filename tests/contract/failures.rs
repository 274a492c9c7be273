//! What happens when the answer is not what it should be: no second create, no lost plaintext, nothing followed.

use std::time::Duration;

use openrouter_keys::{Client, Error, ErrorKind, ExposeSecret, KeyHash, RetryPolicy};
use serde_json::json;

use crate::support::{
    Answer, HASH, PLAINTEXT, Scripted, assert_unsent, builder, client, created, deleted, error,
    key, no_waits, one_key, page,
};

const HTML: &str = "<html><body>Please log in to the network</body></html>";

fn cut_after(count: usize) -> Answer {
    let body = json!({"data": key(), "key": PLAINTEXT}).to_string();
    let head = format!("HTTP/1.1 201 X\r\ncontent-length: {}\r\n\r\n", body.len());
    Answer::raw(format!("{head}{}", &body[..count])).then_close()
}

/// A create against a server that has `answer` and then would make the key.
async fn create(answer: Answer) -> (Result<openrouter_keys::Created, Error>, usize) {
    let server = Scripted::start([answer, created(), created()]).await;
    let result = client(&server).create("Customer 42").send().await;
    (result, server.requests().len())
}

#[tokio::test]
async fn a_create_that_may_have_been_applied_is_never_sent_again() {
    use ErrorKind::{Connect, Decode, Other, Redirect, Server, Timeout};
    for (kind, answer) in [
        (Connect, Answer::nothing()),
        (Connect, Answer::raw("").then_reset()),
        (Connect, Answer::raw("HTTP/1.1 20").then_close()),
        (Connect, cut_after(0)),
        (Connect, cut_after(100)),
        (Timeout, error(408, "too slow")),
        (Server, error(500, "failed after the commit")),
        (Server, Answer::text(502, "text/html", HTML)),
        (Server, Answer::with_headers(503, "retry-after: 0\r\n", "")),
        (Server, Answer::text(524, "text/html", "")),
        (
            Redirect,
            Answer::with_headers(307, "location: /api/v1/keys\r\n", ""),
        ),
        (Decode, Answer::text(200, "text/html", HTML)),
        (Decode, Answer::json(201, &json!({}))),
        (Decode, Answer::json(201, &json!({"data": key()}))),
        (Decode, Answer::text(201, "application/json", "")),
        (Decode, Answer::with_headers(204, "", "")),
        (
            Decode,
            Answer::json(201, &json!({"data": key(), "key": ""})),
        ),
        (
            Decode,
            Answer::raw("HTTP/1.1 201 X\r\ncontent-length: x\r\n\r\n"),
        ),
        (Other, Answer::with_headers(499, "", "")),
        (Other, Answer::with_headers(600, "", "")),
    ] {
        let (result, requests) = create(answer.clone()).await;
        let error = result.expect_err("no key arrived");
        assert_eq!(requests, 1, "sent again after {answer:?}");
        assert_eq!(error.kind(), kind, "{error} after {answer:?}");
        assert!(error.maybe_applied(), "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(error.attempts(), 1);
        let says = match error.hash() {
            None => "the key may exist",
            Some(_) => "the key was made and its plaintext is lost",
        };
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.into_salvaged().is_none());
    }
}

#[tokio::test]
async fn a_create_that_the_server_refused_was_not_applied() {
    use ErrorKind::{BadRequest, Conflict, Forbidden, NotFound, Other, Unauthorized};
    for (kind, status) in [
        (BadRequest, 400),
        (Unauthorized, 401),
        (Other, 402),
        (Forbidden, 403),
        (NotFound, 404),
        (Conflict, 409),
        (BadRequest, 413),
        (BadRequest, 422),
    ] {
        let (result, requests) = create(error(status, "no")).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), requests), (kind, 1), "{error}");
        assert!(!error.maybe_applied() && !error.is_retryable(), "{error}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(
            (error.code(), error.message()),
            (Some(i64::from(status)), Some("no"))
        );
    }
}

/// 429 proves that nothing was done, so even a create waits and tries again.
#[tokio::test]
async fn a_create_that_was_limited_is_sent_again() {
    let limited = Answer::with_headers(429, "retry-after: 0\r\n", "");
    let (result, requests) = create(limited).await;
    assert_eq!((result.unwrap().key.hash.as_str(), requests), (HASH, 2));

    let endless = Scripted::start(vec![error(429, "slow down"); 5]).await;
    let error = client(&endless).create("a").send().await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable() && !error.maybe_applied());
    assert_eq!((error.attempts(), endless.requests().len()), (3, 3));
}

#[tokio::test]
async fn a_request_that_cannot_have_left_is_tried_again_and_was_not_applied() {
    // Bound and not listening: connections are refused, and nobody else gets the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base_url = format!("http://{}/api/v1", socket.local_addr().unwrap());
    let client = no_waits(Client::builder())
        .base_url(base_url)
        .build()
        .unwrap();
    for error in [
        client.create("a").send().await.map(drop).unwrap_err(),
        client
            .update(HASH)
            .unlimited()
            .send()
            .await
            .map(drop)
            .unwrap_err(),
        // These have no body by which to tell.
        client.delete(HASH).send().await.unwrap_err(),
        client.get(HASH).send().await.map(drop).unwrap_err(),
    ] {
        assert_unsent(&error);
        assert!(
            error
                .to_string()
                .contains("could not connect to 127.0.0.1:"),
            "{error}"
        );
        let mut next: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = next {
            assert!(!error.to_string().contains("/api/v1"), "a URL in {error}");
            next = error.source();
        }
    }
}

/// A TLS handshake that does not come about: no request left, and no panic for want of a crypto provider.
#[tokio::test]
async fn a_handshake_that_fails_is_an_error_and_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}/api/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for _ in 0..3 {
            drop(listener.accept().await.unwrap());
        }
    });
    // The system's certificates are of no use here, and some systems have none.
    let http = openrouter_keys::reqwest::Client::builder().tls_certs_only([]);
    let client = no_waits(Client::builder())
        .base_url(base_url)
        .http(http)
        .build()
        .unwrap();
    let error = client.create("a").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(!error.maybe_applied() && error.is_retryable(), "{error}");
    assert_eq!(error.attempts(), 3);
    server.await.unwrap();
}

#[tokio::test]
async fn what_can_be_repeated_is_repeated() {
    for trouble in [
        Answer::nothing(),
        Answer::raw("").then_reset(),
        error(500, "no"),
        Answer::with_headers(503, "retry-after: 0\r\n", HTML),
        error(408, "no"),
        error(429, "no"),
        Answer::raw("HTTP/1.1 200 X\r\ncontent-length: 5000\r\n\r\n{\"data\":").then_close(),
    ] {
        let script = |answer: Answer| [trouble.clone(), trouble.clone(), answer];
        let server = Scripted::start(script(one_key())).await;
        client(&server).get(HASH).send().await.unwrap();
        assert_eq!(server.requests().len(), 3, "{trouble:?}");

        let server = Scripted::start(script(page())).await;
        client(&server).list().send().await.unwrap();
        let server = Scripted::start(script(one_key())).await;
        client(&server)
            .update(HASH)
            .unlimited()
            .send()
            .await
            .unwrap();
        let [first, .., last] = &server.requests()[..] else {
            panic!("three requests were expected");
        };
        assert_eq!(
            first.render(),
            last.render(),
            "a repeated request is the same request"
        );
        let server = Scripted::start(script(deleted())).await;
        client(&server).delete(HASH).send().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_repeated_too_often_is_an_error_that_says_so() {
    let server = Scripted::start(vec![error(500, "broken"); 9]).await;
    let client = client(&server);
    let error = client.update(HASH).unlimited().send().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "update key: 500 Internal Server Error: broken (3 attempts; the server may have done it)"
    );
    assert!(error.maybe_applied() && error.is_retryable());
    let error = client
        .get(HASH)
        .retry(RetryPolicy::none())
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "get key: 500 Internal Server Error: broken"
    );
    assert_eq!((error.attempts(), error.maybe_applied()), (1, false));
    assert_eq!(server.requests().len(), 4);
}

/// The attempt before may have removed it: what is gone is gone.
#[tokio::test]
async fn a_repeated_delete_that_finds_nothing_is_a_success() {
    let server = Scripted::start([Answer::nothing(), error(404, "Resource not found")]).await;
    client(&server).delete(HASH).send().await.unwrap();
    let server = Scripted::start([error(404, "Resource not found")]).await;
    assert!(
        client(&server)
            .delete(HASH)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
    // 429 says that nothing was done.
    let server = Scripted::start([error(429, "wait"), error(404, "Resource not found")]).await;
    assert!(
        client(&server)
            .delete(HASH)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn a_delete_that_did_not_delete_is_an_error() {
    let server = Scripted::start([Answer::json(200, &json!({"deleted": false}))]).await;
    let error = client(&server).delete(HASH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("not deleted"), "{error}");
    assert!(!error.maybe_applied());
}

/// A longer wait than a minute is the caller's to decide.
#[tokio::test]
async fn a_long_wait_is_reported_and_not_waited_for() {
    for (header, seconds) in [
        ("61", 61),
        ("3600", 3600),
        ("99999999999999999999", u64::MAX),
    ] {
        let answer = Answer::with_headers(429, &format!("retry-after: {header}\r\n"), "");
        let server = Scripted::start([answer, one_key()]).await;
        let error = client(&server).get(HASH).send().await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(seconds)),
            "{error}"
        );
        assert_eq!(server.requests().len(), 1);
    }
    // Nor one that the call has no time for.
    let answer = Answer::with_headers(429, "retry-after: 30\r\n", "");
    let server = Scripted::start([answer, one_key()]).await;
    let error = client(&server)
        .get(HASH)
        .timeout(Duration::from_secs(20))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.retry_after(),
        Some(Duration::from_secs(30)),
        "{error}"
    );
}

/// Real time, by the clock that everybody has: the silence is for ever and the limits are short; not so short that a busy
/// machine could miss one.
const SHORT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn silence_ends_at_the_timeout_of_the_attempt() {
    let half = Answer::raw("HTTP/1.1 200 X\r\ncontent-length: 50\r\n\r\n{").then_stall();
    let server = Scripted::start([Answer::raw("").then_stall(), half, one_key()]).await;
    let client = builder(&server).attempt_timeout(SHORT).build().unwrap();
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_create_that_meets_silence_may_have_been_applied() {
    let server = Scripted::start([Answer::raw("").then_stall(), created()]).await;
    let client = builder(&server).attempt_timeout(SHORT).build().unwrap();
    let error = client.create("a").send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_applied()),
        (ErrorKind::Timeout, true),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

/// The timeout of a call bounds all of its attempts together, the first one included.
#[tokio::test]
async fn a_call_ends_at_its_own_timeout() {
    let server = Scripted::start([Answer::raw("").then_stall(), one_key()]).await;
    let call = client(&server).get(HASH).timeout(SHORT).send();
    // An attempt may take 20 seconds.
    let error = tokio::time::timeout(Duration::from_secs(15), call)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, 1),
        "{error}"
    );
}

/// The handshake hangs, so the request cannot have left, whatever the timeout is that ends the wait.
#[tokio::test]
async fn a_handshake_that_hangs_is_no_doubt() {
    let server = Scripted::start([]).await;
    let http = openrouter_keys::reqwest::Client::builder().tls_certs_only([]);
    let client = builder(&server)
        .base_url(server.base_url().replace("http:", "https:"))
        .http(http)
        .attempt_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = client.create("a").send().await.unwrap_err();
    assert_unsent(&error);
    assert!(server.requests().is_empty());
}

/// Settings that mean "for ever" overflow nothing.
#[tokio::test]
async fn times_without_end() {
    let server = Scripted::start([error(500, "no"), one_key()]).await;
    let client = builder(&server)
        .connect_timeout(Duration::MAX)
        .attempt_timeout(Duration::MAX)
        .timeout(Duration::MAX)
        .build()
        .unwrap();
    // A further attempt would have to have for ever left.
    let error = client
        .get(HASH)
        .timeout(Duration::MAX)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Server, 1),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Scripted::start([one_key()]).await;
        let location = format!("location: {}/keys/{HASH}\r\n", elsewhere.base_url());
        let server = Scripted::start([Answer::with_headers(status, &location, "")]).await;
        let error = client(&server).get(HASH).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Redirect, "{error}");
        assert_eq!(server.requests().len(), 1);
        assert!(elsewhere.requests().is_empty(), "the token went elsewhere");
    }
}

/// The HTTP client that a user brings may follow redirects; ours may not, whoever brought it.
#[tokio::test]
async fn a_client_that_was_brought_along_is_hardened_too() {
    let elsewhere = Scripted::start([one_key()]).await;
    let location = format!("location: {}/keys/{HASH}\r\n", elsewhere.base_url());
    let server = Scripted::start([Answer::with_headers(302, &location, ""), one_key()]).await;
    let http = openrouter_keys::reqwest::Client::builder()
        .redirect(openrouter_keys::reqwest::redirect::Policy::limited(5))
        .proxy(openrouter_keys::reqwest::Proxy::all(elsewhere.base_url()).unwrap())
        .user_agent("brought/1");
    let client = builder(&server).http(http).build().unwrap();
    let error = client.get(HASH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect, "{error}");
    client.get(HASH).send().await.unwrap();
    assert!(elsewhere.requests().is_empty());
    let agent = server.requests()[1]
        .header("user-agent")
        .unwrap()
        .to_owned();
    assert!(agent.starts_with("openrouter-keys/"), "{agent}");
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_asked_for() {
    let proxy = Scripted::start([one_key()]).await;
    let server = Scripted::start([]).await;
    let address = proxy.base_url().replace("/api/v1", "");
    let http = openrouter_keys::reqwest::Proxy::http(address).unwrap();
    let client = builder(&server).proxy(http).build().unwrap();
    client.get(HASH).send().await.unwrap();
    assert!(server.requests().is_empty());
    let request = proxy.only_request();
    assert_eq!(request.target, format!("{}/keys/{HASH}", server.base_url()));
}

#[tokio::test]
async fn a_plaintext_that_arrived_is_returned_whatever_the_rest_is_like() {
    let good = json!({"data": key(), "key": PLAINTEXT}).to_string();
    let mut odd_hash = key();
    odd_hash["hash"] = json!("sk-or-v1-odd/../hash");
    for (what, answer) in [
        (
            "as documented",
            Answer::text(201, "application/json", &good),
        ),
        ("200", Answer::text(200, "application/json", &good)),
        ("no content type", Answer::with_headers(201, "", &good)),
        (
            "another content type",
            Answer::text(201, "text/plain", &good),
        ),
        (
            "trailing junk",
            Answer::text(201, "application/json", &format!("{good}<!-- x -->")),
        ),
        (
            "a byte order mark",
            Answer::text(201, "application/json", &format!("\u{feff}{good}")),
        ),
        ("the last brace cut off", cut_after(good.len() - 1)),
        (
            "more fields",
            Answer::json(
                201,
                &json!({"data": key(), "key": PLAINTEXT, "x": {"key": "y"}}),
            ),
        ),
        (
            "an odd hash",
            Answer::json(201, &json!({"data": odd_hash, "key": PLAINTEXT})),
        ),
    ] {
        let (result, requests) = create(answer).await;
        let created = result.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(created.secret.expose_secret(), PLAINTEXT, "{what}");
        assert_eq!(requests, 1, "{what}");
    }
}

#[tokio::test]
async fn a_plaintext_that_arrived_is_salvaged_where_the_key_did_not() {
    let without = |field: &str| {
        let mut data = key();
        data.as_object_mut().unwrap().remove(field);
        data
    };
    let with = |field: &str, value: serde_json::Value| {
        let mut data = key();
        data[field] = value;
        data
    };
    let first = format!(r#"{{"key":"{PLAINTEXT}","data":{}"#, key());
    let half = first.len() - 20;
    let head = "HTTP/1.1 201 X\r\ncontent-length: 9999\r\n\r\n";
    let endless = format!(
        "HTTP/1.1 201 X\r\ncontent-length: 99999999\r\n\r\n{}{}",
        first,
        " ".repeat(2 << 20)
    );
    let body = |data| Answer::json(201, &json!({"data": data, "key": PLAINTEXT}));
    for (what, hash, answer) in [
        ("no limit", Some(HASH), body(without("limit"))),
        (
            "a limit of text",
            Some(HASH),
            body(with("limit", json!("50"))),
        ),
        (
            "an odd time",
            Some(HASH),
            body(with("created_at", json!("yesterday"))),
        ),
        ("no hash", None, body(without("hash"))),
        ("a hash of digits", None, body(with("hash", json!(7)))),
        (
            "no data",
            None,
            Answer::json(201, &json!({"key": PLAINTEXT})),
        ),
        (
            "data null",
            None,
            Answer::json(201, &json!({"key": PLAINTEXT, "data": null})),
        ),
        (
            "cut in the data",
            Some(HASH),
            Answer::raw(format!("{head}{}", &first[..half])).then_close(),
        ),
        (
            "reset in the data",
            Some(HASH),
            Answer::raw(format!("{head}{}", &first[..half])).then_close(),
        ),
        (
            "a failure that made it",
            None,
            Answer::json(500, &json!({"key": PLAINTEXT})),
        ),
        (
            "nested too deep",
            None,
            Answer::text(
                201,
                "",
                &format!(
                    r#"{{"a":{}{},"key":"{PLAINTEXT}","data":{{}}}}"#,
                    "[".repeat(5000),
                    "]".repeat(5000),
                ),
            ),
        ),
    ] {
        let (result, requests) = create(answer).await;
        let error = result.expect_err(what);
        assert!(error.maybe_applied() && requests == 1, "{what}: {error}");
        assert!(
            error.to_string().contains("its plaintext is in this error"),
            "{what}: {error}"
        );
        let salvaged = error.into_salvaged().expect(what);
        assert_eq!(salvaged.secret.expose_secret(), PLAINTEXT, "{what}");
        assert_eq!(salvaged.hash.as_ref().map(KeyHash::as_str), hash, "{what}");
    }

    // More than anybody reads: cut at the cap, and the key was whole before it.
    let (result, _) = create(Answer::raw(endless).then_stall()).await;
    let created = result.expect("key and data arrived before the cap");
    assert_eq!(created.secret.expose_secret(), PLAINTEXT);
}

#[tokio::test]
async fn an_answer_that_is_not_the_api_is_an_error_and_is_not_repeated() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_data = format!("{{\"data\":{{\"x\":{}", "[".repeat(100_000));
    let mut unlimited = key();
    unlimited.as_object_mut().unwrap().remove("limit");
    for (body, says) in [
        (HTML, "is not JSON"),
        ("", "is empty"),
        (r#"{"data":"#, "is not whole"),
        (r#"{"data":[]}"#, "is not what the API documents"),
        (
            &json!({"data": unlimited}).to_string(),
            "is not what the API documents",
        ),
        (&deep, "is not what the API documents"),
        (&deep_data, "is not whole"),
    ] {
        let server = Scripted::start([Answer::text(200, "text/html", body), one_key()]).await;
        let error = client(&server).get(HASH).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((server.requests().len(), error.maybe_applied()), (1, false));
    }
}

/// The read stops at the cap; it does not collect first and measure afterwards. No room is made for what no
/// memory has.
#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let flood = format!(
        "HTTP/1.1 200 X\r\ncontent-length: 9999999999999999999\r\n\r\n{}",
        " ".repeat(2 << 20)
    );
    let server = Scripted::start([Answer::raw(flood).then_stall()]).await;
    let client = client(&server);
    let call = client
        .get(HASH)
        .retry(RetryPolicy::none())
        .timeout(Duration::from_secs(30));
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyTooLarge, "{error}");
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
}

#[tokio::test]
async fn a_gateways_page_is_kept_apart_from_the_message() {
    let server = Scripted::start([Answer::text(403, "text/html", HTML)]).await;
    let error = client(&server).get(HASH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!((error.message(), error.body_text()), (None, Some(HTML)));
    assert_eq!(error.to_string(), "get key: 403 Forbidden");
    assert_eq!(error.headers()["content-type"], "text/html");
}

/// A line of a log is one line, whatever the server says.
#[tokio::test]
async fn a_message_cannot_write_log_lines_of_its_own() {
    let message = format!(
        "no\n2026-01-01 ERROR forged\u{1b}[2J\u{2028}\u{202e}{}",
        "x".repeat(5000)
    );
    let server = Scripted::start([error(400, &message)]).await;
    let error = client(&server).get(HASH).send().await.unwrap_err();
    let line = error.to_string();
    assert!(
        !line.contains(['\n', '\u{1b}', '\u{2028}', '\u{202e}']) && line.len() < 400,
        "{line}"
    );
    assert_eq!(error.message(), Some(&*message));
}

/// The server closes each connection after one answer, without saying so beforehand.
#[tokio::test]
async fn a_connection_that_went_stale_is_replaced() {
    let server = Scripted::start([one_key().then_close(), one_key().then_close()]).await;
    let client: Client = client(&server);
    client.get(HASH).send().await.unwrap();
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

/// A timeout of the HTTP client that a user brings ends an attempt like our own.
#[tokio::test]
async fn the_timeout_of_a_client_that_was_brought_along() {
    let half = format!("HTTP/1.1 201 X\r\ncontent-length: 99\r\n\r\n{{\"key\":\"{PLAINTEXT}\"");
    for (answer, says, is_salvaged) in [
        (Answer::raw("").then_stall(), "no answer from", false),
        (
            Answer::raw(half).then_stall(),
            "its body did not arrive in time",
            true,
        ),
    ] {
        let server = Scripted::start([answer, created()]).await;
        let http = openrouter_keys::reqwest::Client::builder().timeout(SHORT / 4);
        let client = builder(&server).http(http).build().unwrap();
        let error = client.create("a").send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Timeout, 1),
            "{error}"
        );
        assert!(
            error.maybe_applied() && error.to_string().contains(says),
            "{error}"
        );
        assert_eq!(error.into_salvaged().is_some(), is_salvaged);
        assert_eq!(server.requests().len(), 1);
    }
}

/// A page may be longer than other answers, and not endless either.
#[tokio::test]
async fn a_page_has_four_mebibytes() {
    let padded = |size| {
        let body = json!({"data": [key()]}).to_string();
        Answer::text(200, "", &format!("{body}{}", " ".repeat(size - body.len())))
    };
    let server = Scripted::start([padded(4 << 20), padded((4 << 20) + 1)]).await;
    let client = client(&server);
    assert_eq!(client.list().send().await.unwrap().keys.len(), 1);
    let error = client
        .list()
        .retry(RetryPolicy::none())
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyTooLarge, "{error}");
}
