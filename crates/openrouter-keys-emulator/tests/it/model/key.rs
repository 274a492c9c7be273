//! A key as the model keeps it: with everything that it ever spent, so that nothing needs a reset.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::budget::{self, Budget};
use super::calendar;
use crate::http::sha256;

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) plaintext: String,
    pub(crate) partner: Option<String>,
    pub(crate) name: String,
    pub(crate) disabled: bool,
    pub(crate) limit: Option<f64>,
    pub(crate) limit_reset: Option<String>,
    pub(crate) include_byok_in_limit: bool,
    pub(crate) workspace_id: String,
    pub(crate) creator_user_id: Option<String>,
    pub(crate) external_user: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    pub(crate) spent: Vec<Spent>,
}

#[derive(Clone, Debug)]
pub(crate) struct Spent {
    pub(crate) at: DateTime<Utc>,
    pub(crate) usd: f64,
    pub(crate) byok_usd: f64,
}

impl Key {
    pub(crate) fn hash(&self) -> String {
        sha256(&self.plaintext)
    }

    pub(crate) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The key as the management key is shown it.
    pub(crate) fn shown(&self, now: DateTime<Utc>) -> Value {
        let mut key = self.common(now);
        key["hash"] = json!(self.hash());
        key["name"] = json!(self.name);
        key["disabled"] = json!(self.disabled);
        key["created_at"] = json!(text(self.created_at));
        key["updated_at"] = json!(self.updated_at.map(text));
        key["last_used_at"] = json!(self.last_used_at.map(text));
        key["external_user"] = json!(self.external_user);
        key
    }

    /// The key as it is shown itself.
    pub(crate) fn current(&self, budgets: &[Budget], now: DateTime<Utc>) -> Value {
        let mut key = self.common(now);
        let layers = budget::layers(budgets, self, now);
        key["is_free_tier"] = json!(false);
        key["is_management_key"] = json!(false);
        key["is_provisioning_key"] = json!(false);
        key["organization_id"] = Value::Null;
        key["allowed_data_regions"] = json!(["global"]);
        key["effective_budget"] = json!(budget::effective(&layers));
        key["budgets"] = json!(layers);
        key
    }

    fn common(&self, now: DateTime<Utc>) -> Value {
        let [all, daily, weekly, monthly] = [None, Some("daily"), Some("weekly"), Some("monthly")]
            .map(|window| self.usage(window, now));
        let digits = &self.plaintext["sk-or-v1-".len()..];
        let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
        json!({
            "label": format!("sk-or-v1-{head}...{tail}"),
            "limit": self.limit,
            "limit_remaining": self.limit.map(|limit| limit - self.counted(now)),
            "limit_reset": self.limit_reset,
            "include_byok_in_limit": self.include_byok_in_limit,
            "usage": all.0,
            "usage_daily": daily.0,
            "usage_weekly": weekly.0,
            "usage_monthly": monthly.0,
            "byok_usage": all.1,
            "byok_usage_daily": daily.1,
            "byok_usage_weekly": weekly.1,
            "byok_usage_monthly": monthly.1,
            "expires_at": self.expires_at.map(text),
            "creator_user_id": self.creator_user_id,
            "workspace_id": self.workspace_id,
        })
    }

    /// What counts against the limit.
    pub(crate) fn counted(&self, now: DateTime<Utc>) -> f64 {
        let (usd, byok_usd) = self.usage(self.limit_reset.as_deref(), now);
        if self.include_byok_in_limit {
            usd + byok_usd
        } else {
            usd
        }
    }

    /// What was spent in the window that `now` is in: of the account's money, and of the user's own
    /// at a provider.
    fn usage(&self, window: Option<&str>, now: DateTime<Utc>) -> (f64, f64) {
        let mut usage = (0.0, 0.0);
        for spent in &self.spent {
            if calendar::together(window, spent.at, now) {
                usage.0 += spent.usd;
                usage.1 += spent.byok_usd;
            }
        }
        usage
    }
}

pub(crate) fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
