//! Many clients at once: whatever each of them was told holds for all of them.

mod client;
mod history;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::http::{Connection, manage, start};
use client::{Client, FIELDS, ROUNDS, value};
use history::{History, Marks};

const CLIENTS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clients_are_told_one_story() {
    let emulator = start().await;
    let marks = Arc::new(Marks::default());
    let client = async |shared: &str, field| Client {
        connection: Connection::open(emulator.local_addr()).await,
        management_key: emulator.management_key().to_owned(),
        marks: marks.clone(),
        history: History::default(),
        shared: shared.to_owned(),
        field,
    };

    let mut history = History::default();
    let mut shared = Vec::new();
    let mut founder = client("", "").await;
    for _ in 0..CLIENTS / FIELDS.len() {
        shared.push(founder.create().await);
    }
    history.extend(founder.history);

    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let shared = &shared[number / FIELDS.len()];
        let field = FIELDS[number % FIELDS.len()];
        clients.spawn(client(shared, field).await.work());
    }
    while let Some(ended) = clients.join_next().await {
        history.extend(ended.expect("a client whose answers were right"));
    }
    history.check();

    // Every write is there, and nothing else.
    let end = manage(&emulator, "GET", "/keys", "").await.expect(200);
    let mut left = HashSet::new();
    for key in end.body["data"].as_array().expect("a page") {
        let path = format!("/keys/{}", key["hash"].as_str().expect("a hash"));
        if shared.contains(&path) {
            for field in FIELDS {
                assert_eq!(key[field], value(field, ROUNDS), "{field}");
            }
        }
        left.insert(path);
    }
    assert_eq!(left, history.left());
    assert_eq!(left.len(), shared.len() + CLIENTS);
}
