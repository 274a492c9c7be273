//! What a call tells those who trace it. Without the feature `tracing`, everything here is empty.
//!
//! No value of a request or an answer gets here but the status: neither hash nor name, no header, no text of an error.

pub(super) use imp::Trace;
pub(crate) use imp::carried_over;

#[cfg(feature = "tracing")]
mod imp {
    use std::borrow::Cow;
    use std::time::Duration;

    use http::StatusCode;
    use reqwest::Url;
    use tracing::field::Empty;
    use tracing::instrument::{Instrument as _, Instrumented, WithSubscriber as _};
    use tracing::{Level, Span};

    use crate::client::Client;
    use crate::error::ErrorKind;
    use crate::transport::Operation;
    use crate::transport::classify::Failure;

    /// What everything is filed under, wherever it is in the crate.
    const TARGET: &str = "openrouter_keys";

    /// The span of one call.
    pub(crate) struct Trace {
        span: Span,
    }

    impl Trace {
        pub(crate) fn new(client: &Client, operation: Operation) -> Self {
            let span = tracing::info_span!(
                target: TARGET,
                "call",
                "otel.name" = Empty,
                "otel.kind" = "client",
                "otel.status_code" = Empty,
                "http.request.method" = Empty,
                "url.template" = Empty,
                "server.address" = Empty,
                "server.port" = Empty,
                "http.request.resend_count" = Empty,
                "http.response.status_code" = Empty,
                "error.type" = Empty,
            );
            if !span.is_disabled() {
                describe(&span, client.base_url(), operation);
            }
            Self { span }
        }

        /// `call` within the span, which is entered only while the call is polled.
        pub(crate) fn around<F: Future>(&self, call: F) -> Instrumented<F> {
            call.instrument(self.span.clone())
        }

        /// The last of so many attempts gave a value.
        pub(crate) fn answered(&self, attempts: u32, status: StatusCode) {
            let status = Some(status_code(status));
            let resends = resends(attempts);
            self.span.record("http.response.status_code", status);
            self.span.record("http.request.resend_count", resends);
            tracing::event!(
                target: TARGET,
                Level::DEBUG,
                "http.response.status_code" = status,
                "http.request.resend_count" = resends,
                "attempt answered",
            );
        }

        /// The last of so many attempts gave none; the next one begins after `wait`, if there is one.
        pub(crate) fn failed(&self, attempts: u32, failure: &Failure, wait: Option<Duration>) {
            let status = failure.status().map(status_code);
            let resends = resends(attempts);
            let error_type = &*error_type(failure);
            tracing::event!(
                target: TARGET,
                Level::WARN,
                "http.response.status_code" = status,
                "http.request.resend_count" = resends,
                "error.type" = error_type,
                retry_in_ms = wait.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
                "attempt failed",
            );
            if wait.is_none() {
                self.span.record("http.response.status_code", status);
                self.span.record("http.request.resend_count", resends);
                self.span.record("error.type", error_type);
                self.span.record("otel.status_code", "ERROR");
            }
        }
    }

    /// `call` in the span, and with the subscriber, of whoever hands it to another task or thread.
    pub(crate) fn carried_over<F: Future>(call: F) -> impl Future<Output = F::Output> + use<F> {
        call.in_current_span().with_current_subscriber()
    }

    /// What is known of a call before it begins.
    fn describe(span: &Span, base_url: &str, operation: Operation) {
        let (method, path) = match operation {
            Operation::List => ("GET", "/keys"),
            Operation::Create => ("POST", "/keys"),
            Operation::Get => ("GET", "/keys/{hash}"),
            Operation::Update => ("PATCH", "/keys/{hash}"),
            Operation::Delete => ("DELETE", "/keys/{hash}"),
            Operation::Current => ("GET", "/key"),
        };
        span.record("http.request.method", method);
        // It was parsed when the client was made.
        let Ok(base) = Url::parse(base_url) else {
            return;
        };
        let template = format!("{}{path}", base.path().trim_end_matches('/'));
        span.record("otel.name", format!("{method} {template}"));
        span.record("url.template", template);
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = base.host_str().map(|host| host.trim_matches(['[', ']']));
        span.record("server.address", host);
        span.record("server.port", base.port_or_known_default().map(i64::from));
    }

    /// One of a few words, whatever the server says.
    fn error_type(failure: &Failure) -> Cow<'static, str> {
        if let Some(status) = failure.status().filter(|status| !status.is_success()) {
            return status.as_str().to_owned().into();
        }
        match failure.kind() {
            ErrorKind::Connect => "connect",
            ErrorKind::Timeout => "timeout",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Decode => "decode",
            ErrorKind::BodyTooLarge => "body_too_large",
            // The others have a status.
            _ => "other",
        }
        .into()
    }

    /// Signed, because tracing-opentelemetry makes text of a number that is not.
    fn status_code(status: StatusCode) -> i64 {
        status.as_u16().into()
    }

    /// How often the request was sent again.
    fn resends(attempts: u32) -> Option<i64> {
        (attempts > 1).then(|| i64::from(attempts) - 1)
    }
}

#[cfg(not(feature = "tracing"))]
mod imp {
    use std::time::Duration;

    use http::StatusCode;

    use crate::client::Client;
    use crate::transport::Operation;
    use crate::transport::classify::Failure;

    /// Nothing.
    pub(crate) struct Trace;

    pub(crate) fn carried_over<F: Future>(call: F) -> F {
        call
    }

    impl Trace {
        pub(crate) fn new(_: &Client, _: Operation) -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "with the feature it is used")]
        pub(crate) fn around<F: Future>(&self, call: F) -> F {
            call
        }

        #[expect(clippy::unused_self, reason = "with the feature it is used")]
        pub(crate) fn answered(&self, _: u32, _: StatusCode) {}

        #[expect(clippy::unused_self, reason = "with the feature it is used")]
        pub(crate) fn failed(&self, _: u32, _: &Failure, _: Option<Duration>) {}
    }
}
