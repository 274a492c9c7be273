//! The shapes of the answers, field by field as the service documents them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::budget::{self, Account, Layer};
use crate::credential::Digest;
use crate::json::{Json, object};
use crate::key::Key;
use crate::usage::{LimitReset, Usage};
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// The answer of all operations but list and delete.
#[derive(Serialize)]
pub(crate) struct Data<T> {
    pub(crate) data: T,
}

impl<T: Json> Json for Data<T> {
    fn write(&self, out: &mut Vec<u8>) {
        object!(out, "data": self.data);
    }
}

/// The answer to a list.
pub(crate) struct Page<'a> {
    pub(crate) keys: Vec<&'a Key>,
    pub(crate) now: DateTime<Utc>,
}

impl Json for Page<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        /// What most keys have room in.
        const LENGTH: usize = 640;

        out.reserve(LENGTH * self.keys.len());
        out.extend_from_slice(b"{\"data\":[");
        for (place, key) in self.keys.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            ApiKey::of(key, self.now).write(out);
        }
        out.extend_from_slice(b"]}");
    }
}

/// The answer to a create: the only one that ever holds a plaintext.
pub(crate) struct Created<'a> {
    pub(crate) data: ApiKey<'a>,
    pub(crate) key: &'a str,
}

impl Json for Created<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        object!(out, "data": self.data, "key": self.key);
    }
}

/// The answer to a delete.
#[derive(Serialize)]
pub(crate) struct Deleted {
    pub(crate) deleted: bool,
}

/// A key as the management key sees it.
pub(crate) struct ApiKey<'a> {
    hash: Digest,
    name: &'a str,
    label: &'a str,
    disabled: bool,
    limit: Option<Usd>,
    limit_remaining: Option<Usd>,
    limit_reset: Option<LimitReset>,
    include_byok_in_limit: bool,
    usage: Amounts,
    created_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    creator_user_id: Option<&'a str>,
    workspace_id: WorkspaceId,
    external_user: Option<&'a str>,
}

impl<'a> ApiKey<'a> {
    /// What there is to tell of the key at that time.
    pub(crate) fn of(key: &'a Key, now: DateTime<Utc>) -> Self {
        Self {
            hash: key.hash,
            name: &key.name,
            label: &key.label,
            disabled: key.disabled,
            limit: key.limit,
            limit_remaining: key.limit_remaining(now),
            limit_reset: key.limit_reset,
            include_byok_in_limit: key.include_byok_in_limit,
            usage: Amounts::of(&key.usage, now),
            created_at: key.created_at,
            updated_at: key.updated_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            creator_user_id: key.creator_user_id.as_deref(),
            workspace_id: key.workspace_id,
            external_user: key.external_user.as_deref(),
        }
    }
}

impl Json for ApiKey<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        object!(out,
            "hash": self.hash,
            "name": self.name,
            "label": self.label,
            "disabled": self.disabled,
            "limit": self.limit,
            "limit_remaining": self.limit_remaining,
            "limit_reset": self.limit_reset,
            "include_byok_in_limit": self.include_byok_in_limit,
            "usage": self.usage.usage,
            "usage_daily": self.usage.usage_daily,
            "usage_weekly": self.usage.usage_weekly,
            "usage_monthly": self.usage.usage_monthly,
            "byok_usage": self.usage.byok_usage,
            "byok_usage_daily": self.usage.byok_usage_daily,
            "byok_usage_weekly": self.usage.byok_usage_weekly,
            "byok_usage_monthly": self.usage.byok_usage_monthly,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "expires_at": self.expires_at,
            "last_used_at": self.last_used_at,
            "creator_user_id": self.creator_user_id,
            "workspace_id": self.workspace_id,
            "external_user": self.external_user,
        );
    }
}

/// What a key has spent, in USD.
#[derive(Serialize)]
struct Amounts {
    usage: Usd,
    usage_daily: Usd,
    usage_weekly: Usd,
    usage_monthly: Usd,
    byok_usage: Usd,
    byok_usage_daily: Usd,
    byok_usage_weekly: Usd,
    byok_usage_monthly: Usd,
}

impl Amounts {
    fn of(usage: &Usage, now: DateTime<Utc>) -> Self {
        let total = usage.total();
        let day = usage.within(LimitReset::Daily, now);
        let week = usage.within(LimitReset::Weekly, now);
        let month = usage.within(LimitReset::Monthly, now);
        Self {
            usage: total.credits,
            usage_daily: day.credits,
            usage_weekly: week.credits,
            usage_monthly: month.credits,
            byok_usage: total.byok,
            byok_usage_daily: day.byok,
            byok_usage_weekly: week.byok,
            byok_usage_monthly: month.byok,
        }
    }
}

