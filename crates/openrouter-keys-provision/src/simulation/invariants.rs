//! What must hold, and who sees to it: somebody who misses nothing.

use std::collections::{BTreeMap, BTreeSet};

use openrouter_keys::ExposeSecret as _;
use serde::Deserialize;

use super::http::{Message, Request};
use super::scenarios::Mode;
use super::schedule::Step;
use super::world::Start;
use crate::ledger::Entry;
use crate::leftover::LeftoverFate;
use crate::marker::Nonce;
use crate::record::Record;
use crate::{Delivery, Error, ErrorKind, Provisioned, Sweep};

/// Sees each request as it comes to the network, each answer of the emulator before anybody else does, each entry that is
/// durable, and what the calls return.
#[derive(Default)]
pub(super) struct Observer {
    mode: Mode,
    /// The keys that are alive, by hash.
    keys: BTreeMap<String, KeyData>,
    /// The keys that are none of the provisioner's business.
    foreign: BTreeSet<String>,
    /// Whose nonces are in the ledger.
    nonces: BTreeMap<Nonce, String>,
    /// What is sealed in the ledger, for whom and with what plaintext.
    sealed: BTreeMap<String, (String, String)>,
    committed: BTreeSet<String>,
    /// The intents whose plaintext is not in the ledger, and need not be: it was erased, or was never known.
    without_secret: BTreeSet<String>,
    /// The intents whose plaintext a call has said to be erased.
    released: BTreeSet<String>,
    /// What an intent's key is, as a call has said.
    promised: BTreeMap<String, String>,
    /// Whether the intent's key is being replaced by another.
    is_rotating: bool,
    /// The key that is to be replaced.
    old: Option<String>,
    /// Whether it is durable that this one is disabled, and not that it is to come back.
    is_old_disabled: bool,
    /// The keys whose plaintext the customer has: since before the rotation, or from the sink.
    held: BTreeSet<String>,
    /// What was made, and nobody has been told of yet.
    untold: Vec<String>,
    /// Whether a create was carried out twice.
    is_doubled: bool,
    violations: Vec<String>,
}

/// What the emulator says of a key.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct KeyData {
    pub(super) hash: String,
    pub(super) name: String,
    pub(super) disabled: bool,
    pub(super) limit: Option<f64>,
    pub(super) limit_reset: Option<String>,
    pub(super) usage: f64,
}

/// The one intent of all scenarios, and the settings that its keys are asked for with.
pub(super) const INTENT: &str = "customer-42";
pub(super) const LIMIT: f64 = 50.0;
pub(super) const RESET: &str = "monthly";

#[derive(Deserialize)]
struct Made {
    data: KeyData,
}

#[derive(Deserialize)]
struct Asked {
    name: Option<String>,
    limit: Option<f64>,
}

impl Observer {
    /// Begins with the keys and the entries that there are.
    pub(super) fn begin(&mut self, mode: Mode, start: &Start) {
        *self = Self {
            mode,
            keys: start.keys.clone(),
            foreign: start.foreign.clone(),
            ..Self::default()
        };
        for entry in &start.entries {
            self.written(INTENT, entry);
        }
    }

    /// A request comes to the network.
    pub(super) fn sent(&mut self, request: &Request) {
        match request.step {
            Step::Create => {
                let asked: Asked = serde_json::from_slice(request.message.body()).expect("JSON");
                let nonce = asked.name.as_deref().and_then(Nonce::of_marker);
                if nonce.is_none_or(|nonce| !self.nonces.contains_key(&nonce)) {
                    self.violated("I3: a create is sent whose nonce is not durable");
                }
                if self.mode == Mode::Escrow && asked.limit != Some(0.0) {
                    self.violated("escrow: a create is sent with a limit other than 0");
                }
            }
            Step::Update | Step::Delete if self.foreign.contains(&request.hash) => {
                self.violated("a key is touched that is not ours");
            }
            _ => {}
        }
    }

