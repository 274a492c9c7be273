//! What an emulator knew at one moment, as text that outlives it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use chrono::Datelike as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::budget::Account;
use crate::clock::Clock;
use crate::key::Key;
use crate::usd::Usd;

/// What an emulator knew at one moment: every key with its usage, the budgets, and the clock.
///
/// [`Emulator::snapshot`](crate::Emulator::snapshot) takes one, and [`Emulator::restore`](crate::Emulator::restore) goes back
/// to it, in the same emulator or in another. It is serialized by serde as what `GET /_emulator/state` answers. Plaintexts are
/// not in it, because the emulator does not keep any: keys go on signing in by their digests. The management key, armed faults,
/// the rate limit and the log of requests belong to the emulator that has them, and are not in it either.
#[derive(Clone, PartialEq)]
pub struct Snapshot(Contents);

impl Snapshot {
    pub(crate) fn new(contents: Contents) -> Self {
        Self(contents)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.keys.len()
    }

    pub(crate) fn into_contents(self) -> Contents {
        self.0
    }

    /// Reads what [`serde_json`] makes of a snapshot. The error says what is wrong, and quotes nothing.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.is_data() {
                format!("it is no state of this emulator at line {line} column {column}")
            } else {
                format!("it is not JSON at line {line} column {column}")
            }
        })?;
        document.contents().map(Self).map_err(str::to_owned)
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(rename = "openrouter-keys-emulator")]
            version: u32,
            #[serde(flatten)]
            contents: &'a Contents,
        }

        let (version, contents) = (VERSION, &self.0);
        Document { version, contents }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(deserializer)?;
        let contents = document.contents().map_err(serde::de::Error::custom)?;
        Ok(Self(contents))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

/// The form of the text. A later one has another number, and an emulator that does not know it says so.
const VERSION: u32 = 1;

/// What a state consists of, without what can be derived.
#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Contents {
    pub(crate) clock: Clock,
    /// The last number that was taken under each prefix.
    pub(crate) fleets: BTreeMap<String, usize>,
    pub(crate) budgets: Vec<Account>,
    /// In the order of creation.
    pub(crate) keys: Vec<Key>,
}

/// The text as it is read. Not [`Contents`] flattened: what is flattened cannot refuse a field that it does not know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "openrouter-keys-emulator")]
    version: u32,
    clock: Clock,
    fleets: BTreeMap<String, usize>,
    budgets: Vec<Account>,
    keys: Vec<Key>,
}

impl Document {
    /// The contents, if an emulator can have come to them.
    fn contents(self) -> Result<Contents, &'static str> {
        let Self {
            version,
            clock,
            fleets,
            budgets,
            keys,
        } = self;
        if version != VERSION {
            return Err("it is of a form that this version of the emulator does not know");
        }
        if !clock.is_valid() {
            return Err("its clock is not between the years 1970 and 9998");
        }
        let mut times = keys.iter().flat_map(Key::times);
        if times.any(|time| !(0..=9999).contains(&time.year())) {
            return Err("one of its times is not between the years 0 and 9999");
        }
        let mut credentials = HashSet::new();
        for key in &keys {
            for credential in key.credentials() {
                if !credentials.insert(credential) {
                    return Err("two of its keys have the same credential");
                }
            }
            if key
                .limit
                .is_some_and(|limit| !limit.is_finite() || limit < Usd::ZERO)
                || !key.usage.is_valid()
            {
                return Err("one of its keys has an amount that is negative or not finite");
            }
        }
        if !budgets.iter().all(Account::is_valid) {
            return Err("one of its budgets has an amount that is negative or not finite");
        }
        Ok(Contents {
            clock,
            fleets,
            budgets,
            keys,
        })
    }
}
