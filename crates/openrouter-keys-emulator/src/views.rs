//! Which keys match what listings ask for, so that a page far from the newest key costs no more than the first one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::key::Key;
use crate::query::Filter;
use crate::state::Sequence;

/// The matches of the filters that were asked for last. They follow each change of a key that
/// [`settle`](Self::settle) is told of; the passing of time they see for themselves.
#[derive(Default)]
pub(crate) struct Views(Vec<View>);

/// All combinations of the two flags, for two workspaces. More would let whoever asks for one
/// workspace after the other fill the memory.
const MOST: usize = 8;

impl Views {
    /// The positions of the keys that match at that time, oldest first.
    pub(crate) fn of(
        &mut self,
        filter: Filter,
        now: DateTime<Utc>,
        keys: &BTreeMap<Sequence, Box<Key>>,
    ) -> &[Sequence] {
        let known = self.0.iter().position(|view| view.filter == filter);
        let view = match known.map(|place| self.0.remove(place)) {
            Some(view) if view.holds_at(now) => view,
            _ => View::new(filter, now, keys),
        };
        // The one that nobody has asked for the longest makes room.
        self.0.truncate(MOST - 1);
        self.0.insert(0, view);
        &self.0[0].matching
    }

    /// What has become of the key at that position, which is new, changed or, without a key, gone.
    pub(crate) fn settle(&mut self, position: Sequence, key: Option<&Key>) {
        for view in &mut self.0 {
            view.settle(position, key);
        }
    }
}

/// The matches of one filter.
struct View {
    filter: Filter,
    /// The positions of the keys that match, oldest first.
    matching: Vec<Sequence>,
    /// The time that expiry is judged by.
    now: DateTime<Utc>,
    /// The last expiry up to then: set back before it, the clock would tell of another match.
    since: DateTime<Utc>,
    /// The first expiry after then, at which a match ends.
    until: Option<DateTime<Utc>>,
}

impl View {
    fn new(filter: Filter, now: DateTime<Utc>, keys: &BTreeMap<Sequence, Box<Key>>) -> Self {
        let mut view = Self {
            filter,
            matching: Vec::new(),
            now,
            since: DateTime::<Utc>::MIN_UTC,
            until: None,
        };
        for (position, key) in keys {
            if view.takes(key) {
                view.matching.push(*position);
            }
        }
        view.matching.shrink_to_fit();
        view
    }

