//! Prints what `Client::from_env` makes of this process's environment, for a test to read. With a hash for an argument, it
//! looks at that key and prints its name.

use openrouter_keys::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match answer().await {
        Ok(answer) => println!("{answer}"),
        Err(error) => println!("{error}"),
    }
}

async fn answer() -> Result<String, Error> {
    let client = Client::from_env()?;
    match std::env::args().nth(1) {
        Some(hash) => Ok(client.get(hash).send().await?.name),
        None => Ok(format!("{client:?}")),
    }
}
