//! Every public type, and every kind of error, in every way that it can be printed in: no secret is in it.

mod errors;
#[cfg(all(feature = "file-ledger", unix))]
mod files;
mod forms;
mod moody;
mod print;
mod public;

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::{ExposeSecret, SecretString};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use openrouter_keys_provision::{
    Account, Entry, Ledger, LedgerError, MemoryLedger, Nonce, Provisioner, Record, check_ledger,
};

use self::moody::Moody;
use self::print::{Printed, show};
use crate::support::client_of;

const MANAGEMENT_KEY: &str = "sk-or-v1-canary-management-not-a-real-key";
const CHOSEN: &str = "canary-that-a-partner-chose-for-customer-42";

#[tokio::test]
async fn no_public_type_and_no_error_shows_a_secret() {
    let emulator = Emulator::builder()
        .management_key(MANAGEMENT_KEY)
        .start()
        .await;
    let emulator = emulator.expect("loopback is there");
    let client = client_of(emulator.base_url(), MANAGEMENT_KEY);
    let ledger = Arc::new(Moody::default());
    let provisioner = Provisioner::new(client.clone(), Arc::clone(&ledger));
    let mut printed = Printed::new([MANAGEMENT_KEY, CHOSEN]);

    // A leftover, and what came of it.
    emulator.inject(Fault::commit_then_reset().on(Route::Create));
    let ensure = || provisioner.ensure("a", |key| key.limit(5));
    let made = ensure().await.expect("the second create is answered");
    let secret = made.secret.clone().expect("it was not released");
    printed.secret(secret.expose_secret());
    let partner = provisioner.ensure("b", |key| key.external_user("u"));
    let partner = partner.partner_key(CHOSEN);
    show!(printed: made, made.leftovers[0], made.leftovers[0].fate, partner, provisioner);
    let partner = partner.await.expect("the emulator takes it");
    show!(printed: partner, provisioner.sweep().await.expect("the emulator answers"));

    // What is in the ledger.
    for intent in ["", "a", "b"] {
        let entries = ledger.read(intent).await.expect("it is in no mood");
        for entry in entries {
            if let Record::Attempt { nonce, request, .. } = &entry.record {
                show!(printed: nonce, request);
            }
            show!(printed: entry.record, entry);
        }
    }
    let memory = MemoryLedger::new();
    let entry = Entry::new(Record::Released {}, Some(secret.clone()));
    memory
        .append("a", 0, &entry)
        .await
        .expect("memory does not fail");
    let misread = Entry::from_json(&format!("{{\"{MANAGEMENT_KEY}"), Some(secret));
    show!(printed:
        memory,
        misread.expect_err("it is cut off"),
        LedgerError::Conflict,
        MANAGEMENT_KEY.parse::<Nonce>().expect_err("it is none"),
        Account::default(),
    );

    let broken = check_ledger(async || MemoryLedger::new()).await;
    show!(printed: broken.expect_err("it forgets"));
    #[cfg(all(feature = "file-ledger", unix))]
    files::show_all(&mut printed).await;

    // A rotation, whose sink fails and then does not.
    let rotation = provisioner
        .rotation("a", "2026-11")
        .grace(Duration::from_secs(60));
    let status = rotation.status().await.expect("it has not begun");
    show!(printed: rotation, status, status.stage);
    let mut delivery = None;
    let resumed = rotation.resume(async |new| {
        delivery = Some(new);
        Err("the vault is closed".into())
    });
    let error = resumed.await.expect_err("the sink fails");
    let delivery = delivery.expect("the sink was called");
    let delivered: SecretString = delivery.secret.clone();
    printed.secret(delivered.expose_secret());
    show!(printed: delivery);
    show!(printed: rotation.status().await.expect("it is under way"));

    printed.error(&error);
    errors::print_all(&mut printed, &emulator, &provisioner, &delivered).await;
    printed.assert_complete();
}
