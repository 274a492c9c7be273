//! The service, as plain as it can be said: a list of keys, searched from end to end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::body::{Body, Invalid};
use super::budget::Budget;
use super::key::{Key, Spent};
use crate::http::sha256;

/// The default workspace has a name of the emulator's.
pub(crate) use openrouter_keys_emulator::DEFAULT_WORKSPACE_ID as DEFAULT_WORKSPACE;

/// What the service knows.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) management_key: String,
    pub(crate) now: DateTime<Utc>,
    /// In the order in which they were created.
    pub(crate) keys: Vec<Key>,
    /// The last number that a seeded key has, by what stands before it.
    pub(crate) fleets: BTreeMap<String, usize>,
    /// In the order in which they were set.
    pub(crate) budgets: Vec<Budget>,
}

/// What the service answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Done(u16, Value),
    /// A status, and with what the message begins: one of these.
    Refused(u16, Vec<&'static str>),
}

/// Whose credential it is.
enum Caller {
    Management,
    Key(usize),
}

/// What a listing asks for. A text is as it stands in the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    pub(crate) include_disabled: Option<String>,
    pub(crate) include_expired: Option<String>,
    pub(crate) offset: Option<String>,
    pub(crate) workspace_id: Option<String>,
}

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

    /// Spends money with a key, which is a use of it.
    pub(crate) fn spend(&mut self, hash: &str, usd: f64, byok_usd: f64) -> Reply {
        match self.find(hash) {
            Ok(key) => {
                let key = &mut self.keys[key];
                let spent = Spent {
                    at: self.now,
                    usd,
                    byok_usd,
                };
                for budget in &mut self.budgets {
                    budget.spent.push((key.clone(), spent.clone()));
                }
                key.spent.push(spent);
                key.last_used_at = Some(self.now);
                Reply::Done(200, json!({"data": key.shown(self.now)}))
            }
            Err(reply) => reply,
        }
    }

    /// Creates a key whose plaintext will be that one.
    pub(crate) fn create(
        &mut self,
        authorization: Option<&str>,
        body: &Value,
        plaintext: &str,
    ) -> Reply {
        self.managing(authorization, |service| {
            let mut body = Body::new(body)?;
            let name = body.required("name", Body::filled);
            let limit = body.nullable("limit", Body::amount);
            let limit_reset = body.nullable("limit_reset", Body::reset);
            let include_byok_in_limit = body.optional("include_byok_in_limit", Body::flag);
            let expires_at = body.nullable("expires_at", Body::moment);
            let workspace_id = body.optional("workspace_id", Body::uuid);
            let creator_user_id = body.nullable("creator_user_id", Body::filled);
            let (external_user, partner) = body.external();
            body.end()?;
            if partner
                .as_ref()
                .is_some_and(|partner| service.holds(partner))
            {
                return Err(Invalid(vec!["external.api_key"]).into());
            }

            service.keys.push(Key {
                plaintext: plaintext.to_owned(),
                partner,
                name: name.unwrap_or_default(),
                disabled: false,
                limit: limit.flatten(),
                limit_reset: limit_reset.flatten(),
                include_byok_in_limit: include_byok_in_limit.unwrap_or(false),
                workspace_id: workspace_id.unwrap_or_else(|| DEFAULT_WORKSPACE.to_owned()),
                creator_user_id: creator_user_id.flatten(),
                external_user,
                created_at: service.now,
                updated_at: None,
                expires_at: expires_at.flatten(),
                last_used_at: None,
                spent: Vec::new(),
            });
            let data = service.keys[service.keys.len() - 1].shown(service.now);
            Ok((201, json!({"data": data, "key": plaintext})))
        })
    }

    pub(crate) fn list(&mut self, authorization: Option<&str>, listing: &Listing) -> Reply {
        self.managing(authorization, |service| {
            let flag = |name: &'static str, text: &Option<String>| match text.as_deref() {
                None | Some("false") => Ok(false),
                Some("true") => Ok(true),
                Some(_) => Err(Invalid(vec![name])),
            };
            let include_disabled = flag("include_disabled", &listing.include_disabled)?;
            let include_expired = flag("include_expired", &listing.include_expired)?;
            let offset = match listing.offset.as_deref() {
                None | Some("" | "null") => 0,
                Some(text) => text.parse().map_err(|_| Invalid(vec!["offset"]))?,
            };
            let workspace = match listing.workspace_id.as_deref() {
                None => DEFAULT_WORKSPACE.to_owned(),
                Some(text) => Body::uuid(&json!(text)).ok_or(Invalid(vec!["workspace_id"]))?,
            };

            let mut page = Vec::new();
            let mut skipped = 0_u64;
            for key in service.keys.iter().rev() {
                if key.workspace_id != workspace
                    || key.disabled && !include_disabled
                    || key.has_expired(service.now) && !include_expired
                {
                    continue;
                }
                if skipped < offset {
                    skipped += 1;
                } else if page.len() < 100 {
                    page.push(key.shown(service.now));
                }
            }
            Ok((200, json!({"data": page})))
        })
    }

    pub(crate) fn get(&mut self, authorization: Option<&str>, hash: &str) -> Reply {
        self.managing(authorization, |service| {
            let key = service.find(hash)?;
            Ok((200, json!({"data": service.keys[key].shown(service.now)})))
        })
    }

    pub(crate) fn update(
        &mut self,
        authorization: Option<&str>,
        hash: &str,
        body: &Value,
    ) -> Reply {
        self.managing(authorization, |service| {
            let key = service.find(hash)?;
            let mut body = Body::new(body)?;
            let name = body.optional("name", Body::text);
            let disabled = body.optional("disabled", Body::flag);
            let limit = body.nullable("limit", Body::amount);
            let limit_reset = body.nullable("limit_reset", Body::reset);
            let include_byok_in_limit = body.optional("include_byok_in_limit", Body::flag);
            let workspace_id = body.optional("workspace_id", Body::uuid);
            body.end()?;

            let now = service.now;
            let key = &mut service.keys[key];
            let before = key.shown(now);
            if let Some(name) = name {
                key.name = name;
            }
            if let Some(disabled) = disabled {
                key.disabled = disabled;
            }
            if let Some(limit) = limit {
                key.limit = limit;
            }
            if let Some(limit_reset) = limit_reset {
                key.limit_reset = limit_reset;
            }
            if let Some(include) = include_byok_in_limit {
                key.include_byok_in_limit = include;
            }
            if let Some(workspace_id) = workspace_id {
                key.workspace_id = workspace_id;
            }
            if key.shown(now) != before {
                key.updated_at = Some(now);
            }
            Ok((200, json!({"data": key.shown(now)})))
        })
    }

    pub(crate) fn delete(&mut self, authorization: Option<&str>, hash: &str) -> Reply {
        self.managing(authorization, |service| {
            let key = service.find(hash)?;
            service.keys.remove(key);
            Ok((200, json!({"deleted": true})))
        })
    }

    /// What the caller is told of itself.
    pub(crate) fn current(&mut self, authorization: Option<&str>) -> Reply {
        match self.caller(authorization) {
            Ok(Caller::Key(key)) => Reply::Done(
                200,
                json!({"data": self.keys[key].current(&self.budgets, self.now)}),
            ),
            Ok(Caller::Management) => Reply::Done(200, json!({"data": self.own()})),
            Err(reply) => reply,
        }
    }

    /// The management key itself: it spends nothing, and belongs to no workspace.
    fn own(&self) -> Value {
        let tail = &self.management_key[self.management_key.len() - 4..];
        let head = &self.management_key["sk-or-v1-".len()..][..3];
        json!({
            "label": format!("sk-or-v1-{head}...{tail}"),
            "limit": null,
            "limit_remaining": null,
            "limit_reset": null,
            "include_byok_in_limit": false,
            "usage": 0.0,
            "usage_daily": 0.0,
            "usage_weekly": 0.0,
            "usage_monthly": 0.0,
            "byok_usage": 0.0,
            "byok_usage_daily": 0.0,
            "byok_usage_weekly": 0.0,
            "byok_usage_monthly": 0.0,
            "is_free_tier": false,
            "is_management_key": true,
            "is_provisioning_key": true,
            "creator_user_id": null,
            "expires_at": null,
            "workspace_id": null,
            "organization_id": null,
            "allowed_data_regions": ["global"],
            "budgets": [],
            "effective_budget": null,
        })
    }

    /// Lets only the management key in.
    fn managing(
        &mut self,
        authorization: Option<&str>,
        act: impl FnOnce(&mut Self) -> Result<(u16, Value), Reply>,
    ) -> Reply {
        let done = match self.caller(authorization) {
            Ok(Caller::Management) => act(self),
            Ok(Caller::Key(_)) => {
                let message = "Only management keys can perform this operation";
                Err(Reply::Refused(403, vec![message]))
            }
            Err(reply) => Err(reply),
        };
        match done {
            Ok((status, body)) => Reply::Done(status, body),
            Err(reply) => reply,
        }
    }

    /// Who presents that `Authorization` header. Whoever it is, has used its key by that.
    fn caller(&mut self, authorization: Option<&str>) -> Result<Caller, Reply> {
        let refused = |message| Reply::Refused(401, vec![message]);
        let header = authorization.unwrap_or_default().trim();
        if header.is_empty() {
            return Err(refused("Missing Authentication header"));
        }
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
            _ => return Err(refused("")),
        };
        if token == self.management_key {
            return Ok(Caller::Management);
        }
        for (position, key) in self.keys.iter_mut().enumerate() {
            if key.plaintext == token || key.partner.as_deref() == Some(token) {
                if key.disabled || key.has_expired(self.now) {
                    return Err(refused(""));
                }
                key.last_used_at = Some(self.now);
                return Ok(Caller::Key(position));
            }
        }
        Err(refused(""))
    }

    /// Whether anyone signs in with that already.
    fn holds(&self, credential: &str) -> bool {
        let mut keys = self.keys.iter();
        credential == self.management_key
            || keys.any(|key| {
                key.plaintext == credential || key.partner.as_deref() == Some(credential)
            })
    }

    fn find(&self, hash: &str) -> Result<usize, Reply> {
        let mut keys = self.keys.iter();
        keys.position(|key| key.hash() == hash)
            .ok_or_else(|| Reply::Refused(404, vec!["Resource not found"]))
    }
}

impl From<Invalid> for Reply {
    fn from(Invalid(fields): Invalid) -> Self {
        Self::Refused(400, fields)
    }
}
