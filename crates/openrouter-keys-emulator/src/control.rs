//! Faults over HTTP, for tests that are not written in Rust.
//!
//! Unlike the service, this refuses whatever it does not know: a fault without the field that was
//! misspelled would be another fault, and the test could pass for the wrong reason.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal, json};
use crate::faults::{self, Armed, Effect, Fault, Faults};
use crate::payload::Payload;
use crate::routes::Route;
use crate::validate::{Checked, Fields};

/// Nobody has to sign in here: it takes a program on the same machine, and opens nothing.
pub(crate) fn router(faults: Faults) -> Router {
    Router::new()
        .route("/_emulator/faults", get(show).post(arm).delete(disarm))
        .route("/_emulator/requests", get(requests))
        .with_state(faults)
}

async fn show(State(faults): State<Faults>) -> Response {
    list(StatusCode::OK, &faults)
}

async fn arm(State(faults): State<Faults>, payload: Payload) -> Answer {
    faults.arm(parse(payload.into_members()?)?);
    Ok(list(StatusCode::CREATED, &faults))
}

/// Reads the body, so that the connection can be used again.
async fn disarm(State(faults): State<Faults>, _: Payload) -> Response {
    faults.disarm();
    list(StatusCode::OK, &faults)
}

async fn requests(State(faults): State<Faults>) -> Response {
    let counts: BTreeMap<_, _> = Route::OPERATIONS
        .into_iter()
        .map(|route| (route.name(), faults.requests(route)))
        .collect();
    json(StatusCode::OK, &counts)
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
        let (name, status, bytes, over) = match fault.effect() {
            Effect::Delay => ("delay", None, None, None),
            Effect::Status(status) => ("status", Some(status.as_u16()), None, None),
            Effect::Html(status) => ("html", Some(status.as_u16()), None, None),
            Effect::ResetBeforeResponse => ("reset_before_response", None, None, None),
            Effect::CommitThenReset => ("commit_then_reset", None, None, None),
            Effect::CommitThenStatus(status) => {
                ("commit_then_status", Some(status.as_u16()), None, None)
            }
            Effect::TruncateBody(bytes) => ("truncate_body", None, Some(bytes), None),
            Effect::SlowBody(over) => ("slow_body", None, None, Some(over)),
        };
        let late = Some(fault.lateness()).filter(|delay| !delay.is_zero());
        Self {
            fault: name,
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

fn in_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a fault. Every message names the field and what is allowed there, and never what was
/// sent.
fn parse(members: Vec<(String, Value)>) -> Result<Fault, Refusal> {
    let object = once_each(members)?;
    let fields = Fields(&object);

    let name = needed(&fields, "fault", kind)?;
    let mut fault = match name {
        "status" => Fault::status(needed(&fields, "status", failure)?),
        "html" => Fault::html(fields.get("status", page)?.unwrap_or(502)),
        "reset_before_response" => Fault::reset_before_response(),
        "commit_then_reset" => Fault::commit_then_reset(),
        "commit_then_status" => Fault::commit_then_status(needed(&fields, "status", failure)?),
        "truncate_body" => Fault::truncate_body(needed(&fields, "bytes", bytes)?),
        "slow_body" => Fault::slow_body(needed(&fields, "over_ms", milliseconds)?),
        // The only other kind is the delay.
        _ => Fault::delay(needed(&fields, "delay_ms", milliseconds)?),
    };
    for (field, faults) in ONLY_WITH {
        if object.contains_key(field) && !faults.contains(&name) {
            let faults = faults.join(" or ");
            return Err(Refusal::invalid(format!(
                "{field} must be left out unless fault is {faults}"
            )));
        }
    }

    if let Some(wait) = fields.get("retry_after", seconds)? {
        fault = fault.retry_after(wait);
    }
    if let Some(delay) = fields.get("delay_ms", milliseconds)? {
        fault = fault.after(delay);
    }
    if let Some(route) = fields.get("route", route)? {
        fault = fault.on(route);
    }
    Ok(match fields.get("count", count)? {
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

/// The members as a map, in which each must be a field of a fault and be there only once.
fn once_each(members: Vec<(String, Value)>) -> Result<Map<String, Value>, Refusal> {
    let mut object = Map::new();
    for (name, value) in members {
        let Some(field) = FIELDS.into_iter().find(|field| *field == name) else {
            return Err(unknown(&name));
        };
        if object.insert(name, value).is_some() {
            return Err(Refusal::invalid(format!("{field} must be given only once")));
        }
    }
    Ok(object)
}

/// A name is repeated only if it can be nothing but a name.
fn unknown(name: &str) -> Refusal {
    const LONGEST: usize = 24;

    let is_name = (1..=LONGEST).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let name = if is_name { name } else { "One field" };
    let fields = FIELDS.join(", ");
    Refusal::invalid(format!("{name} is not known here; the fields are {fields}"))
}

/// The field, which must be there.
fn needed<'a, T>(
    fields: &Fields<'a>,
    name: &'static str,
    rule: fn(&'a Value) -> Checked<T>,
) -> Result<T, Refusal> {
    fields.get(name, rule)?.ok_or_else(|| {
        // Null is never allowed, and so the rule tells what is.
        let allowed = rule(&Value::Null).err().unwrap_or_default();
        Refusal::invalid(format!("{name} is required: {allowed}"))
    })
}

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

/// Longer than anyone waits would only be a mistake in the unit.
fn milliseconds(value: &Value) -> Checked<Duration> {
    value
        .as_u64()
        .filter(|milliseconds| (1..=3_600_000).contains(milliseconds))
        .map(Duration::from_millis)
        .ok_or("a whole number of milliseconds from 1 to 3600000")
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
    value
        .as_u64()
        .filter(|count| *count > 0)
        .map(Count::Times)
        .ok_or("a whole number of at least 1, or always")
}
