//! `POST /keys`.

use chrono::{DateTime, Utc};
use openrouter_keys_raw::types as raw;
use openrouter_keys_raw::{Nullable, Plaintext};
use secrecy::{ExposeSecret, SecretString};

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use super::validate;
use crate::client::Client;
use crate::error::Error;
use crate::model::{Created, Key, LimitReset, time_text};
use crate::response::Response;
use crate::transport::{Operation, Unusable, created_anyway};

/// Makes a key: what [`Client::create`] returns.
///
/// A create is sent again only where it is certain that the one before had no effect. When an error says
/// [`maybe_applied`](Error::maybe_applied), a key may exist that nobody holds: look for it before creating
/// another.
///
/// Dropping the future of [`send`](Self::send) does not call the request back: the key may be made all the same,
/// and its plaintext is then lost. Let it finish, for instance in a task of its own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// use openrouter_keys::{ExposeSecret, LimitReset};
///
/// let created = client
///     .create("Customer 42")
///     .limit(50)
///     .limit_reset(LimitReset::Monthly)
///     .send()
///     .await?;
/// assert!(created.secret.expose_secret().starts_with("sk-or-v1-"));
/// assert_eq!(created.key.limit_remaining, Some(50.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send()"]
pub struct CreateKey<M = Async> {
    common: Common<M>,
    name: String,
    limit: Option<Nullable<f64>>,
    limit_reset: Option<Nullable<LimitReset>>,
    include_byok_in_limit: Option<bool>,
    expires_at: Option<Nullable<DateTime<Utc>>>,
    workspace_id: Option<String>,
    creator_user_id: Option<String>,
    external: Option<External>,
}

#[derive(Clone, Debug)]
struct External {
    user: String,
    key: Option<SecretString>,
}

per_call_setters!(CreateKey);

impl<M> CreateKey<M> {
    pub(crate) fn new(client: Client, mode: M, name: String) -> Self {
        let mut common = Common::new(client, mode);
        common.valid.keep(validate::name(&name));
        Self {
            common,
            name,
            limit: None,
            limit_reset: None,
            include_byok_in_limit: None,
            expires_at: None,
            workspace_id: None,
            creator_user_id: None,
            external: None,
        }
    }

    /// The most the key may spend in a window, USD: finite, zero or more.
    pub fn limit(mut self, usd: impl Into<f64>) -> Self {
        let usd = self.common.valid.keep(validate::limit(usd.into()));
        self.limit = usd.map(Nullable::Value);
        self
    }

    /// No limit, said in so many words. It is the default.
    pub fn unlimited(mut self) -> Self {
        self.limit = Some(Nullable::Null);
        self
    }

    /// When spending counts from zero again.
    pub fn limit_reset(mut self, reset: impl Into<LimitReset>) -> Self {
        let reset = reset.into();
        self.common.valid.keep(validate::limit_reset(&reset));
        self.limit_reset = Some(Nullable::Value(reset));
        self
    }

    /// A single window without end, said in so many words. It is the default.
    pub fn never_resets(mut self) -> Self {
        self.limit_reset = Some(Nullable::Null);
        self
    }

    /// Whether spending on the customer's own provider keys (BYOK) counts against the limit.
    pub fn include_byok_in_limit(mut self, yes: bool) -> Self {
        self.include_byok_in_limit = Some(yes);
        self
    }

    /// When the key stops working; it must be in the future. It cannot be changed later.
    pub fn expires_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        self.expires_at = Some(Nullable::Value(time.into()));
        self
    }

    /// No expiry, said in so many words. It is the default.
    pub fn never_expires(mut self) -> Self {
        self.expires_at = Some(Nullable::Null);
        self
    }

    /// The workspace (a UUID) that the key shall belong to, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = self.common.valid.keep(validate::workspace_id(id.into()));
        self
    }

    /// The member on whose behalf the key is made. For organisations only.
    pub fn creator_user_id(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        self.common
            .valid
            .keep(validate::not_empty("creator_user_id", &id));
        self.creator_user_id = Some(id);
        self
    }

    /// Your name for the customer that the key is for, if you are a partner of OpenRouter.
    pub fn external_user(mut self, user: impl Into<String>) -> Self {
        let user = user.into();
        self.common
            .valid
            .keep(validate::not_empty("external_user", &user));
        self.external = Some(External { user, key: None });
        self
    }

    /// As [`external_user`](Self::external_user), with a key of your own choosing, of at least 32 characters,
    /// which the service will accept as well. It keeps only a SHA-256 of it and never shows it.
    pub fn external_user_with_key(
        self,
        user: impl Into<String>,
        partner_key: impl Into<SecretString>,
    ) -> Self {
        let mut this = self.external_user(user);
        let key = partner_key.into();
        this.common.valid.keep(validate::partner_key(&key));
        if let Some(external) = &mut this.external {
            external.key = Some(key);
        }
        this
    }
}

sends! {
    Create: CreateKey -> Created;
    /// Makes the key.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). Before creating another key, ask the error whether it
    /// [`maybe_applied`](Error::maybe_applied) and what it has [salvaged](Error::into_salvaged).
    send;
    /// Makes the key, and returns the status and headers of the answer too.
    send_with_response;
}

impl<M> CreateKey<M> {
    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<Created>, Error> {
        let mut call = self.common.call(Operation::Create)?;
        if let Some(Nullable::Value(time)) = self.expires_at {
            validate::expires_at(time, call.client.settings().clock.utc_now())?;
        }
        call.request_secret = self
            .external
            .as_ref()
            .and_then(|external| external.key.as_ref());
        let this = &self;
        let ours = call.client.scrubber();
        call.run(
            |raw| async move {
                let request = raw.create_key();
                request.body_map(|body| this.fill(body)).send().await
            },
            |answer: raw::CreatedKey| {
                let key = Key::from_raw(answer.data)?;
                let secret = answer.key.into_secret();
                let reason = if secret.expose_secret().is_empty() {
                    "its `key` is empty"
                } else if ours.holds(&secret) {
                    "its `key` is the one that made the call"
                } else {
                    return Ok(Created { key, secret });
                };
                Err(Unusable {
                    reason: reason.to_owned(),
                    maybe_applied: true,
                })
            },
            |body| created_anyway(body).filter(|created| !ours.holds(&created.secret)),
        )
        .await
    }

    fn fill(&self, body: raw::builder::CreateKeyRequest) -> raw::builder::CreateKeyRequest {
        let external = self.external.as_ref().map(|external| {
            raw::ExternalUser::builder()
                .user(&external.user)
                .api_key(external.key.clone().map(Plaintext::from))
                .try_into()
                .expect("the user, which alone is required, is set just above")
        });
        body.name(&self.name)
            .limit(self.limit)
            .limit_reset(
                self.limit_reset
                    .clone()
                    .map(|reset| reset.map(String::from)),
            )
            .include_byok_in_limit(self.include_byok_in_limit)
            .expires_at(self.expires_at.map(|time| time.map(time_text)))
            .workspace_id(self.workspace_id.clone())
            .creator_user_id(self.creator_user_id.clone().map(Nullable::Value))
            .external::<Option<raw::ExternalUser>>(external)
    }
}
