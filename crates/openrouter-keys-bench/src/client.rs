//! One client at work, in a process of its own, so that nothing else is in its account.

use std::error::Error;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::floor::Floor;
use crate::line::{Line, Stopwatch};
use crate::ours;
use crate::rows;
use crate::task::{Task, Who};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Not a key of anybody's.
pub(crate) const MANAGEMENT_KEY: &str = "sk-or-v1-not-a-real-management-key";

/// Does `task` `count` times, or with so many keys, against the server at `base_url`.
pub(crate) fn run(who: Who, task: Task, count: u64, base_url: &str) -> Outcome<Line> {
    match (who, task) {
        (_, Task::Start) => start(who, base_url),
        (Who::Ours, _) => {
            let client = ours::client(base_url)?;
            runtime()?.block_on(ours(client, task, count))
        }
        (Who::Floor, _) => {
            let client = Floor::new(base_url);
            runtime()?.block_on(floor(client, task, count))
        }
    }
}

/// One thread for all: what a client costs does not depend on how well its threads share the processors.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn start(who: Who, base_url: &str) -> Outcome<Line> {
    let stopwatch = Stopwatch::of_the_process();
    match who {
        Who::Ours => {
            let client = ours::client(base_url)?;
            runtime()?.block_on(client.current().send())?;
        }
        Who::Floor => {
            let client = Floor::new(base_url);
            runtime()?.block_on(client.current())?;
        }
    }
    Ok(stopwatch.stop(1))
}

async fn ours(client: openrouter_keys::Client, task: Task, count: u64) -> Outcome<Line> {
    let hash = rows::hash(0);
    let stopwatch = Stopwatch::start();
    let done = match task {
        Task::Create => {
            for _ in 0..count {
                let _ = ours::create(&client).await?;
            }
            count
        }
        Task::Update => {
            for _ in 0..count {
                ours::update(&client, &hash).await?;
            }
            count
        }
        Task::Get64 => {
            let client = Arc::new(client);
            in_flight(count, move || {
                let (client, hash) = (Arc::clone(&client), hash.clone());
                async move { Ok(client.get(&hash).send().await.map(drop)?) }
            })
            .await?
        }
        Task::List => ours::list(&client, None).await?,
        Task::List32 => ours::list(&client, Some(32)).await?,
        Task::ListCollected => ours::list_collected(&client).await?,
        Task::Get => {
            for _ in 0..count {
                client.get(&hash).send().await?;
            }
            count
        }
        Task::Start => return Err("it begins before there is a client".into()),
    };
    Ok(stopwatch.stop(done))
}

async fn floor(client: Floor, task: Task, count: u64) -> Outcome<Line> {
    let hash = rows::hash(0);
    let stopwatch = Stopwatch::start();
    let done = match task {
        Task::Create => {
            for _ in 0..count {
                client.create("Customer 42", 50.0).await?;
            }
            count
        }
        Task::Update => {
            for _ in 0..count {
                client.update(&hash, "Customer 42", true).await?;
            }
            count
        }
        Task::Get64 => {
            let client = Arc::new(client);
            in_flight(count, move || {
                let (client, hash) = (Arc::clone(&client), hash.clone());
                async move { client.get(&hash).await.map(drop) }
            })
            .await?
        }
        Task::List => client.list(drop).await?,
        Task::ListCollected => {
            let mut all = Vec::new();
            client.list(|keys| all.extend(keys)).await?;
            all.len() as u64
        }
        Task::Get => {
            for _ in 0..count {
                client.get(&hash).await?;
            }
            count
        }
        Task::List32 | Task::Start => return Err("the floor has no such thing".into()),
    };
    Ok(stopwatch.stop(done))
}

/// Calls `count` times, with 64 calls under way at any time but the end.
async fn in_flight<Called>(count: u64, call: impl Fn() -> Called) -> Outcome<u64>
where
    Called: Future<Output = Outcome<()>> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut done = 0;
    for begun in 0..count {
        if begun >= 64 {
            under_way.join_next().await.expect("64 are under way")??;
            done += 1;
        }
        under_way.spawn(call());
    }
    while let Some(ended) = under_way.join_next().await {
        ended??;
        done += 1;
    }
    Ok(done)
}
