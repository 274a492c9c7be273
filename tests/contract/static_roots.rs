//! The feature `static-roots`: the certificates that come with the program, and none of the system's.

use openrouter_keys::{Client, ErrorKind};

use crate::support::{
    Authority, Certificate, Hello, Scripted, builder, created, errors_of, no_waits, run_from_env,
};

#[tokio::test]
async fn an_authority_that_mozilla_does_not_know_is_refused_once() {
    let server = Authority::new().server(Certificate::Good);
    let server = Scripted::start_tls(server, [created(), created()]).await;
    let client = builder(&server).build().unwrap();
    for error in errors_of(&client).await {
        let attempts = (error.kind(), error.attempts());
        assert_eq!(attempts, (ErrorKind::Connect, 1), "{error}");
        assert!(!error.maybe_applied() && !error.is_retryable(), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(server.requests().is_empty());
}

/// Without the feature, a client cannot be made there.
#[test]
fn a_machine_without_certificates_will_do() {
    let environment = [
        ("OPENROUTER_MANAGEMENT_KEY", "canary"),
        ("SSL_CERT_FILE", "/nowhere/certificates"),
        ("SSL_CERT_DIR", "/nowhere"),
    ];
    let printed = run_from_env(&[], &environment);
    assert!(printed.starts_with("Client {"), "{printed}");
}

#[tokio::test]
async fn it_is_offered_what_any_client_of_ours_offers() {
    let hello = Hello::of(no_waits(Client::builder())).await;
    assert_eq!(hello.versions(), Some(vec![0x0304, 0x0303]));
    let protocols = hello.protocols().unwrap();
    if cfg!(feature = "http2") {
        assert_eq!(protocols, ["h2", "http/1.1"]);
    } else {
        assert_eq!(protocols, ["http/1.1"]);
    }
}
