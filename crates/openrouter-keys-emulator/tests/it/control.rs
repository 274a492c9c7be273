//! How faults are armed, shown and disarmed, and how they are not.

use std::time::Duration;

use openrouter_keys_emulator::{Emulator, Fault, Route};
use serde_json::{Value, json};

use crate::http::{Answer, manage, send, start};
use crate::line::raw;

/// Arms over HTTP, without a credential.
pub(crate) async fn arm(emulator: &Emulator, fields: &str) -> Answer {
    answer(emulator, "POST", "faults", fields).await
}

pub(crate) async fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> Value {
    answer(emulator, method, path, body).await.expect(200).body
}

pub(crate) async fn answer(emulator: &Emulator, method: &str, path: &str, body: &str) -> Answer {
    let path = format!("/_emulator/{path}");
    send(emulator.local_addr(), method, &path, "", body).await
}

pub(crate) async fn shown(emulator: &Emulator) -> Value {
    control(emulator, "GET", "faults", "").await
}

/// Two emulators with the same fault, one by way of each door, which both show it the same way.
pub(crate) async fn armed(fault: Fault, fields: Value) -> [Emulator; 2] {
    let [inside, outside] = [start().await, start().await];
    inside.inject(fault);
    let told = arm(&outside, &fields.to_string()).await.expect(201);
    assert_eq!(told.body, shown(&inside).await);
    assert_eq!(told.body, shown(&outside).await);
    for (field, value) in fields.as_object().expect("fields") {
        assert_eq!(told.body["faults"][0][field], *value, "{field}");
    }
    [inside, outside]
}

#[tokio::test]
async fn what_is_armed_is_shown_with_its_defaults() {
    let emulator = start().await;
    emulator.inject(
        Fault::html(200)
            .retry_after(Duration::from_secs(9))
            .on(Route::Delete)
            .times(3),
    );
    emulator.inject(
        Fault::status(418)
            .after(Duration::from_secs(3600))
            .on(Route::List)
            .times(2),
    );
    emulator.inject(Fault::status(418).on(Route::List).always());
    emulator.inject(Fault::truncate_body(0));
    emulator.inject(Fault::slow_body(Duration::from_secs(2)));
    emulator.inject(Fault::delay(Duration::from_micros(2500)));
    raw(&emulator, "DELETE", "/keys/canary").await.expect("200");
    assert_eq!(
        shown(&emulator).await,
        json!({"faults": [
            {"fault": "html", "status": 200, "retry_after": 9, "route": "delete", "count": 3,
             "struck": 1},
            {"fault": "status", "status": 418, "delay_ms": 3_600_000, "route": "list", "count": 2,
             "struck": 0},
            {"fault": "status", "status": 418, "route": "list", "count": "always", "struck": 0},
            {"fault": "truncate_body", "bytes": 0, "route": "any", "count": 1, "struck": 0},
            {"fault": "slow_body", "over_ms": 2000, "route": "any", "count": 1, "struck": 0},
            {"fault": "delay", "delay_ms": 2, "route": "any", "count": 1, "struck": 0},
        ]})
    );
}

