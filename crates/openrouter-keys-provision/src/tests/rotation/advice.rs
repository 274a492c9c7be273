//! What is said when a rotation cannot go on. `remove` would cost the customer the old key, which works.

use openrouter_keys::KeyHash;
use openrouter_keys_emulator::{Fault, Route};

use crate::tests::world::{World, refuse, take};
use crate::{Delivery, Error, ErrorKind, RotationStage};

/// A rotation that stopped when the new key was made and had no name, and that key.
async fn stopped(world: &World) -> KeyHash {
    world.ensure().await;
    let outage = Fault::status(500).on(Route::Update);
    world.emulator.inject(outage);
    let error = world.rotation().resume(take).await;
    let error = error.expect_err("the service is down");
    error.hash().expect("it was made").clone()
}

/// It says that the rotation is to be taken back, and that is what helps.
async fn helps(world: &World, error: &Error) {
    let message = error.to_string();
    assert!(message.contains("roll"), "{message}");
    assert!(!message.contains("remove`"), "{message}");
    let status = world.rotation().rollback().await;
    let status = status.unwrap_or_else(|later| panic!("{message}, but {later}"));
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert_eq!(world.keys().await, 1);
    assert!(!world.ensure().await.key.disabled);
}

#[tokio::test]
async fn a_new_key_that_somebody_has_removed() {
    let world = World::new().await;
    let new = stopped(&world).await;
    world.delete(&new).await;
    let error = world.rotation().resume(take).await;
    let error = error.expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::KeyGone);
    helps(&world, &error).await;
}

#[tokio::test]
async fn a_new_key_that_somebody_has_renamed() {
    let world = World::new().await;
    let new = stopped(&world).await;
    let renamed = world.client.update(&new).name("By hand").send().await;
    renamed.expect("it is there");
    let error = world.rotation().resume(take).await;
    let error = error.expect_err("it has another name");
    assert_eq!(error.kind(), ErrorKind::KeyRenamed);
    helps(&world, &error).await;
}

#[tokio::test]
async fn a_new_key_that_somebody_has_changed() {
    let world = World::new().await;
    let new = stopped(&world).await;
    world.set_limit(&new, 1.0).await;
    let error = world.rotation().resume(take).await;
    let error = error.expect_err("it has another limit");
    assert_eq!(error.kind(), ErrorKind::NotAsAsked);
    helps(&world, &error).await;
}

#[tokio::test]
async fn a_new_key_that_is_removed_before_it_was_seen_to_work() {
    let world = World::new().await;
    world.ensure().await;
    let sink = async |delivery: Delivery| {
        world.delete(&delivery.hash).await;
        Ok(())
    };
    let rotation = world.rotation();
    rotation.resume(sink).await.expect_err("it is gone");
    let error = rotation.resume(refuse).await.expect_err("it is gone");
    assert!(!error.is_retryable());
    helps(&world, &error).await;
}
