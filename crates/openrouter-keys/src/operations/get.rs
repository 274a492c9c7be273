//! `GET /keys/{hash}`.

use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use crate::client::Client;
use crate::error::Error;
use crate::model::Key;
use crate::response::Response;
use crate::transport::Operation;

/// Looks at one key: what [`Client::get`] returns.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let created = client.create("Customer 42").send().await?;
/// let key = client.get(&created.key.hash).send().await?;
/// assert_eq!(key, created.key);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send()"]
pub struct GetKey<M = Async> {
    common: Common<M>,
    hash: String,
}

per_call_setters!(GetKey);

impl<M> GetKey<M> {
    pub(crate) fn new(client: Client, mode: M, hash: &str) -> Self {
        let (common, hash) = Common::about(client, mode, hash);
        Self { common, hash }
    }
}

sends! {
    Get: GetKey -> Key;
    /// The key as it is now.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`is_not_found`](Error::is_not_found) if there is no such key.
    send;
    /// The key as it is now, with the status and headers of the answer.
    send_with_response;
}

impl<M> GetKey<M> {
    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<Key>, Error> {
        let hash = &self.hash;
        let call = self.common.call(Operation::Get)?;
        call.run(
            |raw| async move { raw.get_key().hash(hash).send().await },
            |answer: raw::KeyEnvelope| Ok(Key::from_raw(answer.data)?),
            |_| None,
        )
        .await
    }
}
