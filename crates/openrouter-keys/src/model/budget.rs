//! Budgets that apply to a key.

use chrono::{DateTime, Utc};
use openrouter_keys_raw::types as raw;

use super::open_enum::open_enum;
use super::time::{optional_time, text};
use super::wire::as_on_the_wire;
use super::{LimitReset, Odd};

open_enum! {
    /// What a budget is set on.
    BudgetScope {
        /// Each member of a workspace who has no budget of their own.
        WorkspaceDefaultMember = "workspace_default_member",
        /// Each key of a workspace that has no budget of its own.
        WorkspaceDefaultKey = "workspace_default_key",
        /// One member.
        Member = "member",
        /// One key, by a budget.
        ApiKey = "api_key",
        /// A workspace as a whole.
        Workspace = "workspace",
        /// One key, by the limit it was made with.
        KeyLimit = "key_limit",
    }
}

/// One layer of spending limits that applies to a key. Amounts are USD.
///
/// Serializes to, and deserializes from, the JSON that the API uses.
///
/// ```
/// use openrouter_keys::{BudgetScope, KeyBudget};
///
/// let budget: KeyBudget = serde_json::from_str(r#"{
///     "scope": "key_limit", "limit_usd": 10, "spend_usd": 12, "remaining_usd": -2, "include_byok": false
/// }"#)?;
/// assert_eq!(budget.scope, BudgetScope::KeyLimit);
/// assert!(budget.remaining_usd <= 0.0, "requests are refused with 403");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(transform = super::schema::part))]
#[non_exhaustive]
pub struct KeyBudget {
    /// What it is set on.
    pub scope: BudgetScope,
    /// The most that may be spent in a window, USD.
    pub limit_usd: f64,
    /// What was spent in the current window, USD.
    pub spend_usd: f64,
    /// What is left in the current window, USD. At zero or less the service refuses requests with status 403.
    pub remaining_usd: f64,
    /// Whether spending on the customer's own provider keys (BYOK) counts.
    pub include_byok: bool,
    /// When spending counts from zero again. `None`: never.
    pub reset_interval: Option<LimitReset>,
    /// When the current window ends. `None`: never.
    pub resets_at: Option<DateTime<Utc>>,
    /// The guardrail it comes from, if any.
    pub guardrail_id: Option<String>,
    /// Its own id, if it has one.
    pub budget_id: Option<String>,
}

impl KeyBudget {
    pub(super) fn from_raw(raw: raw::KeyBudget) -> Result<Self, Odd> {
        Ok(Self {
            scope: raw.scope.into(),
            limit_usd: raw.limit_usd,
            spend_usd: raw.spend_usd,
            remaining_usd: raw.remaining_usd,
            include_byok: raw.include_byok,
            reset_interval: raw.reset_interval.map(LimitReset::from),
            resets_at: optional_time("resets_at", raw.resets_at.as_deref())?,
            guardrail_id: raw.guardrail_id,
            budget_id: raw.budget_id,
        })
    }

    pub(super) fn to_raw(&self) -> raw::KeyBudget {
        raw::KeyBudget::builder()
            .scope(self.scope.as_str())
            .limit_usd(self.limit_usd)
            .spend_usd(self.spend_usd)
            .remaining_usd(self.remaining_usd)
            .include_byok(self.include_byok)
            .reset_interval(self.reset_interval.clone().map(String::from))
            .resets_at(self.resets_at.map(text))
            .guardrail_id(self.guardrail_id.clone())
            .budget_id(self.budget_id.clone())
            .try_into()
            .expect("every required field is set just above")
    }
}

as_on_the_wire!(KeyBudget, raw::KeyBudget);
