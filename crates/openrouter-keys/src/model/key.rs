//! A key, one that was just made, and a page of them.

use chrono::{DateTime, Utc};
use openrouter_keys_raw::{Nullable, types as raw};
use secrecy::SecretString;

use super::time::{optional_time, text, time};
use super::wire::as_on_the_wire;
use super::{KeyHash, LimitReset, Odd, Usage};

/// What the service knows of a key. The plaintext is not part of it: see [`Created`].
///
/// It serializes to the JSON that the API uses, and deserializes from it, so it can be stored, and made in a
/// test from a recorded answer.
///
/// ```
/// # use openrouter_keys::Key;
/// let key: Key = serde_json::from_str(r#"{
///     "hash": "f01d5260", "name": "Customer 42", "label": "sk-or-v1-0e6...1c96", "disabled": false,
///     "limit": 40, "limit_remaining": 31.5, "limit_reset": "monthly", "include_byok_in_limit": false,
///     "usage": 60, "usage_daily": 0.5, "usage_weekly": 2, "usage_monthly": 8.5,
///     "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0, "byok_usage_monthly": 0,
///     "created_at": "2026-01-01T00:00:00Z", "updated_at": null
/// }"#)?;
/// assert_eq!(key.limit, Some(40.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::key))]
#[non_exhaustive]
pub struct Key {
    /// What names the key in every call about it. It never changes.
    // Any text: see `KeyHash::from_server`.
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub hash: KeyHash,
    /// The name for people. It need not be unique.
    pub name: String,
    /// The plaintext, shortened until it is of no use; older keys may have a name here.
    pub label: String,
    /// Whether the service refuses the key.
    pub disabled: bool,
    /// The most it may spend in a window, USD. `None`: without limit.
    pub limit: Option<f64>,
    /// What is left of the limit in the current window, USD. It can be negative. `None`: without limit.
    pub limit_remaining: Option<f64>,
    /// When spending counts from zero again. `None`: never.
    pub limit_reset: Option<LimitReset>,
    /// Whether spending on the customer's own provider keys (BYOK) counts against the limit.
    pub include_byok_in_limit: bool,
    /// Spent through OpenRouter credits, USD.
    #[cfg_attr(
        feature = "schemars",
        schemars(flatten, schema_with = "super::schema::credit_usage")
    )]
    pub usage: Usage,
    /// Spent on the customer's own provider keys (BYOK), USD.
    #[cfg_attr(
        feature = "schemars",
        schemars(flatten, schema_with = "super::schema::byok_usage")
    )]
    pub byok_usage: Usage,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed. `None`: never.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it stops working. `None`: never. Known since 2025-11.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used. `None`: not since the end of 2025, or the service did not say. Known since 2026-10.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The member on whose behalf it was made, in an organisation. Known since 2026-03.
    pub creator_user_id: Option<String>,
    /// The workspace it belongs to. `None`: the service did not say. Known since 2026-04.
    pub workspace_id: Option<String>,
    /// The partner's name for the customer it was made for. Known since 2026-09.
    pub external_user: Option<String>,
}

/// A key that was just made, with the only copy of its plaintext.
///
/// There is no other way to the plaintext than [`ExposeSecret`](crate::ExposeSecret): it is not printed, not
/// serialized, and overwritten in memory when it is dropped. Store it before anything else can fail.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let store = |_: &str, _: &str| {};
/// use openrouter_keys::ExposeSecret;
///
/// let created = client.create("Customer 42").send().await?;
/// store(created.key.hash.as_str(), created.secret.expose_secret());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the plaintext is shown this once: store it"]
#[non_exhaustive]
pub struct Created {
    /// The key.
    pub key: Key,
    /// Its plaintext, which the service never shows again.
    pub secret: SecretString,
}

/// One page of a listing, newest key first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(250).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let mut spent = 0.0; // USD
/// let mut offset = Some(0);
/// while let Some(next) = offset {
///     let page = client.list().offset(next).send().await?;
///     offset = page.next_offset();
///     spent += page.into_iter().map(|key| key.usage.total).sum::<f64>();
/// }
/// # assert!(spent > 0.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The keys.
    pub keys: Vec<Key>,
    /// How many keys were skipped before the first of these.
    pub offset: u64,
}

impl Page {
    /// How many keys the service puts on a page that is not the last.
    pub const SIZE: usize = 100;

    /// The offset of the page that follows, or `None` if this is the last one.
    ///
    /// A full page may turn out to be the last: then the page that follows is empty. A key that is made or
    /// removed between the two calls shifts the offsets, so that a key is seen twice or not at all; [`ListKeys::stream`](crate::operations::ListKeys::stream) makes up for it.
    #[must_use]
    pub fn next_offset(&self) -> Option<u64> {
        (self.keys.len() >= Self::SIZE).then(|| self.offset.saturating_add(self.keys.len() as u64))
    }
}

impl IntoIterator for Page {
    type Item = Key;
    type IntoIter = std::vec::IntoIter<Key>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter()
    }
}

