//! Everything that is answered with 400, and that the message helps without giving anything away.

use crate::http::{create, manage, start};

/// In every value that is sent, and in no answer.
const CANARY: &str = "canary";

/// What is wrong with a field, whichever operation it is sent to: the field, and JSON for it.
const FIELDS: &[(&str, &str)] = &[
    ("name", "null"),
    ("name", "7"),
    ("name", "true"),
    ("name", r#"["canary"]"#),
    ("name", r#"{"canary":1}"#),
    ("limit", r#""canary""#),
    ("limit", r#""7""#),
    ("limit", "-0.01"),
    ("limit", "-1e300"),
    // JSON, and beyond what a number can hold.
    ("limit", "1e400"),
    ("limit", "-1e400"),
    ("name", r#""\ud800""#),
    ("limit", "true"),
    ("limit", "[7]"),
    ("limit", r#"{"canary":1}"#),
    ("limit_reset", r#""canary""#),
    ("limit_reset", r#""Daily""#),
    ("limit_reset", r#""""#),
    ("limit_reset", "7"),
    ("limit_reset", "true"),
    ("limit_reset", r#"["daily"]"#),
    ("include_byok_in_limit", "null"),
    ("include_byok_in_limit", r#""true""#),
    ("include_byok_in_limit", "1"),
    ("include_byok_in_limit", "[true]"),
    ("workspace_id", "null"),
    ("workspace_id", r#""canary""#),
    ("workspace_id", r#""""#),
    ("workspace_id", "7"),
    (
        "workspace_id",
        r#"["0b5f9c2e-1d34-4a7b-9c0d-ef0123456789"]"#,
    ),
    (
        "workspace_id",
        r#""{0b5f9c2e-1d34-4a7b-9c0d-ef0123456789}""#,
    ),
    ("workspace_id", r#""0b5f9c2e-1d34-4a7b-9c0d-ef012345678g""#),
    ("workspace_id", r#""0b5f9c2e1d344a7b9c0def0123456789""#),
];

const CREATE_ONLY: &[(&str, &str)] = &[
    ("name", r#""""#),
    ("expires_at", r#""canary""#),
    ("expires_at", r#""""#),
    ("expires_at", "1893456000"),
    ("expires_at", "true"),
    ("expires_at", r#"["2030-01-01T00:00:00Z"]"#),
    ("expires_at", r#""2030-13-01T00:00:00Z""#),
    ("expires_at", r#""2030-01-01""#),
    ("expires_at", r#""2030-01-01T00:00Z""#),
    ("expires_at", r#""2030-01-01T00:00:00""#),
    ("expires_at", r#""2030-01-01T00:00:00+02:00""#),
    ("expires_at", r#""2030-01-01T00:00:00-00:00""#),
    ("expires_at", r#""2030-01-01T00:00:00+0000""#),
    ("expires_at", r#""2030-01-01 00:00:00Z""#),
    ("expires_at", r#""2030-01-01t00:00:00Z""#),
    ("expires_at", r#""2030-01-01T00:00:00z""#),
    ("expires_at", r#""2030-02-30T00:00:00Z""#),
    ("expires_at", r#""2030-01-01T24:00:00Z""#),
    ("expires_at", r#"" 2030-01-01T00:00:00Z""#),
    ("creator_user_id", r#""""#),
    ("creator_user_id", "7"),
    ("creator_user_id", "true"),
    ("creator_user_id", r#"["canary"]"#),
    ("external", "null"),
    ("external", "7"),
    ("external", r#""canary-canary-canary-canary-canary""#),
    ("external", r#"["canary"]"#),
    ("external.user", "{}"),
    ("external.user", r#"{"user":null}"#),
    ("external.user", r#"{"user":7}"#),
    ("external.user", r#"{"user":["canary"]}"#),
    (
        "external.user",
        r#"{"api_key":"canary-canary-canary-canary-canary"}"#,
    ),
    ("external.api_key", r#"{"user":"u","api_key":null}"#),
    ("external.api_key", r#"{"user":"u","api_key":7}"#),
    ("external.api_key", r#"{"user":"u","api_key":""}"#),
    // Thirty-one characters, and more bytes than that.
    (
        "external.api_key",
        r#"{"user":"u","api_key":"canaryé-0123456789-0123456789-0"}"#,
    ),
    (
        "external.api_key",
        r#"{"user":"u","api_key":["canary-canary-canary-canary-canary"]}"#,
    ),
];

const UPDATE_ONLY: &[(&str, &str)] = &[
    ("disabled", "null"),
    ("disabled", r#""true""#),
    ("disabled", "0"),
    ("disabled", "[true]"),
];

const BODIES: &[&str] = &[
    "",
    "canary",
    r#"{"name":"canary""#,
    r#"{"name":"canary"} canary"#,
    r#"{name:"canary"}"#,
    r#"{"name":"k","limit":NaN}"#,
    "null",
    "7",
    r#""canary""#,
    r#"[{"name":"canary"}]"#,
];

#[tokio::test]
async fn bodies_of_a_create() {
    let emulator = start().await;
    for (field, value) in FIELDS.iter().chain(CREATE_ONLY) {
        let name = field.split('.').next().expect("a name");
        // The last of two equal fields counts.
        let body = format!(r#"{{"name":"k","{name}":{value}}}"#);
        let answer = manage(&emulator, "POST", "/keys", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.message();
        assert!(
            message.starts_with(&format!("{field} ")),
            "{body}: {message}"
        );
        assert!(!answer.text.contains(CANARY), "{body}: {message}");
    }
    let answer = manage(&emulator, "POST", "/keys", "{}").await.expect(400);
    assert_eq!(
        answer.message(),
        "name is required: a string of at least 1 character"
    );
    let list = manage(&emulator, "GET", "/keys?include_expired=true", "").await;
    assert_eq!(list.expect(200).names(), [""; 0]);
}

#[tokio::test]
async fn bodies_of_an_update() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    for (field, value) in FIELDS.iter().chain(UPDATE_ONLY) {
        let body = format!(r#"{{"{field}":{value}}}"#);
        let answer = manage(&emulator, "PATCH", &key.path(), &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.message();
        assert!(
            message.starts_with(&format!("{field} must be ")),
            "{body}: {message}"
        );
        assert!(!answer.text.contains(CANARY), "{body}: {message}");
    }
    let read = manage(&emulator, "GET", &key.path(), "").await.expect(200);
    assert_eq!(read.body["data"], key.body["data"]);
}

#[tokio::test]
async fn bodies_that_are_no_object() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    let deep = "[".repeat(100_000);
    let bytes: &[u8] = b"{\"name\":\"canary\xff\"}";
    let bodies = BODIES.iter().map(|body| body.as_bytes());
    for body in bodies.chain([deep.as_bytes(), bytes]) {
        for (method, path) in [("POST", "/keys"), ("PATCH", &*key.path())] {
            let answer = manage(&emulator, method, path, body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
            assert_eq!(answer.status, 400, "{method} {shown}");
            assert!(answer.message().contains("body must be"), "{shown}");
            assert!(!answer.text.contains(CANARY), "{shown}");
        }
    }
}

#[tokio::test]
async fn queries() {
    let emulator = start().await;
    for (parameter, query) in [
        ("include_disabled", "include_disabled=canary"),
        ("include_disabled", "include_disabled=True"),
        ("include_disabled", "include_disabled=1"),
        ("include_disabled", "include_disabled="),
        ("include_disabled", "include_disabled"),
        (
            "include_disabled",
            "include_disabled=true&include_disabled=true",
        ),
        ("include_expired", "include_expired=canary"),
        ("include_expired", "include_expired=%ff"),
        ("include_expired", "include_expired=true+"),
        (
            "include_expired",
            "include_expired=false&include_expired=true",
        ),
        ("offset", "offset=canary"),
        ("offset", "offset=-1"),
        ("offset", "offset=%2B1"),
        ("offset", "offset=1.0"),
        ("offset", "offset=0&offset=100"),
        ("workspace_id", "workspace_id=canary"),
        ("workspace_id", "workspace_id="),
        ("workspace_id", "workspace_id=%zz"),
        (
            "workspace_id",
            "workspace_id=0b5f9c2e-1d34-4a7b-9c0d-ef0123456789\
             &workspace_id=0b5f9c2e-1d34-4a7b-9c0d-ef0123456789",
        ),
    ] {
        let answer = manage(&emulator, "GET", &format!("/keys?{query}"), "").await;
        assert_eq!(answer.status, 400, "{query}");
        let message = answer.message();
        assert!(
            message.starts_with(&format!("{parameter} must be ")),
            "{query}: {message}"
        );
        assert!(!answer.text.contains(CANARY), "{query}");
    }
}
