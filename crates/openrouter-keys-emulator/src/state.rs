//! What the emulator remembers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::budget::{Account, Budget};
use crate::clock::Clock;
use crate::credential::{self, Digest, Mint};
use crate::fleet::{self, Fleet};
use crate::key::{Changes, Key, NewKey};
use crate::lock::lock;
use crate::query::Listing;
use crate::snapshot::{Contents, Snapshot};
use crate::usage::{Spent, Usage};
use crate::views::Views;

/// The state, shared by all connections. A request takes the lock once and holds it until its
/// answer is written, so that what one request does is never seen half done by another.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

/// Every key, and who may sign in.
pub(crate) struct State {
    clock: Clock,
    mint: Mint,
    management: Digest,
    management_label: String,
    /// The keys that are there from the start, and again after a reset.
    initial: Fleet,
    /// In the order of creation, which a clock cannot give: it may stand still or be set back.
    /// Boxed, because a tree that grows at one end leaves half of its slots empty.
    keys: BTreeMap<Sequence, Box<Key>>,
    /// Every credential by its digest, so that no secret is ever compared with another.
    credentials: HashMap<Digest, Holder>,
    next: Sequence,
    /// Which keys the last listings matched.
    views: Views,
    /// The last number that was taken for a seeded key, by the prefix of its name.
    fleets: BTreeMap<String, usize>,
    /// In the order in which they were set.
    budgets: Vec<Account>,
    /// How often the state has changed, for who waits for that.
    version: Version,
}

struct Version(watch::Sender<u64>);

impl Version {
    fn advance(&self) {
        self.0.send_modify(|version| *version += 1);
    }
}

/// The position of a key in the order of creation. No two keys ever have the same.
pub(crate) type Sequence = u64;

/// Whom a credential belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Holder {
    Management,
    Key(Sequence),
}

/// The partner's key of a create signs in as someone else already.
pub(crate) struct CredentialInUse;

/// More keys than an emulator takes.
#[derive(Debug)]
pub(crate) struct TooMany;

/// Why nothing was spent.
pub(crate) enum Unspent {
    /// No key has that hash.
    Unknown,
    /// The usage would be more than a number can hold.
    TooMuch,
}

impl State {
    /// Knows the management key and the fleet.
    pub(crate) fn new(mint: Mint, management_key: &str, initial: Fleet) -> Result<Self, TooMany> {
        let mut state = Self {
            clock: Clock::REAL,
            mint,
            management: Digest::of(management_key),
            management_label: credential::label(management_key),
            initial,
            keys: BTreeMap::new(),
            credentials: HashMap::new(),
            next: 0,
            views: Views::default(),
            fleets: BTreeMap::new(),
            budgets: Vec::new(),
            version: Version(watch::Sender::new(0)),
        };
        state.reset()?;
        Ok(state)
    }

    /// Goes back to what was there at the start, with the machine's clock.
    pub(crate) fn reset(&mut self) -> Result<(), TooMany> {
        self.clear();
        self.clock = Clock::REAL;
        let initial = self.initial.clone();
        self.seed_at(&initial, fleet::founded)?;
        Ok(())
    }

