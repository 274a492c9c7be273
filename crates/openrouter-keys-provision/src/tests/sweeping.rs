//! What a sweep finds and says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openrouter_keys_emulator::{Fault, Route};

use super::watched::{Hand, Watched};
use super::world::{LONGEST_DELAY, Time, World, start, take};
use crate::{
    Entry, Ledger as _, LedgerError, LeftoverFate, MemoryLedger, Provisioner, Record, Sweep,
};

async fn swept(world: &World) -> Sweep {
    let sweep = world.provisioner.sweep().await;
    sweep.expect("nothing goes wrong")
}

/// Whoever removes what is unfinished must not meet a key that is in use.
#[tokio::test]
async fn an_intent_whose_key_is_being_rotated_is_not_unfinished() {
    let world = World::new().await;
    world.ensure().await;
    let outage = Fault::status(500).on(Route::Update);
    world.emulator.inject(outage);
    let rotation = world.rotation();
    rotation
        .resume(take)
        .await
        .expect_err("the service is down");
    let sweep = swept(&world).await;
    assert_eq!(sweep.unfinished, [""; 0]);
    assert_eq!(sweep.rotating, [("a".to_owned(), "1".to_owned())]);
    let _ = rotation.resume(take).await.expect("it is taken");
    let sweep = swept(&world).await;
    assert_eq!(sweep.unfinished, [""; 0]);
    assert_eq!(sweep.rotating, []);
}

/// Then it cannot be resumed.
#[tokio::test]
async fn an_intent_that_is_removed_in_the_midst_of_its_rotation_is_unfinished() {
    let world = World::new().await;
    world.ensure().await;
    let _ = world.rotation().overlap(LONGEST_DELAY).resume(take).await;
    let outage = Fault::status(503).on(Route::Delete);
    world.emulator.inject(outage);
    let removed = world.provisioner.remove("a").await;
    removed.expect_err("the service is down");
    let sweep = swept(&world).await;
    assert_eq!(sweep.rotating, []);
    assert_eq!(sweep.unfinished, ["a"]);
    let removed = world.provisioner.remove("a").await;
    removed.expect("nothing is in its way");
    assert_eq!(swept(&world).await.unfinished, [""; 0]);
}

#[tokio::test]
async fn an_intent_without_a_key_is_unfinished_until_it_has_one_or_is_removed() {
    let world = World::new().await;
    for fault in [Fault::status(503), Fault::status(400)] {
        for removes in [false, true] {
            world
                .emulator
                .inject(fault.clone().on(Route::Create).always());
            let failed = world.provisioner.ensure("a", |key| key.limit(50)).await;
            failed.expect_err("the service is down");
            world.emulator.clear_faults();
            // Somebody may be at work on it.
            assert_eq!(swept(&world).await.unfinished, [""; 0]);
            world.advance(LONGEST_DELAY);
            assert_eq!(swept(&world).await.unfinished, ["a"]);
            if !removes {
                world.ensure().await;
                assert_eq!(swept(&world).await.unfinished, [""; 0]);
            }
            let removed = world.provisioner.remove("a").await;
            removed.expect("nothing is in its way");
            assert_eq!(swept(&world).await.unfinished, [""; 0]);
        }
    }
}

/// Who sweeps until all is settled must come to an end.
#[tokio::test]
async fn what_only_the_next_ensure_can_finish_is_settled_when_it_is_old() {
    let world = World::new().await;
    let lost = Fault::commit_then_reset().on(Route::Create).always();
    world.emulator.inject(lost);
    let outage = Fault::status(503).on(Route::List).always();
    world.emulator.inject(outage);
    let ensure = || {
        let ensure = world.provisioner.ensure("a", |key| key.external_user("u"));
        ensure.partner_key("canary-that-a-partner-chose-for-customer-42")
    };
    ensure().await.expect_err("it cannot be looked for");
    world.emulator.clear_faults();
    let sweep = swept(&world).await;
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::UnderWay);
    assert!(!sweep.is_settled);
    world.advance(LONGEST_DELAY);
    let sweep = swept(&world).await;
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::Unfinished);
    assert!(sweep.is_settled);
    assert_eq!(sweep.unfinished, ["a"]);
    let made = ensure().await.expect("it is there");
    assert_eq!(made.key.hash, sweep.leftovers[0].key.hash);
}

#[tokio::test]
async fn an_intent_that_makes_no_sense_stops_no_sweep() {
    let world = World::new().await;
    let lost = Fault::commit_then_reset().on(Route::Create);
    world.emulator.inject(lost);
    let outage = Fault::status(503).on(Route::List);
    world.emulator.inject(outage);
    let failed = world.provisioner.ensure("a", |key| key).await;
    failed.expect_err("it cannot be looked for");
    let damage = Entry::new(Record::Committed {}, None);
    let damaged = world.ledger.append("z", 0, &damage).await;
    damaged.expect("memory does not fail");
    world.advance(LONGEST_DELAY);
    let sweep = swept(&world).await;
    assert_eq!(sweep.unreadable_intents, ["z"]);
    assert_eq!(sweep.leftovers.len(), 1);
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::Removed);
    assert_eq!(world.keys().await, 0);
}

#[tokio::test]
async fn a_delay_of_ages_is_no_reason_to_panic() {
    let world = World::new().await;
    for delay in [Duration::from_secs(1 << 45), Duration::MAX] {
        let patient = world.provisioner.clone().longest_delay(delay);
        let made = patient.ensure("a", |key| key.limit(50)).await;
        made.expect("nothing goes wrong");
        let sweep = patient.sweep().await.expect("nothing goes wrong");
        assert!(!sweep.is_settled);
    }
    let rotation = world.provisioner.clone().longest_delay(Duration::MAX);
    let rotation = rotation
        .rotation("a", "1")
        .overlap(Duration::MAX)
        .grace(Duration::MAX);
    let _ = rotation.resume(take).await.expect("it is taken");
    let _ = rotation.rollback().await.expect("nothing is in its way");
}

