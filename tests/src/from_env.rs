//! Prints what `Client::from_env` makes of this process's environment, for a test to read.

use openrouter_keys::Client;

fn main() {
    match Client::from_env() {
        Ok(client) => println!("{client:?}"),
        Err(error) => println!("{error}"),
    }
}
