//! What a key is to be like.

use chrono::{DateTime, Utc};
use openrouter_keys::LimitReset;
use serde::{Deserialize, Serialize};

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
