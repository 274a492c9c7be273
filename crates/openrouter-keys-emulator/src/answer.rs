//! What goes back to the caller: JSON, always.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::json::Json;

/// What a handler comes to.
pub(crate) type Answer = Result<Response, Refusal>;

/// An answer with that status and body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body)
        .expect("answers hold strings, numbers and lists only, which always have a JSON form");
    in_json(status, body)
}

/// The same for a body that has a faster way to be written.
pub(crate) fn written(status: StatusCode, body: &impl Json) -> Response {
    let mut out = Vec::new();
    body.write(&mut out);
    in_json(status, out)
}

fn in_json(status: StatusCode, body: Vec<u8>) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}

/// Why a request was not carried out. The message never repeats anything that was sent, since
/// that could be a secret.
pub(crate) struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// 400: the request itself is wrong, and the message says how.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: nobody known is asking.
    pub(crate) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 404: no key has that hash.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Resource not found")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Error<'a>,
        }

        #[derive(Serialize)]
        struct Error<'a> {
            code: u16,
            message: &'a str,
        }

        let error = Error {
            code: self.status.as_u16(),
            message: &self.message,
        };
        json(self.status, &Body { error })
    }
}