    /// The emulator has answered.
    pub(super) fn answered(&mut self, request: &Request, answer: &Message) {
        match (request.step, answer.status()) {
            (Step::Create, 201) => {
                let Made { data } = serde_json::from_slice(answer.body()).expect("a key");
                self.untold.push(data.hash.clone());
                self.is_doubled |= self.keys.values().any(|known| known.name == data.name);
                self.keys.insert(data.hash.clone(), data);
            }
            (Step::Update, 200) => {
                let Made { data } = serde_json::from_slice(answer.body()).expect("a key");
                let earlier = self.keys.insert(data.hash.clone(), data.clone());
                let is_renamed = earlier.is_some_and(|earlier| earlier.name != data.name);
                if is_renamed && !self.sealed.contains_key(&data.hash) {
                    self.violated("I1: a key is renamed that is not sealed");
                }
            }
            (Step::Delete, 200) => {
                let gone = self.keys.remove(&request.hash);
                if self.promised.values().any(|hash| *hash == request.hash) {
                    self.violated("I1: a key is removed that a call has returned");
                }
                // What the customer has had is used, and goes when it is replaced.
                let is_used = gone.is_some_and(|key| key.usage > 0.0);
                if is_used && !self.held.contains(&request.hash) {
                    self.violated("a key is removed that was used");
                }
            }
            _ => return,
        }
        self.look();
    }

    /// An entry is durable.
    pub(super) fn written(&mut self, intent: &str, entry: &Entry) {
        match &entry.record {
            Record::Attempt { nonce, .. } => {
                self.nonces.insert(*nonce, intent.to_owned());
            }
            Record::Sealed { hash } => {
                let secret = entry.secret.as_ref();
                let secret = secret.map_or_else(String::new, |it| it.expose_secret().to_owned());
                let sealed = (intent.to_owned(), secret);
                self.sealed.insert(hash.as_str().to_owned(), sealed);
            }
            Record::Committed {} => {
                self.committed.insert(intent.to_owned());
            }
            Record::Removed {} => {
                self.committed.remove(intent);
            }
            Record::Released {} => {
                self.without_secret.insert(intent.to_owned());
            }
            Record::Adopted { hash, .. } => {
                self.foreign.remove(hash.as_str());
                self.without_secret.insert(intent.to_owned());
                self.committed.insert(intent.to_owned());
            }
            Record::Disabled { .. } => {
                self.is_old_disabled = true;
                self.look();
            }
            Record::RollingBack { .. } => self.is_old_disabled = false,
            _ => {}
        }
    }

    /// What holds at each moment.
    fn look(&mut self) {
        let mut named = BTreeSet::new();
        let mut violated = Vec::new();
        for key in self.keys.values() {
            if self.foreign.contains(&key.hash) {
                continue;
            }
            if Nonce::of_marker(&key.name).is_none() {
                if !named.insert(&key.name) && !self.is_rotating {
                    violated.push(format!("I1: two keys are called {:?}", key.name));
                }
            } else if self.mode == Mode::Escrow && key.limit != Some(0.0) {
                violated.push("escrow: a key can spend that is not committed".to_owned());
            }
        }
        self.violations.append(&mut violated);
        let old = self.old.as_ref().and_then(|hash| self.keys.get(hash));
        if self.is_old_disabled && old.is_some_and(|old| !old.disabled) {
            self.violated("rotation: the old key works in the grace");
        }
        let mut held = self.held.iter().filter_map(|hash| self.keys.get(hash));
        if self.is_rotating && held.all(|key| key.disabled) {
            self.violated("rotation: the customer has no key that works");
        }
    }

