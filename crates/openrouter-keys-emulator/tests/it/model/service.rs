//! The service, as plain as it can be said: a list of keys, searched from end to end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::body::{Body, Invalid};
use super::budget::Budget;
use super::key::{Key, Spent};

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

impl Service {
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
                Some(text) if text.chars().all(|digit| digit.is_ascii_digit()) => {
                    text.parse().unwrap_or(u64::MAX)
                }
                Some(_) => return Err(Invalid(vec!["offset"]).into()),
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
    pub(crate) fn holds(&self, credential: &str) -> bool {
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