    /// Whether no key has expired, or is again to expire, between the time of this view and that.
    fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }

    fn settle(&mut self, position: Sequence, key: Option<&Key>) {
        let is_match = key.is_some_and(|key| self.takes(key));
        match self.matching.binary_search(&position) {
            Ok(place) if !is_match => {
                self.matching.remove(place);
            }
            Err(place) if is_match => self.matching.insert(place, position),
            _ => {}
        }
    }

    /// Whether the key matches, and takes note of when that ends or has ended.
    fn takes(&mut self, key: &Key) -> bool {
        if !self.filter.include_expired
            && self.filter.takes_at_some_time(key)
            && let Some(expiry) = key.expires_at
        {
            if key.has_expired(self.now) {
                self.since = self.since.max(expiry);
            } else {
                self.until = Some(self.until.map_or(expiry, |until| until.min(expiry)));
            }
        }
        self.filter.takes(key, self.now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{MOST, Views};
    use crate::clock::Clock;
    use crate::credential::{Digest, Mint};
    use crate::fleet::Fleet;
    use crate::key::{Changes, NewKey};
    use crate::query::{Filter, Listing};
    use crate::state::State;
    use crate::workspace::WorkspaceId;

    /// What there is to know of a key that decides whether a listing has it.
    #[derive(Clone)]
    struct Known {
        hash: Digest,
        workspace_id: WorkspaceId,
        disabled: bool,
        expires_at: Option<DateTime<Utc>>,
    }

    /// The same numbers in every run.
    struct Numbers(u64);

    impl Numbers {
        /// Any number below that.
        fn below(&mut self, end: u64) -> u64 {
            // Steele and Vigna's SplitMix64.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut number = self.0;
            number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            (number ^ number >> 31) % end
        }

        fn flag(&mut self) -> bool {
            self.below(2) == 1
        }

        fn workspace(&mut self) -> WorkspaceId {
            workspace(self.below(3))
        }

        /// One of so few moments that expiries and the clock often meet.
        fn moment(&mut self) -> DateTime<Utc> {
            let minutes =
                TimeDelta::minutes(i64::try_from(self.below(20)).expect("a small number"));
            DateTime::UNIX_EPOCH + minutes
        }

        /// One of the keys that there are.
        fn place(&mut self, known: &[Known]) -> Option<usize> {
            let count = u64::try_from(known.len()).expect("a small number");
            (count > 0).then(|| usize::try_from(self.below(count)).expect("a small number"))
        }

        /// One of twelve filters, which is more than are kept.
        fn filter(&mut self) -> Filter {
            Filter {
                workspace_id: self.workspace(),
                include_disabled: self.flag(),
                include_expired: self.flag(),
            }
        }
    }

    fn workspace(number: u64) -> WorkspaceId {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        WorkspaceId::parse(&id).expect("a UUID")
    }

    fn state() -> State {
        let mint = Mint::new().expect("randomness");
        State::new(mint, "sk-or-v1-fake", Fleet::of(0)).expect("few keys")
    }

    fn new_key(workspace_id: WorkspaceId, expires_at: Option<DateTime<Utc>>) -> NewKey {
        NewKey {
            name: "a".to_owned(),
            limit: None,
            limit_reset: None,
            include_byok_in_limit: false,
            expires_at,
            workspace_id,
            creator_user_id: None,
            external: None,
        }
    }

    const UNCHANGED: Changes = Changes {
        name: None,
        disabled: None,
        limit: None,
        limit_reset: None,
        include_byok_in_limit: None,
        workspace_id: None,
    };

    /// All pages, one after the other.
    fn listed(state: &mut State, filter: Filter) -> Vec<Digest> {
        let now = state.now();
        let mut hashes = Vec::new();
        loop {
            let listing = Listing {
                filter,
                offset: hashes.len(),
            };
            let page: Vec<_> = state.list(&listing, now).map(|key| key.hash).collect();
            if page.is_empty() {
                return hashes;
            }
            hashes.extend(page);
        }
    }

    fn expected(known: &[Known], filter: Filter, now: DateTime<Utc>) -> Vec<Digest> {
        let matching = known.iter().rev().filter(|key| {
            key.workspace_id == filter.workspace_id
                && (filter.include_disabled || !key.disabled)
                && (filter.include_expired || key.expires_at.is_none_or(|expiry| expiry > now))
        });
        matching.map(|key| key.hash).collect()
    }

    #[test]
    fn whatever_happens_a_listing_has_what_matches_now() {
        for seed in 0..40 {
            let mut numbers = Numbers(seed);
            let mut state = state();
            let mut known: Vec<Known> = Vec::new();
            let mut saved = (state.snapshot(), known.clone());
            for step in 0..400 {
                match numbers.below(20) {
                    0..6 => {
                        let expires_at = numbers.flag().then(|| numbers.moment());
                        let workspace_id = numbers.workspace();
                        let created = state.create(new_key(workspace_id, expires_at));
                        let (key, _) = created.unwrap_or_else(|_| panic!("it brings no key"));
                        known.push(Known {
                            hash: key.hash,
                            workspace_id,
                            disabled: false,
                            expires_at,
                        });
                    }
                    6..10 => {
                        let Some(place) = numbers.place(&known) else {
                            continue;
                        };
                        let key = &mut known[place];
                        let mut changes = UNCHANGED;
                        if numbers.flag() {
                            key.disabled = numbers.flag();
                            changes.disabled = Some(key.disabled);
                        } else {
                            key.workspace_id = numbers.workspace();
                            changes.workspace_id = Some(key.workspace_id);
                        }
                        assert!(state.update(key.hash, changes).is_some());
                    }
                    10..13 => {
                        if let Some(place) = numbers.place(&known) {
                            assert!(state.delete(known.remove(place).hash).is_some());
                        }
                    }
                    13..18 => state.set_clock(Clock::FrozenAt(numbers.moment())),
                    18 => saved = (state.snapshot(), known.clone()),
                    _ => {
                        let (snapshot, then) = saved;
                        let restored = state.restore(snapshot);
                        restored.unwrap_or_else(|_| panic!("it is its own"));
                        known = then;
                        saved = (state.snapshot(), known.clone());
                    }
                }
                let filter = numbers.filter();
                assert!(
                    listed(&mut state, filter) == expected(&known, filter, state.now()),
                    "seed {seed}, step {step}: {filter:?}"
                );
            }
        }
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut views = Views::default();
        let keys = std::collections::BTreeMap::new();
        for number in 0..100 {
            let filter = Filter {
                workspace_id: workspace(number),
                include_disabled: true,
                include_expired: true,
            };
            assert!(views.of(filter, DateTime::UNIX_EPOCH, &keys).is_empty());
            assert!(views.0.len() <= MOST);
        }
    }
}
