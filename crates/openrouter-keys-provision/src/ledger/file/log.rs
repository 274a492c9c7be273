//! The open file: what it holds, and how an entry is added.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde_json::value::RawValue;

use super::custody::Stored;
use super::disk::{Disk, write_all};
use super::error::{FileLedgerError, Problem, is_full};
use super::format::{LONGEST_LINE, LONGEST_SECRET, entry_lines, erased};
use super::room::Room;
use crate::record::Record;

/// The entries of a file, and the file.
pub(super) struct Log<D: Disk> {
    pub(super) disk: D,
    pub(super) file: D::File,
    /// For errors.
    pub(super) path: PathBuf,
    pub(super) intents: BTreeMap<String, Intent>,
    /// Where the next entry goes. From here on there are zeros, one at least: a file that does not end in a zero was cut off.
    pub(super) end: u64,
    pub(super) length: u64,
    /// How much of that all the intents together may still need.
    pub(super) kept: usize,
    /// Whether a write has failed, so that nobody knows what the disk holds.
    pub(super) is_stopped: bool,
}

/// What is held of an intent.
#[derive(Default)]
pub(super) struct Intent {
    pub(super) entries: Vec<Held>,
    pub(super) room: Room,
}

/// An entry as the file has it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) record: Box<RawValue>,
    pub(super) secret: Option<HeldSecret>,
}

#[derive(Clone)]
pub(super) struct HeldSecret {
    pub(super) stored: Stored,
    /// Where its line is, to be erased there.
    pub(super) at: u64,
    pub(super) length: usize,
}

/// By how much the file grows. Tests look at each byte of it.
pub(super) const STEP: u64 = if cfg!(test) { 8 } else { 64 } * 1024;

/// The entry's position was not the next one.
#[derive(Debug, PartialEq)]
pub(super) struct Conflict;

type Result<T> = std::result::Result<T, FileLedgerError>;

impl<D: Disk> Log<D> {
    pub(super) fn read(&self, intent: &str) -> Result<Vec<Held>> {
        self.check_going_on()?;
        let intent = self.intents.get(intent);
        Ok(intent.map_or_else(Vec::new, |intent| intent.entries.clone()))
    }

    /// What a read gives, without copies of the secrets.
    pub(super) fn records(&self, intent: &str) -> Result<Vec<Box<RawValue>>> {
        self.check_going_on()?;
        let intent = self.intents.get(intent);
        let entries = intent.map_or(&[][..], |intent| &intent.entries);
        Ok(entries.iter().map(|held| held.record.clone()).collect())
    }

    pub(super) fn intents(&self) -> Result<Vec<String>> {
        self.check_going_on()?;
        Ok(self.intents.keys().cloned().collect())
    }

    /// Whether the position is the next one.
    pub(super) fn is_next(&self, intent: &str, position: usize) -> Result<bool> {
        self.check_going_on()?;
        let intent = self.intents.get(intent);
        Ok(position == intent.map_or(0, |intent| intent.entries.len()))
    }

