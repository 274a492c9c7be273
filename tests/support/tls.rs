//! Certificates that are made for one test, and the server's half of TLS.

use std::sync::Arc;

use openrouter_keys::reqwest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ALL_VERSIONS, ServerConfig, SupportedProtocolVersion};

/// A certificate authority that nobody knows but those whom a test introduces to it.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    /// Nothing: it is for 127.0.0.1 and localhost.
    Good,
    OtherHost,
    Expired,
}

/// How a server does TLS. What is not said is as usual: all versions, and no word on what is spoken inside.
pub(crate) struct Tls {
    pub(crate) certificate: Certificate,
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    /// The protocols that ALPN offers, the preferred one first.
    pub(crate) alpn: &'static [&'static str],
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: Certificate::Good,
            versions: ALL_VERSIONS.to_vec(),
            alpn: &[],
        }
    }
}

impl From<Certificate> for Tls {
    fn from(certificate: Certificate) -> Self {
        Self {
            certificate,
            ..Self::default()
        }
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, new_key()).expect("a key can sign for itself"))
    }

    /// An HTTP client that trusts this authority and no other, for `ClientBuilder::http`.
    pub(crate) fn trusted(&self) -> reqwest::ClientBuilder {
        let certificate = reqwest::Certificate::from_der(self.0.der())
            .expect("what was just written can be read");
        reqwest::Client::builder().tls_certs_only([certificate])
    }

    /// The settings of a server whose certificate is signed by this authority.
    pub(crate) fn server(&self, tls: impl Into<Tls>) -> Arc<ServerConfig> {
        let tls = tls.into();
        let mut params = match tls.certificate {
            Certificate::Good | Certificate::Expired => params(&["127.0.0.1", "localhost"]),
            Certificate::OtherHost => params(&["other.invalid"]),
        };
        if matches!(tls.certificate, Certificate::Expired) {
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let key = new_key();
        let certificate = params
            .signed_by(&key, &self.0)
            .expect("an authority can sign");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_protocol_versions(&tls.versions)
            .expect("the provider has all versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("key and certificate belong together");
        config.alpn_protocols = tls.alpn.iter().map(|name| (*name).into()).collect();
        Arc::new(config)
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    CertificateParams::new(names).expect("the names are ASCII")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("there is enough randomness")
}
