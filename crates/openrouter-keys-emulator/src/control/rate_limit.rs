//! The rate limit, set and removed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::Control;
use super::members::{Object, in_milliseconds, milliseconds, natural};
use crate::answer::{Answer, json};
use crate::payload::Payload;
use crate::rate_limit::{RateLimit, RateLimiter};

pub(super) async fn show(State(control): State<Control>) -> Response {
    shown(&control.rate)
}

pub(super) async fn set(State(control): State<Control>, payload: Payload) -> Answer {
    let object = Object::read(payload, &["requests", "per_ms"])?;
    let requests = object.needed("requests", natural)?;
    let per = object.needed("per_ms", milliseconds)?;
    control.rate.set(Some(RateLimit { requests, per }));
    Ok(shown(&control.rate))
}

pub(super) async fn remove(State(control): State<Control>, _: Payload) -> Response {
    control.rate.set(None);
    shown(&control.rate)
}

fn shown(limiter: &RateLimiter) -> Response {
    #[derive(Serialize)]
    struct Shown {
        rate_limit: Option<Limit>,
    }

    #[derive(Serialize)]
    struct Limit {
        requests: u64,
        per_ms: u64,
    }

    let rate_limit = limiter.limit().map(|RateLimit { requests, per }| Limit {
        requests,
        per_ms: in_milliseconds(per),
    });
    json(StatusCode::OK, &Shown { rate_limit })
}
