//! Opening the file: making it, reading it, and mending what a crash left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::custody::Stored;
use super::disk::{Disk, write_all};
use super::error::{FileLedgerError, Problem, system};
use super::format::{
    Beginning, EntryLine, LONGEST_LINE, LONGEST_SECRET, SECTOR, erased, first_sector, json_of,
    named_length,
};
use super::log::{Held, HeldSecret, Intent, Log, STEP};
use super::tail::is_torn;
use crate::record::Record;

/// The file of that folder, which is made if there is none.
const FILE: &str = "ledger";

/// What the file is called until it has its first sector.
const NEW: &str = "ledger.new";

/// Opens the ledger of this folder. Nobody else may have it open.
pub(super) fn open_log<D: Disk>(
    disk: D,
    folder: &Path,
    is_sealed: bool,
) -> Result<Log<D>, FileLedgerError> {
    let path = folder.join(FILE);
    match open(disk, path.clone(), is_sealed) {
        Ok(log) => Ok(log),
        Err(problem) => Err(FileLedgerError::new(&path, problem)),
    }
}

fn open<D: Disk>(disk: D, path: PathBuf, is_sealed: bool) -> Result<Log<D>, Problem> {
    // Left behind by a crash, if it is there. It was never the ledger.
    disk.remove(NEW)
        .map_err(system("removing what a crash left"))?;
    let file = match disk.open(FILE)? {
        Some(file) => file,
        None => make(&disk, is_sealed)?,
    };
    let image = image(&disk, &file, is_sealed)?;
    let length = image.len() as u64;
    let contents = Contents::read(image, is_sealed)?;
    for (bytes, at) in contents.repairs() {
        write_all(&disk, &file, &bytes, at).map_err(system("mending what a crash left"))?;
    }
    // What is here was perhaps written by a program that was stopped before it could do this.
    disk.sync_all(&file)
        .map_err(system("making the file durable"))?;
    disk.sync_names()
        .map_err(system("making the file's name durable"))?;
    let kept = contents.intents.values().map(|intent| intent.room.bytes());
    Ok(Log {
        disk,
        kept: kept.sum(),
        file,
        path,
        end: contents.end as u64,
        length,
        intents: contents.intents,
        is_stopped: false,
    })
}

/// A new file with its first sector, which is there as a whole or not at all. Its name is not durable yet.
fn make<D: Disk>(disk: &D, is_sealed: bool) -> Result<D::File, Problem> {
    let failed = system("making the file");
    let file = disk.create(NEW).map_err(&failed)?;
    disk.extend(&file, 0, STEP).map_err(&failed)?;
    write_all(disk, &file, &first_sector(is_sealed), 0).map_err(&failed)?;
    disk.sync_all(&file).map_err(&failed)?;
    disk.rename(NEW, FILE).map_err(&failed)?;
    Ok(file)
}

/// All of the file, once it is clear that it is one of ours and was not cut off.
fn image<D: Disk>(
    disk: &D,
    file: &D::File,
    is_sealed: bool,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let read = |most| disk.read(file, most).map_err(system("reading the file"));
    let beginning = read(SECTOR as u64)?;
    match Beginning::of(&beginning) {
        Beginning::Ours { is_sealed: found } if found != is_sealed => {
            return Err(Problem::OtherCustody { is_sealed: found });
        }
        Beginning::Ours { .. } => {}
        Beginning::Newer => return Err(Problem::Newer),
        Beginning::Empty => {
            return Err(Problem::Foreign(
                "the file is empty, and a ledger's never is",
            ));
        }
        Beginning::Foreign => {
            return Err(Problem::Foreign(
                "the file does not begin as a ledger's does",
            ));
        }
        Beginning::Damaged => return Err(damaged(0, "its first lines are not those of a ledger")),
    }
    let length = disk.length(file).map_err(system("reading the file"))?;
    let image = read(length)?;
    if image.len() as u64 != length {
        return Err(damaged(image.len(), "it ends before its length says"));
    }
    if image.last() != Some(&0) {
        return Err(damaged(
            image.len(),
            "it was cut off, since it does not end in the zeros that are kept there",
        ));
    }
    Ok(image)
}

/// What a file holds, and what has to be done to it.
struct Contents {
    image: Zeroizing<Vec<u8>>,
    intents: BTreeMap<String, Intent>,
    /// Where the last whole entry ends.
    end: usize,
    /// Where it begins.
    last: usize,
    /// Where there are only zeros from, if that is not the end.
    used: usize,
    /// Secrets that a program was stopped in erasing: where, and how long.
    unerased: Vec<(usize, usize)>,
}

/// An entry in the image.
struct Found {
    line: usize,
    secret: usize,
    intent: String,
    position: usize,
    record: Box<RawValue>,
}

impl Contents {
    fn read(image: Zeroizing<Vec<u8>>, is_sealed: bool) -> Result<Self, Problem> {
        let mut contents = Self {
            used: used(&image),
            image,
            intents: BTreeMap::new(),
            end: SECTOR,
            last: SECTOR,
            unerased: Vec::new(),
        };
        let mut secrets = Secrets::new();
        while contents.end < contents.used {
            let Some(found) = contents.next()? else { break };
            contents.add(found, &mut secrets)?;
        }
        for (intent, places) in secrets {
            for place in places {
                contents.add_secret(&intent, &place, is_sealed)?;
            }
        }
        Ok(contents)
    }

