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
    /// Of the pairs of faults, as many as each scenario says.
    Some,
    /// All of them.
    All,
}

/// Nothing going wrong, each fault at each step, and pairs of them, where the second may strike in the recovery from the
/// first.
pub(super) fn systematically(
    scenarios: &[&'static Scenario],
    extent: Extent,
    without: Option<Without>,
) -> Report {
    let mut report = Report::default();
    let nothing = scenarios.iter().map(|scenario| Job {
        scenario,
        choice: Choice::Fixed(Schedule::default()),
    });
    let mut jobs: Vec<_> = nothing.collect();
    for faults in 1..=3 {
        let outcomes = run(&jobs, without, &mut report);
        let is_missed = without.is_some_and(|without| report.sign_of(without).is_some());
        if faults == 3 || is_missed {
            break;
        }
        let children = outcomes
            .iter()
            .flat_map(|(job, outcome)| job.children(outcome));
        let mut number = 0;
        let is_tried = |job: &Job| {
            number += 1;
            let is_single = faults == 1;
            is_single || extent == Extent::All || number % job.scenario.one_pair_in == 0
        };
        jobs = children.filter(is_tried).collect();
    }
    report
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
pub(super) fn tell(jobs: &[Job], without: Option<Without>) -> (Vec<String>, Report) {
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
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
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
