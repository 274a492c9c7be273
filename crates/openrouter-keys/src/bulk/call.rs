//! Which calls can be made in bulk.

use crate::error::Error;
use crate::model::Key;
use crate::operations::{DeleteKey, GetKey, UpdateKey};
use crate::transport::Operation;

/// A call that [`Bulk`](super::Bulk) can make: an update, a delete or a get. It is not for others to implement.
///
/// A create is not among them: what is left to do when one of many ends in doubt takes more than a list of errors.
///
/// ```
/// use openrouter_keys::{BulkCall, Client, KeyHash};
///
/// /// Removes these keys, and says how many were removed.
/// async fn remove(client: &Client, hashes: Vec<KeyHash>) -> usize {
///     every(client, hashes, |client, hash| client.delete(hash)).await
/// }
///
/// async fn every<C: BulkCall>(
///     client: &Client,
///     hashes: Vec<KeyHash>,
///     call: impl Fn(&Client, &KeyHash) -> C,
/// ) -> usize {
///     let mut results = client.bulk().run(hashes, call);
///     let mut done = 0;
///     while let Some(result) = results.next().await {
///         done += usize::from(result.is_ok());
///     }
///     done
/// }
/// ```
pub trait BulkCall: sealed::Call<Answer = Self::Output> {
    /// What the call gives: the key, or nothing for a delete.
    type Output: Send + 'static;
}

pub(super) mod sealed {
    use crate::error::Error;

    /// How the call is made, which is nobody else's business.
    pub trait Call {
        type Answer;

        fn make(self) -> impl Future<Output = Result<Self::Answer, Error>> + Send + 'static;

        /// The error of a call that was begun, and whose runtime has ended.
        fn given_up() -> Error;
    }
}

macro_rules! bulk_calls {
    ($($operation:ident: $builder:ident -> $answer:ty;)+) => {
        $(
            impl BulkCall for $builder {
                type Output = $answer;
            }

            impl sealed::Call for $builder {
                type Answer = $answer;

                fn make(self) -> impl Future<Output = Result<$answer, Error>> + Send + 'static {
                    self.send()
                }

                fn given_up() -> Error {
                    Error::runtime_ended(Operation::$operation)
                }
            }
        )+
    };
}

bulk_calls! {
    Get: GetKey -> Key;
    Update: UpdateKey -> Key;
    Delete: DeleteKey -> ();
}