impl Key {
    pub(crate) fn from_raw(raw: raw::ApiKey) -> Result<Self, Odd> {
        let updated_at = raw.updated_at.into_option();
        Ok(Self {
            hash: KeyHash::from_server(raw.hash),
            name: raw.name,
            label: raw.label,
            disabled: raw.disabled,
            limit: raw.limit.into_option(),
            limit_remaining: raw.limit_remaining.into_option(),
            limit_reset: raw.limit_reset.into_option().map(LimitReset::from),
            include_byok_in_limit: raw.include_byok_in_limit,
            usage: Usage::new(
                raw.usage,
                raw.usage_daily,
                raw.usage_weekly,
                raw.usage_monthly,
            ),
            byok_usage: Usage::new(
                raw.byok_usage,
                raw.byok_usage_daily,
                raw.byok_usage_weekly,
                raw.byok_usage_monthly,
            ),
            created_at: time("created_at", &raw.created_at)?,
            updated_at: optional_time("updated_at", updated_at.as_deref())?,
            expires_at: optional_time("expires_at", raw.expires_at.as_deref())?,
            last_used_at: optional_time("last_used_at", raw.last_used_at.as_deref())?,
            creator_user_id: raw.creator_user_id,
            workspace_id: raw.workspace_id,
            external_user: raw.external_user,
        })
    }

    fn to_raw(&self) -> raw::ApiKey {
        raw::ApiKey::builder()
            .hash(self.hash.as_str())
            .name(&self.name)
            .label(&self.label)
            .disabled(self.disabled)
            .limit(Nullable::from(self.limit))
            .limit_remaining(Nullable::from(self.limit_remaining))
            .limit_reset(Nullable::from(self.limit_reset.clone().map(String::from)))
            .include_byok_in_limit(self.include_byok_in_limit)
            .usage(self.usage.total)
            .usage_daily(self.usage.daily)
            .usage_weekly(self.usage.weekly)
            .usage_monthly(self.usage.monthly)
            .byok_usage(self.byok_usage.total)
            .byok_usage_daily(self.byok_usage.daily)
            .byok_usage_weekly(self.byok_usage.weekly)
            .byok_usage_monthly(self.byok_usage.monthly)
            .created_at(text(self.created_at))
            .updated_at(Nullable::from(self.updated_at.map(text)))
            .expires_at(self.expires_at.map(text))
            .last_used_at(self.last_used_at.map(text))
            .creator_user_id(self.creator_user_id.clone())
            .workspace_id(self.workspace_id.clone())
            .external_user(self.external_user.clone())
            .try_into()
            .expect("every required field is set just above")
    }
}

as_on_the_wire!(Key, raw::ApiKey);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Key;

    /// The 18 fields that every answer has.
    fn oldest() -> Value {
        json!({
            "hash": "f01d5260", "name": "n", "label": "sk-or-v1-0e6...1c96", "disabled": false,
            "limit": 100, "limit_remaining": -0.5, "limit_reset": "hourly", "include_byok_in_limit": true,
            "usage": 1, "usage_daily": 2, "usage_weekly": 3, "usage_monthly": 4,
            "byok_usage": 5, "byok_usage_daily": 6, "byok_usage_weekly": 7, "byok_usage_monthly": 8,
            "created_at": "2025-08-24T10:30:00.363244+00:00", "updated_at": null,
        })
    }

    fn read(value: Value) -> serde_json::Result<Key> {
        serde_json::from_value(value)
    }

    #[test]
    fn the_oldest_answer_is_read_and_survives_storage() {
        let key = read(oldest()).unwrap();
        assert_eq!(key.limit_remaining, Some(-0.5));
        assert_eq!(key.limit_reset.as_ref().unwrap().as_str(), "hourly");
        assert_eq!((key.usage.weekly, key.byok_usage.monthly), (3.0, 8.0));
        assert_eq!(key.expires_at, None);
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&stored).unwrap(), key);
    }

    #[test]
    fn each_field_of_the_oldest_answer_must_be_there() {
        for field in oldest().as_object().unwrap().keys() {
            let mut value = oldest();
            value.as_object_mut().unwrap().remove(field);
            assert!(read(value).is_err(), "without {field}");
        }
    }

    #[test]
    fn newer_and_unknown_fields_may_be_there() {
        let mut value = oldest();
        value["expires_at"] = json!("2027-12-31T23:59:59Z");
        value["last_used_at"] = json!(null);
        value["workspace_id"] = json!("w");
        value["from_the_future"] = json!({"a": [1]});
        let key = read(value).unwrap();
        assert_eq!(key.workspace_id.as_deref(), Some("w"));
        assert_eq!(
            key.expires_at.unwrap().to_rfc3339(),
            "2027-12-31T23:59:59+00:00"
        );
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&stored).unwrap(), key);
    }

    #[test]
    fn an_odd_hash_is_kept_and_an_odd_time_is_not() {
        let mut value = oldest();
        value["hash"] = json!("sk-or-v1-old/style");
        assert_eq!(read(value).unwrap().hash.as_str(), "sk-or-v1-old/style");
        let mut value = oldest();
        value["created_at"] = json!("yesterday");
        assert!(read(value).unwrap_err().to_string().contains("created_at"));
    }
}
