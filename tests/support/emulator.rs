//! Emulators, their clients, and the validating proxy that may stand between the two.
//!
//! `tests/conformance/prism.sh` starts the proxy and says in the environment where it is. A test that takes its emulator and
//! the base URL from here goes through it then.

use std::env::var;
use std::io;
use std::time::Duration;

use openrouter_keys::Client;
use openrouter_keys_emulator::{Emulator, EmulatorBuilder};

/// The base URL of the proxy.
const PROXY: &str = "CONFORMANCE_PROXY";

/// The port that it forwards to. There is one, so that one test runs at a time.
const UPSTREAM_PORT: &str = "CONFORMANCE_UPSTREAM_PORT";

/// Starts an emulator, where the proxy forwards to if there is one.
pub(crate) async fn emulator(builder: EmulatorBuilder) -> Emulator {
    let Ok(port) = var(UPSTREAM_PORT) else {
        return builder.start().await.expect("an emulator can be started");
    };
    let builder = builder.port(port.parse().expect("the port is a number"));
    // The emulator before this one is told to end and not waited for.
    for _ in 0..500 {
        match builder.clone().start().await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            started => return started.expect("an emulator can be started"),
        }
    }
    panic!("port {port} stays in use");
}

/// Where a client finds the emulator.
pub(crate) fn base_url_of(emulator: &Emulator) -> String {
    var(PROXY).unwrap_or_else(|_| emulator.base_url().to_owned())
}

/// A client of the emulator, as anybody would make it.
pub(crate) fn client_of(emulator: &Emulator) -> Client {
    Client::builder()
        .base_url(base_url_of(emulator))
        .management_key(emulator.management_key())
        .build()
        .expect("an emulator has what a client needs")
}
