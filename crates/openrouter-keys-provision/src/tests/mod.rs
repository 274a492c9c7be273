//! What becomes of one intent, step by step.

mod absence;
mod adopting;
mod binding;
mod committing;
mod ensuring;
mod making;
mod removing;
mod rotation;
mod secrets;
mod sending;
mod sweeping;
mod watched;
mod world;

/// How long a test waits for what should come at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
