//! What the API sends and takes, as structs with owned text.

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) data: T,
}

#[derive(Deserialize)]
#[allow(
    dead_code,
    reason = "they are decoded, as they would be for a program that reads them"
)]
pub(crate) struct ApiKey {
    hash: String,
    name: String,
    label: String,
    disabled: bool,
    limit: Option<f64>,
    limit_remaining: Option<f64>,
    limit_reset: Option<String>,
    include_byok_in_limit: bool,
    usage: f64,
    usage_daily: f64,
    usage_weekly: f64,
    usage_monthly: f64,
    byok_usage: f64,
    byok_usage_daily: f64,
    byok_usage_weekly: f64,
    byok_usage_monthly: f64,
    created_at: String,
    updated_at: Option<String>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    creator_user_id: Option<String>,
    workspace_id: Option<String>,
    external_user: Option<String>,
}

#[derive(Deserialize)]
#[allow(
    dead_code,
    reason = "they are decoded, as they would be for a program that reads them"
)]
pub(crate) struct Created {
    data: ApiKey,
    key: String,
}

#[derive(Deserialize)]
#[allow(
    dead_code,
    reason = "they are decoded, as they would be for a program that reads them"
)]
pub(crate) struct CurrentKey {
    label: String,
    limit: Option<f64>,
    limit_remaining: Option<f64>,
    limit_reset: Option<String>,
    include_byok_in_limit: bool,
    usage: f64,
    usage_daily: f64,
    usage_weekly: f64,
    usage_monthly: f64,
    byok_usage: f64,
    byok_usage_daily: f64,
    byok_usage_weekly: f64,
    byok_usage_monthly: f64,
    is_free_tier: bool,
    is_management_key: Option<bool>,
    is_provisioning_key: Option<bool>,
    expires_at: Option<String>,
    creator_user_id: Option<String>,
    workspace_id: Option<String>,
    organization_id: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct NewKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) limit: f64,
}

#[derive(Serialize)]
pub(crate) struct Update<'a> {
    pub(crate) name: &'a str,
    pub(crate) disabled: bool,
}
