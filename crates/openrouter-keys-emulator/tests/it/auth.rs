//! Who gets in, and in which order a request is judged.

use serde_json::Value;

use crate::http::{call, create, manage, send, start};

const NOWHERE: &str = "/keys/0000000000000000000000000000000000000000000000000000000000000000";

#[tokio::test]
async fn every_route_knows_who_may_use_it() {
    let emulator = start().await;
    let ordinary = create(&emulator, r#"{"name":"ordinary"}"#).await;
    let disabled = create(&emulator, r#"{"name":"disabled"}"#).await;
    manage(&emulator, "PATCH", &disabled.path(), r#"{"disabled":true}"#)
        .await
        .expect(200);
    let expired = create(
        &emulator,
        r#"{"name":"expired","expires_at":"2020-01-01T00:00:00Z"}"#,
    )
    .await;
    let deleted = create(&emulator, r#"{"name":"deleted"}"#).await;
    manage(&emulator, "DELETE", &deleted.path(), "")
        .await
        .expect(200);

    let strangers = [
        (None, "Missing Authentication header"),
        (
            Some("sk-or-v1-canary-of-nobody"),
            "This API key is not known",
        ),
        (Some(disabled.plaintext()), "This API key is disabled"),
        (Some(expired.plaintext()), "This API key has expired"),
        (Some(deleted.plaintext()), "This API key is not known"),
    ];
    // Neither the hash nor the body nor the query is any good, and none of that may show.
    let routes = [
        ("GET", "/keys?offset=x", ""),
        ("POST", "/keys", "not JSON"),
        ("POST", "/keys/", "not JSON"),
        ("GET", NOWHERE, ""),
        ("PATCH", NOWHERE, "not JSON"),
        ("DELETE", NOWHERE, ""),
        ("GET", "/keys/%ff", ""),
    ];

    for (method, path, body) in routes {
        for (token, message) in strangers {
            let answer = call(&emulator, method, path, token, body).await.expect(401);
            assert_eq!(answer.message(), message, "{method} {path}");
        }
        let answer = call(&emulator, method, path, Some(ordinary.plaintext()), body)
            .await
            .expect(403);
        assert_eq!(
            answer.message(),
            "Only management keys can perform this operation"
        );
        let answer = manage(&emulator, method, path, body).await;
        assert!(matches!(answer.status, 400 | 404), "{answer:?}");
    }
    for (token, message) in strangers {
        let answer = call(&emulator, "GET", "/key", token, "").await.expect(401);
        assert_eq!(answer.message(), message);
    }
    for token in [ordinary.plaintext(), emulator.management_key()] {
        call(&emulator, "GET", "/key", Some(token), "")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn an_unknown_hash_is_told_before_a_bad_body() {
    let emulator = start().await;
    let answer = manage(&emulator, "PATCH", NOWHERE, "not JSON").await;
    assert_eq!(answer.expect(404).message(), "Resource not found");
}

#[tokio::test]
async fn the_header_is_read_as_http_means_it() {
    let emulator = start().await;
    let key = emulator.management_key();
    for (header, status) in [
        (format!("Authorization: Bearer {key}\r\n"), 200),
        (format!("authorization: bearer {key}\r\n"), 200),
        (format!("Authorization: BEARER   {key}  \r\n"), 200),
        (format!("Authorization: Basic {key}\r\n"), 401),
        (format!("Authorization: Bearer{key}\r\n"), 401),
        (format!("Authorization: {key}\r\n"), 401),
        (format!("Authorization: Bearer {key} x\r\n"), 401),
        (format!("Authorization: Bearer {key}x\r\n"), 401),
        (format!("Authorization: Bearer {}\r\n", &key[1..]), 401),
        ("Authorization: Bearer \r\n".to_owned(), 401),
        ("Authorization:\r\n".to_owned(), 401),
        ("Authorization: \u{e9}\r\n".to_owned(), 401),
    ] {
        let answer = send(emulator.local_addr(), "GET", "/api/v1/keys", &header, "").await;
        assert_eq!(answer.status, status, "{header}");
        assert!(!answer.text.contains(&key[1..]), "{header}");
    }
}

#[tokio::test]
async fn a_hash_is_no_credential_and_a_credential_is_no_hash() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    let hash = key.body["data"]["hash"].as_str().expect("a hash");
    call(&emulator, "GET", "/key", Some(hash), "")
        .await
        .expect(401);

    let partner = "partner-canary-0123456789-0123456789";
    create(
        &emulator,
        &format!(r#"{{"name":"p","external":{{"user":"u","api_key":"{partner}"}}}}"#),
    )
    .await;
    for secret in [partner, emulator.management_key(), key.plaintext()] {
        for segment in [secret, &crate::http::sha256(secret)] {
            if segment != hash {
                manage(&emulator, "GET", &format!("/keys/{segment}"), "")
                    .await
                    .expect(404);
            }
        }
    }
}

#[tokio::test]
async fn signing_in_is_noted_even_when_it_is_no_use() {
    let emulator = start().await;
    let key = create(&emulator, r#"{"name":"k"}"#).await;
    assert_eq!(key.body["data"]["last_used_at"], Value::Null);

    manage(&emulator, "GET", &key.path(), "").await.expect(200);
    let unused = manage(&emulator, "GET", &key.path(), "").await.expect(200);
    assert_eq!(unused.body["data"]["last_used_at"], Value::Null);

    call(&emulator, "GET", "/keys", Some(key.plaintext()), "")
        .await
        .expect(403);
    let used = manage(&emulator, "GET", &key.path(), "").await.expect(200);
    let noted = used.body["data"]["last_used_at"].as_str().expect("a time");
    assert!(noted.ends_with('Z'), "{noted}");
    assert_eq!(used.body["data"]["updated_at"], Value::Null);
}
