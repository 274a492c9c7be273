//! What belongs to a ledger in a file.

use openrouter_keys::ExposeSecret;
use openrouter_keys_provision::{Custody, Entry, FileLedger, Ledger as _, Record};

use super::CHOSEN;
use super::print::{Printed, show};

pub(crate) async fn show_all(printed: &mut Printed) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let folder = folder.path().join("ledger");
    let open = |custody| FileLedger::open(&folder, custody);
    let ledger = open(Custody::plaintext()).await;
    let ledger = ledger.expect("there is room for a file");
    let entry = Entry::new(Record::Released {}, Some(CHOSEN.to_owned().into()));
    let appended = ledger.append("a", 0, &entry).await;
    appended.expect("there is room for an entry");
    let locked = open(Custody::plaintext()).await;
    show!(printed: ledger, locked.expect_err("the other one has it"));
    drop(ledger);

    // One that is damaged in the middle of the plaintext.
    let files = std::fs::read_dir(&folder).expect("it is ours");
    for file in files {
        let path = file.expect("it is ours").path();
        let bytes = std::fs::read(&path).expect("it is ours");
        std::fs::write(&path, bytes.to_ascii_uppercase()).expect("it is ours");
    }
    let damaged = open(Custody::plaintext()).await;
    show!(printed: damaged.expect_err("it is not as it was written"));
    let seal = |secret: &openrouter_keys::SecretString| Ok(secret.expose_secret().into());
    let sealed = Custody::sealed(seal, |_| Err("there is no key".into()));
    show!(printed: Custody::plaintext(), sealed);
}
