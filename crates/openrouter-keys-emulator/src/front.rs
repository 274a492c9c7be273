//! What stands before the API, as a gateway does: it is where faults strike.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header, response};
use axum::response::{Html, IntoResponse, Response};
use http_body_util::BodyExt as _;
use hyper::body::{self, Frame, Incoming};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::time::{self, Sleep};

use crate::answer::Refusal;
use crate::auth;
use crate::connection::Breach;
use crate::control::{self, Control};
use crate::faults::{Effect, Fault, Faults};
use crate::log::Log;
use crate::payload::Payload;
use crate::rate_limit::{RateLimiter, TooManyRequests};
use crate::routes::{self, Route};
use crate::saver::Saver;

/// The API, and what goes wrong on the way to it.
#[derive(Clone)]
pub(crate) struct Front {
    api: TowerToHyperService<Router>,
    faults: Faults,
    log: Log,
    rate: RateLimiter,
    saver: Option<Saver>,
}

impl Front {
    pub(crate) fn new(control: Control, saver: Option<Saver>) -> Self {
        Self {
            faults: control.faults.clone(),
            log: control.log.clone(),
            rate: control.rate.clone(),
            api: TowerToHyperService::new(routes::router(control)),
            saver,
        }
    }

    /// The answer to a request, or how the connection ends without a proper one.
    pub(crate) async fn answer(
        self,
        request: hyper::Request<Incoming>,
    ) -> Result<Response, Breach> {
        let request = request.map(Body::new);
        if !Route::is_api(request.uri().path()) {
            let request = without_unasked(request).await;
            return Ok(if control::is_control(request.uri().path()) {
                self.carry_out(request).await
            } else {
                self.call(request).await
            });
        }
        let (mut head, body) = request.into_parts();
        let route = Route::of(&head.method, head.uri.path());
        let fault = route.and_then(|route| self.faults.meet(route));
        let name = fault.as_ref().map(|fault| fault.effect().name());
        let position = self.log.arrived(&head, route, name);
        // To its end, whatever comes of it, so that the connection can be used again.
        let payload = Payload::read(body).await;
        self.log.received(position, &payload);
        head.extensions.insert(payload);
        let request = Request::from_parts(head, Body::empty());

        let answer = match fault {
            Some(fault) => self.strike(fault, request).await,
            None => match self.admit(&request) {
                Ok(()) => Ok(self.carry_out(request).await),
                Err(too_many) => Ok(too_many.into_response()),
            },
        };
        match &answer {
            Ok(answer) => self.log.answered(position, answer.status()),
            Err(Breach::Cut { status, .. }) => self.log.answered(position, *status),
            // Nothing was answered.
            Err(Breach::Reset) => {}
        }
        answer
    }

    /// Counts the request for the key that it came with. One without a key is not limited, nor is it carried out.
    fn admit(&self, request: &Request) -> Result<(), TooManyRequests> {
        match auth::presented(request.headers()) {
            Ok(credential) => self.rate.admit(credential),
            Err(_) => Ok(()),
        }
    }

    async fn strike(&self, fault: Fault, request: Request) -> Result<Response, Breach> {
        let struck = match fault.effect() {
            Effect::Delay => Ok(self.carry_out(request).await),
            Effect::Status(status) => Ok(failure(&fault, status)),
            Effect::Html(status) => Ok(with_retry_after(&fault, (status, Html(page(status))))),
            Effect::ResetBeforeResponse => Err(Breach::Reset),
            Effect::CommitThenReset => {
                self.carry_out(request).await;
                Err(Breach::Reset)
            }
            Effect::CommitThenStatus(status) => {
                self.carry_out(request).await;
                Ok(failure(&fault, status))
            }
            Effect::TruncateBody(bytes) => {
                let (head, body) = whole(self.carry_out(request).await).await;
                Err(Breach::Cut {
                    status: head.status,
                    bytes: truncated(&head, &body, bytes),
                })
            }
            Effect::SlowBody(over) => {
                let (head, body) = whole(self.carry_out(request).await).await;
                let body = Body::new(SlowBody::new(body, over));
                Ok(Response::from_parts(head, body))
            }
        };
        if !fault.lateness().is_zero() {
            time::sleep(fault.lateness()).await;
        }
        struck
    }