    /// An `ensure` has returned a key.
    pub(super) fn ensured(&mut self, intent: &str, provisioned: &Provisioned) {
        if self.is_rotating {
            // Either key is the intent's, and what is said of it may be old when it is said.
            return;
        }
        let hash = provisioned.key.hash.as_str();
        self.promise(intent, hash);
        if provisioned.secret.is_some() && self.released.contains(intent) {
            self.violated("a call returns a plaintext that was erased");
        }
        let secret = provisioned.secret.as_ref();
        let secret = secret.map(|secret| secret.expose_secret().to_owned());
        let sealed = self.sealed.get(hash);
        let is_held =
            sealed.is_some_and(|(of, text)| of == intent && secret.as_deref() == Some(text));
        let is_done_without = secret.is_none() && self.without_secret.contains(intent);
        if !is_held && !is_done_without {
            self.violated("I4: the plaintext is not in the ledger");
        }
        if !self.committed.contains(intent) {
            self.violated("I4: the key is not committed in the ledger");
        }
        match self.keys.get(hash) {
            None => self.violated("I4: the key is not there"),
            Some(key) => {
                if !is_as_asked(key, intent) {
                    self.violated("I4: the key is not as it was asked for");
                }
            }
        }
        let has_leftovers = self.leftovers().any(|key| key.usage == 0.0);
        let is_strict = matches!(self.mode, Mode::Strict | Mode::Escrow);
        // What is made twice can be told from nothing at this moment; a sweep finds it.
        if is_strict && has_leftovers && !self.is_doubled {
            self.violated("strict: a key that nobody holds is alive when a call returns");
        }
    }

    /// An `adopt` has returned this key.
    pub(super) fn adopted(&mut self, intent: &str, hash: &str) {
        self.promise(intent, hash);
    }

    /// A `release` has returned.
    pub(super) fn released(&mut self, intent: &str) {
        self.released.insert(intent.to_owned());
    }

    /// From now on, this is the intent's key.
    fn promise(&mut self, intent: &str, hash: &str) {
        let promised = self.promised.insert(intent.to_owned(), hash.to_owned());
        if promised.is_some_and(|promised| promised != hash) {
            self.violated("I1: a call returns another key than one before");
        }
    }

    /// A call has failed.
    pub(super) fn failed(&mut self, error: &Error) {
        let is_passing = matches!(
            error.kind(),
            ErrorKind::Client | ErrorKind::Ledger | ErrorKind::Contended | ErrorKind::Sink
        );
        if !is_passing {
            self.violated(&format!(
                "a call fails for good, {:?}: {error}",
                error.kind()
            ));
        }
    }

    /// Nothing is under way any more, and nobody will remove anything that is left.
    pub(super) fn settled(&mut self) {
        if self.leftovers().any(|key| key.usage == 0.0) {
            self.violated("I2: a key that nobody holds is left");
        }
    }

    /// The last sweep has returned.
    pub(super) fn swept(&mut self, sweep: &Sweep) {
        let reported = |key: &KeyData, fate| {
            let mut leftovers = sweep.leftovers.iter();
            leftovers.any(|it| it.key.hash.as_str() == key.hash && it.fate == fate)
        };
        let is_reported = self
            .leftovers()
            .all(|key| key.usage == 0.0 || reported(key, LeftoverFate::Used));
        let mut foreign = self
            .keys
            .values()
            .filter(|key| self.foreign.contains(&key.hash));
        // Where nothing was ever made, nothing is looked at.
        let is_looked_at = !self.nonces.is_empty();
        let is_told_apart = foreign.all(|key| {
            let has_marker = Nonce::of_marker(&key.name).is_some();
            reported(key, LeftoverFate::Unknown) == (has_marker && is_looked_at)
        });
        if !is_reported {
            self.violated("the sweep does not report a leftover that was used");
        }
        if !is_told_apart {
            self.violated("the sweep does not report what has a marker that it does not know");
        }
        // Where nobody has asked for a key, what was begun is still to be seen through.
        let is_finished = sweep.unfinished.is_empty() || self.promised.is_empty();
        if !sweep.is_settled || !is_finished {
            self.violated("the sweep does not say that all is done");
        }
    }

