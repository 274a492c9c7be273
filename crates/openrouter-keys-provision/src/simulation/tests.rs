//! Whether what goes wrong in the simulation is what it says.

use std::sync::Arc;

use openrouter_keys::RetryPolicy;

use super::director::Plan;
use super::explore;
use super::ledger::FaultyLedger;
use super::network;
use super::scenarios::{Beginning, Scenario};
use super::schedule::{Fault, Schedule};
use super::world::World;
use crate::ledger::{Entry, Ledger as _, LedgerError, MemoryLedger};
use crate::record::Record;

/// What a caller knows of a create.
#[derive(Debug, PartialEq)]
enum Told {
    Made,
    NotMade,
    MaybeMade,
    /// It has crashed.
    Nothing,
}

#[tokio::test]
async fn each_fault_of_a_request_does_what_it_says() {
    let world = World::new().await;
    // What the caller knows, and how many keys are made by then, after the next listing, and at last.
    let cases = [
        (Fault::CrashBefore, Told::Nothing, [0, 0, 0]),
        (Fault::CrashAfter, Told::Nothing, [1, 1, 1]),
        (Fault::CrashUnderWay, Told::Nothing, [0, 1, 1]),
        (Fault::RequestLost, Told::MaybeMade, [0, 0, 0]),
        (Fault::ResponseLost, Told::MaybeMade, [1, 1, 1]),
        (Fault::Late, Told::MaybeMade, [0, 1, 1]),
        (Fault::VeryLate, Told::MaybeMade, [0, 0, 1]),
        (Fault::Twice, Told::Made, [2, 2, 2]),
        (Fault::TwiceLost, Told::Made, [2, 2, 2]),
        (Fault::Again, Told::Made, [1, 2, 2]),
        (Fault::TooMany, Told::NotMade, [0, 0, 0]),
        (Fault::Failed, Told::MaybeMade, [1, 1, 1]),
    ];
    for (fault, told, keys) in cases {
        begin(&world, &Schedule::default().with(0, fault));
        let client = world.client(0, false);
        let create = client.create("a").send();
        let created = world.live(0, create).await;
        let told_then = match created {
            Some(Ok(_)) => Told::Made,
            Some(Err(error)) if error.maybe_applied() => Told::MaybeMade,
            Some(Err(_)) => Told::NotMade,
            None => Told::Nothing,
        };
        assert_eq!(told_then, told, "{fault:?}");
        assert_eq!(made(&world), keys[0], "{fault:?}: at once");
        let listing = world.client(0, false).list().collect_all();
        let listed = world.live(0, listing).await.expect("it does not crash");
        let listed = listed.expect("nothing else goes wrong");
        let before = world.start(Beginning::Empty).keys.len();
        assert_eq!(listed.len() - before, keys[0], "{fault:?}: in the listing");
        assert_eq!(made(&world), keys[1], "{fault:?}: behind the listing");
        let end = world.network.time.elapsed() + network::LONGEST_DELAY;
        world.network.pass_until(end).await;
        assert_eq!(made(&world), keys[2], "{fault:?}: in the end");
    }
}

#[tokio::test]
async fn a_wait_takes_no_time_and_lets_time_pass() {
    let world = World::new().await;
    begin(&world, &Schedule::default().with(0, Fault::TooMany));
    let (day, emulators) = (world.network.time.of_day(), world.network.emulator.now());
    let client = world.client(0, false);
    let listing = client.list().retry(RetryPolicy::default()).send();
    let listed = world.live(0, listing).await.expect("it does not crash");
    listed.expect("the second attempt succeeds");
    let passed = world.network.time.of_day() - day;
    assert!(passed.num_milliseconds() >= 100, "{passed}");
    // The emulator has no shorter times than microseconds.
    let emulators = world.network.emulator.now() - emulators;
    assert!((passed - emulators).num_milliseconds() == 0, "{emulators}");
}

#[tokio::test]
async fn each_fault_of_the_ledger_does_what_it_says() {
    let world = World::new().await;
    // Whether the process lives, and how many entries there are then.
    for (fault, lives, entries) in [
        (Fault::CrashBefore, false, 0),
        (Fault::CrashAfter, false, 1),
        (Fault::Refused, true, 0),
        (Fault::Unsure, true, 1),
        (Fault::Full, true, 0),
    ] {
        begin(&world, &Schedule::default().with(0, fault));
        let durable = Arc::new(MemoryLedger::new());
        let ledger = FaultyLedger {
            actor: 0,
            network: Arc::clone(&world.network),
            durable: Arc::clone(&durable),
        };
        let entry = Entry::new(Record::Released {}, None);
        let twice = async {
            let first = ledger.append("a", 0, &entry).await;
            assert!(matches!(first, Err(LedgerError::Failed(_))), "{fault:?}");
            let there = durable.read("a").await.expect("it is memory").len();
            (there, ledger.append("a", there, &entry).await)
        };
        let second = world.live(0, twice).await;
        assert_eq!(second.is_some(), lives, "{fault:?}");
        let (there, second) = match second {
            Some((there, second)) => (there, second.is_ok()),
            None => (durable.read("a").await.expect("it is memory").len(), true),
        };
        assert_eq!(there, entries, "{fault:?}");
        assert_eq!(second, fault != Fault::Full, "{fault:?}");

        let there = durable.read("a").await.expect("it is memory").len();
        if fault == Fault::Full {
            let next = world.live(0, ledger.append("a", there, &entry)).await;
            assert!(matches!(next, Some(Err(LedgerError::Failed(_)))));
        }
        let taken = world.live(0, ledger.append("a", there + 1, &entry)).await;
        assert!(matches!(taken, Some(Err(LedgerError::Conflict))));
        let restarted = world.live(0, ledger.append("a", there, &entry)).await;
        assert!(matches!(restarted, Some(Ok(()))), "{fault:?}");
    }
}

/// What was found once can be looked at again.
#[test]
fn a_schedule_is_the_same_in_each_run() {
    let jobs: Vec<_> = explore::random(&Scenario::all(), 7, 100).collect();
    let (told, _) = explore::trace(&jobs, None);
    for (job, told) in jobs.iter().zip(&told) {
        let (again, _) = explore::trace(&[job.clone(), job.clone()], None);
        assert!(again.iter().all(|it| it == told), "{told}\n{again:#?}");
    }
}

fn begin(world: &World, schedule: &Schedule) {
    world
        .network
        .director
        .begin(Plan::Fixed(schedule.clone()), false);
    let restored = world
        .network
        .emulator
        .restore(world.start(Beginning::Empty).snapshot.clone());
    restored.expect("no key is the management key");
    world.network.begin(false);
}

/// How many keys there are beside those of the beginning.
fn made(world: &World) -> usize {
    let all = super::run::names(&world.network.emulator).len();
    all - world.start(Beginning::Empty).keys.len()
}
