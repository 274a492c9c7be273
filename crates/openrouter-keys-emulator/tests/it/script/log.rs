//! What the log shows of the requests, and what it does not.

use std::collections::BTreeMap;
use std::time::Duration;

use openrouter_keys_emulator::{Credential, Emulator, Fault, Route};
use percent_encoding::NON_ALPHANUMERIC;
use serde_json::json;

use crate::control::control;
use crate::http::{call, create, manage, send, sha256, start};
use crate::line::{Line, raw, until};

#[tokio::test]
async fn a_request_is_shown_with_what_became_of_it() {
    let emulator = start().await;
    emulator.freeze_time();
    emulator.inject(Fault::commit_then_status(503).on(Route::Create));
    let token = emulator.management_key();
    let headers = format!(
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nUser-Agent: test/1\r\n\
         HTTP-Referer: https://example.org\r\nX-OpenRouter-Title: A test\r\nX-Other: not shown\r\n"
    );
    let body = r#"{"name":"k","limit":50,"other":[null,true,{"x":"y"}]}"#;
    let to = emulator.local_addr();
    send(to, "POST", "/api/v1/keys", &headers, body)
        .await
        .expect(503);

    let [logged] = &emulator.request_log()[..] else {
        panic!("one request")
    };
    assert_eq!(logged.number, 1);
    assert_eq!(logged.at, emulator.now());
    assert_eq!(logged.route, Some(Route::Create));
    assert_eq!((&*logged.method, &*logged.path), ("POST", "/api/v1/keys"));
    assert_eq!(logged.query, None);
    assert_eq!(logged.credential, Credential::Management);
    let shown = [
        ("content-type", "application/json"),
        ("http-referer", "https://example.org"),
        ("user-agent", "test/1"),
        ("x-openrouter-title", "A test"),
    ];
    let shown: BTreeMap<_, _> = shown.map(|(name, value)| (name, value.to_owned())).into();
    assert_eq!(logged.headers, shown);
    assert_eq!(logged.body, Some(serde_json::from_str(body).expect("JSON")));
    assert_eq!(logged.fault, Some("commit_then_status"));
    assert_eq!(logged.status, Some(503));

    // The same by the other door.
    let told = control(&emulator, "GET", "requests", "").await;
    assert_eq!(told["forgotten"], 0);
    assert_eq!(told["counts"]["create"], 1);
    assert_eq!(told["requests"], json!([logged]));
    assert_eq!(told["requests"][0]["route"], "create");
    assert_eq!(told["requests"][0]["credential"], "management");
    assert_eq!(told["requests"][0]["at"], json!(emulator.now()));
}

