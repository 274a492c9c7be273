//! A ledger and a client that do not belong together.

use std::sync::Arc;

use openrouter_keys::CurrentKey;
use openrouter_keys_emulator::{Emulator, Route};
use openrouter_keys_provision::{Entry, ErrorKind, Ledger, Provisioner, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::refused;
use crate::support::{Shared, World, client_of};

/// The client must not have been used for anything but to look at its own key.
fn assert_nothing_sent(emulator: &Emulator) {
    let routes = emulator.request_log().into_iter();
    let routes: Vec<_> = routes.filter_map(|request| request.route).collect();
    assert!(
        routes.iter().all(|route| *route == Route::Current),
        "{routes:?}"
    );
}

#[tokio::test]
async fn a_ledger_of_another_base_url() {
    let world = World::new().await;
    let made = world.provisioner().ensure("a", |key| key).await;
    let hash = made.expect("nothing goes wrong").key.hash;
    let other = Emulator::start().await.expect("loopback is there");
    let client = client_of(other.base_url(), other.management_key());
    let provisioner = Provisioner::new(client, Arc::clone(&world.ledger));
    let about = format!(
        "the ledger is about an account without a name at {}, and the client about an account without a name at {}; nothing was changed: give the client the ledger of its own account, or this ledger the client that it began with",
        world.emulator.base_url(),
        other.base_url(),
    );
    let message = format!("intent \"a\": {about}");
    let kind = ErrorKind::ForeignLedger;
    refused(&world, provisioner.ensure("a", |key| key), kind, &message).await;
    refused(&world, provisioner.release("a"), kind, &message).await;
    refused(&world, provisioner.remove("a"), kind, &message).await;
    refused(&world, provisioner.adopt("a", &hash), kind, &message).await;
    refused(&world, provisioner.sweep(), kind, &about).await;
    assert_nothing_sent(&other);
}

#[tokio::test]
async fn a_ledger_of_an_account_with_another_name() {
    let world = World::new().await;
    let production = world.provisioner().account("production");
    let made = production.ensure("a", |key| key).await;
    made.expect("nothing goes wrong");
    world.emulator.clear_requests();
    let staging = world.provisioner().account("staging");
    let url = world.emulator.base_url();
    let message = format!(
        "intent \"a\": the ledger is about account \"production\" at {url}, and the client about account \"staging\" at {url}; nothing was changed: give the client the ledger of its own account, or this ledger the client that it began with"
    );
    let kind = ErrorKind::ForeignLedger;
    refused(&world, staging.ensure("a", |key| key), kind, &message).await;
    assert_nothing_sent(&world.emulator);
    // Who gives no name where the service gives none has no means to tell, and the name stays.
    let unnamed = world.provisioner().ensure("a", |key| key).await;
    unnamed.expect("nothing speaks against it");
    refused(&world, staging.remove("a"), kind, &message).await;
}

/// A service that says of the key that asks whose it is, once for each of these, and nothing else. Its base URL.
async fn service_of(accounts: impl IntoIterator<Item = CurrentKey>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let bodies: Vec<_> = accounts
        .into_iter()
        .map(|me| serde_json::json!({ "data": me }).to_string())
        .collect();
    tokio::spawn(async move {
        for body in bodies {
            let (mut stream, _) = listener.accept().await.expect("the client connects");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request has a head"));
            }
            let (head, length) = ("HTTP/1.1 200 OK\r\nconnection: close", body.len());
            let answer = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            let sent = stream.write_all(answer.as_bytes()).await;
            sent.expect("the client reads the answer");
        }
    });
    format!("http://{address}/api/v1")
}

#[tokio::test]
async fn a_ledger_of_an_account_that_the_service_tells_apart() {
    let world = World::new().await;
    let me = world.client.current().send().await;
    let me = me.expect("the emulator answers");
    for field in ["organisation", "user"] {
        let of = |account: &str| {
            let mut me = me.clone();
            let account = Some(account.to_owned());
            // Of an organisation, it does not count who made the key.
            match field {
                "organisation" => me.organization_id = account,
                _ => me.creator_user_id = account,
            }
            me
        };
        let base_url = service_of(["theirs", "theirs", "ours"].map(of)).await;
        let client = client_of(&base_url, world.emulator.management_key());
        let ledger = Shared::default();
        let provisioner = || Provisioner::new(client.clone(), Arc::clone(&ledger));
        let unknown = provisioner().release("a").await;
        let unknown = unknown.expect_err("the ledger is empty");
        assert_eq!(unknown.kind(), ErrorKind::UnknownIntent);
        let known = provisioner().release("a").await;
        let known = known.expect_err("it still is");
        assert_eq!(known.kind(), ErrorKind::UnknownIntent);
        let foreign = provisioner().release("a").await;
        let foreign = foreign.expect_err("it is another account");
        assert_eq!(foreign.kind(), ErrorKind::ForeignLedger);
        assert_eq!(
            foreign.to_string(),
            format!(
                "intent \"a\": the ledger is about {field} \"theirs\" at {base_url}, and the client about {field} \"ours\" at {base_url}; nothing was changed: give the client the ledger of its own account, or this ledger the client that it began with"
            )
        );
        let entries = ledger.read("").await.expect("memory does not fail");
        assert_eq!(entries.len(), 1, "one note is enough");
    }
}

#[tokio::test]
async fn a_ledger_that_does_not_say_whose_it_is() {
    let world = World::new().await;
    let adopted = Record::Adopted {
        hash: "aa".repeat(32).parse().expect("it is a hash"),
        name: "A".to_owned(),
    };
    let adopted = world
        .ledger
        .append("a", 0, &Entry::new(adopted, None))
        .await;
    adopted.expect("memory does not fail");
    let message = "intent \"a\": what the ledger holds makes no sense: it has intents, and no note of whose they are; nothing was changed: look at its entries";
    let remove = world.provisioner();
    refused(
        &world,
        remove.remove("a"),
        ErrorKind::DamagedLedger,
        message,
    )
    .await;
}

#[tokio::test]
async fn an_ordinary_key_as_the_clients() {
    let world = World::new().await;
    let created = world.client.create("a").send().await;
    let created = created.expect("the emulator answers");
    let client = world.client.with_key(created.secret);
    // To look at itself counts as using the key: once it has, and time stands still, nothing changes by it any more.
    world.emulator.freeze_time();
    client.current().send().await.expect("it may do that");
    world.emulator.clear_requests();
    let provisioner = Provisioner::new(client, Arc::clone(&world.ledger));
    let about = "the client's key is an ordinary one, which cannot manage keys; give the client a management key";
    let message = format!("intent \"a\": {about}");
    let kind = ErrorKind::OrdinaryKey;
    refused(&world, provisioner.ensure("a", |key| key), kind, &message).await;
    refused(&world, provisioner.remove("a"), kind, &message).await;
    refused(&world, provisioner.sweep(), kind, about).await;
    assert_nothing_sent(&world.emulator);
}
