//! What becomes of one intent, step by step.

mod adopting;
mod binding;
mod committing;
mod ensuring;
mod removing;
mod rotation;
mod secrets;
mod sending;
mod sweeping;
mod watched;
mod world;
