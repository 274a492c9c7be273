//! An error of each kind, with secrets wherever somebody could put one.

use std::sync::Arc;

use openrouter_keys::{ExposeSecret, SecretString};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use openrouter_keys_provision::{LedgerError, Provisioner};

use super::moody::Moody;
use super::print::Printed;
use super::{CHOSEN, MANAGEMENT_KEY};
use crate::support::client_of;

/// Prints them. The intent `a` has a key with this plaintext, which is being rotated, and `b` has another.
pub(crate) async fn print_all(
    printed: &mut Printed,
    emulator: &Emulator,
    provisioner: &Provisioner<Arc<Moody>>,
    secret: &SecretString,
) {
    let plaintext = secret.expose_secret();
    let client = provisioner.client();
    let ledger = provisioner.ledger();
    let mut failed = |result: Result<(), openrouter_keys_provision::Error>| {
        printed.error(&result.expect_err("it makes no sense"));
    };

    // A secret where none belongs.
    for argument in [plaintext, MANAGEMENT_KEY] {
        let ensure = || provisioner.ensure("c", |key| key);
        failed(provisioner.ensure(argument, |key| key).await.map(drop));
        failed(ensure().name(argument).await.map(drop));
        let misplaced = provisioner.ensure("c", |key| key.workspace_id(argument));
        failed(misplaced.await.map(drop));
        let misplaced = provisioner.ensure("c", |key| key.external_user(argument));
        failed(misplaced.await.map(drop));
        let misplaced = provisioner.ensure("c", |key| key.limit_reset(argument));
        failed(misplaced.await.map(drop));
        failed(ensure().partner_key(argument).await.map(drop));
        failed(provisioner.release(argument).await);
        failed(provisioner.remove(argument).await);
        failed(provisioner.adopt(argument, "aa").await.map(drop));
        failed(provisioner.adopt("c", argument).await.map(drop));
    }

    // The client, the service and the ledger fail.
    let partner = || {
        let partner = provisioner.ensure("c", |key| key.external_user("u"));
        partner.partner_key(format!("{CHOSEN}-2"))
    };
    emulator.inject(Fault::status(400).on(Route::Create));
    failed(partner().await.map(drop));
    emulator.inject(Fault::commit_then_reset().on(Route::Create).always());
    let lost = provisioner.ensure("d", |key| key).await.map(drop);
    failed(lost);
    emulator.clear_faults();
    for mood in [
        LedgerError::Conflict,
        LedgerError::Damaged("it is torn".into()),
        LedgerError::Failed("the disk is full".into()),
    ] {
        ledger.fail(mood);
        failed(partner().await.map(drop));
    }

    // The ledger is another account's, and the key cannot manage keys.
    let other = Emulator::start().await.expect("loopback is there");
    let foreign = client_of(other.base_url(), other.management_key());
    let foreign = Provisioner::new(foreign, Arc::clone(ledger));
    failed(foreign.remove("a").await);
    let ordinary = Provisioner::new(client.with_key(secret.clone()), Arc::clone(ledger));
    failed(ordinary.remove("a").await);

    // The key is another, was renamed, changed or removed.
    emulator.inject(Fault::status(500).on(Route::Update));
    let ensure = || provisioner.ensure("e", |key| key.limit(5));
    let error = ensure().await.expect_err("it could not be named");
    let hash = error.hash().expect("it was made").clone();
    printed.error(&error);
    let mut failed = |result: Result<(), openrouter_keys_provision::Error>| {
        printed.error(&result.expect_err("it makes no sense"));
    };
    let marked = client.get(&hash).send().await.expect("it is there");
    let renamed = client.update(&hash).name("Renamed").send().await;
    renamed.expect("it is there");
    failed(ensure().await.map(drop));
    let changed = client.update(&hash).name(marked.name).limit(6);
    changed.send().await.expect("it is there");
    failed(ensure().await.map(drop));
    let mended = client.update(&hash).limit(5).send().await;
    mended.expect("it is there");
    ensure().await.expect("it is as it was");
    failed(provisioner.ensure("e", |key| key).await.map(drop));
    failed(provisioner.adopt("b", &hash).await.map(drop));
    failed(provisioner.release("a").await);
    let removed = client.delete(&hash).send().await;
    removed.expect("it is there");
    failed(ensure().await.map(drop));
    failed(provisioner.release("nobody").await);
}
