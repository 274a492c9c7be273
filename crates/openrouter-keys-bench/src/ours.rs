//! The client of this repository, as a program of its users has it.

use openrouter_keys::operations::ListKeys;
use openrouter_keys::{Client, Created, Key};

use crate::client::{MANAGEMENT_KEY, Outcome};

pub(crate) fn client(base_url: &str) -> Outcome<Client> {
    let builder = Client::builder().management_key(MANAGEMENT_KEY);
    Ok(builder.base_url(base_url).build()?)
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
