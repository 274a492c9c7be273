//! What most tests begin with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::{Client, ExposeSecret, Key, RetryPolicy, SecretString};
use openrouter_keys_emulator::{Emulator, Snapshot};
use openrouter_keys_provision::{Ledger, MemoryLedger, Provisioner};

pub(crate) type Shared = Arc<MemoryLedger>;

/// An account, and a ledger about it that outlives the provisioners.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
    pub(crate) ledger: Shared,
}

/// All that can be changed by mistake: the account, and the ledger with its secrets.
#[derive(Debug, PartialEq)]
pub(crate) struct Everything {
    account: Snapshot,
    ledger: BTreeMap<String, Vec<(String, Option<String>)>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let emulator = Emulator::start().await.expect("loopback is there");
        let client = client_of(emulator.base_url(), emulator.management_key());
        Self {
            emulator,
            client,
            ledger: Shared::default(),
        }
    }

    /// A provisioner as a process that has just started has one, which takes every other one for dead.
    pub(crate) fn provisioner(&self) -> Provisioner<Shared> {
        let provisioner = Provisioner::new(self.client.clone(), Arc::clone(&self.ledger));
        provisioner.patience(Duration::ZERO)
    }

    /// Every key of the account, the disabled ones too.
    pub(crate) async fn keys(&self) -> Vec<Key> {
        let keys = self.client.list().include_all().collect_all().await;
        keys.expect("the emulator answers")
    }

    pub(crate) async fn everything(&self) -> Everything {
        let mut ledger = BTreeMap::new();
        for intent in self.ledger.intents().await.expect("memory does not fail") {
            let entries = self.ledger.read(&intent).await;
            let entries = entries.expect("memory does not fail").into_iter();
            let entries = entries.map(|entry| {
                let secret = entry.secret.as_ref().map(ExposeSecret::expose_secret);
                (entry.record_json(), secret.map(str::to_owned))
            });
            ledger.insert(intent, entries.collect());
        }
        Everything {
            account: self.emulator.snapshot(),
            ledger,
        }
    }

    /// Which key the plaintext opens, by its label.
    pub(crate) async fn opens(&self, secret: Option<SecretString>) -> String {
        let secret = secret.expect("it was not released");
        let me = self.client.with_key(secret).current().send().await;
        me.expect("the plaintext works").label
    }
}

pub(crate) fn client_of(base_url: &str, key: &str) -> Client {
    Client::builder()
        .base_url(base_url)
        .management_key(key)
        .retry(RetryPolicy::none())
        .build()
        .expect("the settings make sense")
}
