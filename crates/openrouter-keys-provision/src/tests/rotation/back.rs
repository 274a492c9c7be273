//! The way back.

use std::time::Duration;

use openrouter_keys::Clock as _;
use openrouter_keys_emulator::{Fault, Route};

use crate::tests::watched::halting;
use crate::tests::world::{HOUR, LONGEST_DELAY, World, refuse, take};
use crate::{Delivery, ErrorKind, Record, RotationStage};

#[tokio::test]
async fn a_rotation_is_taken_back() {
    let world = World::new().await;
    let old = world.provisioner.ensure("a", |key| key).await;
    let old = old.expect("nothing goes wrong");
    let old_secret = old.secret.expect("it was just made");
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .grace(LONGEST_DELAY * 9);
    let status = rotation.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Grace);
    assert!(!world.works(&old_secret).await);

    let status = rotation.rollback().await.expect("nothing goes wrong");
    assert_eq!(status.stage, RotationStage::RollingBack);
    assert!(world.works(&old_secret).await);
    assert_eq!(world.keys().await, 2);
    // The request to disable it arrives once more.
    let disabled = world
        .client
        .update(&old.key.hash)
        .disabled(true)
        .send()
        .await;
    disabled.expect("the emulator answers");
    world.advance(LONGEST_DELAY);
    let status = rotation.resume(refuse).await.expect("nothing goes wrong");
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert!(world.works(&old_secret).await);
    assert_eq!(world.keys().await, 1);
    let current = world.provisioner.ensure("a", |key| key).await;
    assert_eq!(current.expect("it is there").key.hash, old.key.hash);
}

#[tokio::test]
async fn there_is_no_way_back_to_a_key_that_was_removed_by_the_rotation() {
    let world = World::new().await;
    world.ensure().await;
    let status = world.rotation().resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
    let error = world.rotation().rollback().await.expect_err("it is over");
    assert_eq!(
        error.to_string(),
        "intent \"a\": it is over, and the old key is removed: rotate again under another name if the new one has to go"
    );
}

/// Each of the two is held back by the network, and the later one can still arrive when the earlier one cannot.
#[tokio::test]
async fn a_rollback_waits_for_the_latest_request_to_disable_the_old_key() {
    let world = World::new().await;
    world.ensure().await;
    let rotation = world.rotation().grace(HOUR * 9);
    let hold_back = || {
        let lost = Fault::reset_before_response().on(Route::Update);
        world.emulator.inject(lost);
    };
    let sink = async |_: Delivery| {
        hold_back();
        Ok(())
    };
    rotation.resume(sink).await.expect_err("no answer");
    world.advance(HOUR);
    hold_back();
    rotation.resume(refuse).await.expect_err("no answer");
    let status = rotation.rollback().await.expect("nothing is in its way");
    assert_eq!(status.stage, RotationStage::RollingBack);
    assert_eq!(status.until, Some(world.time.utc_now() + LONGEST_DELAY));
    world.advance(LONGEST_DELAY);
    let status = rotation.rollback().await.expect("nothing is in its way");
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert!(!world.ensure().await.key.disabled);
}

/// It stands still between the note and the request for longer than a request can be on its way.
#[tokio::test]
async fn who_disables_the_old_key_after_the_rollback_enables_it_again() {
    let world = World::new().await;
    world.ensure().await;
    let is_noted = |record: &Record| matches!(record, Record::Disabling { .. });
    let (hand, halt) = halting(is_noted);
    let slow = world.elsewhere(hand);
    let slow = tokio::spawn(async move {
        let rotation = slow.rotation("a", "1").grace(HOUR);
        rotation.resume(take).await
    });
    halt.reached().await;
    let rotation = world.rotation();
    let _ = rotation.rollback().await.expect("nothing is in its way");
    world.advance(LONGEST_DELAY);
    let status = rotation.rollback().await.expect("nothing is in its way");
    assert_eq!(status.stage, RotationStage::RolledBack);
    halt.go_on();
    let error = slow.await.expect("it does not panic");
    let error = error.expect_err("it is taken back");
    assert_eq!(error.kind(), ErrorKind::Contended);
    assert!(!world.ensure().await.key.disabled);
    assert_eq!(world.keys().await, 1);
}

#[tokio::test]
async fn there_is_no_way_back_to_a_key_that_has_expired() {
    let world = World::new().await;
    let old = world.ensure_for(HOUR).await.key.hash;
    world.advance(HOUR / 2);
    let rotation = world.rotation().renew_expiry().grace(HOUR / 4 * 3);
    let new = rotation.resume(take).await.expect("it is taken").new;
    let new = new.expect("it is made");
    world.advance(HOUR / 2);
    let error = rotation.rollback().await.expect_err("it has expired");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert_eq!(error.hash(), Some(&old));
    assert!(error.to_string().contains("resume the rotation"), "{error}");
    world.advance(HOUR / 4);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert!(world.is_there(&new).await);
}