    async fn call(&self, request: Request) -> Response {
        let answer: Result<_, Infallible> = self.api.call(request).await;
        answer.unwrap_or_else(|never| match never {})
    }

    /// What the API answers when nothing goes wrong. Where the state is kept in a file, the answer tells of nothing that is not
    /// there yet.
    async fn carry_out(&self, request: Request) -> Response {
        let answer = self.call(request).await;
        let saved = match &self.saver {
            Some(saver) => saver.saved().await,
            None => Ok(()),
        };
        match saved {
            Ok(()) => answer,
            Err(error) => {
                let message = format!("The state could not be saved: {error}");
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
            }
        }
    }
}

/// The request without its body, if its method takes none: that is read here, so that the connection can be used again.
async fn without_unasked(request: Request) -> Request {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return request;
    }
    let (head, body) = request.into_parts();
    Payload::read(body).await;
    Request::from_parts(head, Body::empty())
}

/// The service's own failure, of which a 429 says more.
fn failure(fault: &Fault, status: StatusCode) -> Response {
    /// The documents name no number.
    const LIMIT: u64 = 100;

    let refusal = Refusal::new(status, "A fault that was injected answers with this");
    let mut answer = refusal.into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let too_many = TooManyRequests {
            limit: LIMIT,
            wait: fault.wait().map_or(Duration::ZERO, Duration::from_secs),
        };
        too_many.add_to(&mut answer);
    }
    with_retry_after(fault, answer)
}

fn with_retry_after(fault: &Fault, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    if let Some(seconds) = fault.wait() {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn page(status: StatusCode) -> String {
    let code = status.as_str();
    let title = match status.canonical_reason() {
        Some(reason) => format!("{code} {reason}"),
        None => code.to_owned(),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n<p>openrouter-keys-emulator: a fault that was injected answers \
         with this.</p>\n</body>\n</html>\n"
    )
}

/// The answer with its body in one piece.
async fn whole(answer: Response) -> (response::Parts, Bytes) {
    let (head, body) = answer.into_parts();
    let body = body.collect().await;
    let body = body.expect("answers are made whole in memory, where nothing cuts them off");
    (head, body.to_bytes())
}

/// An answer as it is sent, without what the body has beyond so many bytes. It is written out here
/// because hyper, when a body fails, also drops what it has not sent of it yet.
fn truncated(head: &response::Parts, body: &[u8], bytes: usize) -> Bytes {
    let status = head.status;
    let reason = status.canonical_reason().unwrap_or_default();
    let mut answer = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in &head.headers {
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&body[..body.len().min(bytes)]);
    answer.into()
}

/// A body that comes in pieces of the same size, with a pause before each but the first.
struct SlowBody {
    rest: Bytes,
    pieces: usize,
    pause: Duration,
    paused: Pin<Box<Sleep>>,
}

impl SlowBody {
    const PIECES: usize = 20;

    fn new(rest: Bytes, over: Duration) -> Self {
        let pieces = rest.len().min(Self::PIECES);
        let pauses = u32::try_from(pieces).map_or(1, |pieces| pieces.saturating_sub(1).max(1));
        Self {
            rest,
            pieces,
            pause: over / pauses,
            paused: Box::pin(time::sleep(Duration::ZERO)),
        }
    }
}

impl body::Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(this.paused.as_mut().poll(context));
        this.paused = Box::pin(time::sleep(this.pause));
        // So that what is left is spread evenly over the pieces that are left.
        let piece = this.rest.len().div_ceil(this.pieces);
        this.pieces -= 1;
        Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(piece)))))
    }
}
