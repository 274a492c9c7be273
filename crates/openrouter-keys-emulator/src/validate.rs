//! The rules for what a body may say.
//!
//! Every message names the field and what is allowed there, and never what was sent. Fields that
//! are not known are ignored.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::credential::Digest;
use crate::key::{Changes, External, NewKey};
use crate::payload::Payload;
use crate::usage::LimitReset;
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// The key that the body of a create asks for.
pub(crate) fn new_key(payload: Payload) -> Result<NewKey, Refusal> {
    let body = payload.into_object()?;
    let fields = Fields(&body);
    Ok(NewKey {
        name: fields.get("name", text)?.ok_or_else(|| {
            Refusal::invalid("name is required: a string of at least 1 character")
        })?,
        limit: fields.get("limit", nullable(limit))?.flatten(),
        limit_reset: fields.get("limit_reset", nullable(limit_reset))?.flatten(),
        include_byok_in_limit: fields.get("include_byok_in_limit", flag)?.unwrap_or(false),
        expires_at: fields.get("expires_at", nullable(instant))?.flatten(),
        workspace_id: fields
            .get("workspace_id", workspace_id)?
            .unwrap_or(WorkspaceId::DEFAULT),
        creator_user_id: fields.get("creator_user_id", nullable(user))?.flatten(),
        external: fields.get("external", object)?.map(external).transpose()?,
    })
}

/// The changes that the body of an update asks for.
pub(crate) fn changes(payload: Payload) -> Result<Changes, Refusal> {
    let body = payload.into_object()?;
    let fields = Fields(&body);
    Ok(Changes {
        // The documents ask for at least one character on a create only.
        name: fields.get("name", any_text)?,
        disabled: fields.get("disabled", flag)?,
        limit: fields.get("limit", nullable(limit))?,
        limit_reset: fields.get("limit_reset", nullable(limit_reset))?,
        include_byok_in_limit: fields.get("include_byok_in_limit", flag)?,
        workspace_id: fields.get("workspace_id", workspace_id)?,
    })
}

fn external(object: &Map<String, Value>) -> Result<External, Refusal> {
    let fields = Fields(object);
    Ok(External {
        user: fields
            .get("external.user", any_text)?
            .ok_or_else(|| Refusal::invalid("external.user is required: a string"))?,
        key: fields.get("external.api_key", partner_key)?,
    })
}

/// A rule: the value if it is allowed, or else what is.
pub(crate) type Checked<T> = Result<T, &'static str>;

/// The fields of an object.
pub(crate) struct Fields<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The field, checked by its rule, or `None` where it is absent. The path names the field in
    /// the message; its last part is what the object calls it.
    pub(crate) fn get<T>(
        &self,
        path: &'static str,
        rule: impl FnOnce(&'a Value) -> Checked<T>,
    ) -> Result<Option<T>, Refusal> {
        let name = path.rsplit('.').next().unwrap_or(path);
        self.0
            .get(name)
            .map(rule)
            .transpose()
            .map_err(|allowed| Refusal::invalid(format!("{path} must be {allowed}")))
    }
}

/// Takes null as well, which comes out as `None`. Only rules whose own text allows null are
/// wrapped.
pub(crate) fn nullable<'a, T>(
    rule: impl FnOnce(&'a Value) -> Checked<T>,
) -> impl FnOnce(&'a Value) -> Checked<Option<T>> {
    |value| match value {
        Value::Null => Ok(None),
        value => rule(value).map(Some),
    }
}

pub(crate) fn any_text(value: &Value) -> Checked<String> {
    value.as_str().map(str::to_owned).ok_or("a string")
}

pub(crate) fn text(value: &Value) -> Checked<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or("a string of at least 1 character")
}

fn user(value: &Value) -> Checked<String> {
    text(value).map_err(|_| "a string of at least 1 character, or null")
}

pub(crate) fn flag(value: &Value) -> Checked<bool> {
    value.as_bool().ok_or("true or false")
}

pub(crate) fn limit(value: &Value) -> Checked<Usd> {
    value
        .as_f64()
        .and_then(Usd::limit)
        .ok_or("a number of USD that is not negative, or null")
}

pub(crate) fn amount(value: &Value) -> Checked<Usd> {
    limit(value).map_err(|_| "a number of USD that is not negative")
}

pub(crate) fn limit_reset(value: &Value) -> Checked<LimitReset> {
    value
        .as_str()
        .and_then(LimitReset::parse)
        .ok_or("daily, weekly, monthly or null")
}

pub(crate) fn workspace_id(value: &Value) -> Checked<WorkspaceId> {
    value.as_str().and_then(WorkspaceId::parse).ok_or("a UUID")
}

/// A moment in UTC, written with seconds. The documents do not say that it must lie in the
/// future; here, it need not.
pub(crate) fn instant(value: &Value) -> Checked<DateTime<Utc>> {
    value
        .as_str()
        // The parser takes any offset, and a space or a small letter in place of the T.
        .filter(|text| text.ends_with('Z') || text.ends_with("+00:00"))
        .filter(|text| text.as_bytes().get(10) == Some(&b'T'))
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|instant| instant.to_utc())
        .ok_or("an RFC 3339 date-time in UTC with seconds, such as 2027-01-31T12:00:00Z, or null")
}

fn object(value: &Value) -> Checked<&Map<String, Value>> {
    value.as_object().ok_or("an object")
}

/// The digest of a key that a partner supplied; the key itself is dropped here.
fn partner_key(value: &Value) -> Checked<Digest> {
    const SHORTEST: usize = 32;

    value
        .as_str()
        .filter(|key| key.chars().count() >= SHORTEST)
        .map(Digest::of)
        .ok_or("a string of at least 32 characters")
}
