//! Paths, methods and sizes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::http::{Connection, call, create, manage, send, start};

#[tokio::test]
async fn other_paths_are_not_found_by_anyone() {
    let emulator = start().await;
    let hash = create(&emulator, r#"{"name":"k"}"#).await.path();
    for target in [
        "/keys",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/key/",
        "/api/v1/keyes",
        "/api/v1//keys",
        "/api/v1/keys//",
        "/api/v2/keys",
        "/API/V1/KEYS",
        "/api/v1/%6beys/",
        &format!("/api/v1{hash}/"),
        &format!("/api/v1{hash}/limits"),
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            // Without a credential, too: the path comes first.
            let answer = send(emulator.local_addr(), method, target, "", "{}").await;
            assert_eq!(answer.status, 404, "{method} {target}");
        }
    }
}

#[tokio::test]
async fn other_methods_are_told_which_ones_there_are() {
    let emulator = start().await;
    let hash = create(&emulator, r#"{"name":"k"}"#).await.path();
    for (path, methods, allow) in [
        (
            "/keys",
            &["PUT", "PATCH", "DELETE", "OPTIONS"][..],
            "GET,HEAD,POST",
        ),
        ("/keys/", &["PUT", "PATCH", "DELETE"], "GET,HEAD,POST"),
        (&hash, &["PUT", "POST", "TRACE"], "GET,HEAD,PATCH,DELETE"),
        ("/key", &["POST", "PATCH", "DELETE", "BREW"], "GET,HEAD"),
    ] {
        for method in methods {
            let answer = call(&emulator, method, path, None, "{}").await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let emulator = start().await;
    for path in ["/keys", "/key"] {
        manage(&emulator, "HEAD", path, "").await.expect(200);
        call(&emulator, "HEAD", path, None, "").await.expect(401);
    }
}

#[tokio::test]
async fn a_body_is_at_most_a_mebibyte() {
    const LIMIT: usize = 1024 * 1024;

    let emulator = start().await;
    let padded = |length| {
        let mut body = br#"{"name":"k"}"#.to_vec();
        body.resize(length, b' ');
        body
    };
    let created = manage(&emulator, "POST", "/keys", padded(LIMIT)).await;
    let path = created.expect(201).path();
    for length in [LIMIT + 1, 5 * LIMIT] {
        for (method, path) in [("POST", "/keys"), ("PATCH", &*path)] {
            let answer = manage(&emulator, method, path, padded(length)).await;
            assert_eq!(answer.status, 413, "{method} of {length}");
            // Who has no business here is not told about sizes.
            call(&emulator, method, path, None, padded(length))
                .await
                .expect(401);
        }
    }
    let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
    assert_eq!(list.names(), ["k"]);
}

#[tokio::test]
async fn a_connection_serves_again_after_a_refusal() {
    let emulator = start().await;
    let mut stream = TcpStream::connect(emulator.local_addr())
        .await
        .expect("a connection");
    for (target, status) in [
        ("/api/v1/keys", "401"),
        ("/api/v1/nowhere", "404"),
        ("/api/v1/key", "405"),
        ("/api/v1/keys", "401"),
    ] {
        // The body comes in a packet of its own, and in chunks.
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.flush().await.expect("sent");
        tokio::task::yield_now().await;
        stream
            .write_all(b"2\r\n{}\r\n0\r\n\r\n")
            .await
            .expect("sent");

        let mut answer = String::new();
        while !answer.ends_with("}}") {
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).await.expect("received");
            assert_ne!(read, 0, "closed after {target}: {answer}");
            answer += std::str::from_utf8(&buffer[..read]).expect("UTF-8");
        }
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_connection_serves_again_after_a_body_that_nobody_asked_for() {
    let emulator = start().await;
    let mut connection = Connection::open(emulator.local_addr()).await;
    let elsewhere = "Origin: http://elsewhere.example\r\n";
    for (method, target, headers, status) in [
        ("GET", "/api/v1/keys", "", 401),
        ("DELETE", "/api/v1/keys/hash", "", 401),
        ("GET", "/_emulator/clock", "", 200),
        ("GET", "/_emulator/faults", "", 200),
        ("GET", "/_emulator/requests", "", 200),
        ("GET", "/_emulator/state", "", 200),
        ("DELETE", "/_emulator/faults", elsewhere, 403),
    ] {
        // In pieces, of which no more than the first is read by accident.
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\
             Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n"
        );
        connection.send(request.as_bytes()).await;
        connection.receive(method).await.expect(status);
    }
}
