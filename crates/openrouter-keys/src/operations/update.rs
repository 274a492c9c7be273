//! `PATCH /keys/{hash}`.

use openrouter_keys_raw::{Nullable, types as raw};

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use super::validate;
use crate::client::Client;
use crate::error::Error;
use crate::model::{Key, LimitReset};
use crate::response::Response;
use crate::transport::Operation;

/// Changes a key: what [`Client::update`] returns.
///
/// What is not mentioned is not sent and stays as it is: nothing but [`unlimited`](Self::unlimited) removes a
/// limit. An expiry cannot be changed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let hash = client.create("Customer 42").limit(50).send().await?.key.hash;
///
/// let key = client.update(&hash).name("Customer 42 (paused)").disabled(true).send().await?;
/// assert_eq!(key.limit, Some(50.0));
///
/// let key = client.update(&hash).unlimited().send().await?;
/// assert_eq!(key.limit, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send()"]
pub struct UpdateKey<M = Async> {
    common: Common<M>,
    hash: String,
    name: Option<String>,
    disabled: Option<bool>,
    limit: Option<Nullable<f64>>,
    limit_reset: Option<Nullable<LimitReset>>,
    include_byok_in_limit: Option<bool>,
    workspace_id: Option<String>,
}

per_call_setters!(UpdateKey);

impl<M> UpdateKey<M> {
    pub(crate) fn new(client: Client, mode: M, hash: &str) -> Self {
        let (common, hash) = Common::about(client, mode, hash);
        Self {
            common,
            hash,
            name: None,
            disabled: None,
            limit: None,
            limit_reset: None,
            include_byok_in_limit: None,
            workspace_id: None,
        }
    }

    /// Another name; not an empty one.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.common.valid.keep(validate::name(&name));
        self.name = Some(name);
        self
    }

    /// Whether the service shall refuse the key from now on.
    pub fn disabled(mut self, yes: bool) -> Self {
        self.disabled = Some(yes);
        self
    }

    /// The most the key may spend in a window, USD: finite, zero or more.
    pub fn limit(mut self, usd: impl Into<f64>) -> Self {
        let usd = self.common.valid.keep(validate::limit(usd.into()));
        self.limit = usd.map(Nullable::Value);
        self
    }

    /// Removes the limit.
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

    /// Makes one window without end of it.
    pub fn never_resets(mut self) -> Self {
        self.limit_reset = Some(Nullable::Null);
        self
    }

    /// Whether spending on the customer's own provider keys (BYOK) counts against the limit.
    pub fn include_byok_in_limit(mut self, yes: bool) -> Self {
        self.include_byok_in_limit = Some(yes);
        self
    }

    /// Moves the key to this workspace (a UUID). If it is there already, nothing happens.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = self.common.valid.keep(validate::workspace_id(id.into()));
        self
    }
}

sends! {
    Update: UpdateKey -> Key;
    /// Makes the change, and returns the key as it is after it.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). An update that changes nothing is
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput): a setter was probably forgotten.
    send;
    /// Makes the change, and returns the status and headers of the answer too.
    send_with_response;
}

impl<M> UpdateKey<M> {
    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<Key>, Error> {
        let call = self.common.call(Operation::Update)?;
        if self.changes_nothing() {
            return Err(Error::invalid_input(
                "update",
                "must change at least one thing",
            ));
        }
        let this = &self;
        call.run(
            |raw| async move {
                let request = raw.update_key().hash(&this.hash);
                request.body_map(|body| this.fill(body)).send().await
            },
            |answer: raw::KeyEnvelope| Ok(Key::from_raw(answer.data)?),
            |_| None,
        )
        .await
    }

    fn changes_nothing(&self) -> bool {
        self.name.is_none()
            && self.disabled.is_none()
            && self.limit.is_none()
            && self.limit_reset.is_none()
            && self.include_byok_in_limit.is_none()
            && self.workspace_id.is_none()
    }

    fn fill(&self, body: raw::builder::UpdateKeyRequest) -> raw::builder::UpdateKeyRequest {
        body.name(self.name.clone())
            .disabled(self.disabled)
            .limit(self.limit)
            .limit_reset(
                self.limit_reset
                    .clone()
                    .map(|reset| reset.map(String::from)),
            )
            .include_byok_in_limit(self.include_byok_in_limit)
            .workspace_id(self.workspace_id.clone())
    }
}
