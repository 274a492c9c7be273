//! What a test does to the emulator over HTTP, beside the API.

mod budgets;
mod clock;
mod faults;
mod keys;
mod members;
mod rate_limit;
mod requests;
mod state;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use crate::answer::Refusal;
use crate::faults::Faults;
use crate::log::Log;
use crate::payload::Payload;
use crate::rate_limit::{RateLimit, RateLimiter};
use crate::state::Shared;

/// All that can be looked at and changed from outside.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) state: Shared,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) rate: RateLimiter,
    /// The rate limit that there is from the start, and again after a reset.
    pub(crate) initial_rate: Option<RateLimit>,
}

impl Control {
    /// Goes back to how everything was at the start.
    pub(crate) fn reset(&self) {
        let begun_again = self.state.lock().reset();
        begun_again.expect("the same fleet was there at the start");
        self.faults.disarm();
        self.log.clear();
        self.rate.set(self.initial_rate);
    }
}

/// Whether the path is one of these, or could be.
pub(crate) fn is_control(path: &str) -> bool {
    path.starts_with("/_emulator/")
}

/// Nobody has to sign in here: it takes a program on the same machine, and opens nothing.
pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route(
            "/_emulator/faults",
            get(faults::show).post(faults::arm).delete(faults::disarm),
        )
        .route(
            "/_emulator/requests",
            get(requests::show).delete(requests::clear),
        )
        .route(
            "/_emulator/budgets",
            get(budgets::show).post(budgets::add).delete(budgets::clear),
        )
        .route("/_emulator/clock", get(clock::show).post(clock::change))
        .route("/_emulator/keys", post(keys::seed))
        .route("/_emulator/keys/{hash}/spend", post(keys::spend))
        .route(
            "/_emulator/rate_limit",
            get(rate_limit::show)
                .put(rate_limit::set)
                .delete(rate_limit::remove),
        )
        .route("/_emulator/state", get(state::show).put(state::restore))
        .route("/_emulator/reset", post(state::reset))
        .layer(middleware::from_fn(same_origin))
        .with_state(control)
}

/// Turns away what a page of another site sends. A browser lets any page post to this machine, and one that somebody has open
/// beside their tests is no program of theirs.
async fn same_origin(request: Request, next: Next) -> Result<Response, Refusal> {
    let headers = request.headers();
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let is_elsewhere = headers.get(header::ORIGIN).is_some_and(|origin| {
        let origin = origin.as_bytes().strip_prefix(b"http://");
        origin.is_none() || origin != host
    });
    if is_elsewhere {
        // So that the connection can be used again.
        Payload::read(request.into_body()).await;
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "A page of another site may not control the emulator",
        ));
    }
    Ok(next.run(request).await)
}
