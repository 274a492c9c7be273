//! What an attempt came to: a value, or a failure of which two things must be known: whether the server may have
//! acted, and whether trying again can help. Whatever cannot be told apart counts as "may have acted".

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use openrouter_keys_raw::{self as raw, Cut, Head, Record};

use super::scrub::Scrubber;
use super::{Operation, Unusable, body, retry, salvage};
use crate::error::{Error, ErrorKind, Inner};
use crate::response::Response;

/// An attempt that gave no value.
pub(super) struct Failure {
    kind: ErrorKind,
    detail: String,
    head: Option<Head>,
    body: Bytes,
    pub(super) retry_after: Option<Duration>,
    /// The server may have acted in this attempt.
    pub(super) ambiguous: bool,
    /// The server may have acted in this attempt or an earlier one.
    pub(super) maybe_applied: bool,
    /// Trying again may help.
    pub(super) transient: bool,
    source: Option<reqwest::Error>,
}

/// What came of one attempt.
pub(super) fn outcome<R, T>(
    operation: Operation,
    host: &str,
    result: Result<raw::ResponseValue<R>, raw::Error>,
    mut record: Record,
    accept: impl Fn(R) -> Result<T, Unusable>,
) -> Result<Response<T>, Box<Failure>> {
    let failure = match (result, record.head.take()) {
        (Ok(answer), head) => {
            let head = head.unwrap_or_else(|| Head {
                status: answer.status(),
                headers: answer.headers().clone(),
            });
            match accept(answer.into_inner()) {
                Ok(value) => return Ok(Response::new(value, head.status, head.headers)),
                Err(unusable) => Failure {
                    ambiguous: unusable.maybe_applied,
                    ..Failure::undecodable(head, record.body, &unusable.reason)
                },
            }
        }
        (Err(error), None) => Failure::unanswered(host, error, &record),
        (Err(_), Some(head)) if !head.status.is_success() => {
            Failure::refused(operation, head, record.body)
        }
        (Err(error), Some(head)) => {
            if let Some(cut) = record.cut {
                Failure::cut_off(operation, head, record.body, cut)
            } else {
                let reason = body::why_undecodable(&record.body, &error);
                Failure::undecodable(head, record.body, &reason)
            }
        }
    };
    Err(Box::new(failure))
}

impl Failure {
    /// There was no answer.
    fn unanswered(host: &str, error: raw::Error, record: &Record) -> Self {
        let error = match error {
            raw::Error::CommunicationError(error) => error,
            // The generated code refused its arguments; the facade checked them before.
            other => {
                return Self {
                    kind: ErrorKind::Other,
                    detail: match other {
                        raw::Error::InvalidRequest(reason) => reason,
                        _ => "the request could not be built".to_owned(),
                    },
                    ..Self::empty()
                };
            }
        };
        let error = error.without_url();
        if error.is_builder() {
            return Self {
                kind: ErrorKind::Other,
                detail: "the request could not be built".to_owned(),
                source: Some(error),
                ..Self::empty()
            };
        }
        // A request whose body nobody asked for cannot have left; `is_connect` alone misses a connection that
        // was accepted and then reset.
        let unsent =
            error.is_connect() || is_canceled(&error) || (record.had_body && !record.body_polled);
        let (kind, detail) = match (unsent, error.is_timeout()) {
            (false, false) if is_parse(&error) => {
                (ErrorKind::Decode, "the answer is not valid HTTP".to_owned())
            }
            (true, true) => (
                ErrorKind::Connect,
                format!("no connection to {host} in time"),
            ),
            (true, false) => (
                ErrorKind::Connect,
                format!("could not connect to {host}: {}", innermost(&error)),
            ),
            (false, true) => (ErrorKind::Timeout, format!("no answer from {host} in time")),
            (false, false) => (
                ErrorKind::Connect,
                format!("the connection to {host} was lost: {}", innermost(&error)),
            ),
        };
        Self {
            kind,
            detail,
            ambiguous: !unsent,
            transient: true,
            source: Some(error),
            ..Self::empty()
        }
    }

    /// The answer is not a success.
    fn refused(operation: Operation, head: Head, body: Bytes) -> Self {
        let status = head.status;
        let kind = match status.as_u16() {
            300..=399 => ErrorKind::Redirect,
            400 | 413 | 422 => ErrorKind::BadRequest,
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            408 => ErrorKind::Timeout,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            500..=599 => ErrorKind::Server,
            _ => ErrorKind::Other,
        };
        let failed = matches!(kind, ErrorKind::Timeout | ErrorKind::Server);
        // A 4xx says that the request was refused. In 460 and 499 a gateway says that we went away, and the service
        // behind it may have acted; so it may have with a status that nobody has defined.
        let refused = status.is_client_error() && !matches!(status.as_u16(), 408 | 460 | 499);
        Self {
            kind,
            detail: status_text(status),
            retry_after: retry::retry_after(status, &head.headers),
            ambiguous: match kind {
                ErrorKind::Redirect => operation == Operation::Create,
                _ => !refused,
            },
            transient: failed || kind == ErrorKind::RateLimited,
            head: Some(head),
            body,
            ..Self::empty()
        }
    }

