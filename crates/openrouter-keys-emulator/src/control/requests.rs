//! The log of requests.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::Control;
use crate::answer::json;
use crate::log::{Log, LoggedRequest};
use crate::payload::Payload;
use crate::routes::Route;

pub(super) async fn show(State(control): State<Control>) -> Response {
    shown(&control.log)
}

pub(super) async fn clear(State(control): State<Control>, _: Payload) -> Response {
    control.log.clear();
    shown(&control.log)
}

fn shown(log: &Log) -> Response {
    #[derive(Serialize)]
    struct Shown {
        counts: BTreeMap<&'static str, u64>,
        forgotten: u64,
        requests: Vec<LoggedRequest>,
    }

    let counts = Route::OPERATIONS
        .into_iter()
        .map(|route| (route.name(), log.count(route)))
        .collect();
    let (forgotten, requests) = log.requests();
    let shown = Shown {
        counts,
        forgotten,
        requests,
    };
    json(StatusCode::OK, &shown)
}
