//! An emulator, a network in front of it, and the clients behind that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openrouter_keys::{Client, Created, RetryPolicy};
use openrouter_keys_emulator::{Emulator, Snapshot};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::clock::{ActorClock, Time};
use super::director::{ACTORS, Actor};
use super::http;
use super::invariants::{INTENT, KeyData, LIMIT, RESET};
use super::network::Network;
use super::scenarios::Beginning;
use crate::ledger::Entry;
use crate::marker::Nonce;
use crate::new_key::NewKey;
use crate::record::Record;

/// One world, in which schedules run one after the other.
pub(super) struct World {
    pub(super) network: Arc<Network>,
    clients: Vec<Client>,
    /// Those that send a request again by themselves, where that is safe.
    persistent: Vec<Client>,
    management_key: String,
    server: JoinHandle<()>,
    starts: BTreeMap<Beginning, Start>,
}

/// What there is before a schedule begins.
pub(super) struct Start {
    pub(super) snapshot: Snapshot,
    pub(super) keys: BTreeMap<String, KeyData>,
    pub(super) foreign: BTreeSet<String>,
    /// What the ledger has on the intent.
    pub(super) entries: Vec<Entry>,
}

/// The nonce of a key that an earlier process has made and left behind.
const LOST: Nonce = Nonce::new(1);
/// The same, and somebody has used it.
const USED: Nonce = Nonce::new(2);
/// The nonce of a key that the ledger does not know.
const UNKNOWN: Nonce = Nonce::new(3);
/// The nonce of a key that an earlier process has made and committed.
const KEPT: Nonce = Nonce::new(4);
/// The nonce of a key that an earlier process has made, before it stopped for good without a word.
const STOPPED: Nonce = Nonce::new(5);
/// How long ago, in seconds: nothing that it has sent can have an effect any more.
const LONG_AGO: i64 = 400;
/// What was spent with [`KEPT`].
pub(super) const SPENT: f64 = 20.0;

impl World {
    pub(super) async fn new() -> Self {
        let emulator = Emulator::start().await.expect("loopback has a port");
        let management_key = emulator.management_key().to_owned();
        let time = Time::new();
        let starts = starts(&emulator, time.of_day()).await;
        let network = Network::to(emulator, time)
            .await
            .expect("the emulator listens");
        let network = Arc::new(network);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("loopback has a port");
        let address = listener.local_addr().expect("it listens there");
        let clients = |retry: RetryPolicy| {
            let clients = (0..ACTORS).map(|actor| {
                let builder = Client::builder()
                    .base_url(format!("http://{address}/api/v1"))
                    .management_key(management_key.clone())
                    .user_agent(http::user_agent(actor))
                    .retry(retry.clone())
                    .clock(ActorClock {
                        actor,
                        network: Arc::clone(&network),
                    });
                builder.build().expect("the settings make sense")
            });
            clients.collect()
        };
        Self {
            clients: clients(RetryPolicy::none()),
            persistent: clients(retries()),
            management_key,
            server: tokio::spawn(Arc::clone(&network).serve(listener)),
            network,
            starts,
        }
    }

    pub(super) fn start(&self, beginning: Beginning) -> &Start {
        &self.starts[&beginning]
    }

    /// A client of a process that starts now: it knows nothing of a 429 that another one met.
    pub(super) fn client(&self, actor: Actor, retries: bool) -> Client {
        let clients = if retries {
            &self.persistent
        } else {
            &self.clients
        };
        clients[actor].with_key(self.management_key.clone())
    }

    /// Lets an actor live until it is done, or `None`: until its process ends.
    pub(super) async fn live<T>(&self, actor: Actor, life: impl Future<Output = T>) -> Option<T> {
        let director = &self.network.director;
        director.enter(actor);
        let done = tokio::select! {
            biased;
            () = director.crashed(actor) => None,
            done = life => Some(done),
        };
        director.leave(actor);
        done
    }
}

/// As many as the default policy has, but for what would make each run another one: waits of random length, and a reserve
/// that lasts from one schedule to the next.
fn retries() -> RetryPolicy {
    let policy = RetryPolicy::default();
    policy.max_backoff(Duration::ZERO).budget(u32::MAX)
}

