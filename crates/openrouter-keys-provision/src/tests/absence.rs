//! What is said not to be there, and is.

use openrouter_keys_emulator::{Fault, Route};

use super::world::{HOUR, LONGEST_DELAY, World, refuse, take};
use crate::{ErrorKind, RotationStage};

/// A 404 that is not the API's own, from a gateway that has lost its way.
fn lost() -> Fault {
    Fault::html(404)
}

#[tokio::test]
async fn a_key_is_not_forgotten_because_a_gateway_does_not_find_it() {
    let world = World::new().await;
    world.ensure().await;
    world.emulator.inject(lost().on(Route::Delete));
    let error = world.provisioner.remove("a").await;
    let error = error.expect_err("nobody knows whether it is removed");
    assert_eq!(error.kind(), ErrorKind::Client);
    let removed = world.provisioner.remove("a").await;
    removed.expect("nothing is in its way");
    assert_eq!(world.keys().await, 0);
}

#[tokio::test]
async fn a_key_is_not_thought_to_be_disabled_because_a_gateway_does_not_find_it() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation().grace(HOUR);
    // The first update is that of the new key's name.
    let first = Fault::delay(std::time::Duration::ZERO).on(Route::Update);
    world.emulator.inject(first);
    world.emulator.inject(lost().on(Route::Update));
    let error = rotation.resume(take).await;
    let error = error.expect_err("nobody knows whether it is disabled");
    assert_eq!(error.kind(), ErrorKind::Client);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Grace);
    assert!(world.key(&old).await.disabled);

    world.emulator.inject(lost().on(Route::Update));
    let error = rotation.rollback().await;
    let error = error.expect_err("nobody knows whether it is enabled");
    assert_eq!(error.kind(), ErrorKind::Client);
    let _ = rotation.rollback().await.expect("nothing is in its way");
    world.advance(LONGEST_DELAY);
    let status = rotation.rollback().await.expect("nothing is in its way");
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert!(!world.key(&old).await.disabled);
}

#[tokio::test]
async fn what_a_create_may_have_made_is_looked_for_also_if_a_gateway_forbids_it() {
    let workspace = "01234567-89ab-cdef-0123-456789abcdef";
    let world = World::new().await;
    world
        .emulator
        .inject(Fault::commit_then_reset().on(Route::Create));
    world.emulator.inject(Fault::html(403).on(Route::List));
    let ensure = || {
        let provisioner = &world.provisioner;
        provisioner.ensure("a", |key| key.workspace_id(workspace))
    };
    let error = ensure().await.expect_err("it could not be looked for");
    assert_eq!(error.kind(), ErrorKind::Client);
    let made = ensure().await.expect("nothing is in its way");
    assert_eq!(made.leftovers.len(), 1);
}

/// A replica of the service that has not heard of it yet.
#[tokio::test]
async fn a_key_that_was_not_there_when_it_was_removed_is_found_by_a_sweep() {
    let world = World::new().await;
    world.emulator.inject(Fault::status(404).on(Route::Update));
    let error = world.provisioner.ensure("a", |key| key.limit(50)).await;
    let error = error.expect_err("it is not there yet");
    assert_eq!(error.kind(), ErrorKind::KeyGone);
    world.emulator.inject(Fault::status(404).on(Route::Delete));
    let removed = world.provisioner.remove("a").await;
    removed.expect("it is not there yet");
    world.ensure().await;
    assert_eq!(world.keys().await, 2);
    let sweep = world.provisioner.sweep().await.expect("nothing goes wrong");
    assert_eq!(sweep.leftovers.len(), 1);
    assert_eq!(world.keys().await, 1);
}
