//! What the emulator remembers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::credential::{self, Digest, Mint};
use crate::fleet;
use crate::key::{Changes, Key, NewKey, Usage};
use crate::query::Listing;

/// The state, shared by all connections. A request takes the lock once and holds it until its
/// answer is written, so that what one request does is never seen half done by another.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // Changes are made only after everything that can fail, so what a panic leaves behind is
        // whole, and one broken request need not take the others with it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every key, and who may sign in.
pub(crate) struct State {
    pub(crate) clock: Clock,
    mint: Mint,
    management_label: String,
    /// In the order of creation, which a clock cannot give: it may stand still or be set back.
    /// Boxed, because a tree that grows at one end leaves half of its slots empty.
    keys: BTreeMap<Sequence, Box<Key>>,
    /// Every credential by its digest, so that no secret is ever compared with another.
    credentials: HashMap<Digest, Holder>,
    next: Sequence,
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

impl State {
    /// Knows the management key and the first `seeded` keys of the fleet.
    pub(crate) fn new(clock: Clock, mint: Mint, management_key: &str, seeded: u32) -> Self {
        let mut state = Self {
            clock,
            mint,
            management_label: credential::label(management_key),
            keys: BTreeMap::new(),
            credentials: HashMap::new(),
            next: 0,
        };
        state
            .credentials
            .insert(Digest::of(management_key), Holder::Management);
        for number in 1..=seeded {
            state.insert(fleet::key(number));
        }
        state
    }

    pub(crate) fn management_label(&self) -> &str {
        &self.management_label
    }

    /// Whom the credential belongs to, if anyone.
    pub(crate) fn holder(&self, credential: Digest) -> Option<Holder> {
        self.credentials.get(&credential).copied()
    }

    /// The key at that position, unless it has been deleted.
    pub(crate) fn at(&mut self, sequence: Sequence) -> Option<&mut Key> {
        self.keys.get_mut(&sequence).map(Box::as_mut)
    }

    /// The key of that hash.
    pub(crate) fn get(&self, hash: Digest) -> Option<&Key> {
        self.keys.get(&self.position(hash)?).map(Box::as_ref)
    }

    /// The page that the listing asks for, newest key first.
    pub(crate) fn list(&self, listing: &Listing, now: DateTime<Utc>) -> impl Iterator<Item = &Key> {
        /// The service has no parameter for it.
        const PAGE: usize = 100;

        self.keys
            .values()
            .map(Box::as_ref)
            .rev()
            .filter(move |key| {
                key.workspace_id == listing.workspace_id
                    && (listing.include_disabled || !key.disabled)
                    && (listing.include_expired || !key.has_expired(now))
            })
            .skip(listing.offset)
            .take(PAGE)
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
            created_at: self.clock.now(),
            updated_at: None,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        Ok((self.insert(key), plaintext))
    }

    /// Changes the key of that hash, and notes the time if that made a difference.
    pub(crate) fn update(&mut self, hash: Digest, changes: Changes) -> Option<&Key> {
        let now = self.clock.now();
        let position = self.position(hash)?;
        let key = self.keys.get_mut(&position)?;
        if key.change(changes) {
            key.updated_at = Some(now);
        }
        Some(key)
    }

    /// Forgets the key of that hash and its credentials.
    pub(crate) fn delete(&mut self, hash: Digest) -> Option<()> {
        let key = self.keys.remove(&self.position(hash)?)?;
        self.credentials.remove(&key.hash);
        if let Some(partner) = key.partner {
            self.credentials.remove(&partner);
        }
        Some(())
    }

    fn insert(&mut self, key: Key) -> &Key {
        let sequence = self.next;
        self.next += 1;
        self.credentials.insert(key.hash, Holder::Key(sequence));
        if let Some(partner) = key.partner {
            self.credentials.insert(partner, Holder::Key(sequence));
        }
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
