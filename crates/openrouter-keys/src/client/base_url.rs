//! Where the service is.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

use crate::error::Error;

/// The base URL of the API, without a slash at its end.
#[derive(Clone)]
pub(super) struct BaseUrl {
    text: String,
    url: Arc<Url>,
    host: String,
    pub(super) is_https: bool,
}

impl BaseUrl {
    pub(super) const DEFAULT: &'static str = "https://openrouter.ai/api/v1";

    /// Reads `text`, which the caller knows as `argument`.
    pub(super) fn parse(argument: &str, text: &str) -> Result<Self, Error> {
        let invalid = |allowed| Err(Error::invalid_input(argument, allowed));
        let Ok(url) = Url::parse(text) else {
            return invalid("must be a URL such as https://openrouter.ai/api/v1");
        };
        if url.query().is_some() || url.fragment().is_some() {
            return invalid("must have neither a query nor a fragment");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return invalid(
                "must have neither user name nor password; the key goes into management_key",
            );
        }
        let is_https = match url.scheme() {
            "https" => true,
            "http" if is_loopback(&url) => false,
            "http" => {
                return invalid(
                    "must be https: plain http would show the key to the network, and is for loopback alone",
                );
            }
            _ => return invalid("must be https, or http on loopback"),
        };
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            host: match url.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            text: url.as_str().trim_end_matches('/').to_owned(),
            is_https,
            url: Arc::new(url),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, which nobody has to parse again.
    pub(super) fn url(&self) -> &Arc<Url> {
        &self.url
    }

    /// The host, and the port if it is not the usual one.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

fn is_loopback(url: &Url) -> bool {
    // An IPv6 address stands in brackets.
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn slashes_at_the_end_make_no_difference() {
        for text in [
            "https://a.example/api/v1",
            "https://a.example/api/v1/",
            "https://a.example/api/v1//",
        ] {
            assert_eq!(
                BaseUrl::parse("base_url", text).unwrap().as_str(),
                "https://a.example/api/v1"
            );
        }
        assert_eq!(
            BaseUrl::parse("base_url", "https://a.example")
                .unwrap()
                .as_str(),
            "https://a.example"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for text in [
            "http://127.0.0.1:1/api/v1",
            "http://127.9.9.9",
            "http://[::1]:80/",
            "http://localhost:3000",
        ] {
            assert!(
                !BaseUrl::parse("base_url", text).unwrap().is_https,
                "{text}"
            );
        }
        for text in [
            "http://openrouter.ai/api/v1",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://[::2]",
            "http://localhost.example",
            "http://0.0.0.0",
        ] {
            assert!(BaseUrl::parse("base_url", text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_base_is_refused_and_not_echoed() {
        for text in [
            "",
            "openrouter.ai",
            "/api/v1",
            "ftp://a.example",
            "https://",
            "https://a.example/?canary=1",
            "https://a.example/?",
            "https://a.example/#canary",
            "https://canary@a.example",
            "https://u:canary@a.example",
            "file:///canary",
            "https://a b",
        ] {
            let error = BaseUrl::parse("base_url", text).err().unwrap();
            let printed = format!("{error} {error:?}");
            assert!(
                printed.contains("base_url") && !printed.contains("canary"),
                "{printed}"
            );
        }
    }
}
