//! The query string of a listing.

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;

use crate::answer::Refusal;
use crate::key::Key;
use crate::workspace::WorkspaceId;

/// Which keys a listing asks for.
pub(crate) struct Listing {
    pub(crate) filter: Filter,
    /// How many of the keys that match are left out, from the newest.
    pub(crate) offset: usize,
}

impl Listing {
    /// Reads the query string. Parameters that are not known are ignored.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut include_disabled = None;
        let mut include_expired = None;
        let mut offset = None;
        let mut workspace_id = None;

        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match decode(name).as_str() {
                "include_disabled" => once(
                    &mut include_disabled,
                    "include_disabled",
                    flag(&value),
                    "true or false",
                )?,
                "include_expired" => once(
                    &mut include_expired,
                    "include_expired",
                    flag(&value),
                    "true or false",
                )?,
                "offset" => once(
                    &mut offset,
                    "offset",
                    skipped(&value),
                    "an integer of at least 0, or null",
                )?,
                "workspace_id" => once(
                    &mut workspace_id,
                    "workspace_id",
                    WorkspaceId::parse(&value),
                    "a UUID",
                )?,
                _ => {}
            }
        }

        Ok(Self {
            filter: Filter {
                workspace_id: workspace_id.unwrap_or(WorkspaceId::DEFAULT),
                include_disabled: include_disabled.unwrap_or(false),
                include_expired: include_expired.unwrap_or(false),
            },
            offset: offset.unwrap_or(0),
        })
    }
}

/// Which keys match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) include_disabled: bool,
    pub(crate) include_expired: bool,
}

impl Filter {
    /// Whether the key matches at that time.
    pub(crate) fn takes(&self, key: &Key, now: DateTime<Utc>) -> bool {
        self.takes_at_some_time(key) && (self.include_expired || !key.has_expired(now))
    }

    /// Whether the key matches unless it has expired.
    pub(crate) fn takes_at_some_time(&self, key: &Key) -> bool {
        key.workspace_id == self.workspace_id && (self.include_disabled || !key.disabled)
    }
}

/// Fills the slot of a parameter, which must be valid and must not have been there before.
fn once<T>(
    slot: &mut Option<T>,
    name: &'static str,
    value: Option<T>,
    allowed: &'static str,
) -> Result<(), Refusal> {
    let Some(value) = value else {
        return Err(Refusal::invalid(format!("{name} must be {allowed}")));
    };
    // The documents do not say which of two would win; here, neither does.
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::invalid(format!("{name} must be given only once"))),
    }
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// An offset. The documents let it be null, which skips nothing; a query writes that as `null` or as nothing.
fn skipped(value: &str) -> Option<usize> {
    match value {
        "" | "null" => Some(0),
        value => whole(value),
    }
}

/// Digits only: the parser of the standard library would take a leading plus as well. The documents
/// set no upper bound; what is too large to count to lies beyond the end of every list.
fn whole(value: &str) -> Option<usize> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(usize::MAX))
}

/// What is not UTF-8 comes out as something that no parameter is called and no value may be.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}
