//! The emulator as its users meet it: over a socket, and as a program.

mod auth;
mod bad_input;
mod concurrency;
mod control;
mod create;
mod current;
mod faults;
mod http;
mod invalid;
mod lifecycle;
mod line;
mod list;
mod model;
mod pages;
#[cfg(feature = "ui")]
mod program;
mod protocol;
mod routes;
mod script;
mod seeded;
mod server;
mod state_file;
