//! Which schedules are tried, and how they are run: all that there is room for, on all processors.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::director::Plan;
use super::guards::Without;
use super::random::Random;
use super::run::Outcome;
use super::scenarios::Scenario;
use super::schedule::{Fault, Schedule};
use super::world::World;

/// A rotation takes so many steps that all its pairs of faults would take minutes for each scenario. As a prime
/// number, it does not meet the same fault at each step.
const ONE_PAIR_IN: u64 = 13;

/// A schedule to be run.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) scenario: &'static Scenario,
    pub(super) choice: Choice,
}

/// Where the faults of a job come from.
#[derive(Clone)]
pub(super) enum Choice {
    Fixed(Schedule),
    Seed(u64),
}

/// What came of the jobs.
#[derive(Default)]
pub(super) struct Report {
    pub(super) schedules: usize,
    pub(super) violations: Vec<Violation>,
}

/// An invariant that did not hold, and where.
pub(super) struct Violation {
    scenario: &'static str,
    without: Option<Without>,
    struck: Schedule,
    what: String,
}

impl Job {
    fn plan(&self) -> Plan {
        match &self.choice {
            Choice::Fixed(schedule) => Plan::Fixed(schedule.clone()),
            Choice::Seed(seed) => {
                let mut random = Random::new(*seed);
                Plan::Random {
                    faults: 3 + random.below(3),
                    once_in: 2 + random.below(8),
                    random,
                }
            }
        }
    }

    /// This schedule with one more fault, which comes later than the others: all that are possible.
    fn children(&self, outcome: &Outcome) -> Vec<Self> {
        let mut children = Vec::new();
        let are_several = self.scenario.calls.len() > 1;
        for number in outcome.struck.end()..outcome.trace.len() {
            let (_, step) = outcome.trace[number];
            let between = are_several.then(|| Fault::between(step));
            for fault in Fault::of(step).iter().chain(between.unwrap_or_default()) {
                children.push(Self {
                    scenario: self.scenario,
                    choice: Choice::Fixed(outcome.struck.with(number, *fault)),
                });
            }
        }
        children
    }
}

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All pairs of faults, but of the scenarios that have too many of them, a sample.
    Sample,
    /// All pairs of faults.
    All,
}

/// Nothing going wrong, each fault at each step, and pairs of them, where the second may strike in the recovery from the
/// first.
pub(super) fn systematically(
    scenarios: &[&'static Scenario],
    extent: Extent,
    seed: u64,
    without: Option<Without>,
) -> Report {
    let mut report = Report::default();
    let nothing = scenarios.iter().map(|scenario| Job {
        scenario,
        choice: Choice::Fixed(Schedule::default()),
    });
    let nothing: Vec<_> = nothing.collect();
    let singles = with_another_fault(&nothing, without, &mut report);
    let pairs = with_another_fault(&singles, without, &mut report);
    let pairs = match extent {
        Extent::All => pairs,
        Extent::Sample => sample(pairs, seed),
    };
    run(&pairs, without, &mut report);
    report
}

/// Runs the jobs; all that have one more fault than these. None, if a guard was taken out and is missed.
fn with_another_fault(jobs: &[Job], without: Option<Without>, report: &mut Report) -> Vec<Job> {
    let outcomes = run(jobs, without, report);
    if without.is_some_and(|without| report.sign_of(without).is_some()) {
        return Vec::new();
    }
    let outcomes = outcomes.iter();
    outcomes
        .flat_map(|(job, outcome)| job.children(outcome))
        .collect()
}

/// Of the scenarios that have too many pairs of faults, one in so many, which the seed chooses.
fn sample(pairs: Vec<Job>, seed: u64) -> Vec<Job> {
    let (sampled, mut all): (Vec<_>, Vec<_>) = pairs
        .into_iter()
        .partition(|job| job.scenario.pairs == Extent::Sample);
    let of_scenarios = sampled.chunk_by(|one, other| one.scenario.name == other.scenario.name);
    for pairs in of_scenarios {
        let numbered = (seed % ONE_PAIR_IN..).zip(pairs);
        let chosen = numbered.filter(|(number, _)| number % ONE_PAIR_IN == 0);
        all.extend(chosen.map(|(_, job)| job.clone()));
    }
    all
}

/// Three to five faults at random, so often.
pub(super) fn at_random(
    scenarios: &[&'static Scenario],
    seed: u64,
    schedules: u64,
    without: Option<Without>,
) -> Report {
    let mut report = Report::default();
    let jobs: Vec<_> = random(scenarios, seed, schedules).collect();
    run(&jobs, without, &mut report);
    report
}

/// The scenarios in turn, each time with other faults.
pub(super) fn random(
    scenarios: &[&'static Scenario],
    seed: u64,
    schedules: u64,
) -> impl Iterator<Item = Job> {
    let turns = (0..schedules).zip(scenarios.iter().cycle());
    turns.map(move |(number, scenario)| Job {
        scenario,
        choice: Choice::Seed(seed.wrapping_add(number)),
    })
}

/// What happens in each job, step by step, with what is wrong about it at the end; and how much is wrong.
pub(super) fn trace(jobs: &[Job], without: Option<Without>) -> (Vec<String>, Report) {
    let mut report = Report::default();
    let outcomes = run(jobs, without, &mut report).into_iter();
    let told = outcomes.map(|(_, outcome)| outcome.to_string()).collect();
    (told, report)
}

/// Runs the jobs in any order, each in a world where nothing is left of the one before. With a guard taken out, until it is
/// missed.
pub(super) fn run<'a>(
    jobs: &'a [Job],
    without: Option<Without>,
    report: &mut Report,
) -> Vec<(&'a Job, Outcome)> {
    let next = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..processors.min(jobs.len()) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("the system has what a runtime needs");
                runtime.block_on(async {
                    let world = World::new().await;
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(place) else {
                            break;
                        };
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        let outcome = job.scenario.run(&world, job.plan(), without).await;
                        let mut violations = outcome.violations.iter();
                        let is_sign = |what: &String| {
                            without.is_some_and(|without| what.starts_with(without.sign()))
                        };
                        if violations.any(is_sign) {
                            is_over.store(true, Ordering::Relaxed);
                        }
                        let mut outcomes = outcomes.lock().expect("nothing panics with it");
                        outcomes.push((place, outcome));
                    }
                });
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("nothing panics with it");
    // In their order, and not in that in which the threads were done with them.
    outcomes.sort_by_key(|(place, _)| *place);
    let outcomes = outcomes.into_iter();
    let outcomes: Vec<_> = outcomes.map(|(place, it)| (&jobs[place], it)).collect();
    for (job, outcome) in &outcomes {
        report.schedules += 1;
        let violations = outcome.violations.iter();
        report.violations.extend(violations.map(|what| Violation {
            scenario: job.scenario.name,
            without,
            struck: outcome.struck.clone(),
            what: what.clone(),
        }));
    }
    outcomes
}

impl Report {
    pub(super) fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.violations.extend(other.violations);
    }

    /// The first violation that shows how a guard is missed.
    pub(super) fn sign_of(&self, without: Without) -> Option<&Violation> {
        let mut violations = self.violations.iter();
        violations.find(|violation| violation.what.starts_with(without.sign()))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scenario,
            without,
            struck,
            what,
        } = self;
        write!(f, "{what}\n  ")?;
        if let Some(without) = without {
            write!(f, "SIMULATION_WITHOUT='{without:?}' ")?;
        }
        write!(
            f,
            "SIMULATION_SCHEDULE='{scenario} {struck}' cargo test -p openrouter-keys-provision simulation::replay -- --nocapture"
        )
    }
}