    /// The entry at the end of what was read so far, or none if a crash left what is there.
    fn next(&mut self) -> Result<Option<Found>, Problem> {
        let announced = match self.entry()? {
            Entry::Whole(found) => return Ok(Some(found)),
            Entry::Not { announced } => announced,
        };
        // An entry that lacks nothing but the line break at its very end may have been acknowledged, and that byte lost. It
        // is whole: its length and its checksum say so. Should it never have been acknowledged, then to keep it is right too.
        if self.used % SECTOR == SECTOR - 1 {
            self.image[self.used] = b'\n';
            self.used += 1;
            if let Entry::Whole(found) = self.entry()? {
                return Ok(Some(found));
            }
            self.used -= 1;
            self.image[self.used] = 0;
        }
        let rest = &self.image[self.end..self.used];
        if rest.len() <= LONGEST_LINE + LONGEST_SECRET && is_torn(rest, announced) {
            return Ok(None);
        }
        Err(damaged(
            self.end,
            "an entry, which begins there, is not as it was written",
        ))
    }

    fn entry(&self) -> Result<Entry, Problem> {
        let rest = &self.image[self.end..self.used];
        let line = named_length(rest).and_then(|length| rest.get(..length));
        let Some(json) = line.and_then(json_of) else {
            return Ok(Entry::Not { announced: None });
        };
        let line = line.map_or(0, <[u8]>::len);
        let entry: EntryLine<'_> = serde_json::from_slice(json).map_err(|_| Problem::Newer)?;
        let secret = entry.secret.unwrap_or(0);
        if !secret.is_multiple_of(SECTOR) || secret > LONGEST_SECRET {
            return Err(Problem::Newer);
        }
        let is_last = line + secret >= rest.len();
        if is_last && secret > 0 && rest.get(line..line + secret).and_then(json_of).is_none() {
            return Ok(Entry::Not {
                announced: entry.secret,
            });
        }
        Ok(Entry::Whole(Found {
            line,
            secret,
            intent: entry.intent.into_owned(),
            position: entry.position,
            record: entry.record.to_owned(),
        }))
    }

    fn add(&mut self, found: Found, secrets: &mut Secrets) -> Result<(), Problem> {
        let record: Record =
            serde_json::from_str(found.record.get()).map_err(|_| Problem::Newer)?;
        let intent = self.intents.entry(found.intent.clone()).or_default();
        if found.position != intent.entries.len() {
            return Err(damaged(
                self.end,
                "an entry, which begins there, is missing or is twice there",
            ));
        }
        if let Record::Released {} = record {
            for place in secrets.entry(found.intent.clone()).or_default() {
                place.is_released = true;
            }
        }
        intent.room = intent.room.after(&record, &found.intent, found.secret > 0);
        intent.entries.push(Held {
            record: found.record,
            secret: None,
        });
        if found.secret > 0 {
            secrets.entry(found.intent).or_default().push(SecretPlace {
                position: found.position,
                at: self.end + found.line,
                length: found.secret,
                is_released: false,
            });
        }
        self.last = self.end;
        self.end += found.line + found.secret;
        Ok(())
    }

    /// Reads a secret, or sees to it that it is erased, if that is what became of it. One that was to be erased may look like
    /// anything: the machine may have stopped in the middle.
    fn add_secret(
        &mut self,
        intent: &str,
        place: &SecretPlace,
        is_sealed: bool,
    ) -> Result<(), Problem> {
        let line = &self.image[place.at..place.at + place.length];
        if place.is_released {
            if line != erased(place.length) {
                self.unerased.push((place.at, place.length));
            }
            return Ok(());
        }
        let stored = json_of(line).and_then(|json| Stored::from_json(json, is_sealed));
        let stored = stored.ok_or_else(|| {
            damaged(
                place.at,
                "a secret, which begins there, is not as it was written",
            )
        })?;
        let intent = self.intents.get_mut(intent);
        let entry = intent.and_then(|intent| intent.entries.get_mut(place.position));
        entry.expect("a place is that of an entry").secret = Some(HeldSecret {
            stored,
            at: place.at as u64,
            length: place.length,
        });
        Ok(())
    }

    /// What is to be written, and where.
    fn repairs(&self) -> Vec<(Zeroizing<Vec<u8>>, u64)> {
        let mut repairs = Vec::new();
        // One sector at a time, so that what is left when this is stopped too is something that a crash explains.
        let torn = (self.end..self.used).step_by(SECTOR);
        repairs.extend(torn.map(|at| (Zeroizing::new(vec![0; SECTOR]), at as u64)));
        // Once more: after a failed write the operating system may show what the disk has not.
        let last = self.image[self.last..self.end].to_vec();
        repairs.push((Zeroizing::new(last), self.last as u64));
        for (at, length) in &self.unerased {
            repairs.push((Zeroizing::new(erased(*length)), *at as u64));
        }
        repairs
    }
}

enum Entry {
    Whole(Found),
    /// Something else. If it begins with a whole line, the length of the secret that the line announces.
    Not {
        announced: Option<usize>,
    },
}

/// By intent.
type Secrets = BTreeMap<String, Vec<SecretPlace>>;

struct SecretPlace {
    position: usize,
    at: usize,
    length: usize,
    is_released: bool,
}

/// Where there are only zeros from. Most of a file may be zeros, so they are passed over by sectors.
fn used(image: &[u8]) -> usize {
    let sectors = image.chunks(SECTOR);
    let is_written = |sector: &[u8]| *sector != [0; SECTOR][..sector.len()];
    let Some(last) = sectors.clone().rposition(is_written) else {
        return 0;
    };
    let end = image.len().min((last + 1) * SECTOR);
    let zeros = image[..end].iter().rev().take_while(|byte| **byte == 0);
    end - zeros.count()
}

fn damaged(at: usize, what: &'static str) -> Problem {
    Problem::Damaged { at, what }
}
