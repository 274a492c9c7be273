//! The same call for many keys.
//!
//! `builder` is what [`Client::bulk`](crate::Client::bulk) returns, `call` says which calls there can be, `stream` makes
//! them and hands out what comes of each, and `error` names the item of one that failed.

mod builder;
mod call;
mod error;
mod stream;

pub use builder::Bulk;
pub use call::BulkCall;
pub use error::BulkError;
pub use stream::BulkStream;
