//! A file of which a part is missing, or a byte is another.

use std::fmt::Display;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::ledger::file::format::SECTOR;

/// A file after a script.
struct Recorded {
    file: Vec<u8>,
    holding: Holding,
    /// Where it is free from.
    used: usize,
    custody: fn() -> Custody,
}

fn recorded() -> Recorded {
    Recorded::after(&script(), Custody::plaintext)
}

impl Recorded {
    fn after(script: &Script, custody: fn() -> Custody) -> Self {
        let model = Model::default();
        let mut holding = Holding::new();
        let ledger = opened_with(&model, custody()).unwrap();
        run(&ledger, script, &mut holding).unwrap();
        let file = model.ledger().unwrap();
        let used = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        Self {
            file,
            holding,
            used,
            custody,
        }
    }

    /// Whether a file like this is refused and left alone. Otherwise it has to hold what was acknowledged.
    fn is_refused(&self, file: &[u8], what: impl Display) -> bool {
        let model = Model::with(file);
        let ledger = match opened_with(&model, (self.custody)()) {
            Ok(ledger) => ledger,
            Err(error) => {
                assert!(!error.to_string().contains("canary"), "{what}: {error}");
                assert_eq!(
                    model.ledger().unwrap(),
                    file,
                    "{what}: it was refused and changed"
                );
                return true;
            }
        };
        assert!(
            is_same(&held(&ledger), &self.holding),
            "{what}: something else is read"
        );
        false
    }

    /// Whether it is refused when this byte is that.
    fn is_refused_with(&self, at: usize, byte: u8) -> bool {
        let mut changed = self.file.clone();
        let was = std::mem::replace(&mut changed[at], byte);
        self.is_refused(&changed, format_args!("byte {at}, {was:#x}, is {byte:#x}"))
    }
}

#[test]
fn no_truncation_loses_anything_unnoticed() {
    let recorded = recorded();
    let mut refused = 0;
    for length in 0..recorded.file.len() {
        let what = format!("cut at {length}");
        let is_refused = recorded.is_refused(&recorded.file[..length], &what);
        assert_eq!(is_refused, length <= recorded.used, "{what}");
        refused += usize::from(is_refused);
    }
    let cases = recorded.file.len();
    println!(
        "truncations: {cases} cases, {refused} refused, {} unharmed",
        cases - refused
    );
}

/// Every used byte, set to each of its 255 other values.
#[test]
fn no_byte_can_be_another_unnoticed() {
    corrupt(recorded(), "plaintexts");
}

/// Sealed: only the first line and the secrets' lines differ.
#[test]
fn no_byte_can_be_another_unnoticed_where_secrets_are_sealed() {
    let script = vec![("a", sealed(1)), ("a", released()), ("b", sealed(2))];
    corrupt(Recorded::after(&script, sealing), "sealed");
}

