//! What a create comes to that does not simply succeed.

use std::net::SocketAddr;
use std::time::Duration;

use openrouter_keys::{Client, Clock as _, RetryPolicy};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use tokio::net::{TcpListener, TcpStream};

use super::watched::Hand;
use super::world::{World, start};
use crate::simulation::http::{Connection, Message};
use crate::{MemoryLedger, Provisioner};

/// The emulator behind something that takes the hashes out of the answers to creates. Its base URL.
async fn without_hashes(emulator: &Emulator) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("loopback has a port");
    let address = listener.local_addr().expect("it listens there");
    let behind = emulator.local_addr();
    tokio::spawn(async move {
        // Until the test ends.
        while let Ok((stream, _)) = listener.accept().await {
            let client = Connection::new(stream).expect("loopback takes settings");
            tokio::spawn(pass_on(client, behind));
        }
    });
    format!("http://{address}/api/v1")
}

async fn pass_on(mut client: Connection, behind: SocketAddr) {
    let service = TcpStream::connect(behind).await;
    let service = service.expect("the emulator listens");
    let mut service = Connection::new(service).expect("loopback takes settings");
    while let Some(request) = client.receive().await {
        let sent = service.send(&request).await;
        sent.expect("the emulator reads requests");
        let answer = service.receive().await;
        let mut answer = answer.expect("the emulator answers");
        if answer.status() == 201 {
            let body = std::str::from_utf8(answer.body()).expect("JSON is text");
            let body = body.replace("\"hash\":", "\"not_a_hash\":");
            answer = Message::answer("201 Created", &body);
        }
        if client.send(&answer).await.is_err() {
            return;
        }
    }
}

/// The key of that plaintext is looked for.
#[tokio::test]
async fn a_plaintext_that_arrives_without_its_hash_is_not_lost() {
    let (emulator, direct) = start().await;
    let client = Client::builder()
        .base_url(without_hashes(&emulator).await)
        .management_key(emulator.management_key())
        .retry(RetryPolicy::none())
        .build();
    let client = client.expect("the settings make sense");
    let provisioner = Provisioner::new(client, MemoryLedger::new());
    let made = provisioner.ensure("a", |key| key.limit(50)).await;
    let made = made.expect("the answer has a plaintext");
    assert_eq!(emulator.requests(Route::Create), 1);
    assert_eq!(made.leftovers, []);
    let plaintext = made.secret.expect("it was just made");
    let key = direct.with_key(plaintext).current().send().await;
    assert_eq!(key.expect("it works").label, made.key.label);
}

/// It has made nothing, now or later.
#[tokio::test]
async fn a_create_that_was_refused_is_not_waited_for() {
    let world = World::new().await;
    let provisioner = world.provisioner.clone().strict();
    let ensure = || provisioner.ensure("a", |key| key.limit(50));
    let refused = Fault::status(400).on(Route::Create);
    world.emulator.inject(refused);
    ensure().await.expect_err("it is refused");
    let before = world.time.utc_now();
    ensure().await.expect("nothing is in its way");
    assert_eq!(world.time.utc_now(), before);
}

/// It is the only one that has the ledger.
struct Exclusive;

impl Hand for Exclusive {
    const IS_EXCLUSIVE: bool = true;
}

/// Where nobody else can be at work on it.
#[tokio::test]
async fn an_open_attempt_is_waited_for_unless_the_ledger_is_exclusive() {
    const PATIENCE: Duration = Duration::from_secs(7);
    for is_exclusive in [true, false] {
        let world = World::new().await;
        world.stopped().await;
        let before = world.time.utc_now();
        let ensured = if is_exclusive {
            let provisioner = world.elsewhere(Exclusive).patience(PATIENCE);
            provisioner.ensure("a", |key| key.limit(50)).await
        } else {
            let provisioner = world.provisioner.clone().patience(PATIENCE);
            provisioner.ensure("a", |key| key.limit(50)).await
        };
        ensured.expect("nothing is in its way");
        let waited = (world.time.utc_now() - before).to_std();
        let expected = if is_exclusive {
            Duration::ZERO
        } else {
            PATIENCE
        };
        assert_eq!(waited, Ok(expected), "{is_exclusive}");
        assert_eq!(world.keys().await, 1);
    }
}
