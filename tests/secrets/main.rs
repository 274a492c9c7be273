//! Whatever can go wrong, and no secret in what is printed and logged then: not by a public type, not by an error, not by
//! any crate beneath.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod calls;
mod capture;
mod errors;
mod faults;
mod logs;
mod public;
mod requests;
mod types;

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest")]
mod support;
