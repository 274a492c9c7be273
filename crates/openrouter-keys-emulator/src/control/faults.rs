//! Faults, armed and listed.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::Control;
use super::members::{Object, in_milliseconds, milliseconds, natural};
use crate::answer::{Answer, Refusal, json};
use crate::faults::{self, Armed, Effect, Fault, Faults};
use crate::payload::Payload;
use crate::routes::Route;
use crate::validate::Checked;

pub(super) async fn show(State(control): State<Control>) -> Response {
    list(StatusCode::OK, &control.faults)
}

pub(super) async fn arm(State(control): State<Control>, payload: Payload) -> Answer {
    control.faults.arm(parse(payload)?);
    Ok(list(StatusCode::CREATED, &control.faults))
}

/// Reads the body, so that the connection can be used again.
pub(super) async fn disarm(State(control): State<Control>, _: Payload) -> Response {
    control.faults.disarm();
    list(StatusCode::OK, &control.faults)
}

fn list(status: StatusCode, faults: &Faults) -> Response {
    #[derive(Serialize)]
    struct List {
        faults: Vec<Shown>,
    }

    let faults = faults.armed().iter().map(Shown::new).collect();
    json(status, &List { faults })
}

/// A fault as it is armed over HTTP, with its defaults, and how often it has struck.
#[derive(Serialize)]
struct Shown {
    fault: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    route: &'static str,
    count: Value,
    struck: u64,
}

impl Shown {
    fn new(armed: &Armed) -> Self {
        let Armed { fault, struck } = armed;
        let (status, bytes, over) = match fault.effect() {
            Effect::Status(status) | Effect::Html(status) | Effect::CommitThenStatus(status) => {
                (Some(status.as_u16()), None, None)
            }
            Effect::TruncateBody(bytes) => (None, Some(bytes), None),
            Effect::SlowBody(over) => (None, None, Some(over)),
            Effect::Delay | Effect::ResetBeforeResponse | Effect::CommitThenReset => {
                (None, None, None)
            }
        };
        let late = Some(fault.lateness()).filter(|delay| !delay.is_zero());
        Self {
            fault: fault.effect().name(),
            status,
            retry_after: fault.wait(),
            bytes,
            over_ms: over.map(in_milliseconds),
            delay_ms: late.map(in_milliseconds),
            route: fault.route().name(),
            count: fault.count().map_or("always".into(), Value::from),
            struck: *struck,
        }
    }
}

fn parse(payload: Payload) -> Result<Fault, Refusal> {
    let object = Object::read(payload, &FIELDS)?;
    let name = object.needed("fault", kind)?;
    let mut fault = match name {
        "status" => Fault::status(object.needed("status", failure)?),
        "html" => Fault::html(object.get("status", page)?.unwrap_or(502)),
        "reset_before_response" => Fault::reset_before_response(),
        "commit_then_reset" => Fault::commit_then_reset(),
        "commit_then_status" => Fault::commit_then_status(object.needed("status", failure)?),
        "truncate_body" => Fault::truncate_body(object.needed("bytes", bytes)?),
        "slow_body" => Fault::slow_body(object.needed("over_ms", milliseconds)?),
        // The only other kind is the delay.
        _ => Fault::delay(object.needed("delay_ms", milliseconds)?),
    };
    for (field, faults) in ONLY_WITH {
        if object.has(field) && !faults.contains(&name) {
            let faults = faults.join(" or ");
            return Err(Refusal::invalid(format!(
                "{field} must be left out unless fault is {faults}"
            )));
        }
    }

    if let Some(wait) = object.get("retry_after", seconds)? {
        fault = fault.retry_after(wait);
    }
    if let Some(delay) = object.get("delay_ms", milliseconds)? {
        fault = fault.after(delay);
    }
    if let Some(route) = object.get("route", route)? {
        fault = fault.on(route);
    }
    Ok(match object.get("count", count)? {
        Some(Count::Times(count)) => fault.times(count),
        Some(Count::Always) => fault.always(),
        None => fault,
    })
}

const KINDS: [&str; 8] = [
    "status",
    "html",
    "delay",
    "reset_before_response",
    "commit_then_reset",
    "commit_then_status",
    "truncate_body",
    "slow_body",
];

const FIELDS: [&str; 8] = [
    "fault",
    "route",
    "count",
    "delay_ms",
    "status",
    "retry_after",
    "bytes",
    "over_ms",
];

/// The fields that not every fault has, with the faults that have them.
const ONLY_WITH: [(&str, &[&str]); 4] = [
    ("status", &["status", "html", "commit_then_status"]),
    ("retry_after", &["status", "html", "commit_then_status"]),
    ("bytes", &["truncate_body"]),
    ("over_ms", &["slow_body"]),
];

fn kind(value: &Value) -> Checked<&'static str> {
    value
        .as_str()
        .and_then(|name| KINDS.into_iter().find(|kind| *kind == name))
        .ok_or(
            "status, html, delay, reset_before_response, commit_then_reset, commit_then_status, \
             truncate_body or slow_body",
        )
}

fn failure(value: &Value) -> Checked<u16> {
    status(value)
        .filter(|status| faults::failure(*status).is_some())
        .ok_or("a whole number from 400 to 599")
}

fn page(value: &Value) -> Checked<u16> {
    status(value)
        .filter(|status| faults::page(*status).is_some())
        .ok_or("200, or a whole number from 400 to 599")
}

fn status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| status.try_into().ok())
}

fn seconds(value: &Value) -> Checked<Duration> {
    value
        .as_u64()
        .map(Duration::from_secs)
        .ok_or("a whole number of seconds that is not negative")
}

fn bytes(value: &Value) -> Checked<usize> {
    value
        .as_u64()
        // Where addresses are shorter than that, no body is so long either.
        .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
        .ok_or("a whole number that is not negative")
}

fn route(value: &Value) -> Checked<Route> {
    value
        .as_str()
        .and_then(Route::parse)
        .ok_or("any, create, list, get, update, delete or current")
}

enum Count {
    Times(u64),
    Always,
}

fn count(value: &Value) -> Checked<Count> {
    if value == "always" {
        return Ok(Count::Always);
    }
    natural(value)
        .map(Count::Times)
        .map_err(|_| "a whole number of at least 1, or always")
}
