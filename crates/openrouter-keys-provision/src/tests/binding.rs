//! The note of which account a ledger is about.

use std::sync::Arc;

use super::watched::{Hand, Watched};
use super::world::{World, start};
use crate::{Entry, ErrorKind, Ledger, MemoryLedger, Provisioner};

/// Another process, which begins at the same moment, writes when the intents are listed.
struct Shared {
    theirs: Vec<Entry>,
}

impl Hand for Shared {
    async fn list(&self, memory: &MemoryLedger) {
        for (position, entry) in self.theirs.iter().enumerate() {
            // Once.
            let _ = memory.append("", position, entry).await;
        }
    }
}

#[tokio::test]
async fn of_several_that_begin_with_a_new_ledger_each_can_work_with_it() {
    let (_emulator, client) = start().await;
    let before = Provisioner::new(client.clone(), MemoryLedger::new());
    before.ensure("a", |key| key).await.expect("it is alone");
    let theirs = before.ledger().read("").await;
    let theirs = theirs.expect("memory does not fail");
    let ledger = Watched {
        memory: Arc::default(),
        hand: Shared { theirs },
    };
    let provisioner = Provisioner::new(client, ledger);
    let made = provisioner.ensure("a", |key| key).await;
    made.expect("it is the same account");
}

/// A future that nobody polls any more has nothing that another one waits for.
#[tokio::test]
async fn a_call_that_is_not_polled_blocks_no_other_one() {
    let world = World::new().await;
    let mut paused = world
        .provisioner
        .ensure("a", |key| key.limit(50))
        .into_future();
    tokio::select! {
        biased;
        _ = &mut paused => unreachable!("it waits for the service"),
        () = std::future::ready(()) => {}
    }
    let swept = world.provisioner.sweep();
    let swept = tokio::time::timeout(super::PATIENCE, swept).await;
    swept
        .expect("it is not blocked")
        .expect("nothing goes wrong");
    let other = world.provisioner.ensure("b", |key| key).into_future();
    let other = tokio::time::timeout(super::PATIENCE, other).await;
    other
        .expect("it is not blocked")
        .expect("nothing goes wrong");
    paused.await.expect("nothing goes wrong");
    assert_eq!(world.keys().await, 2);
}

#[tokio::test]
async fn another_name_for_the_account_is_compared_also_by_a_clone() {
    let world = World::new().await;
    let shop = world.provisioner.clone().account("shop");
    shop.sweep().await.expect("it is the first");
    let error = shop.account("warehouse").sweep().await;
    let error = error.expect_err("it is the shop's");
    assert_eq!(error.kind(), ErrorKind::ForeignLedger);
}