#[tokio::test]
async fn whatever_comes_for_the_api_is_logged_and_nothing_else() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    call(&emulator, "GET", "/key", Some(key.plaintext()), "")
        .await
        .expect(200);
    call(&emulator, "GET", "/keys?offset=7&x", Some("nobody's"), "")
        .await
        .expect(401);
    call(&emulator, "PUT", "/keys", None, "not JSON")
        .await
        .expect(405);
    emulator.inject(Fault::reset_before_response());
    let mut reset = Line::open(&emulator).await;
    reset.send("GET", "/key", "").await;
    assert!(reset.rest().await.1.is_err());
    emulator.inject(Fault::truncate_body(3));
    raw(&emulator, "DELETE", &format!("/keys/{}", sha256("nobody"))).await;
    send(emulator.local_addr(), "GET", "/elsewhere", "", "")
        .await
        .expect(404);

    let log: Vec<_> = emulator
        .request_log()
        .into_iter()
        .map(|logged| {
            let what = format!("{} {}", logged.method, logged.path.replace("/api/v1", ""));
            (what, logged.query, logged.credential, logged.status)
        })
        .collect();
    let hash = sha256(key.plaintext());
    let nobody = sha256("nobody");
    assert_eq!(
        log,
        [
            (
                "POST /keys".to_owned(),
                None,
                Credential::Management,
                Some(201)
            ),
            (
                "GET /key".to_owned(),
                None,
                Credential::Key(hash),
                Some(200)
            ),
            (
                "GET /keys".to_owned(),
                Some("offset=7&x".to_owned()),
                Credential::Unknown,
                Some(401)
            ),
            ("PUT /keys".to_owned(), None, Credential::None, Some(405)),
            ("GET /key".to_owned(), None, Credential::Management, None),
            (
                format!("DELETE /keys/{nobody}"),
                None,
                Credential::None,
                Some(401)
            ),
        ]
    );
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    // Any of these can stand in a key, and has another meaning in a path or a query.
    const MANAGEMENT: &str = "canary+management/with&other=signs";
    const PARTNER: &str = "canary-partner-key-of-more-than-32-characters";

    let emulator = Emulator::builder()
        .management_key(MANAGEMENT)
        .start()
        .await
        .expect("started");
    let body = json!({"name": "k", "external": {"user": "customer", "api_key": PARTNER}});
    let key = create(&emulator, &body.to_string()).await;
    let plaintext = key.plaintext();
    for secret in [
        MANAGEMENT,
        PARTNER,
        plaintext,
        "sk-or-v1-canary-of-another-service",
    ] {
        let encoded = percent_encoding::utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let twice = percent_encoding::utf8_percent_encode(&encoded, NON_ALPHANUMERIC).to_string();
        for shown in [secret, &encoded, &twice] {
            for target in [
                format!("/keys/{shown}"),
                format!("/{shown}"),
                format!("/keys?offset={shown}&{shown}=1&{shown}"),
            ] {
                manage(&emulator, "GET", &target, "").await;
            }
        }
        for body in [
            json!({"name": secret}),
            json!({"name": format!(" {secret}")}),
            json!({"name": format!("Bearer {secret}")}),
            json!({"name": encoded}),
            json!({secret: 1}),
            json!([[secret]]),
            json!({"name": "k", "external": secret}),
            json!({"name": "k", "external": [secret]}),
            json!({"name": "k", "external": {"user": "u", "api_key": [secret]}}),
            json!({"name": "k", "external": {"user": "u", "apikey": format!("{secret}canary")}}),
            json!({"name": "k", "api_key": format!("{secret}canary")}),
        ] {
            manage(&emulator, "PATCH", "/keys/x", body.to_string())
                .await
                .expect(404);
        }
        let headers = format!(
            "Authorization: Bearer {secret}\r\nUser-Agent: {secret}\r\nCookie: {secret}\r\n\
             HTTP-Referer: {encoded}\r\n"
        );
        send(emulator.local_addr(), "GET", "/api/v1/key", &headers, "").await;
    }
    let told = control(&emulator, "GET", "requests", "").await;
    let debug = format!("{:?}", emulator.request_log());
    for text in [told.to_string(), debug] {
        let found = text.find("canary").or_else(|| text.find(plaintext));
        let near = found.map(|at| &text[at.saturating_sub(80)..(at + 80).min(text.len())]);
        assert_eq!(near, None);
    }
    // What is no secret is still there.
    let first = &told["requests"][0]["body"];
    let expected = json!({"name": "k", "external": {"user": "customer", "api_key": "[redacted]"}});
    assert_eq!(*first, expected);
    let path = "/api/v1/keys/[redacted]";
    assert!(
        told["requests"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|logged| logged["path"] == path)
    );
}

#[tokio::test]
async fn the_log_is_bounded_and_can_be_cleared() {
    let emulator = start().await;
    let long = json!({"name": "k".repeat(16 * 1024)});
    create(&emulator, &long.to_string()).await;
    assert_eq!(emulator.request_log()[0].body, None);
    let headers = format!("User-Agent: {}\r\n", "\u{fc}".repeat(10_000));
    let target = format!("/api/v1/keys?{}", "x".repeat(10_000));
    send(emulator.local_addr(), "GET", &target, &headers, "").await;
    let logged = emulator.request_log();
    let query = logged[1].query.as_ref().expect("a query");
    for text in [query, &logged[1].headers["user-agent"]] {
        assert!(text.ends_with('…') && text.len() < 5000);
    }
    emulator.clear_requests();
    create(&emulator, r#"{"name":"k"}"#).await;

    for _ in 0..1001 {
        raw(&emulator, "GET", "/key").await;
    }
    let told = control(&emulator, "GET", "requests", "").await;
    assert_eq!(told["forgotten"], 2);
    let requests = told["requests"].as_array().expect("a list");
    assert_eq!(requests.len(), 1000);
    assert_eq!(
        (&requests[0]["number"], &requests[999]["number"]),
        (&json!(3), &json!(1002))
    );
    assert_eq!(told["counts"]["current"], 1001);

    let told = control(&emulator, "DELETE", "requests", "").await;
    assert_eq!(
        (&told["forgotten"], &told["requests"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(emulator.requests(Route::Any), 0);
    raw(&emulator, "GET", "/key").await;
    assert_eq!(emulator.request_log()[0].number, 1);
    emulator.clear_requests();
    assert_eq!(emulator.request_log(), []);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_log_was_cleared_is_nobody_elses() {
    let emulator = start().await;
    emulator.inject(Fault::delay(Duration::from_millis(200)).on(Route::Current));
    let late = tokio::spawn({
        let to = emulator.local_addr();
        async move { send(to, "GET", "/api/v1/key", "", "").await }
    });
    until(async || emulator.requests(Route::Current) > 0).await;
    emulator.clear_requests();
    manage(&emulator, "GET", "/keys", "").await.expect(200);
    late.await.expect("answered");
    let [logged] = &emulator.request_log()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (logged.route, logged.status),
        (Some(Route::List), Some(200))
    );
}
