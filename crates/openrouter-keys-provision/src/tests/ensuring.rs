//! The one key of an intent.

use std::sync::Arc;

use openrouter_keys::{Clock as _, ExposeSecret};
use openrouter_keys_emulator::{Fault, Route};

use super::world::{World, start, take};
use crate::{ErrorKind, LeftoverFate, MemoryLedger, Provisioner};

#[tokio::test]
async fn an_intent_has_one_key_however_often_it_is_asked_for() {
    let (emulator, client) = start().await;
    let ledger = Arc::new(MemoryLedger::new());
    let provisioner = Provisioner::new(client.clone(), Arc::clone(&ledger));
    let first = provisioner
        .ensure("customer-42", |key| key.limit(50))
        .name("Customer 42")
        .await
        .expect("nothing goes wrong");
    assert_eq!(first.key.name, "Customer 42");
    assert_eq!(first.key.limit, Some(50.0));
    let restarted = Provisioner::new(client.clone(), ledger);
    let second = restarted
        .ensure("customer-42", |key| key.limit(50))
        .name("Customer 42")
        .await
        .expect("it is there");
    assert_eq!(second.key.hash, first.key.hash);
    let plaintext = second.secret.expect("it was not released");
    let me = client.with_key(plaintext).current().send().await;
    assert_eq!(me.expect("the key works").label, first.key.label);
    assert_eq!(emulator.requests(Route::Create), 1);
}

#[tokio::test]
async fn a_key_whose_answer_is_lost_is_removed_and_another_is_made() {
    let (emulator, client) = start().await;
    let provisioner = Provisioner::new(client.clone(), MemoryLedger::new());
    emulator.inject(Fault::commit_then_reset().on(Route::Create));
    let made = provisioner
        .ensure("customer-42", |key| key)
        .await
        .expect("the second create succeeds");
    assert_eq!(made.leftovers.len(), 1);
    assert_eq!(made.leftovers[0].fate, LeftoverFate::Removed);
    let all = client.list().include_all().collect_all().await;
    let all = all.expect("the emulator answers");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].hash, made.key.hash);
    assert!(made.secret.is_some_and(|it| it.expose_secret().len() > 9));
}

#[tokio::test]
async fn other_settings_are_an_error_that_names_them() {
    let (_emulator, client) = start().await;
    let provisioner = Provisioner::new(client, MemoryLedger::new());
    let made = provisioner.ensure("a", |key| key.limit(50)).await;
    let hash = made.expect("nothing goes wrong").key.hash;
    let error = provisioner.ensure("a", |key| key.limit(80)).await;
    let error = error.expect_err("it was made with 50");
    assert_eq!(error.kind(), ErrorKind::OtherRequest);
    assert_eq!(error.hash(), Some(&hash));
    assert_eq!(
        error.to_string(),
        format!(
            "intent \"a\": the key {hash} was asked for otherwise before (limit); update the key itself, or ask for what was asked for then"
        )
    );
}

/// The key is there, whatever somebody is at with its successor.
#[tokio::test]
async fn who_asks_for_a_key_that_is_there_waits_for_nobody() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    // Another process has stopped in the midst of making that one.
    let elsewhere = world.stopping();
    let rotation = elsewhere.rotation("a", "1");
    rotation.resume(take).await.expect_err("it has stopped");
    let before = world.time.utc_now();
    assert_eq!(world.ensure().await.key.hash, old);
    assert_eq!(world.time.utc_now(), before);
}