    /// The answer is a success that did not arrive whole.
    fn cut_off(operation: Operation, head: Head, body: Bytes, cut: Cut) -> Self {
        let (kind, cause, source) = match cut {
            Cut::TooLarge => (
                ErrorKind::BodyTooLarge,
                format!("its body is longer than {} bytes", operation.body_limit()),
                None,
            ),
            Cut::Lost(error) if error.is_timeout() => (
                ErrorKind::Timeout,
                "its body did not arrive in time".to_owned(),
                Some(error.without_url()),
            ),
            Cut::Lost(error) => (
                ErrorKind::Connect,
                format!("its body was cut off after {} bytes", body.len()),
                Some(error.without_url()),
            ),
        };
        Self {
            kind,
            detail: format!("{}, but {cause}", status_text(head.status)),
            ambiguous: true,
            transient: true,
            head: Some(head),
            body,
            source,
            ..Self::empty()
        }
    }

    /// The answer is a success that says something else than the API documents.
    fn undecodable(head: Head, body: Bytes, reason: &str) -> Self {
        Self {
            kind: ErrorKind::Decode,
            detail: format!("{}, but {reason}", status_text(head.status)),
            ambiguous: true,
            head: Some(head),
            body,
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        Self {
            kind: ErrorKind::Other,
            detail: String::new(),
            head: None,
            body: Bytes::new(),
            retry_after: None,
            ambiguous: false,
            maybe_applied: false,
            transient: false,
            source: None,
        }
    }

    /// A success after all, if `rescue` finds one in what arrived of its body.
    pub(super) fn rescued<T>(&self, rescue: impl Fn(&[u8]) -> Option<T>) -> Option<Response<T>> {
        let head = self.head.as_ref().filter(|head| head.status.is_success())?;
        let value = rescue(&self.body)?;
        Some(Response::new(value, head.status, head.headers.clone()))
    }

    /// The error that the caller gets after `attempts` attempts.
    pub(super) fn into_error(
        self,
        operation: Operation,
        attempts: u32,
        mut scrubber: Cow<'_, Scrubber>,
    ) -> Error {
        let mut inner = Inner {
            kind: Some(self.kind),
            operation: Some(operation),
            detail: self.detail,
            retry_after: self.retry_after,
            attempts,
            maybe_applied: self.maybe_applied,
            retryable: self.transient,
            source: self.source.map(Into::into),
            ..Inner::default()
        };
        if operation == Operation::Create && self.ambiguous {
            inner.salvaged = salvage::plaintext(&self.body);
        }
        if let Some(salvaged) = &inner.salvaged {
            scrubber.to_mut().add(&salvaged.secret);
        }
        if let Some(mut head) = self.head {
            scrubber.headers(&mut head.headers);
            if !head.status.is_success() {
                body::explain(&mut inner, &self.body, &scrubber);
            }
            inner.status = Some(head.status);
            inner.headers = head.headers;
        }
        Error::new(inner)
    }
}

/// Whether the HTTP stack gave the request up before it wrote any of it.
fn is_canceled(error: &reqwest::Error) -> bool {
    hyper_error(error).is_some_and(hyper::Error::is_canceled)
}

/// Whether there was an answer that the HTTP stack could not read.
fn is_parse(error: &reqwest::Error) -> bool {
    hyper_error(error).is_some_and(hyper::Error::is_parse)
}

fn hyper_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// `503 Service Unavailable`, or `520` where there is no name for it.
fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// The end of the chain: reqwest's and hyper's own words say less than that of the operating system.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use openrouter_keys_raw::Head;

    use super::Failure;
    use crate::ErrorKind;
    use crate::transport::Operation;

    #[test]
    fn each_status_has_its_kind_and_says_whether_the_server_may_have_acted() {
        use ErrorKind::{
            BadRequest, Conflict, Forbidden, NotFound, Other, RateLimited, Redirect, Server,
            Timeout, Unauthorized,
        };
        // status, kind, ambiguous on create, transient
        let cases = [
            (301, Redirect, true, false),
            (307, Redirect, true, false),
            (400, BadRequest, false, false),
            (401, Unauthorized, false, false),
            (402, Other, false, false),
            (403, Forbidden, false, false),
            (404, NotFound, false, false),
            (405, Other, false, false),
            (408, Timeout, true, true),
            (409, Conflict, false, false),
            (413, BadRequest, false, false),
            (422, BadRequest, false, false),
            (429, RateLimited, false, true),
            (101, Other, true, false),
            (460, Other, true, false),
            (499, Other, true, false),
            (600, Other, true, false),
            (500, Server, true, true),
            (502, Server, true, true),
            (503, Server, true, true),
            (529, Server, true, true),
        ];
        for (status, kind, ambiguous, transient) in cases {
            let head = || Head {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
            };
            let failure = Failure::refused(Operation::Create, head(), Bytes::new());
            assert_eq!(failure.kind, kind, "{status}");
            assert_eq!(failure.ambiguous, ambiguous, "{status}");
            assert_eq!(failure.transient, transient, "{status}");
        }
    }
}
