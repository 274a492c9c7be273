//! Plaintexts in the hands of others.

use openrouter_keys::ExposeSecret;

use super::world::World;
use crate::{Delivery, Entry, ErrorKind, Ledger, LedgerError, MemoryLedger, Provisioner};

/// A database may say which value it did not like.
#[tokio::test]
async fn what_a_sink_says_of_the_plaintext_is_not_repeated() {
    let world = World::new().await;
    world.ensure().await;
    let sink = async |delivery: Delivery| {
        let secret = delivery.secret.expose_secret();
        Err(format!("Key (secret)=({secret}) already exists").into())
    };
    let error = world.rotation().resume(sink).await;
    let error = error.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Sink);
    let printed = format!("{error} {error:?} {error:#?}");
    assert!(printed.contains("already exists"), "{printed}");
    assert!(!printed.contains("sk-or-"), "{printed}");
}

/// A ledger that repeats the secrets which it could not keep.
struct Talkative(MemoryLedger);

impl Ledger for Talkative {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        self.0.read(intent).await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        match &entry.secret {
            Some(secret) => Err(format!("{:?} is too long", secret.expose_secret()).into()),
            None => self.0.append(intent, position, entry).await,
        }
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.0.intents().await
    }
}

#[tokio::test]
async fn what_a_ledger_says_of_the_plaintext_is_not_repeated() {
    const CHOSEN: &str = "canary-that-a-partner-chose-for-customer-42";
    let world = World::new().await;
    let ledger = Talkative(MemoryLedger::new());
    let provisioner = Provisioner::new(world.client.clone(), ledger).clock(world.time.clone());
    let ensure = || provisioner.ensure("a", |key| key.external_user("u"));
    for error in [ensure().await, ensure().partner_key(CHOSEN).await] {
        let error = error.expect_err("the ledger fails");
        assert_eq!(error.kind(), ErrorKind::Ledger);
        let printed = format!("{error} {error:?} {error:#?}");
        assert!(printed.contains("too long"), "{printed}");
        assert!(!printed.contains("sk-or-"), "{printed}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}
