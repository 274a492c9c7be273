//! `DELETE /keys/{hash}`.

use http::StatusCode;
use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use crate::client::Client;
use crate::error::Error;
use crate::response::Response;
use crate::transport::{Operation, Unusable};

/// Removes a key for good: what [`Client::delete`] returns.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let hash = client.create("Customer 42").send().await?.key.hash;
/// client.delete(&hash).send().await?;
/// assert!(client.get(&hash).send().await.unwrap_err().is_not_found());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send()"]
pub struct DeleteKey<M = Async> {
    common: Common<M>,
    hash: String,
}

per_call_setters!(DeleteKey);

impl<M> DeleteKey<M> {
    pub(crate) fn new(client: Client, mode: M, hash: &str) -> Self {
        let (common, hash) = Common::about(client, mode, hash);
        Self { common, hash }
    }
}

sends! {
    Delete: DeleteKey -> ();
    /// Removes the key.
    ///
    /// If an attempt fails so that the server may have acted, and the next one finds no such key, that is a
    /// success: the key is gone.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`is_not_found`](Error::is_not_found) if there was no such key.
    send;
    /// Removes the key, and returns the status and headers of the answer.
    send_with_response;
}

impl<M> DeleteKey<M> {
    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<()>, Error> {
        let hash = &self.hash;
        let call = self.common.call(Operation::Delete)?;
        let result = call
            .run(
                |raw| async move { raw.delete_key().hash(hash).send().await },
                |answer: raw::DeletedKey| {
                    if answer.deleted {
                        Ok(())
                    } else {
                        Err(Unusable {
                            reason: "it says that the key was not deleted".to_owned(),
                            maybe_applied: false,
                        })
                    }
                },
                |_| None,
            )
            .await;
        match result {
            // `maybe_applied` of a 404 speaks of an earlier attempt. A page of some gateway does not speak of keys.
            Err(error)
                if error.is_not_found() && error.maybe_applied() && error.body_text().is_none() =>
            {
                Ok(Response::new(
                    (),
                    StatusCode::NOT_FOUND,
                    error.headers().clone(),
                ))
            }
            result => result,
        }
    }
}
