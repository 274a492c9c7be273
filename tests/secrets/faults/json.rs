//! The JSON of the answer, and of the request.

use openrouter_keys::ErrorKind::{BadRequest, Connect, Decode, Server};
use openrouter_keys::{KeyHash, LimitReset};
use serde_json::{Value, json};

use super::expect::{
    builder, created_all_the_same, run, salvaged, typed_and_create_ambiguous, typed_for,
};
use super::{Case, case};
use crate::support::{
    Answer, HASH, PARTNER_KEY, PLAINTEXT, Request, Scripted, TOKEN, Verb, VirtualClock, created,
    key, one_key,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("43", "unknown fields", unknown_fields()),
        case("44", "an unknown limit_reset", unknown_limit_reset()),
        case(
            "45",
            "without what came after November 2025",
            newer_fields_absent(),
        ),
        case("46", "limit absent", async {
            reads_undecodable(without("limit")).await;
        }),
        case("47", "a hundred thousand levels", nesting()),
        case("48", "a number in the place of a text", async {
            reads_undecodable(with("name", json!(7))).await;
            reads_undecodable(with("hash", json!(7))).await;
        }),
        case(
            "49",
            "a create that cannot be decoded",
            create_undecodable(),
        ),
        case("50", "a failure that comes with a page", not_json()),
        case(
            "51",
            "absent, null and a value in an update",
            three_states(),
        ),
    ]
}

fn with(field: &str, value: Value) -> Value {
    let mut data = key();
    data[field] = value;
    data
}

fn without(field: &str) -> Value {
    let mut data = key();
    data.as_object_mut().unwrap().remove(field);
    data
}

/// An error for whoever reads, and nothing that a second look would change.
async fn reads_undecodable(data: Value) {
    let one = Answer::json(200, &json!({"data": data}));
    typed_for(&[Verb::Get], Decode, false, one.clone()).await;
    typed_for(&[Verb::Update], Decode, true, one).await;
    let page = Answer::json(200, &json!({"data": [key(), data]}));
    typed_for(&[Verb::List], Decode, false, page).await;
}

async fn unknown_fields() {
    let data = with("surprise", json!({"key": ["sk-or-v1-canary"]}));
    let envelope = json!({"data": data, "key": PLAINTEXT, "more": {"key": "x"}});
    created_all_the_same(Answer::json(201, &envelope)).await;
    let one = Answer::json(200, &json!({"data": data, "more": 1}));
    run(Verb::Get, vec![one], &VirtualClock::new())
        .await
        .assert_ok(1);
    let page = Answer::json(200, &json!({"data": [data], "total": 1}));
    run(Verb::List, vec![page], &VirtualClock::new())
        .await
        .assert_ok(1);
    let deleted = Answer::json(200, &json!({"deleted": true, "more": 1}));
    run(Verb::Delete, vec![deleted], &VirtualClock::new())
        .await
        .assert_ok(1);
}

