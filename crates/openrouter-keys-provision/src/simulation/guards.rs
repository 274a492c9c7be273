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
    Without::Guard(Guard::FenceBeforeSweeping),
    Without::Guard(Guard::LookAtUsage),
    Without::Guard(Guard::SpareTheSealed),
    Without::Guard(Guard::WaitWhenStrict),
    Without::Guard(Guard::AcknowledgeBeforeDisable),
    Without::Guard(Guard::VerifyBeforeDisable),
    Without::Guard(Guard::EnableBeforeRemoval),
    Without::Guard(Guard::WaitWhenRollingBack),
];

/// More than it takes, for those that only meet a rare combination.
const AT_RANDOM: u64 = 4000;

impl Without {
    /// The one that `Debug` prints so.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = ALL.iter().copied();
        all.find(|without| format!("{without:?}") == name)
    }

    /// How the violation begins by which it is missed: the harm that it is there to prevent, and not just any.
    pub(super) fn sign(self) -> &'static str {
        let Self::Guard(guard) = self else {
            return "I2: a key that nobody holds is left";
        };
        match guard {
            Guard::LookBeforeRetry | Guard::WaitWhenStrict => {
                "strict: a key that nobody holds is alive"
            }
            // A key is removed that is the intent's by then.
            Guard::NoncePerAttempt | Guard::FenceBeforeSweeping | Guard::SpareTheSealed => {
                "a call fails for good, KeyGone"
            }
            Guard::FenceBeforeRemoval => "I4: the key is not there",
            Guard::NoteBeforeCreate => "I3: a create is sent whose nonce is not durable",
            Guard::SealBeforeRename => "I1: a key is renamed that is not sealed",
            Guard::LookAtUsage => "a key is removed that was used",
            Guard::AcknowledgeBeforeDisable
            | Guard::VerifyBeforeDisable
            | Guard::EnableBeforeRemoval
            | Guard::WaitWhenRollingBack => "rotation: the customer has no key that works",
        }
    }

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
        let mut report = explore::systematically(&scenarios, Extent::Sample, 0, Some(*without));
        if report.sign_of(*without).is_none() {
            report.add(explore::at_random(&scenarios, 0, AT_RANDOM, Some(*without)));
        }
        match report.sign_of(*without) {
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
    super::announce(&format!("guards: {caught} of {} caught", ALL.len()));
    assert_eq!(caught, ALL.len());
}
