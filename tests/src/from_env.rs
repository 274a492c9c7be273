//! Prints what `Client::from_env` makes of this process's environment, for a test to read. With an argument it makes a
//! call, which succeeds nowhere, and a test sees where it arrives.

use openrouter_keys::{Client, Error, RetryPolicy, reqwest};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let printed = match std::env::args().nth(1).as_deref() {
        None => Client::from_env().map(|client| format!("{client:?}")),
        Some("call") => call(false).await,
        Some("call-by-proxy") => call(true).await,
        Some(other) => panic!("unknown argument {other}"),
    };
    match printed {
        Ok(client) => println!("{client}"),
        Err(error) => println!("{error}"),
    }
}

async fn call(proxy_from_env: bool) -> Result<String, Error> {
    let base_url = std::env::var("OPENROUTER_BASE_URL").unwrap_or_default();
    let client = Client::builder()
        .base_url(base_url)
        .management_key("sk-or-v1-canary-management-not-a-real-key")
        .retry(RetryPolicy::none())
        // Some systems have no certificates to load.
        .http(reqwest::Client::builder().tls_certs_only([]))
        .proxy_from_env(proxy_from_env)
        .build()?;
    let key = client.current().send().await?;
    Ok(format!("{key:?}"))
}
