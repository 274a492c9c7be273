//! No secret is printed: not by a public type, not by an error, not in a log of any crate beneath.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod calls;
mod canary;
mod capture;
mod errors;
mod logs;
mod public;
mod requests;
mod types;

#[path = "../contract/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest")]
mod support;
