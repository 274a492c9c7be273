//! Whether the simulation would notice: each thing that the protocol stands on is taken out, and must be missed.

use super::explore::{self, Extent};
use super::scenarios::Scenario;
use crate::guards::Guard;

/// What is taken out of the protocol, to see whether it is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    Guard(Guard),
    /// Nobody sweeps.
    Sweep,
}

const ALL: &[Without] = &[
    Without::Sweep,
    Without::Guard(Guard::LookBeforeRetry),
    Without::Guard(Guard::NoncePerAttempt),
    Without::Guard(Guard::NoteBeforeCreate),
    Without::Guard(Guard::SealBeforeRename),
    Without::Guard(Guard::FenceBeforeRemoval),
    Without::Guard(Guard::LookAtUsage),
    Without::Guard(Guard::SpareTheSealed),
    Without::Guard(Guard::WaitWhenStrict),
    Without::Guard(Guard::AcknowledgeBeforeDisable),
    Without::Guard(Guard::VerifyBeforeDisable),
    Without::Guard(Guard::EnableBeforeRemoval),
    Without::Guard(Guard::WaitWhenRollingBack),
];

impl Without {
    /// The one that `Debug` prints so.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = ALL.iter().copied();
        all.find(|without| format!("{without:?}") == name)
    }
}

/// More than it takes, for those that only meet a rare combination.
const AT_RANDOM: u64 = 4000;

impl Without {
    /// The scenarios that it has to do with.
    fn scenarios(self) -> Vec<&'static Scenario> {
        let of_rotation = matches!(
            self,
            Self::Guard(
                Guard::AcknowledgeBeforeDisable
                    | Guard::VerifyBeforeDisable
                    | Guard::EnableBeforeRemoval
                    | Guard::WaitWhenRollingBack
            )
        );
        let mut scenarios = Scenario::all();
        scenarios.retain(|scenario| scenario.rotates() == of_rotation);
        scenarios
    }
}

#[test]
fn each_guard_is_missed_when_it_is_taken_out() {
    let mut caught = 0;
    for without in ALL {
        let scenarios = without.scenarios();
        let mut report = explore::systematically(&scenarios, Extent::Some, Some(*without));
        if report.violations.is_empty() {
            report.add(explore::at_random(&scenarios, 0, AT_RANDOM, Some(*without)));
        }
        match report.violations.first() {
            Some(violation) => {
                caught += 1;
                println!(
                    "{without:?}, after {} schedules: {violation}",
                    report.schedules
                );
            }
            None => println!(
                "{without:?} is not missed in {} schedules",
                report.schedules
            ),
        }
    }
    println!("guards: {caught} of {} caught", ALL.len());
    assert_eq!(caught, ALL.len());
}