impl Start {
    /// The key that has the intent's name.
    pub(super) fn intents_key(&self) -> &str {
        let mut keys = self.keys.values();
        let key = keys.find(|key| key.name == INTENT);
        &key.expect("it was made").hash
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Makes the keys that a schedule begins with, beside those of somebody else.
async fn starts(emulator: &Emulator, now: DateTime<Utc>) -> BTreeMap<Beginning, Start> {
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .build()
        .expect("the settings make sense");
    let make = async |name: String, usage: f64| {
        let create = client.create(name).limit(LIMIT).limit_reset(RESET);
        let Created { key, secret, .. } = create.send().await.expect("the emulator makes keys");
        if usage > 0.0 {
            let spent = emulator.spend(key.hash.as_str(), usage);
            spent.expect("the key is there");
        }
        let data = KeyData {
            hash: key.hash.as_str().to_owned(),
            name: key.name,
            disabled: key.disabled,
            limit: key.limit,
            limit_reset: Some(RESET.to_owned()),
            usage,
        };
        (data, key.hash, secret)
    };
    emulator.freeze_time();
    emulator.set_time(now);
    let unknown = UNKNOWN.marker();
    let mut foreign = BTreeMap::new();
    for name in [
        "production".to_owned(),
        // What is almost a marker.
        unknown[..unknown.len() - 1].to_owned(),
        format!("{unknown} copy"),
        unknown,
    ] {
        let (data, ..) = make(name, 0.0).await;
        foreign.insert(data.hash.clone(), data);
    }
    let pristine = emulator.snapshot();
    let start = |keys: Vec<KeyData>, entries| {
        let keys = keys.into_iter().map(|data| (data.hash.clone(), data));
        Start {
            snapshot: emulator.snapshot(),
            keys: foreign.clone().into_iter().chain(keys).collect(),
            foreign: foreign.keys().cloned().collect(),
            entries,
        }
    };
    let mut starts = BTreeMap::new();
    for beginning in [Beginning::Blank, Beginning::Empty] {
        starts.insert(beginning, start(Vec::new(), Vec::new()));
    }

    let (lost, ..) = make(LOST.marker(), 0.0).await;
    let (used, ..) = make(USED.marker(), 1.0).await;
    let abandoned = || Record::Abandoned { refused: false };
    let entries = [
        attempt(LOST, now),
        abandoned(),
        attempt(USED, now),
        abandoned(),
    ];
    let entries = entries.map(|record| Entry::new(record, None));
    starts.insert(Beginning::Littered, start(vec![lost, used], entries.into()));

    let restored = emulator.restore(pristine.clone());
    restored.expect("no key is the management key");
    let (alive, ..) = make(STOPPED.marker(), 0.0).await;
    let open = attempt(STOPPED, now - TimeDelta::seconds(LONG_AGO));
    let entries = vec![Entry::new(open, None)];
    starts.insert(Beginning::Stopped, start(vec![alive], entries));

    let restored = emulator.restore(pristine.clone());
    restored.expect("no key is the management key");
    let (kept, hash, secret) = make(INTENT.to_owned(), SPENT).await;
    let entries = vec![
        Entry::new(attempt(KEPT, now), None),
        Entry::new(Record::Sealed { hash }, Some(secret)),
        Entry::new(Record::Committed {}, None),
    ];
    starts.insert(Beginning::Provisioned, start(vec![kept], entries));

    let restored = emulator.restore(pristine);
    restored.expect("no key is the management key");
    let (key, ..) = make(INTENT.to_owned(), 0.0).await;
    let hash = key.hash.clone();
    let mut by_hand = start(vec![key], Vec::new());
    by_hand.foreign.insert(hash);
    starts.insert(Beginning::ByHand, by_hand);
    starts
}

fn attempt(nonce: Nonce, at: DateTime<Utc>) -> Record {
    Record::Attempt {
        nonce,
        name: INTENT.to_owned(),
        request: NewKey::new().limit(LIMIT).limit_reset(RESET),
        escrow: false,
        at,
    }
}
