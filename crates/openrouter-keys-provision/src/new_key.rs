//! What a key is to be like.

use chrono::{DateTime, TimeDelta, Utc};
use openrouter_keys::operations::CreateKey;
use openrouter_keys::{Client, Key, LimitReset, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::intent;
use crate::marker::Nonce;

/// What a key is to be like: everything but its name, in which the provisioner writes its marker until the key is committed.
///
/// [`ensure`](crate::Provisioner::ensure) hands one to its closure. The setters are those of
/// [`Client::create`](openrouter_keys::Client::create). It is written into the ledger, so that a later call can tell whether
/// it asks for the same.
///
/// ```
/// use openrouter_keys::LimitReset;
/// use openrouter_keys_provision::NewKey;
///
/// let wanted = NewKey::new().limit(50).limit_reset(LimitReset::Monthly);
/// assert_eq!(wanted, NewKey::new().limit_reset(LimitReset::Monthly).limit(50));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct NewKey {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_reset: Option<LimitReset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) include_byok_in_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) creator_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_user: Option<String>,
}

impl NewKey {
    /// One without limit, in the default workspace, that never expires.
    pub fn new() -> Self {
        Self::default()
    }

    /// The most the key may spend in a window, USD: finite, zero or more.
    pub fn limit(mut self, usd: impl Into<f64>) -> Self {
        self.limit = Some(usd.into());
        self
    }

    /// When spending counts from zero again.
    pub fn limit_reset(mut self, reset: impl Into<LimitReset>) -> Self {
        self.limit_reset = Some(reset.into());
        self
    }

    /// Whether spending on the customer's own provider keys (BYOK) counts against the limit.
    pub fn include_byok_in_limit(mut self, yes: bool) -> Self {
        self.include_byok_in_limit = Some(yes);
        self
    }

    /// When the key stops working; it must be in the future. It cannot be changed later.
    pub fn expires_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        self.expires_at = Some(time.into());
        self
    }

    /// The workspace (a UUID) that the key shall belong to, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = Some(id.into());
        self
    }

    /// The member on whose behalf the key is made. For organisations only.
    pub fn creator_user_id(mut self, id: impl Into<String>) -> Self {
        self.creator_user_id = Some(id.into());
        self
    }

    /// Your name for the customer that the key is for, if you are a partner of OpenRouter.
    pub fn external_user(mut self, user: impl Into<String>) -> Self {
        self.external_user = Some(user.into());
        self
    }
}

impl NewKey {
    /// One with the settings of a key that there is. On whose behalf that was made is left out: only an organisation may
    /// say so.
    pub(crate) fn like(key: &Key) -> Self {
        Self {
            limit: key.limit,
            limit_reset: key.limit_reset.clone(),
            include_byok_in_limit: Some(key.include_byok_in_limit),
            expires_at: key.expires_at,
            workspace_id: key.workspace_id.clone(),
            creator_user_id: None,
            external_user: key.external_user.clone(),
        }
    }

    /// What the client would refuse as well, but only when it has been written down: what is asked for may be a plaintext in
    /// the wrong place, and a workspace that is none would be looked into by every sweep.
    pub(crate) fn check(&self) -> Result<(), Error> {
        // JSON has no NaN and no infinity: in the ledger they would become no limit at all.
        if self.limit.is_some_and(|usd| !usd.is_finite() || usd < 0.0) {
            return Err(Error::invalid(
                "limit",
                "must be a finite amount of USD, zero or more",
            ));
        }
        if let Some(reset) = &self.limit_reset {
            intent::check_name("limit_reset", reset.as_str())?;
        }
        if self.workspace_id.as_ref().is_some_and(|id| !is_uuid(id)) {
            return Err(Error::invalid(
                "workspace_id",
                "must be a UUID such as 01234567-89ab-cdef-0123-456789abcdef",
            ));
        }
        for (argument, text) in [
            ("creator_user_id", &self.creator_user_id),
            ("external_user", &self.external_user),
        ] {
            if let Some(text) = text {
                intent::check_name(argument, text)?;
            }
        }
        Ok(())
    }

    /// Whether a key like this can be made now. A key that was made in time is still there when it has expired.
    pub(crate) fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), Error> {
        if self.expires_at.is_some_and(|time| time <= now) {
            return Err(Error::invalid("expires_at", "must be in the future"));
        }
        Ok(())
    }

    /// The create of a key like this with a marker for its name.
    pub(crate) fn create(
        &self,
        client: &Client,
        nonce: Nonce,
        escrow: bool,
        chosen: Option<SecretString>,
    ) -> CreateKey {
        let mut create = client.create(nonce.marker());
        if let Some(usd) = if escrow { Some(0.0) } else { self.limit } {
            create = create.limit(usd);
        }
        if let Some(reset) = &self.limit_reset {
            create = create.limit_reset(reset.clone());
        }
        if let Some(yes) = self.include_byok_in_limit {
            create = create.include_byok_in_limit(yes);
        }
        if let Some(time) = self.expires_at {
            create = create.expires_at(time);
        }
        if let Some(id) = &self.workspace_id {
            create = create.workspace_id(id);
        }
        if let Some(id) = &self.creator_user_id {
            create = create.creator_user_id(id);
        }
        match (&self.external_user, chosen) {
            (Some(user), Some(chosen)) => create.external_user_with_key(user, chosen),
            (Some(user), None) => create.external_user(user),
            (None, _) => create,
        }
    }

    /// What of another request is other than this. When the key expires does not count: that is counted from now on in most
    /// programs.
    pub(crate) fn differs(&self, other: &Self) -> Vec<&'static str> {
        differences([
            ("limit", self.limit == other.limit),
            ("limit_reset", self.limit_reset == other.limit_reset),
            (
                "include_byok_in_limit",
                self.include_byok_in_limit == other.include_byok_in_limit,
            ),
            ("workspace_id", self.workspace_id == other.workspace_id),
            (
                "creator_user_id",
                self.creator_user_id == other.creator_user_id,
            ),
            ("external_user", self.external_user == other.external_user),
        ])
    }

    /// What of a key is other than it was asked for: what bounds its spending, and whether it works.
    pub(crate) fn not_as_asked(&self, key: &Key) -> Vec<&'static str> {
        let expires = match (self.expires_at, key.expires_at) {
            (None, None) => true,
            // The service may keep a time in whole seconds.
            (Some(asked), Some(kept)) => (asked - kept).abs() < TimeDelta::seconds(1),
            _ => false,
        };
        let workspace = match (&self.workspace_id, &key.workspace_id) {
            (Some(asked), Some(kept)) => asked.eq_ignore_ascii_case(kept),
            _ => true,
        };
        differences([
            ("limit", is_same_limit(self.limit, key.limit)),
            ("limit_reset", self.limit_reset == key.limit_reset),
            (
                "include_byok_in_limit",
                self.include_byok_in_limit
                    .is_none_or(|asked| asked == key.include_byok_in_limit),
            ),
            ("expires_at", expires),
            ("workspace_id", workspace),
            ("disabled", !key.disabled),
        ])
    }
}

/// Whether this is a UUID in its usual form.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether two limits are one, but for what a service may do to a number when it keeps it.
pub(crate) fn is_same_limit(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        _ => false,
    }
}

fn differences<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    let other = fields.into_iter().filter(|(_, is_same)| !is_same);
    other.map(|(field, _)| field).collect()
}
