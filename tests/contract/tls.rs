//! Whom the client talks to: a server that it cannot trust gets no request, and is not asked again.

use std::time::Duration;

use openrouter_keys::{Client, ErrorKind, reqwest};
use tokio::io::AsyncReadExt as _;
use tokio_rustls::rustls::version::TLS12;

use crate::support::{
    Authority, Certificate, HASH, Scripted, TOKEN, Tls, assert_unsent, builder, created, deleted,
    errors_of, no_waits, one_key,
};

#[tokio::test]
async fn a_server_that_is_trusted_is_used() {
    let authority = Authority::new();
    let tls12 = Tls {
        versions: vec![&TLS12],
        ..Tls::default()
    };
    // What a load balancer that knows HTTP/1.1 alone says of itself.
    let http1 = Tls {
        alpn: &["http/1.1"],
        ..Tls::default()
    };
    for tls in [Tls::default(), tls12, http1] {
        let server =
            Scripted::start_tls(authority.server(tls), [created(), one_key(), deleted()]).await;
        let client = builder(&server).http(authority.trusted()).build().unwrap();
        let _ = client.create("a").send().await.unwrap();
        client.get(HASH).send().await.unwrap();
        client.delete(HASH).send().await.unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(requests[0].header("authorization"), Some(&*bearer));
    }
}

/// Who a server is does not change within a second, so it is asked once.
#[tokio::test]
async fn a_certificate_that_is_refused_ends_the_call_before_anything_is_sent() {
    let ours = Authority::new();
    let somebody = Authority::new();
    for (what, config) in [
        ("an unknown authority", somebody.server(Certificate::Good)),
        ("another host", ours.server(Certificate::OtherHost)),
        ("expired", ours.server(Certificate::Expired)),
    ] {
        let server = Scripted::start_tls(config, [created(), created(), created()]).await;
        let client = builder(&server).http(ours.trusted()).build().unwrap();
        for error in errors_of(&client).await {
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Connect, 1),
                "{what}: {error}"
            );
            assert!(!error.maybe_applied(), "{what}: {error}");
            assert!(!error.is_retryable(), "{what}: {error}");
            let says = "could not connect to 127.0.0.1:";
            assert!(error.to_string().contains(says), "{what}: {error}");
            assert!(error.to_string().contains("certificate"), "{what}: {error}");
        }
        assert!(server.requests().is_empty(), "{what}");
    }
}

/// The caller's own choice, and documented as that.
#[tokio::test]
async fn a_caller_who_trusts_everybody_gets_an_answer_from_anybody() {
    let server =
        Scripted::start_tls(Authority::new().server(Certificate::Expired), [one_key()]).await;
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true);
    let client = builder(&server).http(http).build().unwrap();
    client.get(HASH).send().await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// Accepted and never greeted: the HTTP client's own connect timeout ends it, so it is known that nothing left.
#[tokio::test]
async fn a_handshake_that_stalls_was_no_request() {
    let server = Scripted::start([]).await;
    let client = builder(&server)
        .base_url(server.base_url().replace("http:", "https:"))
        .http(Authority::new().trusted())
        .connect_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    for error in errors_of(&client).await {
        assert_unsent(&error);
        assert!(error.to_string().contains("no connection to"), "{error}");
    }
    assert!(server.requests().is_empty());
}

/// The versions of TLS that a client offers, as it says them in its first message.
async fn offered(http: reqwest::ClientBuilder) -> Vec<u16> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}/api/v1", listener.local_addr().unwrap());
    let client = no_waits(Client::builder())
        .base_url(base_url)
        .http(http)
        .build()
        .unwrap();
    let call = tokio::spawn(async move { client.get(HASH).send().await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut record = [0; 5];
    stream.read_exact(&mut record).await.unwrap();
    let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
    stream.read_exact(&mut hello).await.unwrap();
    call.abort();
    versions(&hello).expect("the client says hello")
}

/// The extension `supported_versions` of a `ClientHello`, of RFC 8446.
fn versions(hello: &[u8]) -> Option<Vec<u16>> {
    const SUPPORTED_VERSIONS: u16 = 43;
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    // The kind of message, its length, the version of old, and a random number.
    let mut rest = hello.get(1 + 3 + 2 + 32..)?;
    // Session, ciphers and compressions: each with the length of its length.
    for width in [1, 2, 1] {
        let (length, after) = rest.split_at_checked(width)?;
        rest = after.get(number(length)..)?;
    }
    let (_, mut extensions) = rest.split_at_checked(2)?;
    while let Some((head, after)) = extensions.split_at_checked(4) {
        let (value, next) = after.split_at_checked(number(&head[2..]))?;
        if number(&head[..2]) == usize::from(SUPPORTED_VERSIONS) {
            let pairs = value.get(1..)?.chunks_exact(2);
            return Some(
                pairs
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect(),
            );
        }
        extensions = next;
    }
    None
}

#[tokio::test]
async fn no_tls_before_1_2_is_offered_and_a_stricter_minimum_stays() {
    use reqwest::tls::Version;
    const TLS_1_2: u16 = 0x0303;
    const TLS_1_3: u16 = 0x0304;

    let http = || Authority::new().trusted();
    assert_eq!(offered(http()).await, [TLS_1_3, TLS_1_2]);
    let lowered = http().tls_version_min(Version::TLS_1_0);
    assert_eq!(offered(lowered).await, [TLS_1_3, TLS_1_2]);
    let stricter = http().tls_version_min(Version::TLS_1_3);
    assert_eq!(offered(stricter).await, [TLS_1_3]);

    // Nothing is left to offer.
    let error = no_waits(Client::builder())
        .http(http().tls_version_max(Version::TLS_1_1))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other, "{error}");
}
