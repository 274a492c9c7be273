//! What becomes of a rotation, step by step.

mod advice;
mod back;
mod disabled;
mod forward;
mod refused;
mod remainder;
mod stuck;
