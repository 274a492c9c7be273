//! Granting a budget once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{KeyHash, LimitReset};
use openrouter_keys_emulator::{Fault, Route};

use crate::tests::world::{HOUR, LONGEST_DELAY, World, refuse, take};
use crate::{ErrorKind, RotationStage};

/// The key of the intent `a`, with a limit of so many USD a day.
async fn daily(world: &World, usd: u32) -> KeyHash {
    let ensure = world
        .provisioner
        .ensure("a", |key| key.limit(usd).limit_reset(LimitReset::Daily));
    ensure.await.expect("nothing goes wrong").key.hash
}

fn spend(world: &World, hash: &KeyHash, usd: f64) {
    let spent = world.emulator.spend(hash.as_str(), usd);
    spent.expect("it can be spent");
}

#[tokio::test]
async fn what_remains_is_granted_once_and_the_full_limit_in_the_next_window() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.0);
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .overlap(HOUR)
        .remaining_only();
    let status = rotation.resume(take).await.expect("it is taken");
    let new = status.new.expect("it is made");
    let limit = async || {
        let key = world.client.get(&new).send().await;
        key.expect("it is there").limit
    };
    assert_eq!(limit().await, Some(30.0));
    // In the overlap.
    spend(&world, &old, 5.0);
    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Remainder);
    assert_eq!(limit().await, Some(25.0));
    let midnight: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().expect("a time");
    assert_eq!(status.until, Some(midnight + LONGEST_DELAY));
    world.advance(HOUR * 12);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(limit().await, Some(50.0));
    assert_eq!(world.keys().await, 1);
}

/// 100 were allowed, 30 of them are spent.
#[tokio::test]
async fn the_limit_that_is_set_with_a_rotation_is_the_full_one() {
    for (asked, at_once) in [(20.0, 20.0), (80.0, 70.0), (200.0, 70.0)] {
        let world = World::new().await;
        let old = daily(&world, 100).await;
        spend(&world, &old, 30.0);
        let rotation = world.rotation().remaining_only();
        let rotation = rotation.settings(move |key| key.limit(asked));
        let new = rotation.resume(take).await.expect("it is taken").new;
        let new = new.expect("it is made");
        assert_eq!(world.key(&new).await.limit, Some(at_once), "{asked}");
        world.advance(HOUR * 24);
        let status = rotation.resume(refuse).await.expect("it was delivered");
        assert_eq!(status.stage, RotationStage::Done);
        assert_eq!(world.key(&new).await.limit, Some(asked));
    }
}

#[tokio::test]
async fn a_limit_that_somebody_has_changed_is_left_alone() {
    for usd in [1.0, 75.0] {
        let world = World::new().await;
        world.ensure().await;
        let rotation = world.rotation().remaining_only().overlap(HOUR);
        let new = rotation.resume(take).await.expect("it is taken").new;
        let new = new.expect("it is made");
        world.set_limit(&new, usd).await;
        world.advance(HOUR);
        let status = rotation.resume(refuse).await.expect("it was delivered");
        assert_eq!(status.stage, RotationStage::Done);
        assert_eq!(world.key(&new).await.limit, Some(usd));
    }
}

/// A key can leak at any time, and the window may be a month.
#[tokio::test]
async fn another_rotation_may_begin_before_the_window_ends_and_carries_the_full_limit_on() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.0);
    let first = world.rotation().remaining_only();
    let status = first.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Remainder);

    let second = world.provisioner.rotation("a", "2").remaining_only();
    let status = second.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Remainder);
    let new = status.new.expect("it is made");
    assert_eq!(world.key(&new).await.limit, Some(30.0));
    let first = first.status().await.expect("the ledger answers");
    assert_eq!(first.stage, RotationStage::Done);
    world.advance(HOUR * 24);
    let status = second.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.key(&new).await.limit, Some(50.0));
    assert_eq!(world.keys().await, 1);
}

#[tokio::test]
async fn a_key_of_which_nothing_is_left_can_be_replaced_before_the_window_ends() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.0);
    let first = world.rotation().remaining_only();
    let current = first.resume(take).await.expect("it is taken").new;
    spend(&world, &current.expect("it is made"), 30.0);
    let second = || world.provisioner.rotation("a", "2");
    let error = second().remaining_only().resume(take).await;
    let error = error.expect_err("nothing is left").to_string();
    assert!(error.contains("without `remaining_only`"), "{error}");
    let status = second().resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
    let current = daily(&world, 50).await;
    assert_eq!(world.key(&current).await.limit, Some(50.0));
    assert_eq!(world.keys().await, 1);
}

#[tokio::test]
async fn the_plaintext_may_be_erased_before_the_window_ends() {
    let world = World::new().await;
    daily(&world, 50).await;
    let rotation = world.rotation().remaining_only();
    let status = rotation.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Remainder);
    let released = world.provisioner.release("a").await;
    released.expect("the new key was seen to work");
    world.advance(HOUR * 24);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
}

#[tokio::test]
async fn a_rotation_that_began_before_the_window_ended_is_taken_back_with_the_full_limit() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.0);
    let first = world.rotation().remaining_only();
    let status = first.resume(take).await.expect("it is taken");
    let current = status.new.expect("it is made");
    let second = world.provisioner.rotation("a", "2");
    second.resume(refuse).await.expect_err("it is refused");
    let _ = second.rollback().await.expect("nothing is in its way");
    assert_eq!(world.key(&current).await.limit, Some(30.0));
    world.advance(HOUR * 24);
    let status = first.resume(refuse).await.expect("it was delivered");
    assert_eq!(world.key(&current).await.limit, Some(50.0));
    assert_eq!(status.stage, RotationStage::Done);
}

