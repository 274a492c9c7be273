//! What a key sees of itself.

use chrono::{DateTime, Utc};
use openrouter_keys_raw::{Nullable, types as raw};
use serde::{Deserialize, Serialize};

use super::open_enum::open_enum;
use super::time::{optional_time, text};
use super::wire::as_on_the_wire;
use super::{KeyBudget, LimitReset, Odd, Usage};

open_enum! {
    /// A region in which requests may be processed.
    DataRegion {
        /// Anywhere.
        Global = "global",
        /// Europe.
        Europe = "europe",
        /// The United States.
        Us = "us",
    }
}

/// The key that makes the call, as it sees itself. Any key may ask, a management key or an ordinary one.
///
/// It serializes to the JSON that the API uses, and deserializes from it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let created = client.create("Customer 42").limit(5).send().await?;
/// let me = client.with_key(created.secret).current().send().await?;
/// if let Some(budget) = &me.effective_budget {
///     println!("{} USD are left of {}", budget.remaining_usd, budget.limit_usd);
/// }
/// # assert_eq!(me.effective_budget.unwrap().remaining_usd, 5.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::current_key))]
#[non_exhaustive]
pub struct CurrentKey {
    /// The plaintext, shortened until it is of no use; older keys may have a name here.
    pub label: String,
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
    /// Whether it is a key of the free tier.
    pub is_free_tier: bool,
    /// Whether it is a management key. `None`: the service did not say.
    ///
    /// Answers from before 2026-02 call it `is_provisioning_key`, which is read where the newer name is missing.
    pub is_management_key: Option<bool>,
    /// When it stops working. `None`: never. Known since 2025-11.
    pub expires_at: Option<DateTime<Utc>>,
    /// The member on whose behalf it was made, in an organisation. Known since 2026-03.
    pub creator_user_id: Option<String>,
    /// The workspace it belongs to. Known since 2026-10.
    pub workspace_id: Option<String>,
    /// The organisation it belongs to. Known since 2026-10.
    pub organization_id: Option<String>,
    /// Where its requests may be processed. Empty where the service does not say. Known since 2026-10.
    pub allowed_data_regions: Vec<DataRegion>,
    /// Today's requests to free models. Known since 2026-10.
    pub free_model_daily_requests: Option<FreeModelDailyRequests>,
    /// Every budget that applies to it, in the order in which they are enforced. Known since 2026-10.
    pub budgets: Vec<KeyBudget>,
    /// The budget that matters most now: a spent one, which has requests rejected, or else the tightest. `None`:
    /// nothing is budgeted. Known since 2026-10.
    pub effective_budget: Option<KeyBudget>,
    /// Without meaning today; the service calls it deprecated.
    pub rate_limit: Option<RateLimit>,
}

/// Today's requests to free models (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FreeModelDailyRequests {
    /// How many are allowed in a day.
    pub limit: i64,
    /// How many are left today.
    pub remaining: i64,
    /// How many were made today.
    pub used: i64,
}

/// A field that the service still sends and calls deprecated. It says nothing about the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::part))]
#[non_exhaustive]
pub struct RateLimit {
    /// A number of requests.
    pub requests: Option<i64>,
    /// A length of time, such as `10s`.
    pub interval: Option<String>,
    /// A remark that the field is without meaning.
    pub note: Option<String>,
}

impl CurrentKey {
    pub(crate) fn from_raw(raw: raw::CurrentKey) -> Result<Self, Odd> {
        Ok(Self {
            label: raw.label,
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
            is_free_tier: raw.is_free_tier,
            is_management_key: raw.is_management_key.or(raw.is_provisioning_key),
            expires_at: optional_time("expires_at", raw.expires_at.as_deref())?,
            creator_user_id: raw.creator_user_id,
            workspace_id: raw.workspace_id,
            organization_id: raw.organization_id,
            allowed_data_regions: raw
                .allowed_data_regions
                .unwrap_or_default()
                .into_iter()
                .map(DataRegion::from)
                .collect(),
            free_model_daily_requests: raw.free_model_daily_requests.map(|raw| {
                FreeModelDailyRequests {
                    limit: raw.limit,
                    remaining: raw.remaining,
                    used: raw.used,
                }
            }),
            budgets: raw
                .budgets
                .unwrap_or_default()
                .into_iter()
                .map(KeyBudget::from_raw)
                .collect::<Result<_, _>>()?,
            effective_budget: raw.effective_budget.map(KeyBudget::from_raw).transpose()?,
            rate_limit: raw.rate_limit.map(|raw| RateLimit {
                requests: raw.requests,
                interval: raw.interval,
                note: raw.note,
            }),
        })
    }