/// What is refused, and how the message begins. What could be a secret is never repeated.
const REFUSED: &[(&str, &str)] = &[
    ("", "The request body must be JSON"),
    (r#"{"fault":"html""#, "The request body must be JSON"),
    (
        r#"{"fault":"html"} canary"#,
        "The request body must be JSON",
    ),
    (
        r#"[{"fault":"html"}]"#,
        "The request body must be a JSON object",
    ),
    (r#""canary""#, "The request body must be a JSON object"),
    ("null", "The request body must be a JSON object"),
    ("{}", "fault is required: status, html, delay"),
    (r#"{"count":1}"#, "fault is required: status, html, delay"),
    (r#"{"fault":null}"#, "fault must be status, html, delay"),
    (r#"{"fault":7}"#, "fault must be status, html, delay"),
    (r#"{"fault":"canary"}"#, "fault must be status, html, delay"),
    (r#"{"fault":"Html"}"#, "fault must be status, html, delay"),
    (r#"{"fault":["html"]}"#, "fault must be status, html, delay"),
    (
        r#"{"fault":"html","fault":"html"}"#,
        "fault must be given only once",
    ),
    (
        r#"{"fault":"html","count":1,"count":1}"#,
        "count must be given only once",
    ),
    (
        r#"{"fault":"html","statsu":503}"#,
        "statsu is not known here; the fields are fault, ",
    ),
    (r#"{"fault":"html","struck":0}"#, "struck is not known here"),
    (
        r#"{"fault":"html","sk-or-v1-canary":0}"#,
        "One field is not known here; the fields are ",
    ),
    (r#"{"fault":"html","":0}"#, "One field is not known here"),
    (
        r#"{"fault":"html","canary_that_is_too_long_x":0}"#,
        "One field is not known here",
    ),
    (
        r#"{"fault":"html","Fault":0}"#,
        "One field is not known here",
    ),
    (
        r#"{"fault":"html","route":"canary"}"#,
        "route must be any, create, list, get, ",
    ),
    (
        r#"{"fault":"html","route":"Create"}"#,
        "route must be any, create, ",
    ),
    (
        r#"{"fault":"html","route":"/keys"}"#,
        "route must be any, create, ",
    ),
    (
        r#"{"fault":"html","route":null}"#,
        "route must be any, create, ",
    ),
    (
        r#"{"fault":"html","route":["create"]}"#,
        "route must be any, create, ",
    ),
    (
        r#"{"fault":"html","count":0}"#,
        "count must be a whole number of at least 1, or always",
    ),
    (
        r#"{"fault":"html","count":-1}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":1.5}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":"1"}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":"Always"}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":null}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":true}"#,
        "count must be a whole number of at least 1",
    ),
    (
        r#"{"fault":"html","count":18446744073709551616}"#,
        "count must be a whole number",
    ),
    (
        r#"{"fault":"status"}"#,
        "status is required: a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":200}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":302}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":399}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":600}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":999}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":66039}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":-503}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":"503"}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"status","status":null}"#,
        "status must be a whole number from 400 to 599",
    ),
    (
        r#"{"fault":"html","status":201}"#,
        "status must be 200, or a whole number from 400 to",
    ),
    (
        r#"{"fault":"html","status":999}"#,
        "status must be 200, or a whole number from 400 to",
    ),
    (
        r#"{"fault":"html","status":null}"#,
        "status must be 200, or a whole number from 400 to",
    ),
    (
        r#"{"fault":"delay","delay_ms":1,"status":503}"#,
        "status must be left out unless fault is status or html or commit_then_status",
    ),
    (
        r#"{"fault":"html","retry_after":-1}"#,
        "retry_after must be a whole number of seconds",
    ),
    (
        r#"{"fault":"html","retry_after":0.5}"#,
        "retry_after must be a whole number of seconds",
    ),
    (
        r#"{"fault":"html","retry_after":"1"}"#,
        "retry_after must be a whole number of seconds",
    ),
    (
        r#"{"fault":"html","retry_after":null}"#,
        "retry_after must be a whole number of seconds",
    ),
    (
        r#"{"fault":"commit_then_reset","retry_after":1}"#,
        "retry_after must be left out unless fault is status or html or commit_then_status",
    ),
    (
        r#"{"fault":"truncate_body"}"#,
        "bytes is required: a whole number that is not negative",
    ),
    (
        r#"{"fault":"truncate_body","bytes":-1}"#,
        "bytes must be a whole number that is not",
    ),
    (
        r#"{"fault":"truncate_body","bytes":1.0}"#,
        "bytes must be a whole number that is not",
    ),
    (
        r#"{"fault":"truncate_body","bytes":"1"}"#,
        "bytes must be a whole number that is not",
    ),
    (
        r#"{"fault":"truncate_body","bytes":null}"#,
        "bytes must be a whole number that is not",
    ),
    (
        r#"{"fault":"slow_body","over_ms":1,"bytes":1}"#,
        "bytes must be left out unless fault is truncate_body",
    ),
    (
        r#"{"fault":"delay"}"#,
        "delay_ms is required: a whole number of milliseconds from 1 to 3600000",
    ),
    (
        r#"{"fault":"delay","delay_ms":0}"#,
        "delay_ms must be a whole number of milliseconds from",
    ),
    (
        r#"{"fault":"delay","delay_ms":-5}"#,
        "delay_ms must be a whole number of milliseconds from",
    ),
    (
        r#"{"fault":"html","delay_ms":3600001}"#,
        "delay_ms must be a whole number of milliseconds",
    ),
    (
        r#"{"fault":"html","delay_ms":"5"}"#,
        "delay_ms must be a whole number of milliseconds from",
    ),
    (
        r#"{"fault":"html","delay_ms":null}"#,
        "delay_ms must be a whole number of milliseconds from",
    ),
    (
        r#"{"fault":"slow_body"}"#,
        "over_ms is required: a whole number of milliseconds from 1 to",
    ),
    (
        r#"{"fault":"slow_body","over_ms":0}"#,
        "over_ms must be a whole number of milliseconds",
    ),
    (
        r#"{"fault":"slow_body","over_ms":3600001}"#,
        "over_ms must be a whole number of",
    ),
    (
        r#"{"fault":"html","over_ms":1}"#,
        "over_ms must be left out unless fault is slow_body",
    ),
];

#[tokio::test]
async fn what_is_no_fault_is_refused_and_arms_nothing() {
    let emulator = start().await;
    for (body, message) in REFUSED {
        let refused = arm(&emulator, body).await;
        assert_eq!(refused.status, 400, "{body}");
        let said = refused.message();
        assert!(said.starts_with(message), "{body}: {said}");
        assert!(!said.contains("canary"), "{body}: {said}");
        assert_eq!(shown(&emulator).await, json!({"faults": []}), "{body}");
    }
    let padded = format!(r#"{{"fault":"html"{}}}"#, " ".repeat(1024 * 1024));
    arm(&emulator, &padded).await.expect(413);
    manage(&emulator, "GET", "/keys", "").await.expect(200);
}

#[tokio::test]
async fn the_controls_have_methods_and_paths_of_their_own_and_no_faults() {
    let emulator = start().await;
    let to = emulator.local_addr();
    arm(&emulator, r#"{"fault":"status","status":503}"#)
        .await
        .expect(201);
    for (method, path, status, allow) in [
        (
            "PUT",
            "/_emulator/faults",
            405,
            Some("GET,HEAD,POST,DELETE"),
        ),
        ("POST", "/_emulator/requests", 405, Some("GET,HEAD,DELETE")),
        (
            "PUT",
            "/_emulator/budgets",
            405,
            Some("GET,HEAD,POST,DELETE"),
        ),
        ("PUT", "/_emulator/clock", 405, Some("GET,HEAD,POST")),
        ("GET", "/_emulator/keys", 405, Some("POST")),
        ("POST", "/_emulator/state", 405, Some("GET,HEAD,PUT")),
        (
            "POST",
            "/_emulator/rate_limit",
            405,
            Some("GET,HEAD,PUT,DELETE"),
        ),
        ("GET", "/_emulator/reset", 405, Some("POST")),
        ("GET", "/_emulator", 404, None),
        ("GET", "/_emulator/faults/", 404, None),
        ("GET", "/api/v1/_emulator/faults", 404, None),
    ] {
        let answer = send(to, method, path, "", "{}").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    assert_eq!(shown(&emulator).await["faults"][0]["struck"], 0);
    assert_eq!(emulator.requests(Route::Any), 0);
}

#[tokio::test]
async fn the_readme_tells_the_truth() {
    let readme = include_str!("../../README.md");
    let (_, example) = readme.split_once("$ curl -d '").expect("an example");
    let (fields, rest) = example.split_once('\'').expect("an end");
    let told = rest.lines().nth(2).expect("an answer");
    let emulator = start().await;
    assert_eq!(arm(&emulator, fields).await.expect(201).text, told);
}
