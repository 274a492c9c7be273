//! What goes wrong, and when.

use std::fmt;
use std::str::FromStr;

/// Something that a provisioner does and that the simulation sees: a request, an operation of the ledger, or a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    List,
    Get,
    Update,
    Delete,
    Current,
    Read,
    Append,
    Intents,
    Wait,
    /// The caller's sink is handed a plaintext.
    Deliver,
}

/// What goes wrong at a step.
///
/// Where it makes no difference whether something happens before or after, as with a request that changes nothing, only
/// one of the two is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process ends, and the step is not done.
    CrashBefore,
    /// The process ends as soon as the step is done.
    CrashAfter,
    /// The process ends while its request is under way, which arrives after the next listing.
    CrashUnderWay,
    /// The request does not arrive; the connection is reset.
    RequestLost,
    /// The request is carried out; the connection is reset.
    ResponseLost,
    /// The connection is reset, and the request arrives after the next listing.
    Late,
    /// The connection is reset, and the request arrives when a request can be no later.
    VeryLate,
    /// The request arrives twice, and its first answer comes back.
    Twice,
    /// The request arrives twice, and its second answer comes back.
    TwiceLost,
    /// The request arrives, and once more after the next listing.
    Again,
    /// The answer is 429, and nothing was done.
    TooMany,
    /// The answer is 500, and yet the request was carried out.
    Failed,
    /// The operation of the ledger fails, and nothing was done. For a sink: it acknowledges nothing.
    Refused,
    /// The operation of the ledger fails, and yet it was done. For a sink: it has stored what it does not acknowledge.
    Unsure,
    /// This and all further appends of the call and of the next one fail.
    Full,
    /// The other provisioner goes on from here.
    Switch,
    /// The same, after longer than anything can be under way: the process stands still, and thinks afterwards that nothing
    /// has happened.
    Stall,
}

impl Fault {
    const ALL: [Self; 17] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::CrashUnderWay,
        Self::RequestLost,
        Self::ResponseLost,
        Self::Late,
        Self::VeryLate,
        Self::Twice,
        Self::TwiceLost,
        Self::Again,
        Self::TooMany,
        Self::Failed,
        Self::Refused,
        Self::Unsure,
        Self::Full,
        Self::Switch,
        Self::Stall,
    ];

    /// What can go wrong at such a step.
    pub(super) const fn of(step: Step) -> &'static [Self] {
        match step {
            Step::Create | Step::Update | Step::Delete => &[
                Self::CrashBefore,
                Self::CrashAfter,
                Self::CrashUnderWay,
                Self::RequestLost,
                Self::ResponseLost,
                Self::Late,
                Self::VeryLate,
                Self::Twice,
                Self::TwiceLost,
                Self::Again,
                Self::TooMany,
                Self::Failed,
            ],
            Step::List | Step::Get | Step::Current => &[
                Self::CrashAfter,
                Self::ResponseLost,
                Self::TooMany,
                Self::Failed,
            ],
            Step::Append => &[
                Self::CrashBefore,
                Self::CrashAfter,
                Self::Refused,
                Self::Unsure,
                Self::Full,
            ],
            Step::Read | Step::Intents => &[Self::CrashBefore, Self::Refused],
            Step::Wait => &[Self::CrashAfter],
            Step::Deliver => &[
                Self::CrashBefore,
                Self::CrashAfter,
                Self::Refused,
                Self::Unsure,
            ],
        }
    }

    /// What can happen between two processes before such a step. To stand still before a look is to stand still before what
    /// follows from it.
    pub(super) const fn between(step: Step) -> &'static [Self] {
        match step {
            Step::Create | Step::Update | Step::Delete | Step::Append => {
                &[Self::Switch, Self::Stall]
            }
            _ => &[Self::Switch],
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CrashBefore => "crash-before",
            Self::CrashAfter => "crash-after",
            Self::CrashUnderWay => "crash-under-way",
            Self::RequestLost => "request-lost",
            Self::ResponseLost => "response-lost",
            Self::Late => "late",
            Self::VeryLate => "very-late",
            Self::Twice => "twice",
            Self::TwiceLost => "twice-lost",
            Self::Again => "again",
            Self::TooMany => "429",
            Self::Failed => "500",
            Self::Refused => "refused",
            Self::Unsure => "unsure",
            Self::Full => "full",
            Self::Switch => "switch",
            Self::Stall => "stall",
        }
    }
}

/// Which faults strike, in the order of the steps that they strike at: at most one at a step. As text, `3:late 7:500`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Schedule(Vec<(usize, Fault)>);

impl Schedule {
    /// This one, and another fault behind its last.
    pub(super) fn with(&self, step: usize, fault: Fault) -> Self {
        let mut faults = self.0.clone();
        faults.push((step, fault));
        Self(faults)
    }

    pub(super) fn at(&self, step: usize) -> Option<Fault> {
        let at = self.0.iter().find(|(number, _)| *number == step);
        at.map(|(_, fault)| *fault)
    }

    /// The first step behind those that are struck.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, |(step, _)| step + 1)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (step, fault)) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{step}:{}", fault.name())?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = |word: &str| {
            let (step, name) = word.split_once(':')?;
            let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name)?;
            Some((step.parse().ok()?, fault))
        };
        let faults = text.split_whitespace().map(|word| {
            fault(word).ok_or_else(|| format!("{word:?} is no step and fault, such as 3:late"))
        });
        faults.collect::<Result<_, _>>().map(Self)
    }
}

#[test]
fn a_schedule_is_read_back() {
    let mut schedule = Schedule::default();
    for (step, fault) in Fault::ALL.into_iter().enumerate() {
        schedule = schedule.with(3 * step, fault);
    }
    assert_eq!(schedule.to_string().parse(), Ok(schedule));
    assert!("3:nothing".parse::<Schedule>().is_err());
}
