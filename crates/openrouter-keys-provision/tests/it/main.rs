//! The provisioner as its users meet it, against the emulator.

mod bad_input;
mod dropped;
mod partner;
mod secrets;
mod support;
mod together;
