//! What is measured, how often, and what is to be reached.

use crate::figures::Figures;
use crate::task::{Task, Who};

/// Two clients, or two ways to use one, at the same work.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) ours: Task,
    pub(crate) floor: (Who, Task),
    /// How many calls, keys or clients, and how many where it is only to be seen that everything runs.
    pub(crate) count: u64,
    pub(crate) quick: u64,
    /// How long the server waits before each answer.
    pub(crate) delay_ms: u64,
    /// How many pairs of runs.
    pub(crate) pairs: usize,
    pub(crate) rows: &'static [Row],
}

/// Two programs at something that is not a client's work.
pub(crate) struct Comparison {
    pub(crate) name: &'static str,
    /// How many times both are measured.
    pub(crate) pairs: usize,
    pub(crate) rows: &'static [Row],
    /// Measures both.
    pub(crate) measure: fn(Effort) -> Result<[Figures; 2], String>,
}

/// How much is to be measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) pairs: usize,
    /// It is only to be seen that everything runs.
    pub(crate) is_quick: bool,
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) metric: Metric,
    pub(crate) target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Instructions of one call: those of a thousand more, divided by a thousand.
    CallInstructions,
    /// Instructions of the whole process.
    Instructions,
    /// CPU time of the client, user and system.
    Cpu,
    /// Time on the clock, of the work alone.
    Wall,
    /// Time on the clock from the start of the process to its end.
    ProcessWall,
    /// The most memory that the client had.
    Peak,
    /// CPU time of the server, user and system.
    ServerCpu,
    /// Time on the clock from the start of the process to its first line of output.
    FirstLine,
    /// Memory for each key, beyond the lengths of its own strings.
    KeyMemory,
    /// Crates in the tree of a program, itself included.
    Crates,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// At most so many times the floor's.
    Ratio(f64),
    /// At most so many seconds, whatever the floor takes.
    Seconds(f64),
    /// At most so many bytes, whatever the floor has.
    Bytes(f64),
    /// At most so many, whatever the floor has.
    Count(f64),
    None,
}

const FLOOR: Who = Who::Floor;

/// One call after the other; peers have no instructions, so the CPU time stands beside.
const fn single(name: &'static str, task: Task, rows: &'static [Row]) -> Workload {
    Workload {
        name,
        ours: task,
        floor: (FLOOR, task),
        count: 3000,
        quick: 50,
        delay_ms: 0,
        pairs: 3,
        rows,
    }
}

const fn row(metric: Metric, target: Target) -> Row {
    Row { metric, target }
}

/// The length of a listing.
const KEYS: u64 = 100_000;

pub(crate) const ALL: &[Workload] = &[
    single(
        "get",
        Task::Get,
        &[
            row(Metric::CallInstructions, Target::Ratio(1.03)),
            row(Metric::Cpu, Target::None),
        ],
    ),
    single(
        "create",
        Task::Create,
        &[
            row(Metric::CallInstructions, Target::Ratio(1.05)),
            row(Metric::Cpu, Target::None),
        ],
    ),
    single(
        "update",
        Task::Update,
        &[
            row(Metric::CallInstructions, Target::Ratio(1.05)),
            row(Metric::Cpu, Target::None),
        ],
    ),
    Workload {
        name: "get-64",
        ours: Task::Get64,
        floor: (FLOOR, Task::Get64),
        count: 10_000,
        quick: 200,
        delay_ms: 0,
        pairs: 5,
        rows: &[row(Metric::Cpu, Target::Ratio(1.0))],
    },
    Workload {
        name: "list",
        ours: Task::List,
        floor: (FLOOR, Task::List),
        count: KEYS,
        quick: 1000,
        delay_ms: 0,
        pairs: 5,
        rows: &[
            row(Metric::Cpu, Target::Ratio(1.1)),
            row(Metric::Peak, Target::Bytes(12e6)),
        ],
    },
    Workload {
        name: "list-collected",
        ours: Task::ListCollected,
        floor: (FLOOR, Task::ListCollected),
        count: KEYS,
        quick: 1000,
        delay_ms: 0,
        pairs: 1,
        rows: &[row(Metric::Peak, Target::None)],
    },
    Workload {
        name: "list-30ms",
        ours: Task::List,
        floor: (FLOOR, Task::List),
        count: KEYS,
        quick: 1000,
        delay_ms: 30,
        pairs: 1,
        rows: &[row(Metric::Wall, Target::Ratio(1.0 / 7.0))],
    },
    Workload {
        name: "list-30ms-32",
        ours: Task::List32,
        floor: (FLOOR, Task::List),
        count: KEYS,
        quick: 1000,
        delay_ms: 30,
        pairs: 1,
        rows: &[row(Metric::Wall, Target::Ratio(1.0 / 20.0))],
    },
    Workload {
        name: "start",
        ours: Task::Start,
        floor: (FLOOR, Task::Start),
        count: 1,
        quick: 1,
        delay_ms: 0,
        pairs: 9,
        rows: &[
            row(Metric::Instructions, Target::Ratio(0.5)),
            row(Metric::Cpu, Target::Ratio(0.5)),
            row(Metric::ProcessWall, Target::Ratio(0.5)),
        ],
    },
];
