//! The requests that the service's own documentation shows, made with the facade.
//!
//! Method, path, query, headers and body must be those of the documents; numbers count by value (50 is 50.0).
//! Where we differ on purpose, the case says why.

use std::path::Path;

use openrouter_keys::{Client, ErrorKind, LimitReset};
use serde_json::{Value, json};

use crate::support::{Answer, HASH, Scripted, TOKEN, client, created, deleted, one_key, page};

/// A documented request, and where the documents show it.
struct Documented {
    source: &'static str,
    method: &'static str,
    path: &'static str,
    query: Option<&'static str>,
    body: Value,
    /// What differs from the document, and why.
    differs: &'static str,
}

/// The documents put a plaintext where the hash belongs. Here it is a hash: a plaintext in a URL would end up in
/// the logs of every server on the way, so the facade refuses it (see `a_plaintext_in_place_of_a_hash`).
const HASH_NOT_PLAINTEXT: &str = "a hash stands where the document has a plaintext";
/// Some samples without a body declare a Content-Type. It would describe nothing, and is not sent.
const NO_CONTENT_TYPE: &str = "no Content-Type without a body";
/// One sample posts to `/keys/`. The operation's path is `/keys`, as every other sample has it.
const NO_TRAILING_SLASH: &str = "no slash at the end of the path";

fn path_of_key() -> &'static str {
    "/api/v1/keys/00000000000000000000000000000000000000000000000000000000000000aa"
}

async fn matches(documented: Documented, answer: Answer, call: impl AsyncFnOnce(Client)) {
    let server = Scripted::start([answer]).await;
    call(client(&server)).await;
    let request = server.only_request();
    let about = format!("{} ({})", documented.source, documented.differs);

    assert_eq!(request.method, documented.method, "{about}");
    assert_eq!(
        request.path_and_query(),
        (documented.path, documented.query),
        "{about}"
    );
    let authorization = format!("Bearer {TOKEN}");
    assert_eq!(
        request.header("authorization"),
        Some(&*authorization),
        "{about}"
    );
    let content_type = (!documented.body.is_null()).then_some("application/json");
    assert_eq!(request.header("content-type"), content_type, "{about}");
    assert_eq!(
        by_value(request.json()),
        by_value(documented.body),
        "{about}"
    );
    insta::with_settings!({ description => about, omit_expression => true }, {
        insta::assert_snapshot!(documented.source.replace(' ', "_"), request.render());
    });
}

/// Every number as a float.
fn by_value(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(by_value).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| (name, by_value(value)))
            .collect(),
        other => other,
    }
}

fn sample_update() -> Value {
    json!({
        "name": "Updated API Key Name",
        "disabled": false,
        "limit": 75,
        "limit_reset": "daily",
        "include_byok_in_limit": true,
    })
}

fn sample_create() -> Value {
    json!({
        "name": "My New API Key",
        "limit": 50,
        "limit_reset": "monthly",
        "include_byok_in_limit": true,
    })
}

/// 000 shows it in nine languages, and 002 as the explorer's form.
#[tokio::test]
async fn update_of_the_reference() {
    let documented = Documented {
        source: "000 and 002 update",
        method: "PATCH",
        path: path_of_key(),
        query: None,
        body: sample_update(),
        differs: HASH_NOT_PLAINTEXT,
    };
    let call = matches(documented, one_key(), async |client| {
        client
            .update(HASH)
            .name("Updated API Key Name")
            .disabled(false)
            .limit(75)
            .limit_reset(LimitReset::Daily)
            .include_byok_in_limit(true)
            .send()
            .await
            .unwrap();
    });
    call.await;
}

/// 001 shows it in nine languages.
#[tokio::test]
async fn create_of_the_reference() {
    let documented = Documented {
        source: "001 create",
        method: "POST",
        path: "/api/v1/keys",
        query: None,
        body: sample_create(),
        differs: "nothing",
    };
    let call = matches(documented, created(), async |client| {
        let _ = client
            .create("My New API Key")
            .limit(50)
            .limit_reset(LimitReset::Monthly)
            .include_byok_in_limit(true)
            .send()
            .await
            .unwrap();
    });
    call.await;
}