/// A key as it sees itself.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the service's shape, not ours"
)]
pub(crate) struct CurrentKey<'a> {
    label: &'a str,
    limit: Option<Usd>,
    limit_remaining: Option<Usd>,
    limit_reset: Option<LimitReset>,
    include_byok_in_limit: bool,
    #[serde(flatten)]
    usage: Amounts,
    is_free_tier: bool,
    is_management_key: bool,
    /// The deprecated name of `is_management_key`.
    is_provisioning_key: bool,
    creator_user_id: Option<&'a str>,
    rate_limit: RateLimit,
    expires_at: Option<DateTime<Utc>>,
    workspace_id: Option<WorkspaceId>,
    organization_id: Option<&'a str>,
    allowed_data_regions: [&'static str; 1],
    free_model_daily_requests: FreeModelDailyRequests,
    budgets: Vec<KeyBudget>,
    effective_budget: Option<KeyBudget>,
}

impl<'a> CurrentKey<'a> {
    /// What an ordinary key is told at that time.
    pub(crate) fn ordinary(key: &'a Key, budgets: &[Account], now: DateTime<Utc>) -> Self {
        let layers = budget::layers(budgets, key, now);
        Self {
            label: &key.label,
            limit: key.limit,
            limit_remaining: key.limit_remaining(now),
            limit_reset: key.limit_reset,
            include_byok_in_limit: key.include_byok_in_limit,
            usage: Amounts::of(&key.usage, now),
            is_free_tier: false,
            is_management_key: false,
            is_provisioning_key: false,
            creator_user_id: key.creator_user_id.as_deref(),
            rate_limit: RateLimit::DEPRECATED,
            expires_at: key.expires_at,
            workspace_id: Some(key.workspace_id),
            organization_id: None,
            allowed_data_regions: ["global"],
            free_model_daily_requests: FreeModelDailyRequests::UNTOUCHED,
            effective_budget: budget::effective(&layers).map(|layer| KeyBudget::of(layer, now)),
            budgets: layers
                .iter()
                .map(|layer| KeyBudget::of(layer, now))
                .collect(),
        }
    }

    /// What the management key is told. It cannot spend, so it has neither limit nor usage.
    pub(crate) fn management(label: &'a str, now: DateTime<Utc>) -> Self {
        Self {
            label,
            limit: None,
            limit_remaining: None,
            limit_reset: None,
            include_byok_in_limit: false,
            usage: Amounts::of(&Usage::NONE, now),
            is_free_tier: false,
            is_management_key: true,
            is_provisioning_key: true,
            creator_user_id: None,
            rate_limit: RateLimit::DEPRECATED,
            expires_at: None,
            workspace_id: None,
            organization_id: None,
            allowed_data_regions: ["global"],
            free_model_daily_requests: FreeModelDailyRequests::UNTOUCHED,
            budgets: Vec::new(),
            effective_budget: None,
        }
    }
}

/// One layer of what a key may spend.
#[derive(Serialize)]
struct KeyBudget {
    scope: &'static str,
    limit_usd: Usd,
    spend_usd: Usd,
    remaining_usd: Usd,
    include_byok: bool,
    reset_interval: Option<LimitReset>,
    resets_at: Option<DateTime<Utc>>,
    guardrail_id: Option<&'static str>,
    budget_id: Option<String>,
}

impl KeyBudget {
    fn of(layer: &Layer, now: DateTime<Utc>) -> Self {
        Self {
            scope: layer.scope,
            limit_usd: layer.limit,
            spend_usd: layer.spend,
            remaining_usd: layer.remaining(),
            include_byok: layer.include_byok,
            reset_interval: layer.limit_reset,
            resets_at: layer.limit_reset.and_then(|reset| reset.next(now)),
            guardrail_id: None,
            budget_id: layer.budget_id.clone(),
        }
    }
}

#[derive(Serialize)]
struct RateLimit {
    requests: i32,
    interval: &'static str,
    note: &'static str,
}

impl RateLimit {
    const DEPRECATED: Self = Self {
        requests: -1,
        interval: "10s",
        note: "This field is deprecated and means nothing.",
    };
}

#[derive(Serialize)]
struct FreeModelDailyRequests {
    limit: u32,
    remaining: u32,
    used: u32,
}

impl FreeModelDailyRequests {
    /// The documents do not say how many there are; here, a thousand, and nobody uses any.
    const UNTOUCHED: Self = Self {
        limit: 1000,
        remaining: 1000,
        used: 0,
    };
}
