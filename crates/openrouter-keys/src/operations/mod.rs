//! The six operations: one builder each.
//!
//! A builder that an async [`Client`](crate::Client) made sends in async code; one of a client of the feature `blocking`
//! sends and waits. The type says which, `CreateKey<Async>` or `CreateKey<Blocking>`, and `CreateKey` alone is the former.
//!
//! A setter that is given nonsense says nothing; `send()` then answers with an
//! [`InvalidInput`](crate::ErrorKind::InvalidInput) error that names the argument, before anything is sent.

mod common;
mod create;
mod current;
mod delete;
mod get;
mod list;
mod mode;
mod send;
mod update;
mod validate;

pub use create::CreateKey;
pub use current::GetCurrentKey;
pub use delete::DeleteKey;
pub use get::GetKey;
pub use list::ListKeys;
pub(crate) use list::Listing;
pub use mode::Async;
pub use update::UpdateKey;
