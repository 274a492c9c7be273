//! What was asked and answered when, and whether some order of it all explains every listing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock for everybody that tells the order of events, and nothing else.
#[derive(Default)]
pub(crate) struct Marks(AtomicU64);

impl Marks {
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// When a request was sent, and when its answer was there. What it did was done in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) sent: u64,
    pub(crate) answered: u64,
}

impl Span {
    fn is_before(self, other: Self) -> bool {
        self.answered < other.sent
    }
}

pub(crate) struct Created {
    pub(crate) span: Span,
    pub(crate) path: String,
    pub(crate) plaintext: String,
}

pub(crate) struct Deleted {
    pub(crate) span: Span,
    pub(crate) path: String,
}

/// A page, with the paths of the keys in its order. All keys fit into one.
pub(crate) struct Listed {
    pub(crate) span: Span,
    pub(crate) paths: Vec<String>,
}

#[derive(Default)]
pub(crate) struct History {
    pub(crate) created: Vec<Created>,
    pub(crate) deleted: Vec<Deleted>,
    pub(crate) listed: Vec<Listed>,
}

impl History {
    pub(crate) fn extend(&mut self, other: Self) {
        self.created.extend(other.created);
        self.deleted.extend(other.deleted);
        self.listed.extend(other.listed);
    }

    /// The paths of the keys that were created and not deleted.
    pub(crate) fn left(&self) -> HashSet<String> {
        let deleted: HashSet<_> = self.deleted.iter().map(|deleted| &deleted.path).collect();
        let created = self.created.iter().map(|created| &created.path);
        created
            .filter(|path| !deleted.contains(path))
            .cloned()
            .collect()
    }

    pub(crate) fn check(&self) {
        let paths: HashSet<_> = self.created.iter().map(|created| &created.path).collect();
        assert_eq!(paths.len(), self.created.len(), "a hash was given twice");
        let plaintexts: HashSet<_> = self.created.iter().map(|key| &key.plaintext).collect();
        assert_eq!(
            plaintexts.len(),
            self.created.len(),
            "a key was given twice"
        );

        let created = self.created.iter();
        let created: HashMap<_, _> = created.map(|key| (&*key.path, key.span)).collect();
        let deleted = self.deleted.iter();
        let deleted: HashMap<_, _> = deleted.map(|key| (&*key.path, key.span)).collect();
        for listed in &self.listed {
            let shown: HashSet<_> = listed.paths.iter().map(|path| &**path).collect();
            assert_eq!(shown.len(), listed.paths.len(), "a page repeats a key");
            for (path, created) in &created {
                let shown = shown.contains(path);
                let deleted = deleted.get(path);
                if listed.span.is_before(*created)
                    || deleted.is_some_and(|deleted| deleted.is_before(listed.span))
                {
                    assert!(
                        !shown,
                        "{path} is listed before its create or after its delete"
                    );
                } else if created.is_before(listed.span)
                    && deleted.is_none_or(|deleted| listed.span.is_before(*deleted))
                {
                    assert!(shown, "{path} is there and not listed");
                }
            }
            newest_first(listed, &created);
        }
        assert!(self.one_order(), "the listings contradict each other");
    }

    /// Whether the pages are parts of one order of all keys: where each key that is next to
    /// another one comes later, no key comes later than itself.
    fn one_order(&self) -> bool {
        let mut later: HashMap<&str, HashSet<&str>> = HashMap::new();
        let mut before: HashMap<&str, usize> = HashMap::new();
        for listed in &self.listed {
            for pair in listed.paths.windows(2) {
                if later.entry(&pair[0]).or_default().insert(&pair[1]) {
                    *before.entry(&pair[1]).or_default() += 1;
                }
            }
        }
        let all: HashSet<_> = later.keys().chain(before.keys()).copied().collect();
        let first = all.iter().filter(|path| !before.contains_key(*path));
        let mut next: VecDeque<_> = first.copied().collect();
        let mut placed = 0;
        while let Some(path) = next.pop_front() {
            placed += 1;
            for path in later.get(path).into_iter().flatten() {
                let before = before
                    .get_mut(path)
                    .expect("it comes later than another one");
                *before -= 1;
                if *before == 0 {
                    next.push_back(path);
                }
            }
        }
        placed == all.len()
    }
}

/// From the oldest on, no key was created before one that is listed as older was asked for.
fn newest_first(listed: &Listed, created: &HashMap<&str, Span>) {
    let mut latest = 0;
    for path in listed.paths.iter().rev() {
        let span = created[&**path];
        assert!(span.answered > latest, "{path} is listed as too new");
        latest = latest.max(span.sent);
    }
}
