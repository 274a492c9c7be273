//! What a listing has to know of a key.

use chrono::{DateTime, Utc};

use crate::model::{Key, KeyHash};

/// A row of a page: what names it, and when it was made.
pub(super) trait Row<Id, Time> {
    fn id(&self) -> &Id;
    fn created(&self) -> Time;
}

impl Row<KeyHash, DateTime<Utc>> for Key {
    fn id(&self) -> &KeyHash {
        &self.hash
    }

    fn created(&self) -> DateTime<Utc> {
        self.created_at
    }
}

/// The rows of tests.
#[cfg(test)]
impl<Id, Time: Copy> Row<Id, Time> for (Id, Time) {
    fn id(&self) -> &Id {
        &self.0
    }

    fn created(&self) -> Time {
        self.1
    }
}
