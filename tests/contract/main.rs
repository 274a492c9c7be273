//! What the facade promises, tested from outside.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod bad_input;
mod blocking;
mod bulk;
mod coverage;
mod cuts;
mod documented;
mod dropping;
mod environment;
mod failures;
mod fleets;
mod hardening;
#[cfg(feature = "http2")]
mod http2;
mod in_flight;
mod lifecycle;
mod listing;
mod outage;
mod pause;
mod properties;
mod requests;
mod schemas;
mod service;
#[cfg(feature = "static-roots")]
mod static_roots;

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest")]
mod support;
mod tls;
mod tracing;
mod unsent;
