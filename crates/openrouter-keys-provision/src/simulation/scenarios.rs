//! What the provisioners of a world are asked to do.

use super::explore::Extent;

/// What is begun, and how.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What each actor does.
    pub(super) calls: &'static [Call],
    pub(super) mode: Mode,
    pub(super) start: Beginning,
    /// What nobody is told of is used at once.
    pub(super) is_spied_on: bool,
    /// The actors do their steps in turn.
    pub(super) alternates: bool,
    /// The clients retry by themselves, as they do by default. Otherwise each fault is one that the provisioner sees.
    pub(super) retries: bool,
    /// Which pairs of faults are tried, where nobody has asked for all.
    pub(super) pairs: Extent,
}

/// How a provisioner is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Fast,
    Strict,
    /// Strict, and what is not committed cannot spend.
    Escrow,
    /// The caller chooses the plaintext.
    Partner,
}

/// What there is before anybody does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beginning {
    /// Nothing: the ledger does not even know whose it is.
    Blank,
    /// Nothing but that.
    Empty,
    /// An earlier process has left two keys behind: one that is unused, and one that is not.
    Littered,
    /// An earlier process has stopped between its create and the seal, long ago, and the key is there.
    Stopped,
    /// The intent has its key.
    Provisioned,
    /// Somebody has made a key by hand, which is as the intent's would be.
    ByHand,
}

/// What an actor does until it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Ensure,
    Sweep,
    /// Ensures, and removes what it has got.
    Replace,
    /// Ensures, and erases the plaintext.
    Release,
    /// Takes the key that somebody has made by hand, if the intent gets no other.
    Adopt,
    /// Rotates, with a grace.
    Rotate,
    /// The same, where a new key does not work at once.
    RotateSlowly,
    /// The same, and the new key gets what the old one had left.
    RotateRemainder,
    /// Resumes the rotation once, whatever comes of it, and rolls it back.
    RollBack,
}

const PLAIN: Scenario = Scenario {
    name: "fast",
    calls: &[Call::Ensure],
    mode: Mode::Fast,
    start: Beginning::Empty,
    is_spied_on: false,
    alternates: false,
    retries: false,
    pairs: Extent::All,
};

const ROTATION: Scenario = Scenario {
    name: "rotate",
    calls: &[Call::Rotate],
    start: Beginning::Provisioned,
    ..PLAIN
};

const SCENARIOS: &[Scenario] = &[
    PLAIN,
    Scenario {
        name: "strict",
        mode: Mode::Strict,
        ..PLAIN
    },
    Scenario {
        name: "escrow",
        mode: Mode::Escrow,
        ..PLAIN
    },
    Scenario {
        name: "partner",
        mode: Mode::Partner,
        ..PLAIN
    },
    Scenario {
        name: "first",
        start: Beginning::Blank,
        ..PLAIN
    },
    Scenario {
        name: "with-retries",
        retries: true,
        ..PLAIN
    },
    Scenario {
        name: "released",
        calls: &[Call::Release],
        ..PLAIN
    },
    Scenario {
        name: "adopted",
        calls: &[Call::Adopt],
        start: Beginning::ByHand,
        ..PLAIN
    },
    Scenario {
        name: "adopted-or-made",
        calls: &[Call::Adopt, Call::Ensure],
        start: Beginning::ByHand,
        ..PLAIN
    },
    Scenario {
        name: "spied-on",
        is_spied_on: true,
        ..PLAIN
    },
    Scenario {
        name: "littered",
        start: Beginning::Littered,
        ..PLAIN
    },
    Scenario {
        name: "replace",
        calls: &[Call::Replace],
        ..PLAIN
    },
    Scenario {
        name: "sweep",
        calls: &[Call::Sweep],
        start: Beginning::Littered,
        ..PLAIN
    },
    Scenario {
        name: "sweep-stopped",
        calls: &[Call::Sweep],
        start: Beginning::Stopped,
        ..PLAIN
    },
    Scenario {
        name: "sweep-stopped-in-turn",
        calls: &[Call::Sweep, Call::Ensure],
        start: Beginning::Stopped,
        alternates: true,
        ..PLAIN
    },
    Scenario {
        name: "beside-a-sweep",
        calls: &[Call::Ensure, Call::Sweep],
        ..PLAIN
    },
    Scenario {
        name: "two",
        calls: &[Call::Ensure, Call::Ensure],
        ..PLAIN
    },
    Scenario {
        name: "two-littered",
        calls: &[Call::Ensure, Call::Ensure],
        start: Beginning::Littered,
        ..PLAIN
    },
    Scenario {
        name: "two-in-turn",
        calls: &[Call::Ensure, Call::Ensure],
        alternates: true,
        ..PLAIN
    },
    Scenario {
        name: "sweep-in-turn",
        calls: &[Call::Ensure, Call::Sweep],
        start: Beginning::Littered,
        alternates: true,
        ..PLAIN
    },
    ROTATION,
    Scenario {
        name: "rotate-with-retries",
        calls: &[Call::Rotate],
        retries: true,
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "rotate-slowly",
        calls: &[Call::RotateSlowly],
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "rotate-remainder",
        calls: &[Call::RotateRemainder],
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "roll-back",
        calls: &[Call::RollBack],
        ..ROTATION
    },
    Scenario {
        name: "rotate-twice",
        calls: &[Call::Rotate, Call::Rotate],
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "rotate-and-back",
        calls: &[Call::Rotate, Call::RollBack],
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "rotate-and-ensure",
        calls: &[Call::Rotate, Call::Ensure],
        pairs: Extent::Sample,
        ..ROTATION
    },
    Scenario {
        name: "rotate-and-sweep",
        calls: &[Call::Rotate, Call::Sweep],
        pairs: Extent::Sample,
        ..ROTATION
    },
];

impl Scenario {
    pub(super) fn all() -> Vec<&'static Self> {
        SCENARIOS.iter().collect()
    }

    pub(super) fn named(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    pub(super) fn rotates(&self) -> bool {
        self.calls.iter().any(|call| match call {
            Call::Ensure | Call::Sweep | Call::Replace | Call::Release | Call::Adopt => false,
            Call::Rotate | Call::RotateSlowly | Call::RotateRemainder | Call::RollBack => true,
        })
    }
}
