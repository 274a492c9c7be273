//! `GET /keys/{hash}`.

use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
#[cfg(feature = "blocking")]
use crate::blocking::Blocking;
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

/// Sending in async code.
impl GetKey<Async> {
    /// The key as it is now.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`is_not_found`](Error::is_not_found) if there is no such key.
    pub async fn send(self) -> Result<Key, Error> {
        self.send_with_response().await.map(Response::into_inner)
    }

    /// The key as it is now, with the status and headers of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_with_response(self) -> Result<Response<Key>, Error> {
        self.perform().await
    }
}

/// Sending and waiting for the answer, for [`blocking::Client`](crate::blocking::Client) (feature `blocking`).
#[cfg(feature = "blocking")]
impl GetKey<Blocking> {
    /// The key as it is now.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`is_not_found`](Error::is_not_found) if there is no such key.
    pub fn send(self) -> Result<Key, Error> {
        self.send_with_response().map(Response::into_inner)
    }

    /// The key as it is now, with the status and headers of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with_response(self) -> Result<Response<Key>, Error> {
        let mode = self.common.mode.clone();
        mode.wait(Operation::Get, self.perform())
    }
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
