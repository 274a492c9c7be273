//! Keys that somebody disables while a rotation is under way.

use openrouter_keys_emulator::{Fault, Route};

use crate::tests::world::{HOUR, World, refuse, take};
use crate::{Delivery, ErrorKind, RotationStage};

#[tokio::test]
async fn a_new_key_that_was_disabled_in_the_overlap_does_not_replace_the_old_one() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation().overlap(HOUR);
    let new = rotation.resume(take).await.expect("it is taken").new;
    let new = new.expect("it is made");
    world.set_disabled(&new, true).await;
    world.advance(HOUR);
    let error = rotation.resume(refuse).await.expect_err("it does not work");
    assert_eq!(error.hash(), Some(&new));
    assert!(!world.key(&old).await.disabled);

    // Then it does.
    world.set_disabled(&new, false).await;
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.keys().await, 1);
}

#[tokio::test]
async fn a_new_key_that_was_disabled_in_the_grace_does_not_cost_the_old_one() {
    let world = World::new().await;
    let old = world.ensure().await;
    let rotation = world.rotation().grace(HOUR);
    let new = rotation.resume(take).await.expect("it is taken").new;
    world.set_disabled(new.expect("it is made"), true).await;
    world.advance(HOUR);
    rotation.resume(refuse).await.expect_err("it does not work");
    let _ = rotation.rollback().await.expect("the old one is there");
    assert!(world.works(&old.secret.expect("it was kept")).await);
}

#[tokio::test]
async fn a_key_that_was_disabled_meanwhile_gets_no_new_one() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let outage = Fault::status(503).on(Route::Create).always();
    world.emulator.inject(outage);
    let rotation = world.rotation();
    rotation
        .resume(take)
        .await
        .expect_err("the service is down");
    world.emulator.clear_faults();
    world.set_disabled(&old, true).await;
    let creates = world.emulator.requests(Route::Create);
    let error = rotation.resume(take).await.expect_err("it is disabled");
    assert_eq!(error.kind(), ErrorKind::Rotation, "{error}");
    assert_eq!(error.hash(), Some(&old));
    assert_eq!(world.emulator.requests(Route::Create), creates);
    assert!(world.ensure().await.key.disabled);
}

#[tokio::test]
async fn nobody_gets_the_new_one_of_a_key_that_was_disabled_meanwhile() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation();
    rotation.resume(refuse).await.expect_err("it is refused");
    world.set_disabled(&old, true).await;
    let sink = async |_: Delivery| unreachable!("it must not be called");
    let error = rotation.resume(sink).await.expect_err("it is disabled");
    assert_eq!(error.kind(), ErrorKind::Rotation, "{error}");
    assert_eq!(error.hash(), Some(&old));
}
