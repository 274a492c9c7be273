//! Keys that nobody created.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::body::Body;
use super::key::{Key, Spent};
use super::service::{DEFAULT_WORKSPACE, Service};
use crate::http::sha256;

/// What keys are seeded with.
#[expect(
    clippy::option_option,
    reason = "a limit can differ from key to key, be none, or be the same for all"
)]
pub(crate) struct Fleet {
    prefix: String,
    workspace_id: String,
    /// `None` where they differ.
    limit: Option<Option<f64>>,
    limit_reset: Option<Option<String>>,
    disabled: bool,
    expires_at: Option<DateTime<Utc>>,
    creator_user_id: Option<String>,
}

impl Fleet {
    /// Reads it, unless something in it is invalid.
    pub(crate) fn read(body: &Value) -> Option<Self> {
        let mut body = Body::new(body).ok()?;
        let fleet = Self {
            prefix: body
                .optional("name", Body::text)
                .unwrap_or_else(|| "fleet-".to_owned()),
            workspace_id: body
                .optional("workspace_id", Body::uuid)
                .unwrap_or_else(|| DEFAULT_WORKSPACE.to_owned()),
            limit: body.nullable("limit", Body::amount),
            limit_reset: body.nullable("limit_reset", Body::reset),
            disabled: body.optional("disabled", Body::flag).unwrap_or(false),
            expires_at: body.nullable("expires_at", Body::moment).flatten(),
            creator_user_id: body.optional("creator_user_id", Body::filled),
        };
        body.end().ok()?;
        Some(fleet)
    }
}

impl Service {
    /// Adds one key of the fleet, which has spent so much long ago, and gives its plaintext.
    pub(crate) fn seed(&mut self, fleet: &Fleet, usage: f64, include_byok: bool) -> String {
        let mut number = self.fleets.get(&fleet.prefix).copied().unwrap_or(0);
        let (name, plaintext) = loop {
            number += 1;
            let name = format!("{}{number:05}", fleet.prefix);
            let plaintext = format!("sk-or-v1-{}", sha256(&name));
            if !self.holds(&plaintext) {
                break (name, plaintext);
            }
        };
        self.fleets.insert(fleet.prefix.clone(), number);
        let (limit, limit_reset) = match number % 5 {
            _ if fleet.limit.is_some() => (fleet.limit.flatten(), None),
            1 => (Some(5.0), Some("daily")),
            2 => (Some(20.0), Some("weekly")),
            3 => (Some(50.0), Some("monthly")),
            4 => (Some(100.0), None),
            _ => (None, None),
        };
        self.keys.push(Key {
            plaintext: plaintext.clone(),
            partner: None,
            name,
            disabled: fleet.disabled,
            limit,
            limit_reset: match &fleet.limit_reset {
                Some(reset) => reset.clone(),
                None => limit_reset.map(str::to_owned),
            },
            include_byok_in_limit: include_byok,
            workspace_id: fleet.workspace_id.clone(),
            creator_user_id: fleet.creator_user_id.clone(),
            external_user: None,
            created_at: self.now,
            updated_at: None,
            expires_at: fleet.expires_at,
            last_used_at: None,
            spent: vec![Spent {
                at: DateTime::UNIX_EPOCH,
                usd: usage,
                byok_usd: 0.0,
            }],
        });
        plaintext
    }
}
