//! Whom the client talks to.

use openrouter_keys::ErrorKind;

use super::expect::{assert_safe, builder};
use super::{Case, case};
use crate::support::{Authority, Certificate, Scripted, Verb, VirtualClock};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("7", "an unknown authority", async {
            let stranger = Authority::new();
            refused(&Authority::new(), &stranger, Certificate::Good).await;
        }),
        case("8", "another host's certificate", async {
            let ours = Authority::new();
            refused(&ours, &ours, Certificate::OtherHost).await;
        }),
        case("9", "an expired certificate", async {
            let ours = Authority::new();
            refused(&ours, &ours, Certificate::Expired).await;
        }),
    ]
}

/// A server with a certificate by `signer`, where `ours` is trusted: it gets no request, and is not asked again.
async fn refused(ours: &Authority, signer: &Authority, certificate: Certificate) {
    for verb in Verb::ALL {
        let script = vec![verb.good_answer(); 3];
        let server = Scripted::start_tls(signer.server(certificate), script).await;
        let client = builder(&server, &VirtualClock::new()).http(ours.trusted());
        let result = verb.call(&client.build().unwrap()).await;
        let error = result.map(drop).expect_err("nobody is trusted");
        assert_safe(&error);
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Connect, 1),
            "{verb:?}: {error}"
        );
        assert!(!error.maybe_applied() && !error.is_retryable(), "{error}");
        assert!(server.requests().is_empty());
    }
    // It is for its certificate alone that it was refused.
    let server = Scripted::start_tls(ours.server(Certificate::Good), [Verb::Get.good_answer()]);
    let server = server.await;
    let client = builder(&server, &VirtualClock::new()).http(ours.trusted());
    Verb::Get.call(&client.build().unwrap()).await.unwrap();
}
