//! The bodies of the control paths.
//!
//! Unlike the service, they refuse whatever they do not know: a fault without the field that was misspelled would be another
//! fault, and the test could pass for the wrong reason. Every message names the field and what is allowed there, and never what
//! was sent.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::payload::Payload;
use crate::validate::{Checked, Fields};

/// A body in which each field is a known one and is there only once.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Reads a body that may have those fields.
    pub(super) fn read(payload: Payload, known: &[&'static str]) -> Result<Self, Refusal> {
        let mut object = Map::new();
        for (name, value) in payload.into_members()? {
            let Some(field) = known.iter().find(|field| **field == name) else {
                return Err(unknown(&name, known));
            };
            if object.insert(name, value).is_some() {
                return Err(Refusal::invalid(format!("{field} must be given only once")));
            }
        }
        Ok(Self(object))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The field, checked by its rule, or `None` where it is absent.
    pub(super) fn get<'a, T>(
        &'a self,
        name: &'static str,
        rule: impl FnOnce(&'a Value) -> Checked<T>,
    ) -> Result<Option<T>, Refusal> {
        Fields(&self.0).get(name, rule)
    }

    /// The field, which must be there.
    pub(super) fn needed<'a, T>(
        &'a self,
        name: &'static str,
        rule: fn(&'a Value) -> Checked<T>,
    ) -> Result<T, Refusal> {
        self.get(name, rule)?.ok_or_else(|| {
            // Null is never allowed, and so the rule tells what is.
            let allowed = rule(&Value::Null).err().unwrap_or_default();
            Refusal::invalid(format!("{name} is required: {allowed}"))
        })
    }
}

/// A name is repeated only if it can be nothing but a name.
fn unknown(name: &str, known: &[&str]) -> Refusal {
    const LONGEST: usize = 24;

    let is_name = (1..=LONGEST).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let name = if is_name { name } else { "One field" };
    let fields = known.join(", ");
    Refusal::invalid(format!("{name} is not known here; the fields are {fields}"))
}

/// Longer than anyone waits would only be a mistake in the unit.
pub(super) fn milliseconds(value: &Value) -> Checked<Duration> {
    value
        .as_u64()
        .filter(|milliseconds| (1..=3_600_000).contains(milliseconds))
        .map(Duration::from_millis)
        .ok_or("a whole number of milliseconds from 1 to 3600000")
}

pub(super) fn in_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn natural(value: &Value) -> Checked<u64> {
    value
        .as_u64()
        .filter(|count| *count > 0)
        .ok_or("a whole number of at least 1")
}
