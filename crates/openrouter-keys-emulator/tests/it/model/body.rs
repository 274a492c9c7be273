//! What the documents say of the fields of a body.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A body that is being read. All its fields are, so that the emulator may complain of any that
/// is invalid.
pub(crate) struct Body<'a> {
    fields: &'a Map<String, Value>,
    invalid: Vec<&'static str>,
}

/// The fields that are.
pub(crate) struct Invalid(pub(crate) Vec<&'static str>);

impl<'a> Body<'a> {
    pub(crate) fn new(body: &'a Value) -> Result<Self, Invalid> {
        let fields = body.as_object().ok_or(Invalid(vec!["The request body"]))?;
        Ok(Self {
            fields,
            invalid: Vec::new(),
        })
    }

    /// A field that can be absent, and is not null.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.fields.get(name)?);
        if value.is_none() {
            self.invalid.push(name);
        }
        value
    }

    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: fn(&Value) -> Option<T>,
    ) -> Option<T> {
        if !self.fields.contains_key(name) {
            self.invalid.push(name);
        }
        self.optional(name, read)
    }

    /// A field that can be absent or null, which are two things.
    #[expect(
        clippy::option_option,
        reason = "absent, null and a value are three things"
    )]
    pub(crate) fn nullable<T>(
        &mut self,
        name: &'static str,
        read: fn(&Value) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.fields.get(name) == Some(&Value::Null) {
            return Some(None);
        }
        self.optional(name, read).map(Some)
    }

    /// The user of a partner, and the key that the partner supplied.
    pub(crate) fn external(&mut self) -> (Option<String>, Option<String>) {
        let Some(external) = self.fields.get("external") else {
            return (None, None);
        };
        if !external.is_object() {
            self.invalid.push("external");
            return (None, None);
        }
        let user = Self::text(&external["user"]);
        if user.is_none() {
            self.invalid.push("external.user");
        }
        let key = external.get("api_key").map(|key| {
            let key = Self::text(key).filter(|key| key.chars().count() >= 32);
            if key.is_none() {
                self.invalid.push("external.api_key");
            }
            key.unwrap_or_default()
        });
        (user, key)
    }

    pub(crate) fn end(self) -> Result<(), Invalid> {
        if self.invalid.is_empty() {
            Ok(())
        } else {
            Err(Invalid(self.invalid))
        }
    }

    pub(crate) fn text(value: &Value) -> Option<String> {
        value.as_str().map(str::to_owned)
    }

    pub(crate) fn filled(value: &Value) -> Option<String> {
        Self::text(value).filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(value: &Value) -> Option<bool> {
        value.as_bool()
    }

    pub(crate) fn amount(value: &Value) -> Option<f64> {
        value.as_f64().filter(|amount| *amount >= 0.0)
    }

    pub(crate) fn reset(value: &Value) -> Option<String> {
        Self::text(value).filter(|text| ["daily", "weekly", "monthly"].contains(&text.as_str()))
    }

    /// In UTC, and with seconds.
    pub(crate) fn moment(value: &Value) -> Option<DateTime<Utc>> {
        let text = value.as_str()?;
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        (text.ends_with('Z') || text.ends_with("+00:00")).then_some(moment.to_utc())
    }

    pub(crate) fn uuid(value: &Value) -> Option<String> {
        let text = value.as_str()?.to_lowercase();
        let groups: Vec<_> = text.split('-').map(str::len).collect();
        let is_uuid = groups == [8, 4, 4, 4, 12]
            && text
                .chars()
                .all(|character| character == '-' || character.is_ascii_hexdigit());
        is_uuid.then_some(text)
    }
}
