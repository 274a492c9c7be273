//! The requests that have come for the API.

mod redact;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::{HeaderMap, StatusCode, header, request};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::lock::lock;
use crate::payload::Payload;
use crate::routes::Route;
use crate::state::Shared;
use redact::Redactor;

/// A request that came for the API, and what became of it.
///
/// [`Emulator::request_log`](crate::Emulator::request_log) has the latest thousand. No secret is in them: `[redacted]` stands for
/// the management key, for every plaintext, for whatever begins as one, and for the key of a partner. That of a partner is found
/// where it stands as a word of its own, because nothing but its digest is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Its number; the first one since the start, or since the log was cleared, has 1.
    pub number: u64,
    /// When its head had arrived, by the emulator's clock.
    pub at: DateTime<Utc>,
    /// The operation that it is for. `None` if the API has none for its method and path.
    pub route: Option<Route>,
    /// `GET`, for example.
    pub method: String,
    /// The path, with `/api/v1` before it.
    pub path: String,
    /// What stands after the question mark, as it was sent. This and each of the other texts are cut off after 4 KiB, which
    /// `…` at the end tells.
    pub query: Option<String>,
    /// Whose credential came with it.
    pub credential: Credential,
    /// The headers that say something of the caller, by their names in small letters: those that attribute the call to an app,
    /// `user-agent`, `accept` and `content-type`.
    pub headers: BTreeMap<&'static str, String>,
    /// The JSON in its body. `None` while it has not arrived, if there is none, and if it is longer than 16 KiB.
    pub body: Option<Value>,
    /// The name of the fault that struck it.
    pub fault: Option<&'static str>,
    /// The status of the answer. `None` until it is sent, and for good if the connection was reset instead.
    pub status: Option<u16>,
}

/// Whose credential a request came with. In JSON: `"none"`, `"unknown"`, `"management"`, or a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// There was none, or none of the form `Bearer <key>`.
    None,
    /// Nobody's.
    Unknown,
    /// The management key.
    Management,
    /// That of the ordinary key with this hash.
    Key(String),
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Management => "management",
            Self::Key(hash) => hash,
        })
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The log, shared by all connections.
#[derive(Clone)]
pub(crate) struct Log {
    entries: Arc<Mutex<Entries>>,
    redactor: Redactor,
}

#[derive(Default)]
struct Entries {
    counts: HashMap<Route, u64>,
    /// The number of the latest one.
    latest: u64,
    /// The latest ones, without a gap in their numbers.
    kept: VecDeque<LoggedRequest>,
    /// Goes up when the log is cleared, so that an answer to what came before is no entry's answer.
    generation: u64,
}

/// Where an entry is.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    generation: u64,
    number: u64,
}

impl Log {
    /// A test that looks further back than that is better off with a log of its own.
    const KEPT: usize = 1000;

    /// Longer bodies would let a thousand requests fill the memory.
    const LONGEST_BODY: usize = 16 * 1024;

    /// So would longer lines and headers.
    const LONGEST_TEXT: usize = 4 * 1024;

    pub(crate) fn new(state: Shared, management_key: &str) -> Self {
        Self {
            entries: Arc::default(),
            redactor: Redactor::new(state, management_key),
        }
    }

    /// Counts a request whose head has arrived.
    pub(crate) fn arrived(
        &self,
        head: &request::Parts,
        route: Option<Route>,
        fault: Option<&'static str>,
    ) -> Position {
        let uri = &head.uri;
        let mut entry = LoggedRequest {
            number: 0,
            at: self.redactor.now(),
            route,
            method: cut(self.redactor.text(head.method.as_str())),
            path: cut(self.redactor.path(uri.path())),
            query: uri.query().map(|query| cut(self.redactor.query(query))),
            credential: self.redactor.credential(&head.headers),
            headers: self.headers(&head.headers),
            body: None,
            fault,
            status: None,
        };
        let mut entries = self.lock();
        if let Some(route) = route {
            *entries.counts.entry(route).or_default() += 1;
        }
        entries.latest += 1;
        entry.number = entries.latest;
        if entries.kept.len() == Self::KEPT {
            entries.kept.pop_front();
        }
        entries.kept.push_back(entry);
        Position {
            generation: entries.generation,
            number: entries.latest,
        }
    }

    /// Notes what its body was.
    pub(crate) fn received(&self, position: Position, payload: &Payload) {
        let Payload::Whole(bytes) = payload else {
            return;
        };
        if bytes.is_empty() || bytes.len() > Self::LONGEST_BODY {
            return;
        }
        if let Ok(mut body) = serde_json::from_slice(bytes) {
            self.redactor.body(&mut body);
            self.lock()
                .change(position, |entry| entry.body = Some(body));
        }
    }

    /// Notes how it was answered.
    pub(crate) fn answered(&self, position: Position, status: StatusCode) {
        let status = Some(status.as_u16());
        self.lock().change(position, |entry| entry.status = status);
    }

    /// How many requests have come for that route.
    pub(crate) fn count(&self, route: Route) -> u64 {
        let entries = self.lock();
        let counts = entries.counts.iter();
        counts
            .filter(|(operation, _)| route.covers(**operation))
            .map(|(_, count)| count)
            .sum()
    }

    /// How many are no longer known, and the others, the oldest first.
    pub(crate) fn requests(&self) -> (u64, Vec<LoggedRequest>) {
        let entries = self.lock();
        let forgotten = entries.kept.front().map_or(0, |oldest| oldest.number - 1);
        (forgotten, entries.kept.iter().cloned().collect())
    }

    /// Forgets all of them, and counts from zero again.
    pub(crate) fn clear(&self) {
        let mut entries = self.lock();
        let generation = entries.generation + 1;
        *entries = Entries {
            generation,
            ..Entries::default()
        };
    }

    fn headers(&self, headers: &HeaderMap) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::new();
        for name in [
            header::ACCEPT.as_str(),
            header::CONTENT_TYPE.as_str(),
            header::USER_AGENT.as_str(),
            "http-referer",
            "x-openrouter-categories",
            "x-openrouter-title",
        ] {
            if let Some(value) = headers.get(name) {
                let value = String::from_utf8_lossy(value.as_bytes());
                shown.insert(name, cut(self.redactor.text(&value)));
            }
        }
        shown
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        lock(&self.entries)
    }
}

/// The text, or its beginning if it is too long to be kept. It has no secrets by then, so that none is cut in two.
fn cut(mut text: String) -> String {
    if text.len() > Log::LONGEST_TEXT {
        let whole = (0..=Log::LONGEST_TEXT)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(whole.unwrap_or_default());
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

impl Entries {
    fn change(&mut self, position: Position, change: impl FnOnce(&mut LoggedRequest)) {
        if position.generation != self.generation {
            return;
        }
        let oldest = self.kept.front().map_or(0, |oldest| oldest.number);
        let index = position.number.checked_sub(oldest);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.kept.get_mut(index)) {
            change(entry);
        }
    }
}
