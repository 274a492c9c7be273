//! What the facade promises, tested from outside.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod bad_input;
mod coverage;
mod documented;
mod environment;
mod failures;
mod lifecycle;
mod requests;
mod schemas;
mod secrets;
mod service;
mod support;
