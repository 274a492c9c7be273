//! The whole state: taken, put back, and begun again.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use serde::Serialize;

use super::Control;
use crate::answer::{Answer, Refusal, json};
use crate::payload::Payload;
use crate::snapshot::Snapshot;
use crate::state::CredentialInUse;

pub(super) async fn show(State(control): State<Control>) -> Response {
    let snapshot = control.state.lock().snapshot();
    json(StatusCode::OK, &snapshot)
}

/// A million keys take some 700 MB.
const LIMIT: usize = 1024 * 1024 * 1024;

/// Not a [`Payload`], which is no longer than what the API takes.
pub(super) async fn restore(State(control): State<Control>, body: Body) -> Answer {
    let body = Limited::new(body, LIMIT).collect().await.map_err(|_| {
        Refusal::invalid("The request body must be a state, whole and no longer than 1 GiB")
    })?;
    let snapshot = Snapshot::from_json(&body.to_bytes()).map_err(|wrong| {
        Refusal::invalid(format!("The request body must be a state, but {wrong}"))
    })?;
    let keys = snapshot.len();
    control
        .state
        .lock()
        .restore(snapshot)
        .map_err(|CredentialInUse| {
            Refusal::invalid(
                "The request body must be a state in which no key is the management key",
            )
        })?;
    Ok(told(keys))
}

pub(super) async fn reset(State(control): State<Control>, _: Payload) -> Response {
    control.reset();
    told(control.state.lock().len())
}

/// How many keys there are now, which is what a test would look at first.
fn told(keys: usize) -> Response {
    #[derive(Serialize)]
    struct Told {
        keys: usize,
    }

    json(StatusCode::OK, &Told { keys })
}