    fn to_raw(&self) -> raw::CurrentKey {
        const SET: &str = "every required field is set just above";
        let free = self.free_model_daily_requests.map(|free| {
            raw::FreeModelDailyRequests::builder()
                .limit(free.limit)
                .remaining(free.remaining)
                .used(free.used)
                .try_into()
                .expect(SET)
        });
        let rate_limit = self.rate_limit.clone().map(|rate| {
            raw::RateLimit::builder()
                .requests(rate.requests)
                .interval(rate.interval)
                .note(rate.note)
                .try_into()
                .expect(SET)
        });
        let regions = self.allowed_data_regions.iter().cloned().map(String::from);
        let budgets = self.budgets.iter().map(KeyBudget::to_raw);
        raw::CurrentKey::builder()
            .label(&self.label)
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
            .is_free_tier(self.is_free_tier)
            .is_management_key(self.is_management_key)
            .expires_at(self.expires_at.map(text))
            .creator_user_id(self.creator_user_id.clone())
            .workspace_id(self.workspace_id.clone())
            .organization_id(self.organization_id.clone())
            .allowed_data_regions(unless_empty(regions))
            .free_model_daily_requests(free)
            .budgets(unless_empty(budgets))
            .effective_budget(self.effective_budget.as_ref().map(KeyBudget::to_raw))
            .rate_limit(rate_limit)
            .try_into()
            .expect(SET)
    }
}

/// An older service does not send the list at all.
fn unless_empty<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then_some(items)
}

as_on_the_wire!(CurrentKey, raw::CurrentKey);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CurrentKey, DataRegion};
    use crate::BudgetScope;

    fn oldest() -> Value {
        json!({
            "label": "sk-or-v1-0e6...1c96", "limit": null, "limit_remaining": null, "limit_reset": null,
            "include_byok_in_limit": false,
            "usage": 1, "usage_daily": 2, "usage_weekly": 3, "usage_monthly": 4,
            "byok_usage": 5, "byok_usage_daily": 6, "byok_usage_weekly": 7, "byok_usage_monthly": 8,
            "is_free_tier": true, "is_provisioning_key": true,
        })
    }

    #[test]
    fn the_oldest_answer_is_read_and_its_fields_must_be_there() {
        let key: CurrentKey = serde_json::from_value(oldest()).unwrap();
        assert_eq!(key.is_management_key, Some(true));
        assert_eq!((key.limit, key.budgets.len()), (None, 0));
        for field in oldest().as_object().unwrap().keys() {
            let mut value = oldest();
            value.as_object_mut().unwrap().remove(field);
            let read = serde_json::from_value::<CurrentKey>(value);
            assert_eq!(
                read.is_ok(),
                field == "is_provisioning_key",
                "without {field}"
            );
        }
    }

    #[test]
    fn a_list_may_be_null() {
        let mut value = oldest();
        value["budgets"] = json!(null);
        value["allowed_data_regions"] = json!(null);
        let key: CurrentKey = serde_json::from_value(value).unwrap();
        assert_eq!((key.budgets.len(), key.allowed_data_regions.len()), (0, 0));
    }

    #[test]
    fn everything_of_the_newest_answer_survives_storage() {
        let budget = json!({
            "scope": "guild", "limit_usd": 10, "spend_usd": 12, "remaining_usd": -2, "include_byok": true,
            "reset_interval": "weekly", "resets_at": "2026-01-05T00:00:00Z", "guardrail_id": null,
            "budget_id": "b",
        });
        let mut value = oldest();
        let newer = json!({
            "is_management_key": false, "expires_at": "2027-12-31T23:59:59Z", "creator_user_id": "u",
            "workspace_id": "w", "organization_id": "o", "allowed_data_regions": ["us", "mars"],
            "free_model_daily_requests": {"limit": 50, "remaining": 49, "used": 1},
            "budgets": [budget], "effective_budget": budget,
            "rate_limit": {"requests": -1, "interval": "10s", "note": "deprecated"},
        });
        value
            .as_object_mut()
            .unwrap()
            .extend(newer.as_object().unwrap().clone());
        let key: CurrentKey = serde_json::from_value(value).unwrap();
        assert_eq!(key.is_management_key, Some(false));
        assert_eq!(
            key.allowed_data_regions,
            [DataRegion::Us, DataRegion::Other("mars".to_owned())]
        );
        assert_eq!(key.budgets[0].scope, BudgetScope::Other("guild".to_owned()));
        assert_eq!(key.effective_budget.as_ref(), key.budgets.first());
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<CurrentKey>(&stored).unwrap(), key);
    }
}
