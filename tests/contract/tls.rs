//! Whom the client talks to: a server that it cannot trust gets no request, and is not asked again.

use std::time::Duration;

use openrouter_keys::{Client, ErrorKind, reqwest};
use tokio_rustls::rustls::version::TLS12;

use crate::support::{
    Authority, Certificate, HASH, Hello, Scripted, TOKEN, Tls, assert_unsent, builder, created,
    deleted, errors_of, no_waits, one_key,
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

/// The versions of TLS that a client offers.
async fn offered(http: reqwest::ClientBuilder) -> Vec<u16> {
    let hello = Hello::of(no_waits(Client::builder()).http(http)).await;
    hello.versions().expect("the client says what it can")
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
