//! What tests of listings need: services, pages, and comparisons that say what differs.

use std::collections::HashSet;

use openrouter_keys::{Client, KeyHash, KeyStream};
use openrouter_keys_emulator::Emulator;
use serde_json::json;

use super::{Answer, Request, Scripted, client_of, emulator, key};

pub(crate) type Outcome = Result<(), String>;

pub(crate) fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A service with so many keys, and their hashes.
pub(crate) async fn service(keys: usize) -> Result<(Emulator, Client, Vec<KeyHash>), String> {
    let emulator = emulator(Emulator::builder().keys(keys)).await;
    let client = client_of(&emulator);
    let mut hashes = Vec::new();
    while hashes.len() < keys {
        let page = client.list().offset(hashes.len() as u64).send().await;
        hashes.extend(page.map_err(text)?.into_iter().map(|key| key.hash));
    }
    Ok((emulator, client, hashes))
}

/// The next keys of the stream, as many as there are up to this number.
pub(crate) async fn take(stream: &mut KeyStream, number: usize) -> Result<Vec<KeyHash>, String> {
    let mut hashes = Vec::new();
    while hashes.len() < number {
        match stream.next().await {
            Some(key) => hashes.push(key.map_err(text)?.hash),
            None => break,
        }
    }
    Ok(hashes)
}

pub(crate) fn once(came: &[KeyHash]) -> Outcome {
    let distinct: HashSet<_> = came.iter().collect();
    check(distinct.len() == came.len(), || {
        format!(
            "{} of {} keys came twice",
            came.len() - distinct.len(),
            came.len()
        )
    })
}

/// These came, each once and in this order.
pub(crate) fn exactly(came: &[KeyHash], expected: &[KeyHash]) -> Outcome {
    once(came)?;
    check(came == expected, || {
        format!(
            "{} keys came instead of {}, or others",
            came.len(),
            expected.len()
        )
    })
}

pub(crate) async fn delete(client: &Client, hashes: &[KeyHash]) -> Outcome {
    for hash in hashes {
        client.delete(hash).send().await.map_err(text)?;
    }
    Ok(())
}

pub(crate) fn hash(number: u32) -> KeyHash {
    format!("{number:064}").parse().unwrap()
}

/// Keys of these numbers, the newest first. They do not say which workspace they are in.
pub(crate) fn page(numbers: impl IntoIterator<Item = u32>) -> Answer {
    let newest = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let row = |number| {
        let mut row = key();
        row["hash"] = json!(hash(number));
        row["workspace_id"] = json!(null);
        row["created_at"] = json!(newest - chrono::TimeDelta::seconds(number.into()));
        row
    };
    let rows: Vec<_> = numbers.into_iter().map(row).collect();
    Answer::json(200, &json!({"data": rows}))
}

/// The offset of each request.
pub(crate) fn offsets(server: &Scripted) -> Vec<Option<u64>> {
    server.requests().iter().map(offset).collect()
}

pub(crate) fn offset(request: &Request) -> Option<u64> {
    parameter(request, "offset").map(|offset| offset.parse().unwrap())
}

/// The value of a query parameter.
pub(crate) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut pairs = request.path_and_query().1?.split('&');
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Where the page begins that is asked for.
pub(crate) fn start(request: &Request) -> u64 {
    offset(request).unwrap_or(0)
}

/// The page at an offset of a server with so many keys, as it should be.
pub(crate) fn page_at(keys: u32, offset: u64) -> Answer {
    page_of(100, keys, offset)
}

/// The same of a server that puts `size` keys on a page.
pub(crate) fn page_of(size: u32, keys: u32, offset: u64) -> Answer {
    let start = u32::try_from(offset).unwrap().min(keys);
    page(start..(start + size).min(keys))
}
