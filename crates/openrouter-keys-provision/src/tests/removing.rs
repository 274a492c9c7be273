//! The end of an intent's key, and of its plaintext.

use openrouter_keys_emulator::{Fault, Route};

use super::world::{HOUR, World, take};
use crate::{ErrorKind, Ledger as _, RotationStage};

async fn secrets(world: &World) -> usize {
    let entries = world.ledger.read("a").await.expect("memory does not fail");
    entries
        .iter()
        .filter(|entry| entry.secret.is_some())
        .count()
}

/// The network may hold the request back, and deliver it when the customer has come back.
#[tokio::test]
async fn a_removal_whose_answer_is_lost_is_finished_before_another_key_is_made() {
    for fault in [
        Fault::status(503),
        Fault::reset_before_response(),
        Fault::commit_then_reset(),
    ] {
        let world = World::new().await;
        let old = world.ensure().await.key.hash;
        world.emulator.inject(fault.on(Route::Delete));
        let removed = world.provisioner.remove("a").await;
        removed.expect_err("no answer");
        let sweep = world.provisioner.sweep().await;
        assert_eq!(sweep.expect("nothing goes wrong").unfinished, ["a"]);
        let new = world.ensure().await.key.hash;
        assert_ne!(new, old);
        assert!(!world.is_there(&old).await);
        assert_eq!(world.keys().await, 1);
    }
}

#[tokio::test]
async fn a_rotation_whose_keys_are_being_removed_does_not_go_on() {
    let world = World::new().await;
    world.ensure().await;
    let rotation = world.rotation().grace(HOUR);
    let _ = rotation.resume(take).await.expect("it is taken");
    let outage = Fault::status(503).on(Route::Delete);
    world.emulator.inject(outage);
    let removed = world.provisioner.remove("a").await;
    removed.expect_err("the service is down");
    for error in [rotation.resume(take).await, rotation.rollback().await] {
        let error = error.expect_err("the keys are being removed");
        assert_eq!(error.kind(), ErrorKind::Rotation, "{error}");
        assert!(error.to_string().contains("`remove`"), "{error}");
    }
    let removed = world.provisioner.remove("a").await;
    removed.expect("nothing is in its way");
    assert_eq!(world.keys().await, 0);
    let status = rotation.status().await.expect("the ledger answers");
    assert_eq!(status.stage, RotationStage::Removed);
}

#[tokio::test]
async fn to_remove_twice_comes_to_the_same() {
    let world = World::new().await;
    let by_hand = world.client.create("By hand").send().await;
    let hash = by_hand.expect("the emulator answers").key.hash;
    let adopted = world.provisioner.adopt("a", &hash).await;
    adopted.expect("it is nobody's");
    for _ in 0..2 {
        let removed = world.provisioner.remove("a").await;
        removed.expect("nothing is in its way");
        assert_eq!(world.keys().await, 0);
    }
    world.ensure().await;
    for _ in 0..2 {
        let removed = world.provisioner.remove("a").await;
        removed.expect("nothing is in its way");
        assert_eq!(world.keys().await, 0);
    }
    let error = world.provisioner.remove("b").await;
    let error = error.expect_err("nobody has asked for it");
    assert_eq!(error.kind(), ErrorKind::UnknownIntent);
}

#[tokio::test]
async fn the_plaintext_of_a_key_that_was_removed_can_be_erased() {
    let world = World::new().await;
    world.ensure().await;
    let removed = world.provisioner.remove("a").await;
    removed.expect("nothing is in its way");
    assert_ne!(secrets(&world).await, 0);
    for _ in 0..2 {
        let released = world.provisioner.release("a").await;
        released.expect("it was asked for once");
        assert_eq!(secrets(&world).await, 0);
    }
}

/// Otherwise nobody would look for it: there is no intent any more that has a key.
#[tokio::test]
async fn what_a_lost_create_has_made_is_removed_too() {
    let world = World::new().await;
    world.lose_a_create();
    let ensured = world.provisioner.ensure("a", |key| key.limit(50)).await;
    ensured.expect_err("it cannot be looked for");
    assert_eq!(world.keys().await, 1);
    let removed = world.provisioner.remove("a").await;
    removed.expect("nothing is in its way");
    assert_eq!(world.keys().await, 0);
}