    /// A rotation begins, of the key that the customer has.
    pub(super) fn rotating(&mut self) {
        self.is_rotating = true;
        self.old = self.sealed.keys().next().cloned();
        self.held = self.old.clone().into_iter().collect();
    }

    /// The sink has stored a plaintext, and says so.
    pub(super) fn delivered(&mut self, delivery: &Delivery) {
        let hash = delivery.hash.as_str();
        let sealed = self.sealed.get(hash);
        let secret = delivery.secret.expose_secret();
        if sealed.is_none_or(|(_, sealed)| sealed != secret) {
            self.violated("rotation: a plaintext is delivered that is not in the ledger");
        }
        self.held.insert(hash.to_owned());
    }

    /// A rotation is over, or was taken back.
    pub(super) fn rotated(&mut self, is_taken_back: bool) {
        self.is_rotating = false;
        let mut keys = self.keys.values().filter(|key| key.name == INTENT);
        let (Some(left), None) = (keys.next(), keys.next()) else {
            return self.violated("rotation: when it is over, there is not one key");
        };
        let is_right =
            is_as_asked(left, INTENT) && (Some(&left.hash) == self.old.as_ref()) == is_taken_back;
        if !is_right || !self.held.contains(&left.hash) {
            self.violated("rotation: when it is over, another key is there than should be");
        }
    }

    /// A call begins that removes the intent's key.
    pub(super) fn removing(&mut self, intent: &str) {
        self.promised.remove(intent);
    }

    /// Everything is done: one key is alive for the intent.
    pub(super) fn ended(&mut self, intent: &str) {
        let alive = self.keys.values();
        let alive = alive.filter(|key| key.name == intent && !self.foreign.contains(&key.hash));
        let alive = alive.count();
        if alive != 1 {
            self.violated(&format!("I2: {alive} keys are alive for the intent"));
        }
        let foreign = self.foreign.iter();
        if !foreign.clone().all(|hash| self.keys.contains_key(hash)) {
            self.violated("a key is gone that was not ours");
        }
    }

    /// The hash and the plaintext of the intent's key, as the last call has returned them.
    pub(super) fn promised(&self, intent: &str) -> Option<(String, String)> {
        let hash = self.promised.get(intent)?;
        let (_, plaintext) = self.sealed.get(hash)?;
        Some((hash.clone(), plaintext.clone()))
    }

    /// What the keys are called, by their hashes.
    pub(super) fn names(&self) -> BTreeMap<String, String> {
        let keys = self.keys.values();
        keys.map(|key| (key.hash.clone(), key.name.clone()))
            .collect()
    }

    /// The keys that carry a marker of ours and are not the intent's.
    fn leftovers(&self) -> impl Iterator<Item = &KeyData> {
        self.keys.values().filter(|key| {
            let nonce = Nonce::of_marker(&key.name);
            let is_ours = nonce.is_some_and(|nonce| self.nonces.contains_key(&nonce));
            is_ours && !self.promised.values().any(|hash| *hash == key.hash)
        })
    }

    /// What was made and nobody has been told of: from now on they have.
    pub(super) fn take_untold(&mut self) -> Vec<String> {
        std::mem::take(&mut self.untold)
    }

    /// Somebody spends money with a key.
    pub(super) fn spent(&mut self, hash: &str, usd: f64) {
        if let Some(key) = self.keys.get_mut(hash) {
            key.usage += usd;
        }
    }

    pub(super) fn violated(&mut self, what: &str) {
        self.violations.push(what.to_owned());
    }

    pub(super) fn take_violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }
}

/// Whether a key is what the intent was to have.
fn is_as_asked(key: &KeyData, intent: &str) -> bool {
    key.name == intent
        && !key.disabled
        && key.limit == Some(LIMIT)
        && key.limit_reset.as_deref() == Some(RESET)
}
