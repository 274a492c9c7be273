//! A file of which a part is missing, or a byte is another.

use super::*;
use crate::ledger::file::format::SECTOR;

/// The file after the script, what it holds, and where it is free from.
fn recorded() -> (Vec<u8>, Holding, usize) {
    let model = Model::default();
    let mut holding = Holding::new();
    run(&opened(&model).unwrap(), &script(), &mut holding).unwrap();
    let file = model.ledger().unwrap();
    let used = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (file, holding, used)
}

/// Whether a file like this was refused and left alone. Otherwise it has to hold what was acknowledged.
fn is_refused(file: &[u8], holding: &Holding, what: &str) -> bool {
    let model = Model::with(file);
    let ledger = match opened(&model) {
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
        is_same(&held(&ledger), holding),
        "{what}: something else is read"
    );
    false
}

#[test]
fn no_truncation_loses_anything_unnoticed() {
    let (file, holding, used) = recorded();
    let mut refused = 0;
    for length in 0..file.len() {
        let is_refused = is_refused(&file[..length], &holding, &format!("cut at {length}"));
        assert_eq!(is_refused, length <= used, "cut at {length}");
        refused += usize::from(is_refused);
    }
    let cases = file.len();
    println!(
        "truncations: {cases} cases, {refused} refused, {} unharmed",
        cases - refused
    );
}

#[test]
fn no_byte_can_be_another_unnoticed() {
    let (file, holding, used) = recorded();
    let mut damaged = file.clone();
    let (mut cases, mut refused) = (0, 0);
    for (at, byte) in file.iter().copied().enumerate() {
        let others = [0, byte ^ 1, byte ^ 0x80, b'\n'];
        // Where nothing was written yet, all that counts is where in a sector it is.
        let others = if at < used + 2 * SECTOR {
            &others[..]
        } else {
            &others[1..2]
        };
        for other in others.iter().copied().filter(|other| *other != byte) {
            damaged[at] = other;
            cases += 1;
            let what = format!("byte {at}, {byte:#x}, is {other:#x}");
            refused += usize::from(is_refused(&damaged, &holding, &what));
        }
        damaged[at] = byte;
    }
    println!(
        "corruptions: {cases} cases, {refused} refused, {} unharmed",
        cases - refused
    );
}

/// With its last byte an entry could lose another one, and be taken for one that was being written.
#[test]
fn no_two_bytes_can_be_zero_unnoticed_in_the_last_entry() {
    let (file, holding, used) = recorded();
    let mut cases = 0;
    for other in used - 2 * SECTOR..used - 2 {
        let mut damaged = file.clone();
        damaged[used - 1] = 0;
        damaged[other] = 0;
        cases += 1;
        let what = format!("byte {other} and the last one are zero");
        assert!(is_refused(&damaged, &holding, &what), "{what}");
    }
    println!("corruptions of two bytes: {cases} cases, all refused");
}

/// A line break that is lost is put back, since the entry may have been acknowledged.
#[test]
fn an_entry_that_lacks_its_last_byte_is_whole() {
    let (mut file, holding, used) = recorded();
    let whole = file.clone();
    file[used - 1] = 0;
    let model = Model::with(&file);
    assert!(is_same(&held(&opened(&model).unwrap()), &holding));
    assert_eq!(model.ledger().unwrap(), whole);
}

#[test]
fn what_is_wrong_is_said() {
    let (file, _, _) = recorded();
    let refused = |file: &[u8]| opened(&Model::with(file)).err().unwrap();

    let empty = refused(b"");
    assert!(empty.to_string().contains("is empty"), "{empty}");
    let foreign = refused(b"[remote]\nurl = https://example.com\n");
    assert!(
        foreign.to_string().contains("does not begin as"),
        "{foreign}"
    );
    assert!(!foreign.is_damaged());

    let mut newer = file.clone();
    let version = newer.iter().position(|byte| *byte == b'1').unwrap();
    newer[version] = b'2';
    let newer = refused(&newer);
    assert!(newer.to_string().contains("a later version"), "{newer}");

    let mut damaged = file.clone();
    damaged[3 * SECTOR + 100] ^= 1;
    let damaged = refused(&damaged);
    assert!(damaged.is_damaged());
    let text = "the ledger folder/ledger is damaged at byte 1024: ";
    assert!(damaged.to_string().starts_with(text), "{damaged}");

    let cut = refused(&file[..3 * SECTOR]);
    assert!(cut.is_damaged());
    assert!(
        cut.to_string().contains("at byte 1536: it was cut off"),
        "{cut}"
    );
    for error in [empty, foreign, newer, damaged, cut] {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

/// A whole line is taken out, is there twice, or has changed its place with another.
#[test]
fn the_order_of_lines_is_checked() {
    let (file, _, _) = recorded();
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
    let (mut file, _, used) = recorded();
    let record = RawValue::from_string(r#"{"record":"levitated"}"#.to_owned()).unwrap();
    let (lines, _) = format::entry_lines("ключ", 2, &record, None);
    file[used..used + lines.len()].copy_from_slice(&lines);
    let error = opened(&Model::with(&file)).err().unwrap();
    assert!(error.to_string().contains("a later version"), "{error}");
}

/// Lines with the right checksum, which no version has written.
#[test]
fn a_line_that_nobody_wrote_is_refused() {
    let (file, _, used) = recorded();
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
    let (file, _, _) = recorded();
    let sealing = || Custody::sealed(|_| Ok(vec![1]), |_| Err("unused".into()));
    let model = Model::with(&file);
    let error = Shared::open(model, PathBuf::from("folder"), sealing())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("secrets as plaintexts"),
        "{error}"
    );

    let model = Model::default();
    drop(Shared::open(model.clone(), PathBuf::from("folder"), sealing()).unwrap());
    let error = opened(&model).err().unwrap();
    assert!(error.to_string().contains("secrets sealed"), "{error}");
}
