//! The steps forward.

use std::sync::{Arc, Mutex};

use openrouter_keys::{Clock as _, ExposeSecret, LimitReset};
use openrouter_keys_emulator::{Fault, Route};

use crate::tests::watched::{Watched, halting};
use crate::tests::world::{HOUR, LONGEST_DELAY, World, refuse, start, take};
use crate::{Delivery, ErrorKind, LedgerError, MemoryLedger, Provisioner, Record, RotationStage};

#[tokio::test]
async fn the_old_key_goes_when_the_new_one_is_taken_and_the_grace_is_over() {
    let world = World::new().await;
    let ask = || {
        world
            .provisioner
            .ensure("a", |key| key.limit(50).limit_reset(LimitReset::Monthly))
    };
    let old = ask().await.expect("nothing goes wrong");
    let old_secret = old.secret.expect("it was just made");
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .overlap(HOUR)
        .grace(HOUR);
    let stage = async || rotation.status().await.expect("the ledger answers").stage;
    assert_eq!(stage().await, RotationStage::NotBegun);

    let error = rotation.resume(refuse).await.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Sink);
    assert!(error.is_retryable());
    assert_eq!(stage().await, RotationStage::Delivering);
    assert!(world.works(&old_secret).await);

    let taken = Mutex::new(None);
    let sink = async |delivery: Delivery| {
        *taken.lock().expect("nothing panics") = Some(delivery.secret);
        Ok(())
    };
    let status = rotation.resume(sink).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Overlap);
    let new_secret = taken.into_inner().expect("nothing panics");
    let new_secret = new_secret.expect("it was delivered");
    assert!(world.works(&old_secret).await && world.works(&new_secret).await);
    assert_eq!(ask().await.expect("it is there").key.hash, old.key.hash);

    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Grace);
    assert_eq!(status.until, Some(world.time.utc_now() + HOUR));
    assert!(!world.works(&old_secret).await && world.works(&new_secret).await);
    let current = ask().await.expect("it is there");
    assert_eq!(Some(current.key.hash), status.new);

    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.keys().await, 1);
    let current = ask().await.expect("it is there");
    assert_eq!(current.key.limit, Some(50.0));
    assert_eq!(current.key.limit_reset, Some(LimitReset::Monthly));
    let secret = current.secret.expect("it was not released");
    assert_eq!(secret.expose_secret(), new_secret.expose_secret());

    // Once more under the same name is nothing, and there is no way back.
    let creates = world.emulator.requests(Route::Create);
    let status = rotation.resume(refuse).await.expect("it is over");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.emulator.requests(Route::Create), creates);
    let error = rotation.rollback().await.expect_err("it is over");
    assert_eq!(error.kind(), ErrorKind::Rotation);
}

/// Who sees to it that it goes on, need not know how it was begun.
#[tokio::test]
async fn the_overlap_and_the_grace_that_it_began_with_hold_for_whoever_resumes_it() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let begun = world.rotation().overlap(HOUR).grace(HOUR * 2);
    let _ = begun.resume(take).await.expect("it is taken");
    let later = world.rotation();
    let status = later.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Overlap);
    assert_eq!(status.until, Some(world.time.utc_now() + HOUR));
    assert!(!world.key(&old).await.disabled);

    world.advance(HOUR);
    let status = later.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Grace);
    assert_eq!(status.until, Some(world.time.utc_now() + HOUR * 2));
    assert_eq!(later.status().await.expect("the ledger answers"), status);

    // Who does say how long, is heard.
    let status = world.rotation().grace(HOUR * 3).resume(refuse).await;
    let status = status.expect("it was delivered");
    assert_eq!(status.until, Some(world.time.utc_now() + HOUR * 3));
    let sooner = later.grace(LONGEST_DELAY).resume(refuse).await;
    let sooner = sooner.expect("it was delivered");
    assert_eq!(sooner.until, Some(world.time.utc_now() + LONGEST_DELAY));
    world.advance(LONGEST_DELAY);
    let status = world.rotation().grace(LONGEST_DELAY).resume(refuse).await;
    assert_eq!(status.expect("it was delivered").stage, RotationStage::Done);
    assert!(!world.is_there(&old).await);
}

/// To give a key another name is allowed, and no reason to ask for it by that name.
#[tokio::test]
async fn what_was_asked_for_stays_when_the_key_was_renamed_by_hand() {
    let world = World::new().await;
    let old = world.ensure().await.key.hash;
    let renamed = world.client.update(&old).name("By hand").send().await;
    renamed.expect("it is there");
    let status = world.rotation().resume(take).await;
    assert_eq!(status.expect("it is taken").stage, RotationStage::Done);
    let new = world.ensure().await.key;
    assert_ne!(new.hash, old);
    assert_eq!(new.name, "By hand");
}

#[tokio::test]
async fn a_rotation_whose_key_would_have_expired_is_to_be_taken_back() {
    let world = World::new().await;
    world.ensure_for(HOUR).await;
    let outage = Fault::status(503).on(Route::Create).always();
    world.emulator.inject(outage);
    let rotation = world.rotation();
    rotation
        .resume(take)
        .await
        .expect_err("the service is down");
    world.emulator.clear_faults();
    world.advance(HOUR);
    let error = rotation.resume(take).await.expect_err("it is too late");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert!(
        error.to_string().contains("roll the rotation back"),
        "{error}"
    );
    let status = rotation.rollback().await.expect("nothing was made");
    assert_eq!(status.stage, RotationStage::RolledBack);
    let renewed = world.provisioner.rotation("a", "2").renew_expiry();
    let status = renewed.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
}

#[tokio::test]
async fn a_commit_that_was_written_although_the_ledger_says_otherwise_is_found() {
    let (_emulator, client) = start().await;
    let ledger = Watched {
        memory: Arc::new(MemoryLedger::new()),
        hand: |record| {
            std::future::ready(match record {
                Record::Committed { .. } => Err(LedgerError::Conflict),
                _ => Ok(()),
            })
        },
    };
    let provisioner = Provisioner::new(client, ledger);
    let made = provisioner.ensure("a", |key| key).await;
    made.expect("it is there");
    let status = provisioner.rotation("a", "1").resume(take).await;
    assert_eq!(status.expect("it is there").stage, RotationStage::Done);
}

/// What one call is told, such as where the plaintext goes, is not for another rotation.
#[tokio::test]
async fn a_call_that_stood_still_does_not_go_on_with_the_next_rotation() {
    let world = World::new().await;
    world.ensure().await;
    let (hand, halt) = halting(|record| matches!(record, Record::Sealed { .. }));
    let slow = world.elsewhere(hand);
    let slow = tokio::spawn(async move { slow.rotation("a", "1").resume(refuse).await });
    halt.reached().await;
    let status = world.rotation().resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
    let second = world.provisioner.rotation("a", "2").overlap(HOUR);
    second.resume(refuse).await.expect_err("it is refused");
    halt.go_on();
    let status = slow.await.expect("it does not panic");
    let status = status.expect("others have done it");
    assert_eq!(status.stage, RotationStage::Done);
    let status = second.status().await.expect("the ledger answers");
    assert_eq!(status.stage, RotationStage::Delivering);
}