/// In the meantime something was booked that was under way when the old key was disabled.
#[tokio::test]
async fn the_full_limit_comes_back_also_if_it_was_not_noted_what_was_left() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.0);
    let rotation = world.rotation().remaining_only().overlap(HOUR).grace(HOUR);
    let new = rotation.resume(take).await.expect("it is taken").new;
    let new = new.expect("it is made");
    spend(&world, &old, 5.0);
    world.advance(HOUR);
    // The second update is that of the limit: its answer is lost.
    for fault in [Fault::delay(Duration::ZERO), Fault::commit_then_reset()] {
        world.emulator.inject(fault.on(Route::Update));
    }
    rotation.resume(refuse).await.expect_err("no answer");
    assert_eq!(world.key(&new).await.limit, Some(25.0));
    spend(&world, &old, 1.0);
    let _ = rotation.resume(refuse).await.expect("it was delivered");
    world.advance(HOUR * 24);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.key(&new).await.limit, Some(50.0));
}

#[tokio::test]
async fn a_limit_that_is_no_amount_is_refused_before_anything_is_done() {
    for usd in [f64::NAN, f64::INFINITY, -1.0] {
        let world = World::new().await;
        daily(&world, 50).await;
        let rotation = world.rotation().remaining_only();
        let rotation = rotation.settings(move |key| key.limit(usd));
        let error = rotation.resume(take).await.expect_err("it is no amount");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let status = rotation.status().await.expect("the ledger answers");
        assert_eq!(status.stage, RotationStage::NotBegun);
    }
}

/// A job that rotates each day knows today's name alone.
#[tokio::test]
async fn a_budget_does_not_shrink_from_rotation_to_rotation() {
    let world = World::new().await;
    let mut current = daily(&world, 100).await;
    for day in ["1", "2", "3"] {
        spend(&world, &current, 20.0);
        let rotation = world.provisioner.rotation("a", day).remaining_only();
        let status = rotation.resume(take).await.expect("it is taken");
        current = status.new.expect("it is made");
        assert_eq!(world.key(&current).await.limit, Some(80.0), "day {day}");
        world.advance(HOUR * 24);
    }
    // A minute after midnight nobody knows whose window it is.
    world.advance(HOUR * 11 + Duration::from_secs(60));
    let late = world.provisioner.rotation("a", "3");
    let _ = late.resume(refuse).await.expect("it was delivered");
    let fourth = world.provisioner.rotation("a", "4").remaining_only();
    let status = fourth.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Remainder);
    world.advance(HOUR + Duration::from_secs(60));
    let fifth = world.provisioner.rotation("a", "5").remaining_only();
    let error = fifth.resume(take).await.expect_err("it is midnight");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    assert!(
        error
            .to_string()
            .contains("do the same again after 2026-11-25 00:05"),
        "{error}"
    );
    world.advance(LONGEST_DELAY);
    let status = fifth.resume(take).await.expect("it is taken");
    let current = status.new.expect("it is made");
    assert_eq!(world.key(&current).await.limit, Some(100.0));
}

/// They have heard that it leaked, for instance.
#[tokio::test]
async fn a_limit_that_somebody_has_lowered_is_not_raised_by_the_next_rotation() {
    let world = World::new().await;
    let old = daily(&world, 100).await;
    spend(&world, &old, 20.0);
    let first = world.rotation().remaining_only();
    let current = first.resume(take).await.expect("it is taken").new;
    world.set_limit(current.expect("it is made"), 1.0).await;
    let second = world.provisioner.rotation("a", "2");
    let status = second.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Done);
    let current = daily(&world, 100).await;
    assert_eq!(world.key(&current).await.limit, Some(1.0));
}

/// Nobody knows what a limit of 0 means.
#[tokio::test]
async fn a_key_of_which_nothing_remains_gets_next_to_nothing() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    let rotation = world.rotation().remaining_only().overlap(HOUR);
    let new = rotation.resume(take).await.expect("it is taken").new;
    let new = new.expect("it is made");
    spend(&world, &old, 50.0);
    world.advance(HOUR);
    let _ = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(world.key(&new).await.limit, Some(0.000_001));
}

/// It is 00:01 here, and 23:59 there.
#[tokio::test]
async fn a_clock_that_is_ahead_at_midnight_costs_no_window() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 40.0);
    let minute = Duration::from_secs(60);
    world.advance(HOUR * 11 + minute * 59);
    world.advance_clock(minute * 2);
    let rotation = world.rotation().remaining_only();
    let new = rotation.resume(take).await.expect("it is taken").new;
    world.advance(HOUR);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    let new = new.expect("it is made");
    assert_eq!(world.key(&new).await.limit, Some(50.0));
}

#[tokio::test]
async fn never_is_more_granted_than_what_remains() {
    let world = World::new().await;
    let old = daily(&world, 50).await;
    spend(&world, &old, 20.000_000_2);
    let rotation = world.rotation().remaining_only();
    let new = rotation.resume(take).await.expect("it is taken").new;
    let new = world.key(new.expect("it is made")).await;
    assert_eq!(new.limit, Some(29.999_999));
}