    /// Adds the entry, durably. Its secret is given as it is to be stored.
    ///
    /// # Errors
    /// Nothing was written if the disk is full or the entry too long. After any other error the log has stopped.
    pub(super) fn append(
        &mut self,
        intent: &str,
        position: usize,
        record: &Record,
        record_json: Box<RawValue>,
        secret: Option<Stored>,
    ) -> Result<std::result::Result<(), Conflict>> {
        if !self.is_next(intent, position)? {
            return Ok(Err(Conflict));
        }
        let json = secret.as_ref().map(Stored::json);
        let json = json.as_ref().map(|json| json.as_slice());
        let (lines, secret_length) = entry_lines(intent, position, &record_json, json);
        let line_length = lines.len() - secret_length;
        self.check_lengths(line_length, secret_length)?;
        let room = self.room_of(intent);
        let room_after = room.after(record, intent, secret.is_some());
        let kept = self.kept - room.bytes() + room_after.bytes();
        // What room was kept for must not fail because there is too little for something else.
        let is_owed = room.has(line_length, secret_length) && room_after.bytes() <= room.bytes();
        self.make_room(lines.len() + if is_owed { 0 } else { kept })?;

        let at = self.end;
        write_all(&self.disk, &self.file, &lines, at)
            .map_err(|error| self.stop("writing an entry", error))?;
        self.disk
            .sync_content(&self.file)
            .map_err(|error| self.stop("making an entry durable", error))?;

        self.end += lines.len() as u64;
        self.kept = kept;
        let secret = secret.map(|stored| HeldSecret {
            stored,
            at: at + line_length as u64,
            length: secret_length,
        });
        let held = Held {
            record: record_json,
            secret,
        };
        let intent = self.intents.entry(intent.to_owned()).or_default();
        intent.room = room_after;
        let earlier = match record {
            Record::Released {} => take_secrets(&mut intent.entries),
            _ => Vec::new(),
        };
        intent.entries.push(held);
        self.erase(&earlier)
            .map_err(|error| self.stop("erasing a secret", error))?;
        Ok(Ok(()))
    }

    /// Overwrites these secrets, durably.
    fn erase(&self, secrets: &[HeldSecret]) -> io::Result<()> {
        for secret in secrets {
            write_all(&self.disk, &self.file, &erased(secret.length), secret.at)?;
        }
        if secrets.is_empty() {
            return Ok(());
        }
        self.disk.sync_content(&self.file)
    }

    fn check_lengths(&self, line: usize, secret: usize) -> Result<()> {
        if line > LONGEST_LINE {
            return Err(self.problem(Problem::TooLong {
                what: "its intent and its record take more than 64 KiB",
                next: "give shorter names",
            }));
        }
        if secret > LONGEST_SECRET {
            return Err(self.problem(Problem::TooLong {
                what: "its secret, as it is stored, takes more than 8 KiB",
                next: "seal secrets to at most 4,000 bytes",
            }));
        }
        Ok(())
    }

    fn room_of(&self, intent: &str) -> Room {
        self.intents
            .get(intent)
            .map_or_else(Room::default, |intent| intent.room)
    }

    /// Makes the file longer, if it must be, so that this much can be written.
    fn make_room(&mut self, bytes: usize) -> Result<()> {
        // And the zero at the end.
        let needed = self.end + bytes as u64 + 1;
        if needed <= self.length {
            return Ok(());
        }
        let length = needed.next_multiple_of(STEP);
        match self.disk.extend(&self.file, self.length, length) {
            Ok(()) => {}
            Err(error) if is_full(&error) => return Err(self.problem(Problem::Full(error))),
            Err(error) => return Err(self.stop("making the file longer", error)),
        }
        self.disk
            .sync_all(&self.file)
            .map_err(|error| self.stop("making the file longer", error))?;
        self.length = length;
        Ok(())
    }

    fn check_going_on(&self) -> Result<()> {
        if self.is_stopped {
            return Err(self.problem(Problem::Stopped));
        }
        Ok(())
    }

    fn stop(&mut self, doing: &'static str, error: io::Error) -> FileLedgerError {
        self.is_stopped = true;
        self.problem(Problem::Failed { doing, error })
    }

    pub(super) fn problem(&self, problem: Problem) -> FileLedgerError {
        FileLedgerError::new(&self.path, problem)
    }
}

impl Room {
    /// What is left of this after the entry. An attempt is owed all of it; what ends one needs no more.
    pub(super) fn after(self, record: &Record, intent: &str, has_secret: bool) -> Self {
        match record {
            Record::Attempt { .. } => {
                let intent = serde_json::to_string(intent).expect("a text has a JSON form");
                Self::after_attempt(intent.len())
            }
            Record::Committed {} | Record::Abandoned { .. } => Self::default(),
            _ => self.after_entry(has_secret),
        }
    }
}

pub(super) fn take_secrets(entries: &mut [Held]) -> Vec<HeldSecret> {
    let secrets = entries.iter_mut().map(|held| held.secret.take());
    secrets.flatten().collect()
}
