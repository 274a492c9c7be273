//! Budgets: each has a list of everything that was spent since it was set.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::calendar;
use super::key::{Key, Spent};

#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) id: String,
    pub(crate) scope: String,
    /// The workspace, the member or the key.
    pub(crate) of: String,
    pub(crate) limit_usd: f64,
    pub(crate) limit_reset: Option<String>,
    pub(crate) include_byok: bool,
    pub(crate) spent: Vec<(Key, Spent)>,
}

/// In the order in which they are enforced.
const SCOPES: [&str; 5] = [
    "workspace_default_member",
    "workspace_default_key",
    "member",
    "api_key",
    "workspace",
];

/// What a key is told of the budgets that it is under, its own limit being the last one.
pub(crate) fn layers(budgets: &[Budget], key: &Key, now: DateTime<Utc>) -> Vec<Value> {
    let mut layers = Vec::new();
    for scope in SCOPES {
        for budget in budgets {
            if budget.scope == scope && budget.covers(key) {
                layers.push(budget.layer(key, now));
            }
        }
    }
    let reset = key.limit_reset.as_deref();
    layers.extend(key.limit.map(|limit| {
        layer(
            "key_limit",
            limit,
            key.counted(now),
            key.include_byok_in_limit,
            reset,
            now,
            None,
        )
    }));
    layers
}

/// The one that counts: the first one of which nothing is left, or the one of which the least is.
pub(crate) fn effective(layers: &[Value]) -> Option<&Value> {
    let remaining = |layer: &Value| layer["remaining_usd"].as_f64().expect("an amount");
    let mut effective = layers.first()?;
    for layer in layers {
        if remaining(layer) <= 0.0 {
            return Some(layer);
        }
        if remaining(layer) < remaining(effective) {
            effective = layer;
        }
    }
    Some(effective)
}

impl Budget {
    fn covers(&self, key: &Key) -> bool {
        match self.scope.as_str() {
            "member" => key.creator_user_id.as_ref() == Some(&self.of),
            "api_key" => key.hash() == self.of,
            "workspace_default_member" => {
                key.workspace_id == self.of && key.creator_user_id.is_some()
            }
            _ => key.workspace_id == self.of,
        }
    }

    fn layer(&self, key: &Key, now: DateTime<Utc>) -> Value {
        let reset = self.limit_reset.as_deref();
        let mut sum = 0.0;
        for (spender, spent) in &self.spent {
            let counts = match self.scope.as_str() {
                "workspace_default_key" => spender.plaintext == key.plaintext,
                "workspace_default_member" => spender.creator_user_id == key.creator_user_id,
                _ => true,
            };
            // The spender as it was then: where it is now makes no difference.
            if counts && self.covers(spender) && calendar::together(reset, spent.at, now) {
                sum += spent.usd;
                if self.include_byok {
                    sum += spent.byok_usd;
                }
            }
        }
        let id = Some(&*self.id);
        layer(
            &self.scope,
            self.limit_usd,
            sum,
            self.include_byok,
            reset,
            now,
            id,
        )
    }
}

fn layer(
    scope: &str,
    limit: f64,
    spend: f64,
    include_byok: bool,
    reset: Option<&str>,
    now: DateTime<Utc>,
    id: Option<&str>,
) -> Value {
    json!({
        "scope": scope,
        "limit_usd": limit,
        "spend_usd": spend,
        "remaining_usd": limit - spend,
        "include_byok": include_byok,
        "reset_interval": reset,
        "resets_at": calendar::end(reset, now).map(super::key::text),
        "guardrail_id": null,
        "budget_id": id,
    })
}