    /// What is known now, but for the credential of the management key.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::new(Contents {
            clock: self.clock,
            fleets: self.fleets.clone(),
            budgets: self.budgets.clone(),
            keys: self.keys.values().map(|key| Key::clone(key)).collect(),
        })
    }

    /// Goes back to what was known then.
    pub(crate) fn restore(&mut self, snapshot: Snapshot) -> Result<(), CredentialInUse> {
        let Contents {
            clock,
            fleets,
            budgets,
            keys,
        } = snapshot.into_contents();
        let mut credentials = keys.iter().flat_map(Key::credentials);
        if credentials.any(|credential| credential == self.management) {
            return Err(CredentialInUse);
        }
        self.clear();
        self.clock = clock;
        self.fleets = fleets;
        self.budgets = budgets;
        for key in keys {
            self.insert(key);
        }
        Ok(())
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How often the state has changed.
    pub(crate) fn version(&self) -> u64 {
        *self.version.0.borrow()
    }

    /// Tells how often, from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.0.subscribe()
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.version.advance();
        self.clock = clock;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn management_label(&self) -> &str {
        &self.management_label
    }

    /// Whom the credential belongs to, if anyone.
    pub(crate) fn holder(&self, credential: Digest) -> Option<Holder> {
        self.credentials.get(&credential).copied()
    }

    /// The key at that position, unless it has been deleted.
    pub(crate) fn at(&self, sequence: Sequence) -> Option<&Key> {
        self.keys.get(&sequence).map(Box::as_ref)
    }

    /// The key of that hash.
    pub(crate) fn get(&self, hash: Digest) -> Option<&Key> {
        self.at(self.position(hash)?)
    }

    /// Notes that the key at that position was used.
    pub(crate) fn mark_used(&mut self, sequence: Sequence) {
        let now = self.now();
        if let Some(key) = self.keys.get_mut(&sequence) {
            key.last_used_at = Some(now);
            self.version.advance();
        }
    }

    /// The page that the listing asks for, newest key first.
    pub(crate) fn list(
        &mut self,
        listing: &Listing,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = &Key> {
        /// The service has no parameter for it.
        const PAGE: usize = 100;

        let matching = self.views.of(listing.filter, now, &self.keys);
        let page = matching.iter().rev().skip(listing.offset).take(PAGE);
        page.filter_map(|sequence| self.keys.get(sequence).map(Box::as_ref))
    }

    /// Makes a key and hands out its plaintext, which is not kept.
    pub(crate) fn create(&mut self, new: NewKey) -> Result<(&Key, String), CredentialInUse> {
        let (external_user, partner) = match new.external {
            Some(external) => (Some(external.user), external.key),
            None => (None, None),
        };
        if partner.is_some_and(|key| self.credentials.contains_key(&key)) {
            return Err(CredentialInUse);
        }
        let plaintext = self.mint.mint();
        let key = Key {
            hash: Digest::of(&plaintext),
            partner,
            label: credential::label(&plaintext),
            name: new.name,
            disabled: false,
            limit: new.limit,
            limit_reset: new.limit_reset,
            include_byok_in_limit: new.include_byok_in_limit,
            usage: Usage::NONE,
            workspace_id: new.workspace_id,
            creator_user_id: new.creator_user_id,
            external_user,
            created_at: self.now(),
            updated_at: None,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        Ok((self.insert(key), plaintext))
    }

    /// Changes the key of that hash, and notes the time if that made a difference.
    pub(crate) fn update(&mut self, hash: Digest, changes: Changes) -> Option<&Key> {
        let now = self.now();
        let position = self.position(hash)?;
        let key = self.keys.get_mut(&position)?;
        if key.change(changes) {
            self.version.advance();
            key.updated_at = Some(now);
            self.views.settle(position, Some(key));
        }
        Some(key)
    }

    /// Spends so much with the key of that hash, whatever its limit, and whether or not it could sign in: what is under way
    /// when a limit is reached is paid for all the same.
    pub(crate) fn spend(&mut self, hash: Digest, spent: Spent) -> Result<&Key, Unspent> {
        let now = self.now();
        let position = self.position(hash).ok_or(Unspent::Unknown)?;
        let key = self.keys.get_mut(&position).ok_or(Unspent::Unknown)?;
        let usage = key.usage.plus(spent, now).ok_or(Unspent::TooMuch)?;
        // Worked out for all of them first, so that nothing is spent anywhere if it is too much for one.
        let mut counts = Vec::new();
        for (place, account) in self.budgets.iter().enumerate() {
            if let Some((name, count)) = account.count(key) {
                let count = count.plus(spent, now).ok_or(Unspent::TooMuch)?;
                counts.push((place, name, count));
            }
        }
        for (place, name, count) in counts {
            self.budgets[place].spent.insert(name, count);
        }
        key.usage = usage;
        key.last_used_at = Some(now);
        self.version.advance();
        Ok(key)
    }

    pub(crate) fn budgets(&self) -> &[Account] {
        &self.budgets
    }

    /// Counts against that budget from now on.
    pub(crate) fn add_budget(&mut self, Budget(budget): Budget) {
        let id = self
            .budgets
            .last()
            .map_or(1, |last| last.id.saturating_add(1));
        self.budgets.push(Account {
            id,
            budget,
            spent: BTreeMap::new(),
        });
        self.version.advance();
    }

    pub(crate) fn clear_budgets(&mut self) {
        self.budgets.clear();
        self.version.advance();
    }

    /// Adds the keys of a fleet, made at this moment, and hands out their hashes.
    pub(crate) fn seed(&mut self, fleet: &Fleet) -> Result<Vec<Digest>, TooMany> {
        let now = self.now();
        self.seed_at(fleet, |_| now)
    }

    fn seed_at(
        &mut self,
        fleet: &Fleet,
        created_at: impl Fn(usize) -> DateTime<Utc>,
    ) -> Result<Vec<Digest>, TooMany> {
        if self.keys.len().saturating_add(fleet.count()) > fleet::MOST {
            return Err(TooMany);
        }
        let mut number = self.fleets.get(fleet.prefix()).copied().unwrap_or(0);
        let mut hashes = Vec::with_capacity(fleet.count());
        while hashes.len() < fleet.count() {
            // Nobody gets to the end of the numbers but by restoring a state that somebody wrote.
            number = number.checked_add(1).unwrap_or(1);
            let key = fleet.key(number, created_at(number));
            // Anybody can work out the plaintext of a seeded key, and may have brought it as a key of their own.
            if self.holder(key.hash).is_none() {
                hashes.push(key.hash);
                self.insert(key);
            }
        }
        if number > 0 {
            self.fleets.insert(fleet.prefix().to_owned(), number);
        }
        Ok(hashes)
    }

    /// Forgets the key of that hash and its credentials.
    pub(crate) fn delete(&mut self, hash: Digest) -> Option<()> {
        let position = self.position(hash)?;
        let key = self.keys.remove(&position)?;
        self.views.settle(position, None);
        for credential in key.credentials() {
            self.credentials.remove(&credential);
        }
        self.version.advance();
        Some(())
    }

    /// Forgets all keys, and who may sign in but for the management key.
    fn clear(&mut self) {
        self.version.advance();
        self.keys.clear();
        self.views = Views::default();
        self.fleets.clear();
        self.budgets.clear();
        self.credentials.clear();
        self.credentials.insert(self.management, Holder::Management);
    }

    fn insert(&mut self, key: Key) -> &Key {
        let sequence = self.next;
        self.next += 1;
        self.version.advance();
        for credential in key.credentials() {
            self.credentials.insert(credential, Holder::Key(sequence));
        }
        self.views.settle(sequence, Some(&key));
        self.keys.entry(sequence).or_insert_with(|| Box::new(key))
    }

    /// A hash is the digest of a credential, but not every credential's digest is a hash: that
    /// of a partner's key or of the management key names nothing.
    fn position(&self, hash: Digest) -> Option<Sequence> {
        match self.holder(hash)? {
            Holder::Key(sequence) => self
                .keys
                .get(&sequence)
                .is_some_and(|key| key.hash == hash)
                .then_some(sequence),
            Holder::Management => None,
        }
    }
}
