//! Listings of all keys, while keys come and go between the pages.

mod stream;

use std::collections::HashSet;

use openrouter_keys::{Client, ErrorKind, KeyHash, KeyStream};
use openrouter_keys_emulator::Emulator;
use serde_json::json;

use crate::support::{Answer, Scripted, client, key};

type Outcome = Result<(), String>;

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A service with so many keys, and their hashes.
async fn service(keys: usize) -> Result<(Emulator, Client, Vec<KeyHash>), String> {
    let builder = Emulator::builder().keys(keys);
    let emulator = builder.start().await.map_err(text)?;
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .build()
        .map_err(text)?;
    let mut hashes = Vec::new();
    while hashes.len() < keys {
        let page = client.list().offset(hashes.len() as u64).send().await;
        hashes.extend(page.map_err(text)?.into_iter().map(|key| key.hash));
    }
    Ok((emulator, client, hashes))
}

/// The next keys of the stream, as many as there are up to this number.
async fn take(stream: &mut KeyStream, number: usize) -> Result<Vec<KeyHash>, String> {
    let mut hashes = Vec::new();
    while hashes.len() < number {
        match stream.next().await {
            Some(key) => hashes.push(key.map_err(text)?.hash),
            None => break,
        }
    }
    Ok(hashes)
}

fn once(came: &[KeyHash]) -> Outcome {
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
fn exactly(came: &[KeyHash], expected: &[KeyHash]) -> Outcome {
    once(came)?;
    check(came == expected, || {
        format!(
            "{} keys came instead of {}, or others",
            came.len(),
            expected.len()
        )
    })
}

async fn delete(client: &Client, hashes: &[KeyHash]) -> Outcome {
    for hash in hashes {
        client.delete(hash).send().await.map_err(text)?;
    }
    Ok(())
}

/// An insert between pages: no key comes twice.
pub(crate) async fn case_59() -> Outcome {
    let (_emulator, client, hashes) = service(250).await?;
    let mut stream = client.list().stream();
    let mut came = take(&mut stream, 100).await?;
    for number in 0..5 {
        let create = client.create(format!("made meanwhile {number}"));
        create.send().await.map_err(text)?;
    }
    came.extend(take(&mut stream, 98).await?);
    client.create("made later").send().await.map_err(text)?;
    came.extend(take(&mut stream, usize::MAX).await?);
    once(&came)?;
    came.retain(|hash| hashes.contains(hash));
    exactly(&came, &hashes)
}

/// A delete between pages: no key is missed.
pub(crate) async fn case_60() -> Outcome {
    let (_emulator, client, hashes) = service(250).await?;
    let mut stream = client.list().stream();
    let mut came = take(&mut stream, 100).await?;
    delete(&client, &came[..30]).await?;
    came.extend(take(&mut stream, usize::MAX).await?);
    exactly(&came, &hashes)
}

/// The keys that connect one page with the next are deleted: it steps back and goes on.
pub(crate) async fn case_61() -> Outcome {
    let (_emulator, client, hashes) = service(350).await?;
    let mut stream = client.list().stream();
    let mut came = Vec::new();
    for page in [100, 98] {
        came.extend(take(&mut stream, page).await?);
        delete(&client, &came[came.len() - 2..]).await?;
    }
    came.extend(take(&mut stream, usize::MAX).await?);
    exactly(&came, &hashes)?;

    // The same in slow motion: offset 98 shows none of the first page, and 96 does.
    let left: Vec<_> = (0..98).chain(100..150).collect();
    let server = Scripted::start([
        page(0..100),
        page(left[98..].iter().copied()),
        page(left[96..].iter().copied()),
        page(148..148),
    ])
    .await;
    let mut stream = crate::support::client(&server).list().stream();
    let came = take(&mut stream, usize::MAX).await?;
    exactly(&came, &(0..150).map(hash).collect::<Vec<_>>())?;
    let asked = offsets(&server);
    check(asked == [None, Some(98), Some(96), Some(146)], || {
        format!("{asked:?}")
    })
}

/// Keys come and go with every page: it ends with an error that says so, after few requests.
pub(crate) async fn case_62() -> Outcome {
    let calm = [page(0..100), page(98..198), page(196..296)];
    let storm = (1..100).map(|number| page(1000 * number..1000 * number + 100));
    let server = Scripted::start(calm.into_iter().chain(storm)).await;
    let mut stream = client(&server).list().stream();
    let came = take(&mut stream, 296).await?;
    exactly(&came, &(0..296).map(hash).collect::<Vec<_>>())?;

    let Some(Err(error)) = stream.next().await else {
        return Err("there is no error".to_owned());
    };
    check(
        error.kind() == ErrorKind::Listing && error.is_retryable(),
        || format!("{error:?}"),
    )?;
    check(error.to_string().contains("try again later"), || {
        text(&error)
    })?;
    check(stream.next().await.is_none(), || "it goes on".to_owned())?;
    let asked = offsets(&server);
    let expected = [0, 98, 196, 294, 292, 288, 280, 264, 232, 168]
        .map(|offset| (offset > 0).then_some(offset));
    check(asked == expected, || format!("{asked:?}"))
}

#[tokio::test]
async fn keys_that_are_made_meanwhile_make_none_come_twice() {
    case_59().await.unwrap();
}

#[tokio::test]
async fn keys_that_are_deleted_meanwhile_make_none_be_missed() {
    case_60().await.unwrap();
}

#[tokio::test]
async fn a_page_that_does_not_connect_is_asked_for_from_further_up() {
    case_61().await.unwrap();
}

#[tokio::test]
async fn a_listing_that_cannot_be_told_ends_with_an_error() {
    case_62().await.unwrap();
}

fn hash(number: u32) -> KeyHash {
    format!("{number:064}").parse().unwrap()
}

/// Keys of these numbers, the newest first.
fn page(numbers: impl IntoIterator<Item = u32>) -> Answer {
    let newest = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let row = |number| {
        let mut row = key();
        row["hash"] = json!(hash(number));
        row["created_at"] = json!(newest - chrono::TimeDelta::seconds(number.into()));
        row
    };
    let rows: Vec<_> = numbers.into_iter().map(row).collect();
    Answer::json(200, &json!({"data": rows}))
}

/// The offset of each request.
fn offsets(server: &Scripted) -> Vec<Option<u64>> {
    let offset = |query: &str| {
        let mut parameters = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("offset="));
        parameters.next().map(|offset| offset.parse().unwrap())
    };
    let requests = server.requests();
    let queries = requests.iter().map(|request| request.path_and_query().1);
    queries.map(|query| query.and_then(offset)).collect()
}
