//! What most of these tests begin with.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{Client, ClientBuilder, Clock, Key, RetryPolicy, SecretString};
use openrouter_keys_emulator::{Emulator, Fault, Route};

use super::watched::{Hand, Watched};
use crate::{Delivery, Ledger, MemoryLedger, Provisioned, Provisioner, Record, Rotation};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(crate) const LONGEST_DELAY: Duration = Duration::from_secs(5 * 60);

/// The time of the emulator, which a test moves.
#[derive(Clone, Debug)]
pub(crate) struct Time(Arc<Mutex<DateTime<Utc>>>);

impl Time {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().expect("no test panics in between") += by;
    }
}

impl Clock for Time {
    fn utc_now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics in between")
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(duration);
        Box::pin(async {})
    }
}

/// An account, and a provisioner for it whose time stands still.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
    pub(crate) time: Time,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) provisioner: Provisioner<Arc<MemoryLedger>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let emulator = Emulator::start().await.expect("loopback is there");
        let now = "2026-11-21T12:00:00Z".parse().expect("a time");
        emulator.set_time(now);
        emulator.freeze_time();
        let time = Time(Arc::new(Mutex::new(now)));
        let client = client_of(&emulator).clock(time.clone()).build();
        let client = client.expect("the settings make sense");
        let ledger = Arc::new(MemoryLedger::new());
        let provisioner = Provisioner::new(client.clone(), Arc::clone(&ledger))
            .clock(time.clone())
            .longest_delay(LONGEST_DELAY);
        Self {
            emulator,
            client,
            time,
            ledger,
            provisioner,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.time.advance(by);
        self.emulator.advance(by);
    }

    /// The provisioner's clock is ahead of the service's.
    pub(crate) fn advance_clock(&self, by: Duration) {
        self.time.advance(by);
    }

    /// The key of the intent `a`, with a limit of 50 USD.
    pub(crate) async fn ensure(&self) -> Provisioned {
        let made = self.provisioner.ensure("a", |key| key.limit(50)).await;
        made.expect("nothing is in its way")
    }

    /// The same, with a life of so long.
    pub(crate) async fn ensure_for(&self, life: Duration) -> Provisioned {
        let end = self.time.utc_now() + life;
        let made = self.provisioner.ensure("a", |key| key.expires_at(end));
        made.await.expect("nothing is in its way")
    }

    /// The provisioner of another process, in whose ledger, which is the same, the test has a hand.
    pub(crate) fn elsewhere<H: Hand>(&self, hand: H) -> Provisioner<Watched<H>> {
        let memory = Arc::clone(&self.ledger);
        Provisioner::new(self.client.clone(), Watched { memory, hand })
            .clock(self.time.clone())
            .longest_delay(LONGEST_DELAY)
    }

    /// The same, of one that stops for good when it has noted an attempt.
    pub(crate) fn stopping(&self) -> Provisioner<impl Ledger> {
        self.elsewhere(|record| {
            std::future::ready(match record {
                Record::Attempt { .. } => Err("it stops here".into()),
                _ => Ok(()),
            })
        })
    }

    /// The key of an attempt for the intent `a`, which another process has sent and then stopped for good.
    pub(crate) async fn stopped(&self) -> Key {
        let ensured = self.stopping().ensure("a", |key| key.limit(50)).await;
        ensured.expect_err("it has stopped");
        let entries = self.ledger.read("a").await.expect("memory does not fail");
        let Some(Record::Attempt { nonce, .. }) = entries.last().map(|it| &it.record) else {
            unreachable!("the attempt is noted");
        };
        let create = self.client.create(nonce.marker()).limit(50).send().await;
        create.expect("the emulator answers").key
    }

    /// The answer to the next create is lost, and what it has made cannot be looked for.
    pub(crate) fn lose_a_create(&self) {
        let lost = Fault::commit_then_reset().on(Route::Create);
        self.emulator.inject(lost);
        let outage = Fault::status(503).on(Route::List);
        self.emulator.inject(outage);
    }

    /// A rotation of it.
    pub(crate) fn rotation(&self) -> Rotation<'_, Arc<MemoryLedger>> {
        self.provisioner.rotation("a", "1")
    }

    pub(crate) async fn works(&self, secret: &SecretString) -> bool {
        let client = self.client.with_key(secret.clone());
        client.current().send().await.is_ok()
    }

    pub(crate) async fn key(&self, hash: impl AsRef<str>) -> Key {
        let key = self.client.get(hash).send().await;
        key.expect("it is there")
    }

    pub(crate) async fn is_there(&self, hash: impl AsRef<str>) -> bool {
        self.client.get(hash).send().await.is_ok()
    }

    pub(crate) async fn keys(&self) -> usize {
        let all = self.client.list().include_all().collect_all().await;
        all.expect("the emulator answers").len()
    }

    /// What an admin does in the dashboard.
    pub(crate) async fn set_disabled(&self, hash: impl AsRef<str>, disabled: bool) {
        let update = self.client.update(hash).disabled(disabled);
        update.send().await.expect("it is there");
    }

    pub(crate) async fn set_limit(&self, hash: impl AsRef<str>, usd: f64) {
        let update = self.client.update(hash).limit(usd);
        update.send().await.expect("it is there");
    }

    pub(crate) async fn delete(&self, hash: impl AsRef<str>) {
        let delete = self.client.delete(hash);
        delete.send().await.expect("it is there");
    }
}

pub(crate) async fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().await.expect("loopback is there");
    let client = client_of(&emulator).build();
    let client = client.expect("the settings make sense");
    (emulator, client)
}

fn client_of(emulator: &Emulator) -> ClientBuilder {
    Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .retry(RetryPolicy::none())
}

pub(crate) type Taken = Result<(), Box<dyn std::error::Error + Send + Sync>>;

pub(crate) async fn take(_: Delivery) -> Taken {
    Ok(())
}

pub(crate) async fn refuse(_: Delivery) -> Taken {
    Err("the vault is shut".into())
}
