//! A ledger in a database of your own, here SQLite, and an intent's life with it.
//!
//! `cargo run -p openrouter-keys-provision --example sqlite_ledger` talks to an emulator in this process. The ledger is the
//! part between the two lines; what comes after them tries it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use openrouter_keys::{Client, ExposeSecret, LimitReset, SecretString};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use openrouter_keys_provision::{
    Entry, Ledger, LedgerError, Provisioned, Provisioner, Record, check_ledger,
};
use rusqlite::{Connection, TransactionBehavior, params};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

// ---------------------------------------------------------------------------------------------------------------------------

/// A ledger in an SQLite database. Plaintexts are in it as they are, until they are released: keep the file to yourself.
struct SqliteLedger(Arc<Mutex<Connection>>);

/// `EXTRA` is what makes a commit durable in SQLite's ordinary journal mode, the removal of the journal included; and what is
/// erased is overwritten.
const SCHEMA: &str = "
    PRAGMA synchronous = EXTRA;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS entries
        (intent TEXT, position INTEGER, record TEXT NOT NULL, secret TEXT, PRIMARY KEY (intent, position))";
/// Adds a row if its position is the next one. The primary key says that no position is taken twice, whatever becomes of this.
const APPEND: &str = "
    INSERT INTO entries SELECT ?1, ?2, ?3, ?4
    WHERE ?2 = (SELECT count(*) FROM entries WHERE intent = ?1)";
const ERASE: &str = "UPDATE entries SET secret = NULL WHERE intent = ?";

impl SqliteLedger {
    fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let database = Connection::open(path)?;
        database.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(database))))
    }

    /// Works with the database where it may block.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let database = Arc::clone(&self.0);
        // A panic leaves no transaction behind that is neither committed nor rolled back.
        let work = move || work(&mut database.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await?
    }
}

impl Ledger for SqliteLedger {
    async fn read(&self, intent: &str) -> Result<Vec<Entry>, LedgerError> {
        let intent = intent.to_owned();
        self.with(move |database| {
            let all = "SELECT record, secret FROM entries WHERE intent = ? ORDER BY position";
            let mut all = database.prepare(all)?;
            let entries = all.query_and_then([intent], |row| {
                let (record, secret): (String, Option<String>) = (row.get(0)?, row.get(1)?);
                Entry::from_json(&record, secret.map(SecretString::from))
            })?;
            entries.collect()
        })
        .await
    }

    async fn append(
        &self,
        intent: &str,
        position: usize,
        entry: &Entry,
    ) -> Result<(), LedgerError> {
        let (intent, position) = (intent.to_owned(), i64::try_from(position)?);
        let (entry, record) = (entry.clone(), entry.record_json());
        self.with(move |database| {
            let step = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let secret = entry.secret.as_ref().map(ExposeSecret::expose_secret);
            if step.execute(APPEND, params![intent, position, record, secret])? == 0 {
                return Err(LedgerError::Conflict);
            }
            if entry.record == (Record::Released {}) {
                step.execute(ERASE, [intent])?;
            }
            Ok(step.commit()?)
        })
        .await
    }

    async fn intents(&self) -> Result<Vec<String>, LedgerError> {
        self.with(|database| {
            let mut intents = database.prepare("SELECT DISTINCT intent FROM entries")?;
            let intents = intents.query_and_then([], |row| Ok(row.get(0)?))?;
            intents.collect()
        })
        .await
    }
}

// ---------------------------------------------------------------------------------------------------------------------------

const INTENT: &str = "customer-42";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .build()?;
    // Nobody else may look into it.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("keys.sqlite");

    // The answer to the first create is lost: the key is there, and nobody has its plaintext.
    emulator.inject(Fault::commit_then_reset().on(Route::Create));
    let provisioner = Provisioner::new(client.clone(), SqliteLedger::open(&path)?);
    let made = ensure(&provisioner).await?;
    for leftover in &made.leftovers {
        println!("lost      {}: {:?}", leftover.key.hash, leftover.fate);
    }
    println!("made      {} {:?}", made.key.hash, made.key.name);
    drop(provisioner);

    // After a restart there is the file, and nothing else.
    let provisioner = Provisioner::new(client.clone(), SqliteLedger::open(&path)?);
    let again = ensure(&provisioner).await?;
    println!("again     {} {:?}", again.key.hash, again.key.name);
    let plaintext = again.secret.ok_or("the plaintext is not in the ledger")?;
    let me = client.with_key(plaintext.clone()).current().send().await?;
    println!("it works  {}", me.label);

    let sweep = provisioner.sweep().await?;
    println!("swept     {} leftovers", sweep.leftovers.len());

    provisioner.release(INTENT).await?;
    let released = ensure(&provisioner).await?;
    if released.secret.is_some() || file_has(&path, plaintext.expose_secret())? {
        return Err("the plaintext was released, and the ledger has it still".into());
    }
    println!("released  {}: its plaintext is erased", released.key.hash);
    emulator.stop().await;

    // What every ledger has to keep to. A test of your own does the same.
    let path = folder.path().join("checked.sqlite");
    let open = async || SqliteLedger::open(&path).expect("the folder is ours");
    check_ledger(open).await?;
    println!("checked   it keeps what a ledger promises");
    Ok(())
}

async fn ensure(provisioner: &Provisioner<SqliteLedger>) -> Result<Provisioned> {
    let ensured = provisioner
        .ensure(INTENT, |key| key.limit(50).limit_reset(LimitReset::Monthly))
        .name("Customer 42")
        .await?;
    Ok(ensured)
}

fn file_has(path: &Path, text: &str) -> Result<bool> {
    let bytes = std::fs::read(path)?;
    Ok(bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes()))
}
