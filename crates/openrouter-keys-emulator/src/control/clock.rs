//! The clock, read and moved.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::Control;
use super::members::Object;
use crate::answer::{Answer, Refusal, json};
use crate::clock::{Clock, OutOfRange};
use crate::payload::Payload;
use crate::validate::{Checked, flag, instant};

pub(super) async fn show(State(control): State<Control>) -> Response {
    shown(control.state.lock().clock())
}

pub(super) async fn change(State(control): State<Control>, payload: Payload) -> Answer {
    let object = Object::read(payload, &["set", "advance_seconds", "frozen"])?;
    let set = object.get("set", moment)?;
    let advance = object.get("advance_seconds", seconds)?;
    let frozen = object.get("frozen", flag)?;
    if set.is_some() && advance.is_some() {
        return Err(Refusal::invalid(
            "set must be left out where advance_seconds is given",
        ));
    }
    if set.is_none() && advance.is_none() && frozen.is_none() {
        return Err(Refusal::invalid(
            "The request body must have set, advance_seconds or frozen",
        ));
    }

    let mut state = control.state.lock();
    let mut clock = state.clock();
    // First, so that a clock that is set and frozen stands at exactly that time.
    if let Some(frozen) = frozen {
        clock = clock.frozen(frozen);
    }
    let far = "must lead to a time between the years 1970 and 9998";
    if let Some(moment) = set {
        clock = clock
            .set(moment)
            .map_err(|OutOfRange| Refusal::invalid(format!("set {far}")))?;
    }
    if let Some(by) = advance {
        clock = clock
            .advance(by)
            .map_err(|OutOfRange| Refusal::invalid(format!("advance_seconds {far}")))?;
    }
    state.set_clock(clock);
    Ok(shown(clock))
}

fn shown(clock: Clock) -> Response {
    #[derive(Serialize)]
    struct Shown {
        now: DateTime<Utc>,
        frozen: bool,
    }

    let shown = Shown {
        now: clock.now(),
        frozen: clock.is_frozen(),
    };
    json(StatusCode::OK, &shown)
}

fn moment(value: &Value) -> Checked<DateTime<Utc>> {
    instant(value)
        .map_err(|_| "an RFC 3339 date-time in UTC with seconds, such as 2027-01-31T12:00:00Z")
}

/// Parts of a second too, as the clock shows them.
fn seconds(value: &Value) -> Checked<Duration> {
    value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("a number of seconds that is not negative")
}