fn corrupt(mut recorded: Recorded, which: &str) {
    let used = recorded.used;
    // What is behind it is not what this is about.
    recorded.file.truncate(used + SECTOR);
    let erased = recorded
        .file
        .windows(6)
        .position(|bytes| bytes == b"erased");
    let erased = erased.unwrap();
    let unharmed = |at: usize, byte: u8| {
        (erased..erased + SECTOR).contains(&at) || (at == used - 1 && byte == 0)
    };

    let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= used {
            break;
        }
        for byte in (0..=u8::MAX).filter(|byte| *byte != recorded.file[at]) {
            let is_refused = recorded.is_refused_with(at, byte);
            assert_eq!(is_refused, !unharmed(at, byte), "byte {at} is {byte:#x}");
            refused.fetch_add(usize::from(is_refused), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    let (cases, refused) = (used * 255, refused.into_inner());
    println!(
        "corruptions, {which}: {cases} cases, {refused} refused, {} unharmed",
        cases - refused
    );
}

/// What was not written yet is looked at by sectors, and for the head of a line: which byte it is makes no difference in the
/// middle of a sector.
#[test]
fn no_byte_after_the_end_can_be_another_unnoticed() {
    let recorded = recorded();
    let (mut cases, mut refused) = (0, 0);
    for at in recorded.used..recorded.file.len() {
        let offset = (at - recorded.used) % SECTOR;
        let is_all = at < recorded.used + 2 * SECTOR && (offset < 20 || offset == SECTOR - 1);
        let bytes = if is_all { 1..=u8::MAX } else { 1..=1 };
        for byte in bytes {
            let is_refused = recorded.is_refused_with(at, byte);
            // That may be the first byte of an entry, of which no more was written.
            assert_eq!(is_refused, offset != 0, "byte {at} is {byte:#x}");
            cases += 1;
            refused += usize::from(is_refused);
        }
    }
    println!(
        "corruptions after the end, plaintexts: {cases} cases, {refused} refused, {} unharmed",
        cases - refused
    );
}

/// With its last byte an entry could lose another one, and be taken for one that was being written.
#[test]
fn no_two_bytes_can_be_zero_unnoticed_in_the_last_entry() {
    let recorded = recorded();
    let used = recorded.used;
    let mut cases = 0;
    for other in used - 2 * SECTOR..used - 2 {
        let mut damaged = recorded.file.clone();
        damaged[used - 1] = 0;
        damaged[other] = 0;
        cases += 1;
        let what = format!("byte {other} and the last one are zero");
        assert!(recorded.is_refused(&damaged, &what), "{what}");
    }
    println!("corruptions of two bytes, plaintexts: {cases} cases, all refused");
}

/// A line break that is lost is put back, since the entry may have been acknowledged.
#[test]
fn an_entry_that_lacks_its_last_byte_is_whole() {
    let Recorded {
        file: whole,
        holding,
        used,
        ..
    } = recorded();
    let mut file = whole.clone();
    file[used - 1] = 0;
    let model = Model::with(&file);
    assert!(is_same(&held(&opened(&model).unwrap()), &holding));
    assert_eq!(model.ledger().unwrap(), whole);
}

#[test]
fn what_is_wrong_is_said() {
    let Recorded { file, .. } = recorded();
    let changed = |at: usize, byte: u8| {
        let mut changed = file.clone();
        changed[at] = byte;
        changed
    };
    let version = file.iter().position(|byte| *byte == b'1').unwrap();
    let newer = "was written by a later version of this crate. It was left as it is: open it with that version";
    is_refused_as(&changed(version, b'2'), Custody::plaintext(), newer);
    for (file, expected) in [
        (
            changed(100, 0),
            "0: its first lines are not those of a ledger",
        ),
        (
            changed(3 * SECTOR + 100, 0),
            "1024: an entry, which begins there, is not as it was written",
        ),
        (
            file[..3 * SECTOR].to_vec(),
            "1536: it was cut off, since it does not end in the zeros that are kept there",
        ),
    ] {
        let expected = format!(
            "is damaged at byte {expected}. It was left as it is. Keep a copy of it, look into the disk, and do not put an old \
             copy in its place without reading what the documentation of FileLedger says of that"
        );
        let error = is_refused_as(&file, Custody::plaintext(), &expected);
        assert!(error.is_damaged());
    }
}

fn is_refused_as(file: &[u8], custody: Custody, expected: &str) -> FileLedgerError {
    let error = opened_with(&Model::with(file), custody).err().unwrap();
    let expected = format!("the ledger folder/ledger {expected}");
    assert_eq!(error.to_string(), expected);
    error
}

/// A whole line is taken out, is there twice, or has changed its place with another.
#[test]
fn the_order_of_lines_is_checked() {
    let Recorded { file, .. } = recorded();
    let sector = |number: usize| file[number * SECTOR..(number + 1) * SECTOR].to_vec();
    let at = |number: usize| number * SECTOR;
    // After the first sector: an attempt of one sector, one of several, and a sealed one with its secret.
    let twice = [&file[..at(2)], &sector(1), &file[at(2)..]].concat();
    let missing = [&file[..at(1)], &file[at(2)..]].concat();
    for (what, changed) in [("twice", twice), ("missing", missing)] {
        let error = opened(&Model::with(&changed)).err().unwrap();
        assert!(error.is_damaged(), "{what}: {error}");
        assert!(
            error.to_string().contains("is missing or is twice"),
            "{what}: {error}"
        );
    }
}

/// A record that a later version wrote.
#[test]
fn a_record_that_is_not_known_is_not_passed_over() {
    let Recorded { mut file, used, .. } = recorded();
    let record = RawValue::from_string(r#"{"record":"levitated"}"#.to_owned()).unwrap();
    let (lines, _) = format::entry_lines("ключ", 2, &record, None);
    file[used..used + lines.len()].copy_from_slice(&lines);
    let error = opened(&Model::with(&file)).err().unwrap();
    assert!(error.to_string().contains("a later version"), "{error}");
}

/// Lines with the right checksum, which no version has written.
#[test]
fn a_line_that_nobody_wrote_is_refused() {
    let Recorded { file, used, .. } = recorded();
    let released = r#"{"record":"released"}"#;
    let huge = u64::MAX;
    let lines = [
        "{}".to_owned(),
        "[]".to_owned(),
        String::new(),
        format!(r#"{{"intent":"a","position":-1,"record":{released}}}"#),
        format!(r#"{{"intent":"a","position":{huge},"record":{released}}}"#),
        format!(r#"{{"intent":"a","position":0,"record":{released},"more":0}}"#),
        format!(r#"{{"intent":"a","position":0,"record":{released},"secret":7}}"#),
        format!(r#"{{"intent":"a","position":0,"record":{released},"secret":{huge}}}"#),
        format!(r#"{{"intent":"a","position":0,"record":{released},"secret":1048576}}"#),
    ];
    for line in lines {
        let mut file = file.clone();
        let mut sector = Vec::new();
        format::push_line(&mut sector, line.as_bytes());
        file[used..used + SECTOR].copy_from_slice(&sector);
        let model = Model::with(&file);
        assert!(opened(&model).is_err(), "{line}");
        assert_eq!(model.ledger().unwrap(), file, "{line}");
    }
}

#[test]
fn a_file_is_of_one_custody() {
    let script = script();
    let plaintexts = Recorded::after(&script, Custody::plaintext);
    let expected = "has its secrets as plaintexts, but was to be opened with sealing: copy it into a new folder, as the \
                    documentation of Custody describes";
    is_refused_as(&plaintexts.file, sealing(), expected);
    let sealed = Recorded::after(&script, sealing);
    let expected = "has its secrets sealed, but was to be opened with plaintexts: open it with the functions that sealed them";
    is_refused_as(&sealed.file, Custody::plaintext(), expected);
}