async fn unknown_limit_reset() {
    let data = with("limit_reset", json!("fortnightly"));
    let server = Scripted::start([Answer::json(200, &json!({"data": data}))]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let key = client.get(HASH).send().await.unwrap();
    assert_eq!(key.limit_reset, Some(LimitReset::from("fortnightly")));
}

async fn newer_fields_absent() {
    let mut data = key();
    for field in [
        "expires_at",
        "creator_user_id",
        "workspace_id",
        "external_user",
        "last_used_at",
    ] {
        data.as_object_mut().unwrap().remove(field);
    }
    let envelope = json!({"data": data, "key": PLAINTEXT});
    created_all_the_same(Answer::json(201, &envelope)).await;
    let one = Answer::json(200, &json!({"data": data}));
    run(Verb::Get, vec![one], &VirtualClock::new())
        .await
        .assert_ok(1);
}

async fn nesting() {
    const DEEP: usize = 100_000;
    let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    for body in [
        deep.clone(),
        format!(r#"{{"data":{deep}}}"#),
        format!(r#"{{"data":{{"limit":{deep}}}}}"#),
        "[".repeat(DEEP),
        r#"{"data":"#.repeat(DEEP),
    ] {
        let answer = Answer::text(200, "application/json", &body);
        typed_and_create_ambiguous(Decode, answer).await;
        let refused = Answer::text(400, "application/json", &body);
        super::expect::typed(BadRequest, refused).await;
    }
    // What stands beside it is salvaged.
    let body = format!(r#"{{"x":{deep},"data":{{"hash":"{HASH}"}},"key":"{PLAINTEXT}"}}"#);
    salvaged(
        Decode,
        Some(HASH),
        Answer::text(201, "application/json", &body),
    )
    .await;
}

async fn create_undecodable() {
    let body = |data| Answer::json(201, &json!({"data": data, "key": PLAINTEXT}));
    for (hash, data) in [
        (Some(HASH), without("limit")),
        (Some(HASH), with("name", json!(7))),
        (Some(HASH), with("created_at", json!("yesterday"))),
        (Some(HASH), with("usage", json!("a lot"))),
        (Some(HASH), json!({"hash": HASH})),
        (None, without("hash")),
        (None, json!(null)),
        (None, json!([])),
        (None, json!(PLAINTEXT)),
    ] {
        salvaged(Decode, hash, body(data)).await;
    }
    salvaged(Decode, None, Answer::json(201, &json!({"key": PLAINTEXT}))).await;
    let failed = json!({"data": key(), "key": PLAINTEXT});
    salvaged(Server, Some(HASH), Answer::json(502, &failed)).await;
    let first = format!(r#"{{"key":"{PLAINTEXT}","data":{{"hash":7"#);
    let cut = format!("HTTP/1.1 201 X\r\ncontent-length: 9999\r\n\r\n{first}");
    salvaged(Connect, None, Answer::raw(cut).then_close()).await;
    // The key that made the call is not the one that was made.
    let repeats = Answer::json(201, &json!({"data": key(), "key": TOKEN}));
    let outcome = run(Verb::Create, vec![repeats], &VirtualClock::new()).await;
    let error = outcome.error();
    assert_eq!(error.hash().map(KeyHash::as_str), Some(HASH), "{error}");
    assert!(error.into_salvaged().is_none());
    // Nothing to salvage, and no doubt that there was something to lose.
    for nothing in [
        json!({"data": null}),
        json!([]),
        json!({"data": null, "key": 7}),
    ] {
        let answer = Answer::json(201, &nothing);
        typed_for(&[Verb::Create], Decode, true, answer).await;
    }
}

async fn not_json() {
    let secrets = format!("{TOKEN} {PARTNER_KEY} {PLAINTEXT}");
    for status in [400, 401, 403, 404, 409, 422, 429, 500, 502, 503] {
        for body in [
            format!("<p>{secrets}</p>{}", "é".repeat(1000)),
            // A secret across the border.
            format!("{}{secrets}", "x".repeat(512 - TOKEN.len() / 2)),
            "\0\u{fffd}\u{202e}".to_owned(),
        ] {
            let answer = Answer::text(status, "text/html", &body);
            let server = Scripted::start(vec![answer; 3]).await;
            let client = builder(&server, &VirtualClock::new()).build().unwrap();
            let create = client.create("a").external_user_with_key("u", PARTNER_KEY);
            let error = create.send().await.unwrap_err();
            super::expect::assert_safe(&error);
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            assert_eq!((error.code(), error.message()), (None, None));
            let text = error.body_text().expect("there is one");
            assert!((1..=512).contains(&text.len()), "{}", text.len());
            assert!(!error.to_string().contains(text), "{error}");
        }
    }
}

async fn three_states() {
    let server = Scripted::start(vec![one_key(); 3]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let update = || client.update(HASH).name("b");
    update().send().await.unwrap();
    update().unlimited().never_resets().send().await.unwrap();
    let valued = update().limit(0).limit_reset(LimitReset::Daily);
    valued.send().await.unwrap();
    let sent: Vec<_> = server.requests().iter().map(Request::json).collect();
    assert_eq!(
        sent,
        [
            json!({"name": "b"}),
            json!({"name": "b", "limit": null, "limit_reset": null}),
            json!({"name": "b", "limit": 0.0, "limit_reset": "daily"}),
        ]
    );
    // A create says them apart too.
    let server = Scripted::start(vec![created(); 2]).await;
    let client = builder(&server, &VirtualClock::new()).build().unwrap();
    let _ = client.create("a").send().await.unwrap();
    let _ = client.create("a").unlimited().send().await.unwrap();
    let sent: Vec<_> = server.requests().iter().map(Request::json).collect();
    assert_eq!(
        sent,
        [json!({"name": "a"}), json!({"name": "a", "limit": null})]
    );
}
