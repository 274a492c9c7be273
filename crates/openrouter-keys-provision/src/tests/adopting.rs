//! Keys that were there before.

use openrouter_keys_emulator::{Fault, Route};

use super::world::{HOUR, World, refuse, take};
use crate::{Entry, ErrorKind, Ledger as _, Record, RotationStage};

/// It would be removed with that rotation.
#[tokio::test]
async fn a_key_that_another_intent_is_about_to_give_up_is_not_adopted() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation().overlap(HOUR).grace(HOUR);
    let adopted = async |hash: &str| {
        let adopted = world.provisioner.adopt("b", hash).await;
        let error = adopted.expect_err("it is another intent's");
        assert_eq!(error.kind(), ErrorKind::OtherKey);
        assert_eq!(error.intent(), Some("b"));
    };
    let status = rotation.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Overlap);
    let new = status.new.expect("it is made");
    adopted(old.as_str()).await;
    adopted(new.as_str()).await;
    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Grace);
    adopted(old.as_str()).await;
    adopted(new.as_str()).await;
}

#[tokio::test]
async fn a_key_that_was_adopted_and_is_being_replaced_is_not_adopted_again() {
    let world = World::new().await;
    let by_hand = world.client.create("By hand").send().await;
    let hash = by_hand.expect("the emulator answers").key.hash;
    let adopted = world.provisioner.adopt("a", &hash).await;
    adopted.expect("it is nobody's");
    let rotation = world.rotation().grace(HOUR);
    let _ = rotation.resume(take).await.expect("it is taken");
    let error = world.provisioner.adopt("b", &hash).await;
    let error = error.expect_err("it is about to be removed");
    assert_eq!(error.kind(), ErrorKind::OtherKey);
    assert_eq!(error.intent(), Some("b"));
}

/// It has its real name, and the ledger does not know that yet.
#[tokio::test]
async fn a_key_that_another_intent_has_not_committed_is_not_adopted() {
    let world = World::new().await;
    let no_answer = Fault::commit_then_reset().on(Route::Update);
    world.emulator.inject(no_answer);
    let error = world.provisioner.ensure("a", |key| key.limit(50)).await;
    let error = error.expect_err("no answer");
    let hash = error.hash().expect("it was made");
    let adopted = world.provisioner.adopt("b", hash).await;
    let adopted = adopted.expect_err("it is another intent's");
    assert_eq!(adopted.kind(), ErrorKind::OtherKey);
    assert_eq!(adopted.intent(), Some("b"));
    assert_eq!(world.ensure().await.key.hash, *hash);
}

/// It may have the key.
#[tokio::test]
async fn nothing_is_adopted_while_an_intent_makes_no_sense() {
    let world = World::new().await;
    let by_hand = world.client.create("By hand").send().await;
    let hash = by_hand.expect("the emulator answers").key.hash;
    let swept = world.provisioner.sweep().await;
    swept.expect("the ledger says now whose it is");
    let damage = Entry::new(Record::Committed {}, None);
    let damaged = world.ledger.append("z", 0, &damage).await;
    damaged.expect("memory does not fail");
    let error = world.provisioner.adopt("a", &hash).await;
    let error = error.expect_err("it makes no sense");
    assert_eq!(error.kind(), ErrorKind::DamagedLedger);
    assert_eq!(error.intent(), Some("z"));
}

/// The name is written down, and printed.
#[tokio::test]
async fn a_key_whose_name_is_a_plaintext_is_not_adopted() {
    let world = World::new().await;
    let made = world.client.create("sk-or-v1-canary-in-a-name").send();
    let made = made.await.expect("the emulator answers").key;
    let error = world.provisioner.adopt("a", &made.hash).await;
    let error = error.expect_err("it would be in the ledger");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!error.to_string().contains("canary"), "{error}");
}
