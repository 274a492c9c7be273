//! What becomes of a rotation, step by step.

mod advice;
mod back;
mod forward;
mod refused;
mod remainder;
mod stuck;
