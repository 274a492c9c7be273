//! The emulator as its users meet it: over a socket, and as a program.

mod auth;
mod create;
mod current;
mod http;
mod invalid;
mod lifecycle;
mod list;
mod program;
mod protocol;
mod server;
