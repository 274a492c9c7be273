//! The client of this repository, as a program of its users has it.

use openrouter_keys::operations::ListKeys;
use openrouter_keys::{Client, Created, Key};

use crate::client::{MANAGEMENT_KEY, Outcome};

pub(crate) fn client(base_url: &str) -> Outcome<Client> {
    let builder = Client::builder().management_key(MANAGEMENT_KEY);
    Ok(builder.base_url(base_url).build()?)
}

/// A client that would talk TLS. One with the trust store of the system is made as `build` makes it by default.
pub(crate) fn https_client(system: bool) -> Outcome<Client> {
    let mut builder = Client::builder().management_key(MANAGEMENT_KEY);
    if !system && cfg!(not(feature = "static-roots")) {
        return Err("only in a build with --features static-roots".into());
    }
    if system {
        builder = builder.http(reqwest::Client::builder().tls_backend_rustls());
    }
    Ok(builder.base_url("https://keys.example/api/v1").build()?)
}

pub(crate) async fn create(client: &Client) -> Outcome<Created> {
    Ok(client.create("Customer 42").limit(50).send().await?)
}

pub(crate) async fn update(client: &Client, hash: &str) -> Outcome<Key> {
    let update = client.update(hash).name("Customer 42").disabled(true);
    Ok(update.send().await?)
}

/// Counts all keys; with a number of `pages`, up to so many are fetched at once.
pub(crate) async fn list(client: &Client, pages: Option<usize>) -> Outcome<u64> {
    let mut keys = listing(client, pages).stream();
    let mut count = 0;
    while let Some(key) = keys.next().await {
        drop(key?);
        count += 1;
    }
    Ok(count)
}

pub(crate) async fn list_collected(client: &Client) -> Outcome<u64> {
    let mut keys = listing(client, None).stream();
    let mut all = Vec::new();
    while let Some(key) = keys.next().await {
        all.push(key?);
    }
    Ok(all.len() as u64)
}

fn listing(client: &Client, pages: Option<usize>) -> ListKeys {
    let list = client.list().include_all();
    match pages {
        Some(pages) => list.concurrency(pages),
        None => list,
    }
}
