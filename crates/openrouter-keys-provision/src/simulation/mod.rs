//! A deterministic simulation of provisioning: whatever goes wrong, at whatever step, the invariants hold.
//!
//! A [`world`] is an emulator behind a [`network`] that loses, delays and doubles requests, a [`ledger`] that fails, and a
//! [`clock`] that takes no time. Each request, each operation of the ledger and each wait is a step; the [`director`] counts
//! them, and strikes where the [`schedule`] says so. A [`run`] of one of the [`scenarios`] goes on until all calls have
//! succeeded, and an observer, who sees all there is, holds it against the [`invariants`]. What is tried is for [`explore`] to
//! say, and whether anything would be noticed for [`guards`].
//!
//! In the environment, `SIMULATION_SCENARIO` asks for one scenario alone, `SIMULATION_SEED` and `SIMULATION_RANDOM` say which
//! random schedules are tried and how many (the seed also says which pairs of faults are, where a scenario has too many),
//! `SIMULATION_ALL_PAIRS` lets all pairs be tried in all scenarios, and `SIMULATION_SCHEDULE` is what [`replay`] runs, without
//! the guard of `SIMULATION_WITHOUT`, if there is one.

mod clock;
mod director;
mod explore;
mod guards;
pub(crate) mod http;
mod invariants;
mod ledger;
mod network;
mod random;
mod rotating;
mod run;
mod scenarios;
mod schedule;
mod tests;
mod world;

use std::env;
use std::io::{self, Write as _};

use explore::{Choice, Extent, Job};
use guards::Without;
use scenarios::Scenario;

/// Begins the random schedules, unless the environment has another one.
const SEED: u64 = 20_261_121;
const AT_RANDOM: u64 = 1050;

#[test]
fn nothing_that_goes_wrong_breaks_an_invariant() {
    let seed = number("SIMULATION_SEED").unwrap_or(SEED);
    let at_random = number("SIMULATION_RANDOM").unwrap_or(AT_RANDOM);
    println!(
        "seed {seed}, again by SIMULATION_SEED={seed} SIMULATION_RANDOM={at_random} cargo test -p openrouter-keys-provision simulation::nothing -- --nocapture"
    );
    let extent = if env::var_os("SIMULATION_ALL_PAIRS").is_some() {
        Extent::All
    } else {
        Extent::Sample
    };
    let chosen = env::var("SIMULATION_SCENARIO").ok();
    let mut scenarios = Scenario::all();
    scenarios.retain(|scenario| chosen.as_ref().is_none_or(|name| name == scenario.name));
    let mut report = explore::systematically(&scenarios, extent, seed, None);
    report.add(explore::at_random(&scenarios, seed, at_random, None));
    for violation in report.violations.iter().take(20) {
        println!("{violation}");
    }
    announce(&format!(
        "simulation: {} schedules, {} violations",
        report.schedules,
        report.violations.len()
    ));
    assert!(report.violations.is_empty());
    assert!(report.schedules >= 10_000 || chosen.is_some());
}

/// Runs the schedule that the environment has, such as `fast 2:response-lost`, and tells what happens.
#[test]
fn replay() {
    let given = env::var("SIMULATION_SCHEDULE");
    let given = given.as_deref().unwrap_or("fast 2:response-lost");
    let (name, schedule) = given.split_once(' ').unwrap_or((given, ""));
    let job = Job {
        scenario: Scenario::named(name).expect("the first word is a scenario"),
        choice: Choice::Fixed(schedule.parse().expect("the others are steps with faults")),
    };
    let without = env::var("SIMULATION_WITHOUT").ok();
    let without = without.map(|name| Without::named(&name).expect("it is one of the guards"));
    let (told, report) = explore::trace(&[job], without);
    println!("{}", told.concat());
    assert!(report.violations.is_empty() || without.is_some());
}

/// Prints a line that is not captured: how much was tried is to be seen wherever this runs.
fn announce(line: &str) {
    writeln!(io::stdout(), "{line}").expect("there is an output");
}

fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().expect("it is a number"))
}