/// Counts how often secrets are asked for.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Hand for Counting {
    fn read(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, LedgerError> {
        if entries.iter().any(|entry| entry.secret.is_some()) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(entries)
    }
}

/// Each may be a call of a key service, and an entry in its log.
#[tokio::test]
async fn a_sweep_and_an_adoption_open_no_secret() {
    let (emulator, client) = start().await;
    let reads = Counting::default();
    let ledger = Watched {
        memory: Arc::default(),
        hand: reads.clone(),
    };
    let provisioner = Provisioner::new(client.clone(), ledger);
    for intent in ["a", "b"] {
        let made = provisioner.ensure(intent, |key| key).await;
        made.expect("nothing goes wrong");
    }
    // And a key with a marker, so that there is something to look into.
    emulator.inject(Fault::commit_then_reset().on(Route::Create));
    emulator.inject(Fault::status(503).on(Route::List));
    let lost = provisioner.ensure("c", |key| key).await;
    lost.expect_err("it cannot be looked for");
    let by_hand = client.create("By hand").send().await;
    let by_hand = by_hand.expect("the emulator answers").key.hash;

    reads.0.store(0, Ordering::Relaxed);
    let sweep = provisioner.sweep().await.expect("nothing goes wrong");
    assert_eq!(sweep.leftovers.len(), 1);
    let adopted = provisioner.adopt("d", &by_hand).await;
    adopted.expect("it is nobody's");
    assert_eq!(reads.0.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_clock_that_was_wrong_once_does_not_unsettle_sweeps_for_ever() {
    let world = World::new().await;
    let year = LONGEST_DELAY * 12 * 24 * 365;
    let wrong = World::new().await;
    wrong.advance_clock(year);
    let wrong = world.provisioner.clone().clock(wrong.time.clone());
    let made = wrong.ensure("a", |key| key.limit(50)).await;
    made.expect("nothing goes wrong");
    assert!(swept(&world).await.is_settled);
}

/// No plaintext can be opened any more.
struct Locked;

impl Hand for Locked {
    fn read(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, LedgerError> {
        if entries.iter().any(|entry| entry.secret.is_some()) {
            return Err(LedgerError::Damaged("it cannot be opened".into()));
        }
        Ok(entries)
    }
}

#[tokio::test]
async fn a_plaintext_that_cannot_be_opened_stops_no_sweep() {
    let world = World::new().await;
    // It has its plaintext, and its marker still.
    world.emulator.inject(Fault::status(503).on(Route::Update));
    let failed = world.provisioner.ensure("a", |key| key.limit(50)).await;
    failed.expect_err("the service is down");
    world.lose_a_create();
    let lost = world.provisioner.ensure("b", |key| key).await;
    lost.expect_err("it cannot be looked for");
    world.advance(LONGEST_DELAY);
    let provisioner = world.elsewhere(Locked);
    let sweep = provisioner.sweep().await.expect("it opens none");
    let fates: Vec<_> = sweep.leftovers.iter().map(|it| it.fate).collect();
    assert_eq!(fates, [LeftoverFate::Removed]);
}

/// It may be what an admin has kept.
#[tokio::test]
async fn a_leftover_that_is_renamed_behind_the_listing_is_left() {
    let world = World::new().await;
    let hash = world.stopped().await.hash;
    world.advance(LONGEST_DELAY);
    // The attempt is abandoned when its key is listed, and before it is removed.
    let (client, its) = (world.client.clone(), hash.clone());
    let provisioner = world.elsewhere(move |record| {
        let rename = client.update(&its).name("Kept");
        async move {
            if matches!(record, Record::Abandoned { .. }) {
                rename.send().await.expect("it is there");
            }
            Ok(())
        }
    });
    let sweep = provisioner.sweep().await.expect("nothing goes wrong");
    assert_eq!(sweep.leftovers.len(), 1);
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::Renamed);
    assert_eq!(world.key(&hash).await.name, "Kept");
}

/// Time passes when it looks into the ledger.
struct Slow(Time);

impl Hand for Slow {
    async fn list(&self, _: &MemoryLedger) {
        self.0.advance(Duration::from_secs(2));
    }
}

/// What was held back may have made its key behind the listing.
#[tokio::test]
async fn an_attempt_that_grows_old_while_it_is_swept_is_not_settled() {
    let world = World::new().await;
    world.ensure().await;
    world.advance(LONGEST_DELAY.saturating_sub(Duration::from_secs(1)));
    let provisioner = world.elsewhere(Slow(world.time.clone()));
    for is_settled in [false, true] {
        let sweep = provisioner.sweep().await.expect("nothing goes wrong");
        assert_eq!(sweep.is_settled, is_settled);
    }
}

/// However old it is: a process may have stood still.
#[tokio::test]
async fn an_attempt_that_a_call_is_at_work_on_is_left_to_it() {
    let world = World::new().await;
    let hash = world.stopped().await.hash;
    world.advance(LONGEST_DELAY);
    let at_work = world.provisioner.turn("a").await;
    let sweep = swept(&world).await;
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::UnderWay);
    assert!(!sweep.is_settled);
    assert!(world.is_there(&hash).await);
    drop(at_work);
    let sweep = swept(&world).await;
    assert_eq!(sweep.leftovers[0].fate, LeftoverFate::Removed);
    assert!(sweep.is_settled);
    assert!(!world.is_there(&hash).await);
}