#[tokio::test]
async fn list_of_the_guide() {
    let documented = Documented {
        source: "003 list",
        method: "GET",
        path: "/api/v1/keys",
        query: None,
        body: Value::Null,
        differs: NO_CONTENT_TYPE,
    };
    let call = matches(documented, page(), async |client| {
        client.list().send().await.unwrap();
    });
    call.await;
}

#[tokio::test]
async fn second_page_of_the_guide() {
    let documented = Documented {
        source: "003 list the second page",
        method: "GET",
        path: "/api/v1/keys",
        query: Some("offset=100"),
        body: Value::Null,
        differs: NO_CONTENT_TYPE,
    };
    let call = matches(documented, page(), async |client| {
        client.list().offset(100).send().await.unwrap();
    });
    call.await;
}

#[tokio::test]
async fn create_of_the_guide() {
    let documented = Documented {
        source: "003 create",
        method: "POST",
        path: "/api/v1/keys",
        query: None,
        body: json!({"name": "Customer Instance Key", "limit": 1000}),
        differs: NO_TRAILING_SLASH,
    };
    let call = matches(documented, created(), async |client| {
        let _ = client
            .create("Customer Instance Key")
            .limit(1000)
            .send()
            .await
            .unwrap();
    });
    call.await;
}

#[tokio::test]
async fn get_of_the_guide() {
    let documented = Documented {
        source: "003 get",
        method: "GET",
        path: path_of_key(),
        query: None,
        body: Value::Null,
        differs: NO_CONTENT_TYPE,
    };
    let call = matches(documented, one_key(), async |client| {
        client.get(HASH).send().await.unwrap();
    });
    call.await;
}

#[tokio::test]
async fn update_of_the_guide() {
    let documented = Documented {
        source: "003 update",
        method: "PATCH",
        path: path_of_key(),
        query: None,
        body: json!({
            "name": "Updated Key Name",
            "disabled": true,
            "include_byok_in_limit": false,
            "limit_reset": "daily",
        }),
        differs: "nothing",
    };
    let call = matches(documented, one_key(), async |client| {
        client
            .update(HASH)
            .name("Updated Key Name")
            .disabled(true)
            .include_byok_in_limit(false)
            .limit_reset(LimitReset::Daily)
            .send()
            .await
            .unwrap();
    });
    call.await;
}

#[tokio::test]
async fn delete_of_the_guide() {
    let documented = Documented {
        source: "003 delete",
        method: "DELETE",
        path: path_of_key(),
        query: None,
        body: Value::Null,
        differs: NO_CONTENT_TYPE,
    };
    let call = matches(documented, deleted(), async |client| {
        client.delete(HASH).send().await.unwrap();
    });
    call.await;
}

/// 004 updates with an empty body. It would change nothing, so a setter was forgotten: the facade refuses it.
#[tokio::test]
async fn an_update_that_changes_nothing() {
    let server = Scripted::start([]).await;
    let error = client(&server).update(HASH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        "invalid `update`: must change at least one thing"
    );
    assert!(server.requests().is_empty());
}

/// 000, 002 and 004 have a plaintext in the path.
#[tokio::test]
async fn a_plaintext_in_place_of_a_hash() {
    let server = Scripted::start([]).await;
    let plaintext = format!("sk-or-v1-{HASH}");
    let error = client(&server).get(&plaintext).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!format!("{error} {error:?}").contains(&plaintext));
    assert!(server.requests().is_empty());
}

/// The bodies above are those of the documents: read from them, where they are.
#[test]
fn the_bodies_are_those_of_the_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference");
    for (prefix, method, expected) in [
        ("000_", "PATCH", sample_update()),
        ("001_", "POST", sample_create()),
    ] {
        let Some(text) = document(&folder, prefix) else {
            eprintln!("skipped: the reference documents are not beside this checkout");
            return;
        };
        assert!(text.contains(&format!("method: '{method}'")), "{prefix}");
        let body = text
            .split("body: '")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .expect("the document has a sample in JavaScript");
        let body: Value = serde_json::from_str(body).expect("the sample's body is JSON");
        assert_eq!(body, expected, "{prefix}");
    }
}

fn document(folder: &Path, prefix: &str) -> Option<String> {
    let mut entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let entry = entries.find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))?;
    std::fs::read_to_string(entry.path()).ok()
}
