//! `GET /key`.

use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use crate::client::Client;
use crate::error::Error;
use crate::model::CurrentKey;
use crate::response::Response;
use crate::transport::Operation;

/// Looks at the key that makes the call: what [`Client::current`] returns.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let me = client.current().send().await?;
/// println!("{} has spent {} USD today", me.label, me.usage.daily);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send()"]
pub struct GetCurrentKey<M = Async> {
    common: Common<M>,
}

per_call_setters!(GetCurrentKey);

impl<M> GetCurrentKey<M> {
    pub(crate) fn new(client: Client, mode: M) -> Self {
        Self {
            common: Common::new(client, mode),
        }
    }
}

sends! {
    Current: GetCurrentKey -> CurrentKey;
    /// What the service knows of the key.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`Unauthorized`](crate::ErrorKind::Unauthorized) if the key is
    /// unknown, disabled or expired.
    send;
    /// What the service knows of the key, with the status and headers of the answer.
    send_with_response;
}

impl<M> GetCurrentKey<M> {
    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<CurrentKey>, Error> {
        let call = self.common.call(Operation::Current)?;
        call.run(
            |raw| async move { raw.get_current_key().send().await },
            |answer: raw::CurrentKeyEnvelope| Ok(CurrentKey::from_raw(answer.data)?),
            |_| None,
        )
        .await
    }
}
