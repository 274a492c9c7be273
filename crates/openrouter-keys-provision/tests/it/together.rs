//! Several at once.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_emulator::Route;
use openrouter_keys_provision::{ErrorKind, Ledger, LeftoverFate, Provisioned, Provisioner};
use tokio::task::JoinSet;

use crate::support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_one_process_make_one_key_by_one_create() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let provisioner = provisioner.clone();
        tasks.spawn(async move { provisioner.ensure("a", |key| key.limit(5)).await });
    }
    let mut hashes = Vec::new();
    while let Some(made) = tasks.join_next().await {
        let made = made.expect("no task panics").expect("they take turns");
        assert!(made.secret.is_some());
        hashes.push(made.key.hash);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
    assert_eq!(world.emulator.requests(Route::Create), 1);
    assert_eq!(world.keys().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_for_different_intents_make_one_key_each() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let mut tasks = JoinSet::new();
    for number in 0..32 {
        let provisioner = provisioner.clone();
        let intent = format!("customer-{}", number % 8);
        tasks.spawn(async move { provisioner.ensure(intent, |key| key).await });
    }
    while let Some(made) = tasks.join_next().await {
        made.expect("no task panics").expect("they take turns");
    }
    let mut names: Vec<_> = world.keys().await.into_iter().map(|key| key.name).collect();
    names.sort_unstable();
    let intents: Vec<_> = (0..8).map(|number| format!("customer-{number}")).collect();
    assert_eq!(names, intents);
    assert_eq!(world.emulator.requests(Route::Create), 8);
}

/// How often one of several processes may find that another was there.
const MOST_TRIES: usize = 500;

/// Processes know nothing of each other but what is in the ledger.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_take_each_other_for_dead_come_to_one_key() {
    processes_come_to_one_key(Duration::ZERO).await;
}

/// Whoever finds an attempt waits for it, for longer than it takes on any machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_wait_for_each_other_come_to_one_key_by_one_create() {
    for creates in processes_come_to_one_key(Duration::from_secs(600)).await {
        assert_eq!(creates, 1);
    }
}

/// The key, and how often it was asked for.
async fn until_made<L: Ledger>(provisioner: &Provisioner<L>) -> (Provisioned, usize) {
    for tries in 1..=MOST_TRIES {
        match provisioner.ensure("a", |key| key.limit(5)).await {
            Ok(made) => return (made, tries),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Contended, "{error}"),
        }
    }
    panic!("{MOST_TRIES} times somebody else was there");
}

/// Of a ledger that one process has for itself, each could think that it is alone.
#[cfg(all(feature = "file-ledger", unix))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provisioners_that_share_a_ledger_in_a_file_come_to_one_key_by_one_create() {
    use openrouter_keys_provision::{Custody, FileLedger};

    let world = World::new().await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let ledger = FileLedger::open(folder.path().join("ledger"), Custody::plaintext()).await;
    let ledger = Arc::new(ledger.expect("there is room for a file"));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let provisioner = Provisioner::new(world.client.clone(), Arc::clone(&ledger))
            .patience(Duration::from_secs(600));
        tasks.spawn(async move { until_made(&provisioner).await });
    }
    while let Some(made) = tasks.join_next().await {
        made.expect("no task panics");
    }
    assert_eq!(world.emulator.requests(Route::Create), 1);
    assert_eq!(world.keys().await.len(), 1);
}

/// How many creates that took, for several numbers of processes.
async fn processes_come_to_one_key(patience: Duration) -> Vec<u64> {
    let mut all_creates = Vec::new();
    for processes in [2, 3, 8] {
        let world = Arc::new(World::new().await);
        let mut tasks = JoinSet::new();
        for _ in 0..processes {
            let world = Arc::clone(&world);
            tasks.spawn(async move { until_made(&world.provisioner().patience(patience)).await });
        }
        let mut all = Vec::new();
        while let Some(made) = tasks.join_next().await {
            all.push(made.expect("no task panics"));
        }
        let most = all.iter().map(|(_, tries)| *tries).max().expect("some");
        let creates = world.emulator.requests(Route::Create);
        println!("{processes} processes: at most {most} tries, {creates} creates");
        let (first, _) = &all[0];
        for (made, _) in &all {
            assert_eq!(made.key.hash, first.key.hash);
            assert_eq!(world.opens(made.secret.clone()).await, first.key.label);
        }
        let later = world.provisioner().longest_delay(Duration::ZERO);
        let sweep = later.sweep().await.expect("the emulator answers");
        assert!(sweep.is_settled);
        let fates = sweep.leftovers.iter().map(|leftover| leftover.fate);
        assert!(fates.into_iter().all(|fate| fate == LeftoverFate::Removed));
        let hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
        assert_eq!(hashes, std::slice::from_ref(&first.key.hash));
        all_creates.push(creates);
    }
    all_creates
}
