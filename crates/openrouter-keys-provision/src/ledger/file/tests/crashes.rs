//! Power cuts and errors at each operation.

use rustix::io::Errno;

use super::model::{Fault, Part};
use super::*;

/// How many of the things that a power cut may leave are looked at, at most.
const MOST: usize = 600;
const SEED: u64 = 7;

/// Runs the script on a new disk with this fault. What was acknowledged, and the entry after it.
fn run_with(model: &Model, script: &Script) -> (Holding, Option<(&'static str, Entry)>) {
    let mut holding = Holding::new();
    let failed = opened(model).and_then(|ledger| run(&ledger, script, &mut holding));
    let acknowledged: usize = holding.values().map(Vec::len).sum();
    let next = failed
        .is_err()
        .then(|| script.get(acknowledged).cloned())
        .flatten();
    (holding, next)
}

/// Opens what is there. It must be what was acknowledged, with the entry that was under way or without it; and it must go on.
fn check_recovered(
    model: &Model,
    acknowledged: &Holding,
    next: Option<&(&'static str, Entry)>,
    what: &str,
) {
    let ledger = opened(model).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = held(&ledger);
    let is_known = is_same(&found, acknowledged)
        || next.is_some_and(|(intent, entry)| {
            is_same(&found, &with(acknowledged.clone(), intent, entry))
        });
    assert!(is_known, "{what}: {found:?}, and not {acknowledged:?}");
    check_erased(model, &found, what);
    // The first of these is short, so that whatever a crash left would be seen behind it.
    let more: Script = vec![
        ("customer-1", committed()),
        ("more", attempt(99, "more")),
        ("more", sealed(99)),
    ];
    let mut holding = found;
    drop(ledger);
    for entry in more {
        let ledger = opened(model).unwrap_or_else(|error| panic!("{what}, and again: {error}"));
        assert!(is_same(&held(&ledger), &holding), "{what}, and again");
        run(&ledger, &vec![entry], &mut holding).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let ledger = opened(model).unwrap_or_else(|error| panic!("{what}, at last: {error}"));
    assert!(is_same(&held(&ledger), &holding), "{what}, at last");
}

/// Whether what was released is not in the file either.
fn check_erased(model: &Model, found: &Holding, what: &str) {
    let is_released = |entry: &Entry| matches!(entry.record, Record::Released {});
    let entries = found.get("customer-1");
    if entries.is_some_and(|entries| entries.iter().any(is_released)) {
        let secret = sealed(1).secret.unwrap();
        let file = model.ledger().unwrap();
        let is_there = String::from_utf8_lossy(&file).contains(secret.expose_secret());
        assert!(
            !is_there,
            "{what}: a secret is in the file after it was released"
        );
    }
}

/// The script, and more than one step of the file is enough for.
fn long_script() -> Script {
    let mut script = script();
    script.extend([
        ("open-1", attempt(11, "open")),
        ("open-2", attempt(12, "open")),
        ("open-3", attempt(13, "open")),
        ("open-4", attempt(14, "open")),
        ("open-4", sealed(14)),
    ]);
    script
}

fn operations(script: &Script) -> Vec<&'static str> {
    let model = Model::default();
    let (_, next) = run_with(&model, script);
    assert!(next.is_none());
    let operations = model.operations();
    let extensions = operations.iter().filter(|name| **name == "extend").count();
    assert!(extensions > 1, "the file must have become longer");
    operations
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let script = long_script();
    let operations = operations(&script);
    let (mut cuts, mut cases, mut twice) = (0, 0, 0);
    for (number, name) in operations.iter().enumerate() {
        let stops = Part::ALL
            .map(Fault::Stop)
            .into_iter()
            .chain([Fault::StopAfter]);
        let stops = stops.filter(|stop| {
            matches!(*name, "write" | "extend")
                || matches!(stop, Fault::Stop(Part::Nothing) | Fault::StopAfter)
        });
        for stop in stops {
            let model = Model::default();
            model.fail_at(number, stop);
            let (acknowledged, next) = run_with(&model, &script);
            assert!(model.is_off());
            cuts += 1;
            for (index, left) in model.after_power_cut(MOST, SEED).into_iter().enumerate() {
                let what = format!(
                    "{stop:?} at operation {number}, {name}, survivor {index} of seed {SEED}"
                );
                cases += 1;
                // The machine stops again while it is mended.
                if index % 7 == 0 {
                    for again in 0..12 {
                        let left = left.after_power_cut(1, SEED).remove(0);
                        left.fail_at(again, Fault::StopAfter);
                        if opened(&left).is_ok() {
                            break;
                        }
                        for left in left.after_power_cut(8, SEED) {
                            twice += 1;
                            let what = format!("{what}, and again at operation {again}");
                            check_recovered(&left, &acknowledged, next.as_ref(), &what);
                        }
                    }
                }
                check_recovered(&left, &acknowledged, next.as_ref(), &what);
            }
        }
    }
    println!(
        "power cuts: {cuts} moments, {cases} states of the disk, {twice} more after a second cut, 0 violations"
    );
}

/// The program is killed and the machine goes on: all that was written is seen.
#[test]
fn a_killed_program_loses_nothing_that_was_acknowledged() {
    let script = long_script();
    let mut cases = 0;
    for number in 0..operations(&script).len() {
        for stop in Part::ALL
            .map(Fault::Stop)
            .into_iter()
            .chain([Fault::StopAfter])
        {
            let model = Model::default();
            model.fail_at(number, stop);
            let (acknowledged, next) = run_with(&model, &script);
            model.fail_never();
            cases += 1;
            check_recovered(
                &model,
                &acknowledged,
                next.as_ref(),
                &format!("{stop:?} at operation {number}"),
            );
        }
    }
    println!("kills: {cases} cases, 0 violations");
}

/// What a killed program wrote is seen by the next one, which builds on it, and durable only if that one sees to it: the
/// content of the file, its length, and its name.
#[test]
fn a_power_cut_after_a_kill_loses_nothing_that_was_seen() {
    let script = long_script();
    let mut states = 0;
    for (number, name) in operations(&script).iter().enumerate() {
        for stop in Part::ALL
            .map(Fault::Stop)
            .into_iter()
            .chain([Fault::StopAfter])
        {
            let what = format!("{stop:?} at operation {number}, {name}, power cut");
            let model = Model::default();
            model.fail_at(number, stop);
            run_with(&model, &script);
            model.fail_never();

            let ledger = opened(&model).unwrap_or_else(|error| panic!("{what}: {error}"));
            let mut holding = held(&ledger);
            for left in model.after_power_cut(20, SEED) {
                states += 1;
                check_recovered(&left, &holding, None, &format!("{what} at once"));
            }
            let seen: usize = holding.values().map(Vec::len).sum();
            run(&ledger, &script[seen..].to_vec(), &mut holding).unwrap();
            for left in model.after_power_cut(20, SEED) {
                states += 1;
                check_recovered(&left, &holding, None, &format!("{what} after the rest"));
            }
        }
    }
    println!("power cuts after a kill: {states} states of the disk, 0 violations");
}

/// Whatever an operation fails with: nothing is lost, whether the ledger is opened again at once or after a power cut.
#[test]
fn an_error_loses_nothing_that_was_acknowledged() {
    let script = long_script();
    let (mut unopened, mut cases, mut states) = (0, 0, 0);
    for (number, name) in operations(&script).iter().enumerate() {
        let errors = [Errno::NOSPC, Errno::DQUOT, Errno::IO];
        let errors = errors
            .into_iter()
            .flat_map(|error| Part::ALL.map(|part| Fault::Fail(error, part)));
        for fault in errors.chain([Fault::Forget]) {
            let what = format!("{fault:?} at operation {number}, {name}");
            let model = Model::default();
            model.fail_at(number, fault);
            let has_no_room = matches!(fault, Fault::Fail(Errno::NOSPC | Errno::DQUOT, _));
            let mut holding = Holding::new();
            let ledger = match opened(&model) {
                Ok(ledger) => ledger,
                Err(error) => {
                    assert_eq!(error.is_full(), has_no_room, "{what}: {error}");
                    unopened += 1;
                    model.fail_never();
                    check_recovered(&model, &holding, None, &what);
                    continue;
                }
            };
            let error = run(&ledger, &script, &mut holding).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{what}: {error}");
            cases += 1;
            let acknowledged: usize = holding.values().map(Vec::len).sum();
            let next = &script[acknowledged];
            // Once a part of an entry may be written, it is no matter of room any more.
            let is_full = has_no_room && *name == "extend";
            assert_eq!(error.is_full(), is_full, "{what}: {error}");
            assert_eq!(error.needs_reopening(), !is_full, "{what}: {error}");
            if is_full {
                // It goes on as if nothing had been.
                run(&ledger, &script[acknowledged..].to_vec(), &mut holding).unwrap();
                assert!(is_same(&held(&ledger), &holding), "{what}");
                continue;
            }
            assert!(
                ledger
                    .log()
                    .unwrap()
                    .intents()
                    .unwrap_err()
                    .needs_reopening(),
                "{what}"
            );
            assert!(
                ledger.read("customer-1").unwrap_err().needs_reopening(),
                "{what}"
            );
            let again = ledger.append("new", 0, &committed()).unwrap_err();
            assert!(again.needs_reopening(), "{what}: {again}");
            drop(ledger);
            for left in model.after_power_cut(50, SEED) {
                states += 1;
                check_recovered(&left, &holding, Some(next), &format!("{what}, power cut"));
            }
            // What is seen when it is opened again must be there for good then.
            let ledger = opened(&model).unwrap();
            let found = held(&ledger);
            for left in model.after_power_cut(50, SEED) {
                states += 1;
                check_recovered(&left, &found, None, &format!("{what}, opened, power cut"));
            }
            drop(ledger);
            check_recovered(&model, &holding, Some(next), &what);
        }
    }
    println!(
        "errors: {unopened} while it was opened, {cases} later, {states} states of the disk after a power cut, 0 violations"
    );
}

#[test]
fn a_short_write_is_gone_on_with() {
    let script = long_script();
    let mut cases = 0;
    for (number, name) in operations(&script).iter().enumerate() {
        for part in Part::ALL {
            let model = Model::default();
            model.fail_at(number, Fault::Short(part));
            let (holding, next) = run_with(&model, &script);
            if *name == "write" {
                cases += 1;
                assert!(next.is_none(), "{part:?} at operation {number}");
                assert!(is_same(&held(&opened(&model).unwrap()), &holding));
            }
        }
    }
    println!("short writes: {cases} cases, 0 violations");
}

#[test]
fn what_stopped_it_is_said() {
    let model = Model::default();
    let ledger = opened(&model).unwrap();
    let append = || ledger.append("a", 0, &sealed(1)).unwrap_err().to_string();
    model.fail_at(
        model.operations().len(),
        Fault::Fail(Errno::IO, Part::Third),
    );
    assert_eq!(
        append(),
        "the ledger folder/ledger: writing an entry failed: Input/output error (os error 5). It does nothing any more, since \
         nobody knows what the disk holds now: look into the disk, then drop the ledger and open it again"
    );
    assert_eq!(
        append(),
        "the ledger folder/ledger does nothing any more, since an earlier write to it failed: drop it and open it again"
    );
}

#[test]
fn a_ledger_for_which_there_is_no_room_is_made_once_there_is_some() {
    let model = Model::default();
    model.set_full(true);
    let error = opened(&model).err().unwrap();
    assert!(error.is_full());
    assert_eq!(
        error.to_string(),
        "the ledger folder/ledger has no room: No space left on device (os error 28). No entry was written; make room on the \
         disk, or raise the limit, and try again"
    );
    assert_eq!(model.ledger(), None);
    model.set_full(false);
    opened(&model).unwrap();
}

/// A create is sent only when there is room for what may come of it, of every attempt that is open.
#[test]
fn whatever_an_attempt_needs_has_room_on_a_full_disk() {
    let model = Model::default();
    let ledger = opened(&model).unwrap();
    let mut holding = Holding::new();
    let intents: Vec<String> = (0..40).map(|number| format!("customer-{number}")).collect();
    let append = |intent: &str, entry: &Entry, holding: &mut Holding| {
        let position = holding.get(intent).map_or(0, Vec::len);
        let appended = ledger.append(intent, position, entry)?;
        appended.expect("nobody else appends");
        *holding = with(std::mem::take(holding), intent, entry);
        Ok::<_, FileLedgerError>(())
    };
    for intent in &intents {
        append(intent, &attempt(1, "a key"), &mut holding).unwrap();
    }
    model.set_full(true);
    let largest = SecretString::from("x".repeat(8_000));
    for (number, intent) in intents.iter().enumerate() {
        let mut sealed = sealed(number as u128);
        sealed.secret = Some(largest.clone());
        append(intent, &sealed, &mut holding).unwrap();
    }
    // A new one takes what is left of the last step, but not what the others may need.
    let refused = (0..)
        .map(|number| append(&format!("new-{number}"), &attempt(1, "a key"), &mut holding))
        .find_map(Result::err)
        .unwrap();
    assert!(refused.is_full(), "{refused}");
    for intent in &intents {
        append(intent, &committed(), &mut holding).unwrap();
    }
    assert!(is_same(&held(&ledger), &holding));
    let length = model.ledger().unwrap().len();

    // It is known after a restart too.
    drop(ledger);
    let ledger = opened(&model).unwrap();
    let entry = attempt(1, "a key");
    let refused = (0..).map(|number| ledger.append(&format!("newer-{number}"), 0, &entry));
    let refused = refused.take(100).find_map(Result::err).unwrap();
    assert!(refused.is_full(), "{refused}");
    let open: Vec<_> = holding
        .keys()
        .filter(|intent| intent.starts_with("new-"))
        .collect();
    for intent in &open {
        ledger.append(intent, 1, &sealed(1)).unwrap().unwrap();
        ledger.append(intent, 2, &committed()).unwrap().unwrap();
    }
    assert_eq!(model.ledger().unwrap().len(), length);

    model.set_full(false);
    let is_longer = |number: usize| {
        ledger
            .append(&format!("newest-{number}"), 0, &entry)
            .unwrap()
            .unwrap();
        model.ledger().unwrap().len() > length
    };
    assert!((0..100).any(is_longer), "once there is room it is used");
    println!(
        "full disk: {} attempts ended, {} more were let in and ended",
        intents.len(),
        open.len()
    );
}
