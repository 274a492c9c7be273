//! Keys whose plaintext the caller chose.

use openrouter_keys::{ExposeSecret, SecretString};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use openrouter_keys_provision::{ErrorKind, LeftoverFate, MemoryLedger, Provisioner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{World, client_of};

const CHOSEN: &str = "canary-that-a-partner-chose-for-customer-42";
const OTHER: &str = "canary-that-a-partner-chose-another-time---";

macro_rules! ensure {
    ($provisioner:expr, $chosen:expr) => {
        $provisioner
            .ensure("a", |key| key.external_user("customer-42"))
            .partner_key($chosen)
    };
}

fn is(secret: Option<&SecretString>, plaintext: &str) -> bool {
    secret.is_some_and(|secret| secret.expose_secret() == plaintext)
}

#[tokio::test]
async fn the_chosen_plaintext_is_the_keys() {
    let world = World::new().await;
    let made = ensure!(world.provisioner(), CHOSEN).await;
    let made = made.expect("nothing goes wrong");
    assert!(is(made.secret.as_ref(), CHOSEN));
    assert_eq!(made.key.external_user.as_deref(), Some("customer-42"));
    assert_eq!(world.opens(made.secret).await, made.key.label);
    // The one that was chosen first counts.
    let again = ensure!(world.provisioner(), OTHER).await;
    let again = again.expect("it is there");
    assert!(is(again.secret.as_ref(), CHOSEN));
    assert_eq!(again.key.hash, made.key.hash);
}

/// Nothing is lost with the answer: the key is found, tried with the plaintext, and taken.
#[tokio::test]
async fn a_key_whose_answer_is_lost_is_taken_with_the_plaintext_that_was_chosen() {
    for fault in [
        Fault::commit_then_reset(),
        Fault::commit_then_status(500),
        Fault::truncate_body(0),
        Fault::truncate_body(20),
    ] {
        let world = World::new().await;
        let what = format!("{fault:?}");
        world.emulator.inject(fault.on(Route::Create));
        let made = ensure!(world.provisioner(), CHOSEN).await;
        let made = made.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(is(made.secret.as_ref(), CHOSEN), "{what}");
        assert_eq!(made.leftovers, [], "{what}");
        assert_eq!(world.opens(made.secret).await, made.key.label, "{what}");
        assert_eq!(world.emulator.requests(Route::Create), 1, "{what}");
        let hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
        assert_eq!(hashes, [made.key.hash], "{what}");
    }
}

/// The same for a process that has started anew, and was told another plaintext.
#[tokio::test]
async fn a_lost_key_is_taken_after_a_restart() {
    let world = World::new().await;
    world
        .emulator
        .inject(Fault::commit_then_reset().on(Route::Create));
    // Nor can it be looked for.
    world.emulator.inject(Fault::status(500).on(Route::List));
    let failed = ensure!(world.provisioner(), CHOSEN).await;
    let failed = failed.expect_err("the listing fails");
    assert_eq!(failed.kind(), ErrorKind::Client);

    // A sweep leaves it to the next call, however old it is.
    let later = world.provisioner().longest_delay(std::time::Duration::ZERO);
    let sweep = later.sweep().await.expect("the emulator answers");
    assert_eq!(sweep.leftovers.len(), 1);
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::Unfinished);

    let made = ensure!(world.provisioner(), OTHER).await;
    let made = made.expect("the key is there");
    assert!(is(made.secret.as_ref(), CHOSEN));
    assert_eq!(world.emulator.requests(Route::Create), 1);
    let hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
    assert_eq!(hashes, [made.key.hash]);
}

#[tokio::test]
async fn a_plaintext_that_is_in_use_makes_no_key() {
    let world = World::new().await;
    let theirs = world.client.create("Theirs");
    let theirs = theirs.external_user_with_key("somebody", CHOSEN.to_owned());
    let theirs = theirs.send().await.expect("the emulator takes it").key;
    let refused = ensure!(world.provisioner(), CHOSEN).await;
    let refused = refused.expect_err("it is another key's");
    assert_eq!(refused.kind(), ErrorKind::Client);
    assert_eq!(
        refused.to_string(),
        "intent \"a\": making a key: create key: 400 Bad Request: external.api_key must be a key that is not in use already"
    );
    assert_eq!(world.keys().await, [theirs]);
    // Another plaintext does it.
    let made = ensure!(world.provisioner(), OTHER).await;
    let made = made.expect("nobody has this one");
    assert!(is(made.secret.as_ref(), OTHER));
}

/// A service that makes a key all the same, with a plaintext of its own, which counts then: also if the one that was chosen
/// works, because it is another key's.
#[tokio::test]
async fn a_service_that_does_not_take_the_plaintext() {
    for (lost, is_in_use) in [(0, false), (0, true), (1, false), (1, true)] {
        let world = World::new().await;
        if is_in_use {
            let theirs = world.client.create("Theirs");
            let theirs = theirs.external_user_with_key("somebody", CHOSEN.to_owned());
            let _ = theirs.send().await.expect("the emulator takes it");
        }
        let before = world.emulator.requests(Route::Create);
        let theirs: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
        let base_url = deaf(&world.emulator, lost).await;
        let client = client_of(&base_url, world.emulator.management_key());
        let provisioner = Provisioner::new(client, MemoryLedger::new());
        let made = ensure!(provisioner, CHOSEN).await;
        let made = made.expect("the account may make keys");
        assert!(!is(made.secret.as_ref(), CHOSEN));
        assert_eq!(world.opens(made.secret).await, made.key.label);
        // What is left of the answer that was lost is removed: nobody has its plaintext.
        assert_eq!(made.leftovers.len(), lost);
        let creates = world.emulator.requests(Route::Create) - before;
        assert_eq!(creates, 1 + lost as u64);
        let mut hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
        hashes.retain(|hash| !theirs.contains(hash));
        assert_eq!(hashes, [made.key.hash]);
    }
}

/// A service in front of the emulator that knows nothing of plaintexts which callers choose, and loses the answers to so many
/// creates. Its base URL.
async fn deaf(emulator: &Emulator, mut lost: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let behind = emulator.local_addr();
    tokio::spawn(async move {
        // Until the test ends.
        while let Ok((mut stream, _)) = listener.accept().await {
            // A connection that was made in advance may come to nothing.
            let Ok((head, body)) = request(&mut stream).await else {
                continue;
            };
            let is_create = head.starts_with("POST ");
            let request = format!(
                "{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let mut service = TcpStream::connect(behind).await.expect("it is there");
            let sent = service.write_all(request.as_bytes()).await;
            sent.expect("the emulator reads requests");
            let mut answer = Vec::new();
            let read = service.read_to_end(&mut answer).await;
            read.expect("the emulator answers");
            if is_create && lost > 0 {
                lost -= 1;
            } else {
                let sent = stream.write_all(&answer).await;
                sent.expect("the client reads answers");
            }
        }
    });
    format!("http://{address}/api/v1")
}

/// A request without the headers that are about the connection, and without the plaintext that was chosen.
async fn request(stream: &mut TcpStream) -> std::io::Result<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let mut body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(external) = body.get_mut("external") {
        let external = external.as_object_mut().expect("it has a user");
        external.remove("api_key").expect("the plaintext was sent");
    }
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let lines = head.lines().filter(|line| !line.is_empty());
    let lines = lines.filter(|line| !line.starts_with("con"));
    Ok((lines.collect::<Vec<_>>().join("\r\n"), body))
}
