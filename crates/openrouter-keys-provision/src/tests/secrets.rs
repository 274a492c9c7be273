//! Plaintexts in the hands of others.

use openrouter_keys::ExposeSecret;

use super::watched::Hand;
use super::world::World;
use crate::{Delivery, Entry, ErrorKind, LedgerError};

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

/// Repeats the secrets which it could not keep.
struct Talkative;

impl Hand for Talkative {
    fn append(&self, entry: &Entry) -> Result<(), LedgerError> {
        entry.secret.as_ref().map_or(Ok(()), |secret| {
            Err(format!("{:?} is too long", secret.expose_secret()).into())
        })
    }
}

#[tokio::test]
async fn what_a_ledger_says_of_the_plaintext_is_not_repeated() {
    const CHOSEN: &str = "canary-that-a-partner-chose-for-customer-42";
    let world = World::new().await;
    let provisioner = world.elsewhere(Talkative);
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
