//! How a builder sends.

/// The mode of the builders that a [`Client`](crate::Client) makes: `send()` returns a future.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Async;