#[tokio::test]
async fn there_is_no_way_back_to_a_key_that_somebody_has_removed() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation().grace(HOUR);
    let _ = rotation.resume(take).await.expect("it is taken");
    world.delete(&old).await;
    let error = rotation.rollback().await.expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert_eq!(error.hash(), Some(&old));
    assert!(error.to_string().contains("resume the rotation"), "{error}");
    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
}

/// In the overlap. To enable it without asking could bring back one that has leaked.
#[tokio::test]
async fn there_is_no_way_back_to_a_key_that_somebody_has_disabled() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let rotation = world.rotation().overlap(HOUR);
    let new = rotation.resume(take).await.expect("it is taken").new;
    world.set_disabled(&old, true).await;
    let error = rotation.rollback().await.expect_err("it is disabled");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert_eq!(error.hash(), Some(&old));
    assert!(
        error.to_string().contains("disabled the old key"),
        "{error}"
    );
    assert!(world.is_there(new.expect("it is made")).await);
    world.set_disabled(&old, false).await;
    let status = rotation.rollback().await.expect("it works again");
    assert_eq!(status.stage, RotationStage::RolledBack);
}

/// The new key is the last one that works.
#[tokio::test]
async fn a_rotation_whose_old_key_is_removed_on_the_way_back_ends_with_the_new_one() {
    for resumes in [false, true] {
        let world = World::new().await;
        let old = world.ensure().await.key.hash;
        let rotation = world.rotation().grace(HOUR);
        let new = rotation.resume(take).await.expect("it is taken").new;
        let status = rotation.rollback().await.expect("nothing is in its way");
        assert_eq!(status.stage, RotationStage::RollingBack);
        world.delete(&old).await;
        world.advance(LONGEST_DELAY);
        let error = if resumes {
            rotation.resume(refuse).await
        } else {
            rotation.rollback().await
        };
        let error = error.expect_err("it cannot be taken back");
        assert_eq!(error.kind(), ErrorKind::Rotation, "{error}");
        let status = rotation.status().await.expect("the ledger answers");
        assert_eq!(status.stage, RotationStage::Done);
        assert_eq!(Some(world.ensure().await.key.hash), new);
    }
}

/// The process has ended before the sink's word was noted.
#[tokio::test]
async fn a_key_that_the_sink_may_have_is_not_given_up_for_one_that_has_expired() {
    let world = World::new().await;
    world.ensure_for(HOUR).await;
    world.advance(HOUR / 2);
    let rotation = world.rotation().renew_expiry();
    rotation.resume(refuse).await.expect_err("it is not noted");
    let new = rotation.status().await.expect("the ledger answers").new;
    world.advance(HOUR / 4 * 3);
    // Not even if it cannot be looked at.
    let first = Fault::delay(Duration::ZERO).on(Route::Get);
    world.emulator.inject(first);
    world.emulator.inject(Fault::status(503).on(Route::Get));
    let error = rotation.rollback().await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Client);
    let error = rotation.rollback().await.expect_err("it has expired");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert!(world.is_there(new.expect("it is made")).await);
    let status = rotation.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
}

/// And whatever happens between the note that it goes back and the removal of the new key.
#[tokio::test]
async fn a_rollback_that_stopped_keeps_the_new_key_if_the_old_one_has_expired() {
    for overlap in [HOUR * 9, Duration::ZERO] {
        let world = World::new().await;
        world.ensure_for(HOUR).await;
        world.advance(HOUR / 2);
        let rotation = world.rotation().renew_expiry().grace(HOUR * 9);
        let rotation = rotation.overlap(overlap);
        let new = rotation.resume(take).await.expect("it is taken").new;
        let new = new.expect("it is made");
        world.emulator.inject(Fault::status(503).on(Route::Delete));
        let _ = rotation.rollback().await;
        world.emulator.clear_faults();
        world.advance(HOUR / 4 * 3);
        let error = rotation.resume(refuse).await.expect_err("it has expired");
        assert_eq!(error.kind(), ErrorKind::Rotation, "{error}");
        assert!(world.is_there(&new).await);
        let current = world.provisioner.ensure("a", |key| key).await;
        assert_eq!(current.expect("it stays").key.hash, new);
    }
}

#[tokio::test]
async fn what_a_lost_create_has_made_goes_with_the_rotation() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    world.lose_a_create();
    let rotation = world.rotation();
    let resumed = rotation.resume(take).await;
    resumed.expect_err("it cannot be looked for");
    assert_eq!(world.keys().await, 2);
    let status = rotation.rollback().await.expect("nothing is in its way");
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert_eq!(world.keys().await, 1);
    assert!(world.is_there(&old).await);
}
