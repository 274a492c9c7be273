//! Every public type and every error, printed in every way there is: no secret in any of it.

use std::error::Error as _;
use std::fmt::Write as _;

use openrouter_keys::{Client, Error};
use serde_json::json;

use crate::support::{
    Answer, HASH, PARTNER_KEY, PLAINTEXT, Scripted, TOKEN, client, created, current_key, error,
    key, page,
};

pub(crate) fn assert_clean(what: &str, printed: &str) {
    for form in [printed.to_owned(), printed.replace('\\', "")] {
        assert!(!form.contains("canary"), "{what}: {printed}");
    }
}

/// Display, Debug in both forms, and the same of each source.
pub(crate) fn everything(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {:?} {:?} {:?} {:?} {:?}",
        error.headers(),
        error.message(),
        error.metadata(),
        error.body_text(),
        error.kind(),
    );
    let mut next = error.source();
    while let Some(source) = next {
        write!(text, " {source} {source:?} {source:#?}").unwrap();
        next = source.source();
    }
    text
}

#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let repeats = format!("content-type: application/json\r\nx-repeats: {TOKEN}\r\n");
    let body = json!({"data": key(), "key": PLAINTEXT}).to_string();
    let repeating = Answer::with_headers(201, &repeats, &body);
    let server = Scripted::start([created(), repeating, current_key(), page()]).await;
    let client = client(&server);
    let create = || {
        client
            .create("a")
            .external_user_with_key("u", PARTNER_KEY)
            .header("X-Own", "canary")
    };
    assert_clean(
        "ClientBuilder",
        &format!("{:#?}", Client::builder().management_key(TOKEN)),
    );
    assert_clean("Client", &format!("{client:#?}"));
    assert_clean("Client", &format!("{:?}", client.with_key(PLAINTEXT)));
    assert_clean("CreateKey", &format!("{:#?}", create()));
    assert_clean("GetKey", &format!("{:#?}", client.get(HASH)));
    assert_clean(
        "UpdateKey",
        &format!("{:#?}", client.update(HASH).name("a")),
    );
    assert_clean("DeleteKey", &format!("{:#?}", client.delete(HASH)));
    assert_clean("ListKeys", &format!("{:#?}", client.list()));
    assert_clean("GetCurrentKey", &format!("{:#?}", client.current()));

    // What is not valid is not kept, since it could be a plaintext in the wrong place.
    assert_clean("GetKey", &format!("{:#?}", client.get(PLAINTEXT)));
    assert_clean(
        "UpdateKey",
        &format!("{:#?}", client.update(PLAINTEXT).workspace_id(PLAINTEXT)),
    );
    assert_clean("DeleteKey", &format!("{:#?}", client.delete(PLAINTEXT)));
    assert_clean(
        "ListKeys",
        &format!("{:#?}", client.list().workspace_id(PLAINTEXT)),
    );

    let made = create().send().await.unwrap();
    assert_clean("Created", &format!("{made:?} {made:#?}"));
    assert_clean("Key", &serde_json::to_string(&made.key).unwrap());
    let response = create().send_with_response().await.unwrap();
    assert_clean(
        "Response<Created>",
        &format!("{response:#?} {:?}", response.headers()),
    );
    let me = client.current().send_with_response().await.unwrap();
    assert_clean("Response<CurrentKey>", &format!("{me:#?}"));
    assert_clean(
        "Page",
        &format!("{:#?}", client.list().send().await.unwrap()),
    );
}

/// A server, or a gateway, that repeats what it was sent and what it answers with.
fn parrots() -> Vec<Answer> {
    let echo = format!("{TOKEN} {PARTNER_KEY} {PLAINTEXT}");
    let metadata = json!({"error": {"code": 400, "message": echo, "metadata": {(&echo): [&echo]}}});
    let with = |field: &str, value: serde_json::Value| {
        let mut data = key();
        data[field] = value;
        json!({"data": data, "key": PLAINTEXT})
    };
    let mut answers = vec![
        Answer::json(201, &with("limit", json!(echo))),
        Answer::json(201, &with("created_at", json!(echo))),
        Answer::json(201, &json!({"data": echo, "key": PLAINTEXT})),
        Answer::json(201, &json!({"data": null, "key": [PLAINTEXT]})),
        Answer::text(201, "text/html", &echo),
        Answer::raw(format!(
            "HTTP/1.1 201 X\r\ncontent-length: 999\r\n\r\n{{\"key\":\"{PLAINTEXT}"
        ))
        .then_close(),
        Answer::raw(format!("{echo}\r\n\r\n")).then_close(),
        Answer::nothing(),
        Answer::with_headers(
            302,
            &format!("location: http://127.0.0.1:1/?{TOKEN}\r\n"),
            &echo,
        ),
    ];
    for status in [400, 401, 403, 404, 408, 409, 422, 429, 500, 503] {
        answers.push(error(status, &echo));
        answers.push(Answer::json(status, &metadata));
        answers.push(Answer::text(status, "text/html", &format!("<p>{echo}</p>")));
        answers.push(Answer::text(
            status,
            "application/json",
            &json!({"e": echo}).to_string(),
        ));
        let at_the_edge = format!("{}{echo}", "x".repeat(500));
        answers.push(Answer::text(status, "text/plain", &at_the_edge));
    }
    answers
}

#[tokio::test]
async fn no_error_prints_a_secret() {
    let mut errors = 0;
    for answer in parrots() {
        let server = Scripted::start(vec![answer.clone(); 3]).await;
        let create = client(&server)
            .create("a")
            .external_user_with_key("u", PARTNER_KEY);
        let error = create.send().await.expect_err("none of these makes a key");
        assert_clean(&format!("{answer:?}"), &everything(&error));
        if let Some(salvaged) = error.into_salvaged() {
            assert_clean("Salvaged", &format!("{salvaged:?} {salvaged:#?}"));
        }
        errors += 1;
    }
    assert!(errors > 50);
}

/// The requests themselves carry secrets in the one place each that they belong to.
#[tokio::test]
async fn a_secret_is_in_no_url_and_in_no_other_header() {
    let server = Scripted::start([created()]).await;
    let create = client(&server)
        .create("a")
        .external_user_with_key("u", PARTNER_KEY);
    create.send().await.unwrap();
    let request = server.only_request();
    assert_clean("the target", &request.target);
    for (name, value) in &request.headers {
        if name != "authorization" {
            assert_clean(name, value);
        }
    }
    assert_eq!(request.json()["external"]["api_key"], PARTNER_KEY);
}
