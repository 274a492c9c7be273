//! What an attempt came to: a value, or a failure of which two things must be known: whether the server may have
//! acted, and whether trying again can help. Whatever cannot be told apart counts as "may have acted".

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use openrouter_keys_raw::{self as raw, Cut, Head, Record};

use super::scrub::Scrubber;
use super::{Clock, Operation, Unusable, body, cause, retry_after, salvage};
use crate::error::{Error, ErrorKind, Inner, Salvaged};
use crate::model::KeyHash;
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
    /// Trying again may help.
    pub(super) transient: bool,
    /// What a create made all the same.
    salvaged: Option<Salvaged>,
    /// The key that a create made, if its plaintext is lost.
    hash: Option<KeyHash>,
    source: Option<reqwest::Error>,
}

/// How a call ended that gave no value.
pub(super) struct Ending {
    pub(super) attempts: u32,
    /// The server may have acted in one of the attempts.
    pub(super) maybe_applied: bool,
    /// There would have been another attempt, had the client had a retry left.
    pub(super) out_of_retries: bool,
}

/// What is asked of whom.
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) host: &'a str,
    pub(super) clock: &'a dyn Clock,
}

/// What came of one attempt. `result` is `None` if its time ran out.
pub(super) fn outcome<R, T>(
    asked: &Asked<'_>,
    result: Option<Result<raw::ResponseValue<R>, raw::Error>>,
    mut record: Record,
    accept: impl Fn(R) -> Result<T, Unusable>,
) -> Result<Response<T>, Box<Failure>> {
    let failure = match (result, record.head.take(), record.cut.take()) {
        (None, None, _) => Failure::silence(asked, &record),
        (Some(Err(error)), None, _) => Failure::unanswered(asked, error, &record),
        (_, Some(head), _) if !head.status.is_success() => {
            Failure::refused(asked, head, record.body)
        }
        (None, Some(head), _) => Failure::too_slow(head, record.body, None),
        // Even if what arrived makes sense: more was announced.
        (Some(_), Some(head), Some(cut)) => Failure::cut_off(asked, head, record.body, cut),
        (Some(Err(error)), Some(head), None) => {
            let reason = body::why_undecodable(&record.body, &error);
            Failure::undecodable(head, record.body, &reason)
        }
        (Some(Ok(answer)), head, _) => {
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
    };
    Err(Box::new(failure))
}

impl Failure {
    /// The answer was 429.
    pub(super) fn is_rate_limited(&self) -> bool {
        self.kind == ErrorKind::RateLimited
    }

    #[cfg(feature = "tracing")]
    pub(super) fn kind(&self) -> ErrorKind {
        self.kind
    }

    #[cfg(feature = "tracing")]
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The time ran out before there was any answer.
    fn silence(asked: &Asked<'_>, record: &Record) -> Self {
        let host = asked.host;
        let (kind, detail) = if record.taken_back {
            (
                ErrorKind::Connect,
                format!("the request could not be sent to {host} in time"),
            )
        } else {
            (ErrorKind::Timeout, format!("no answer from {host} in time"))
        };
        Self {
            ambiguous: !record.taken_back,
            transient: true,
            ..Self::new(kind, detail)
        }
    }

    /// There was no answer.
    fn unanswered(asked: &Asked<'_>, error: raw::Error, record: &Record) -> Self {
        let error = match error {
            raw::Error::CommunicationError(error) => error.without_url(),
            // The generated code refused its arguments; the facade checked them before.
            raw::Error::InvalidRequest(reason) => return Self::not_built(reason),
            // None of the others is without an answer.
            _ => {
                return Self {
                    ambiguous: true,
                    ..Self::not_built("the request could not be built")
                };
            }
        };
        if error.is_builder() {
            return Self {
                source: Some(error),
                ..Self::not_built("the request could not be built")
            };
        }
        if error.is_timeout() && !error.is_connect() {
            // Of the HTTP client that the caller brought along.
            return Self {
                source: Some(error),
                ..Self::silence(asked, record)
            };
        }
        let host = asked.host;
        // `is_connect` alone misses a connection that was accepted and then reset.
        let unsent = error.is_connect() || cause::is_canceled(&error) || record.taken_back;
        let (kind, detail) = if unsent && error.is_timeout() {
            (
                ErrorKind::Connect,
                format!("no connection to {host} in time"),
            )
        } else if unsent {
            (
                ErrorKind::Connect,
                format!("could not connect to {host}: {}", cause::innermost(&error)),
            )
        } else if cause::is_parse(&error) {
            (ErrorKind::Decode, "the answer is not valid HTTP".to_owned())
        } else {
            (
                ErrorKind::Connect,
                format!(
                    "the connection to {host} was lost: {}",
                    cause::innermost(&error)
                ),
            )
        };
        Self {
            ambiguous: !unsent,
            // Who the server is does not change within a few seconds.
            transient: !(unsent && cause::is_certificate(&error)),
            source: Some(error),
            ..Self::new(kind, detail)
        }
    }

    /// The answer is not a success.
    fn refused(asked: &Asked<'_>, head: Head, body: Bytes) -> Self {
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
            retry_after: retry_after::asked(status, &head.headers, || asked.clock.utc_now()),
            ambiguous: match kind {
                ErrorKind::Redirect => asked.operation == Operation::Create,
                _ => !refused,
            },
            transient: failed || kind == ErrorKind::RateLimited,
            head: Some(head),
            body,
            ..Self::new(kind, status_text(status))
        }
    }

    /// The answer is a success that did not arrive whole.
    fn cut_off(asked: &Asked<'_>, head: Head, body: Bytes, cut: Cut) -> Self {
        let (kind, cause, source) = match cut {
            Cut::TooLarge => (
                ErrorKind::BodyTooLarge,
                format!(
                    "its body is longer than {} bytes",
                    asked.operation.body_limit()
                ),
                None,
            ),
            Cut::Lost(error) if error.is_timeout() => {
                return Self::too_slow(head, body, Some(error.without_url()));
            }
            Cut::Lost(error) => (
                ErrorKind::Connect,
                format!("its body was cut off after {} bytes", body.len()),
                Some(error.without_url()),
            ),
        };
        Self {
            transient: true,
            source,
            ..Self::spoiled(kind, head, body, &cause)
        }
    }

    /// The answer is a success that did not arrive whole before the time ran out.
    fn too_slow(head: Head, body: Bytes, source: Option<reqwest::Error>) -> Self {
        Self {
            transient: true,
            source,
            ..Self::spoiled(
                ErrorKind::Timeout,
                head,
                body,
                "its body did not arrive in time",
            )
        }
    }

    /// The answer is a success that says something else than the API documents.
    fn undecodable(head: Head, body: Bytes, reason: &str) -> Self {
        Self::spoiled(ErrorKind::Decode, head, body, reason)
    }

    /// The answer is a success, and of no use for this reason.
    fn spoiled(kind: ErrorKind, head: Head, body: Bytes, reason: &str) -> Self {
        let status = status_text(head.status);
        Self {
            ambiguous: true,
            head: Some(head),
            body,
            ..Self::new(kind, format!("{status}, but {reason}"))
        }
    }

    /// The attempt was not begun. It may be later.
    pub(super) fn not_begun(
        kind: ErrorKind,
        detail: String,
        retry_after: Option<Duration>,
    ) -> Self {
        Self {
            retry_after,
            transient: true,
            ..Self::new(kind, detail)
        }
    }

    /// A request that never came about.
    fn not_built(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Other, detail.into())
    }

    fn new(kind: ErrorKind, detail: String) -> Self {
        Self {
            kind,
            detail,
            head: None,
            body: Bytes::new(),
            retry_after: None,
            ambiguous: false,
            transient: false,
            salvaged: None,
            hash: None,
            source: None,
        }
    }

    /// A success after all, if `rescue` finds one in what arrived of its body.
    pub(super) fn rescued<T>(&self, rescue: impl Fn(&[u8]) -> Option<T>) -> Option<Response<T>> {
        let head = self.head.as_ref().filter(|head| head.status.is_success())?;
        let value = rescue(&self.body)?;
        Some(Response::new(value, head.status, head.headers.clone()))
    }

    /// Looks for what a create made in what arrived of its answer. A plaintext there says that a key was made, whatever
    /// else the answer says, unless it is one of ours that the server repeats. The scrubber learns it.
    pub(super) fn salvage(&mut self, scrubber: &mut Cow<'_, Scrubber>) {
        let Some(head) = &self.head else {
            return;
        };
        let found = if head.status.is_client_error() {
            salvage::plaintext_for_certain(&self.body)
        } else {
            salvage::plaintext(&self.body)
        };
        // A hash is printed. What repeats a secret in its place names no key anyway.
        let printable = |hash: &KeyHash, scrubber: &Scrubber| scrubber.is_clean(hash.as_str());
        match found.filter(|salvaged| !scrubber.holds(&salvaged.secret)) {
            Some(mut salvaged) => {
                scrubber.to_mut().add(&salvaged.secret);
                salvaged.hash = salvaged.hash.filter(|hash| printable(hash, scrubber));
                self.salvaged = Some(salvaged);
                self.ambiguous = true;
            }
            // Any other status does not say that the key is the one that was to be made.
            None if head.status == StatusCode::CREATED => {
                self.hash = salvage::hash(&self.body).filter(|hash| printable(hash, scrubber));
            }
            None => {}
        }
    }

    /// The error that the caller gets.
    pub(super) fn into_error(
        self,
        operation: Operation,
        ending: &Ending,
        scrubber: &Scrubber,
    ) -> Error {
        let mut inner = Inner {
            kind: Some(self.kind),
            operation: Some(operation),
            detail: self.detail,
            retry_after: self.retry_after,
            attempts: ending.attempts,
            maybe_applied: ending.maybe_applied,
            retryable: self.transient,
            out_of_retries: ending.out_of_retries,
            salvaged: self.salvaged,
            hash: self.hash,
            source: self.source.map(Into::into),
            ..Inner::default()
        };
        if let Some(mut head) = self.head {
            scrubber.headers(&mut head.headers);
            if !head.status.is_success() {
                body::explain(&mut inner, &self.body, scrubber);
            }
            inner.status = Some(head.status);
            inner.headers = head.headers;
        }
        Error::new(inner)
    }
}

/// `503 Service Unavailable`, or `520` where there is no name for it.
fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use openrouter_keys_raw::Head;

    use super::{Asked, Failure};
    use crate::ErrorKind;
    use crate::transport::{Operation, TokioClock};

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
            let asked = Asked {
                operation: Operation::Create,
                host: "a.example",
                clock: &TokioClock,
            };
            let failure = Failure::refused(&asked, head(), Bytes::new());
            assert_eq!(failure.kind, kind, "{status}");
            assert_eq!(failure.ambiguous, ambiguous, "{status}");
            assert_eq!(failure.transient, transient, "{status}");
        }
    }
}
