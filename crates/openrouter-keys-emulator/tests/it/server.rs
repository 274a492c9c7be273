//! Starting, stopping and what is printed.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use openrouter_keys_emulator::Emulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time;

use crate::http::{create, manage, start};

#[tokio::test]
async fn emulators_are_on_loopback_and_strangers_to_each_other() {
    let first = start().await;
    let second = start().await;
    for emulator in [&first, &second] {
        let address = emulator.local_addr();
        assert_eq!(address.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(
            emulator.base_url(),
            format!("http://127.0.0.1:{}/api/v1", address.port())
        );
    }
    assert_ne!(first.management_key(), second.management_key());
    create(&first, r#"{"name":"k"}"#).await;
    let list = manage(&second, "GET", "/keys", "").await.expect(200);
    assert_eq!(list.names(), [""; 0]);
}

#[tokio::test]
async fn a_port_that_is_taken_is_refused() {
    let emulator = start().await;
    let port = emulator.local_addr().port();
    let started = Emulator::builder().port(port).start().await;
    assert_eq!(
        started.expect_err("refused").kind(),
        io::ErrorKind::AddrInUse
    );
}

#[tokio::test]
async fn a_management_key_must_fit_into_a_header() {
    for key in [
        "",
        "canary key",
        "canary\n",
        "canary\0",
        "canary-é",
        "\tcanary",
    ] {
        let started = Emulator::builder().management_key(key).start().await;
        let error = started.expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    let emulator = Emulator::builder()
        .management_key("my:own/key~!")
        .start()
        .await
        .expect("started");
    assert_eq!(emulator.management_key(), "my:own/key~!");
    manage(&emulator, "GET", "/keys", "").await.expect(200);
}

#[tokio::test]
async fn a_fleet_has_its_limits() {
    for keys in [1_000_001, usize::MAX] {
        let started = Emulator::builder().keys(keys).start().await;
        assert_eq!(
            started.expect_err("refused").kind(),
            io::ErrorKind::InvalidInput
        );
    }
}

#[tokio::test]
async fn debug_output_holds_no_key() {
    let builder = Emulator::builder().management_key("canary").keys(3);
    assert_eq!(
        format!("{builder:?}"),
        "EmulatorBuilder { exposed: None, port: 0, management_key: Some([redacted]), keys: 3, state_file: None, rate_limit: None }"
    );
    let emulator = builder.start().await.expect("started");
    let shown = format!("{emulator:?}");
    assert!(shown.contains(emulator.base_url()), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

/// A connection that has been answered once and is kept open.
async fn idle(emulator: &Emulator) -> TcpStream {
    let mut stream = TcpStream::connect(emulator.local_addr())
        .await
        .expect("a connection");
    stream
        .write_all(b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.expect("received");
    assert!(answer[..read].starts_with(b"HTTP/1.1 404 "));
    stream
}

/// Whether the other side closes or resets, rather than answers or does nothing for long.
async fn is_closed(mut stream: TcpStream) -> bool {
    let read = time::timeout(Duration::from_secs(20), stream.read(&mut [0; 64])).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

/// A connection on which a request is being read, and lacks two bytes.
async fn busy(emulator: &Emulator) -> TcpStream {
    let mut stream = TcpStream::connect(emulator.local_addr())
        .await
        .expect("a connection");
    stream
        .write_all(
            b"POST /api/v1/keys HTTP/1.1\r\nHost: localhost\r\n\
              Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        )
        .await
        .expect("sent");
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.expect("received");
    assert!(answer[..read].starts_with(b"HTTP/1.1 100 "));
    stream
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let emulator = start().await;
    let idle = idle(&emulator).await;
    let busy = busy(&emulator).await;
    emulator.stop().await;
    assert!(is_closed(idle).await);
    assert!(is_closed(busy).await);
}

#[tokio::test]
async fn stopping_does_not_wait_for_idle_connections() {
    let emulator = start().await;
    let idle = idle(&emulator).await;
    // From here on time passes only when everyone waits for it.
    time::pause();
    let asked = time::Instant::now();
    emulator.stop().await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
    time::resume();
    assert!(is_closed(idle).await);
}

#[tokio::test]
async fn stopping_lets_a_request_finish() {
    let emulator = start().await;
    let mut busy = busy(&emulator).await;
    busy.write_all(b"{}").await.expect("sent");
    emulator.stop().await;
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.expect("received");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn dropping_ends_every_connection_at_once() {
    let emulator = start().await;
    let idle = idle(&emulator).await;
    let mut busy = busy(&emulator).await;
    drop(emulator);
    assert!(is_closed(idle).await);
    // Too late to be answered, and perhaps even to be sent.
    let _ = busy.write_all(b"{}").await;
    assert!(is_closed(busy).await);
}
