//! Who does the next step, and what goes wrong at it.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use super::random::Random;
use super::schedule::{Fault, Schedule, Step};

/// The provisioners of a scenario, by number. Each is a process of its own.
pub(super) type Actor = usize;

/// As many as there are in any scenario.
pub(super) const ACTORS: usize = 2;

/// Where the faults come from.
pub(super) enum Plan {
    Fixed(Schedule),
    /// So many at random steps, once in so many of them on average. Whether the floor changes is left to chance too where
    /// there is somebody to have it.
    Random {
        random: Random,
        faults: usize,
        once_in: usize,
    },
}

impl Default for Plan {
    fn default() -> Self {
        Self::Fixed(Schedule::default())
    }
}

/// Lets one actor do its steps at a time, counts them, and strikes where the schedule says so.
///
/// Whoever has the floor keeps it until it has ended or the schedule gives the floor to the other one, at the moment at
/// which the next step would begin. What happens between two steps nobody else can see, so each run of a schedule is the
/// same.
#[derive(Default)]
pub(super) struct Director {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    plan: Plan,
    /// What has struck so far.
    struck: Schedule,
    /// Whether the floor changes at each step.
    alternates: bool,
    /// The steps so far, and who did them.
    trace: Vec<(Actor, Step)>,
    /// The step at which the floor was handed on last because the actors alternate.
    switched: usize,
    /// How many steps it is settled for what goes wrong at them.
    decided: usize,
    floor: Actor,
    acting: [bool; ACTORS],
    crashed: [bool; ACTORS],
    /// In how many calls the ledger is full, with the one that is under way.
    full: [usize; ACTORS],
}

/// What an actor does when it has the floor.
pub(super) enum Turn {
    /// The step that it was about to begin. Something may go wrong at it.
    Step(Option<Fault>),
    /// Nothing, for long.
    Stall,
}

impl Director {
    /// Begins a schedule with nobody acting.
    pub(super) fn begin(&self, plan: Plan, alternates: bool) {
        *self.lock() = State {
            plan,
            alternates,
            ..State::default()
        };
    }

    /// No fault strikes from here on, until the next schedule.
    pub(super) fn calm(&self) {
        let mut state = self.lock();
        state.plan = Plan::default();
        state.alternates = false;
        state.full = [0; ACTORS];
    }

    /// The actor does something from now on. The first one that does has the floor.
    pub(super) fn enter(&self, actor: Actor) {
        let mut state = self.lock();
        if !state.acting.contains(&true) {
            state.floor = actor;
        }
        state.acting[actor] = true;
        state.crashed[actor] = false;
        state.full[actor] = state.full[actor].saturating_sub(1);
    }

    /// The actor has done what it had to do, and the other one goes on.
    pub(super) fn leave(&self, actor: Actor) {
        let mut state = self.lock();
        state.acting[actor] = false;
        if state.floor == actor {
            state.hand_on();
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until the actor has the floor, and begins the step, unless something comes between.
    pub(super) async fn turn(&self, actor: Actor, step: Step) -> Turn {
        loop {
            let changed = self.changed.notified();
            let (turn, is_handed_on) = {
                let mut state = self.lock();
                let had_floor = state.floor == actor;
                let turn = state.begin(actor, step);
                (turn, had_floor && state.floor != actor)
            };
            if let Some(turn) = turn {
                return turn;
            }
            if is_handed_on {
                self.changed.notify_waiters();
            }
            changed.await;
        }
    }

    /// Lets the other actor go on, if it does anything.
    pub(super) fn hand_on(&self) {
        self.lock().hand_on();
        self.changed.notify_waiters();
    }

    /// Ends the process of the actor: its future is dropped as soon as the task that polls it gets a turn.
    pub(super) fn crash(&self, actor: Actor) {
        self.lock().crashed[actor] = true;
        self.changed.notify_waiters();
    }

    /// Waits until the process of the actor ends.
    pub(super) async fn crashed(&self, actor: Actor) {
        loop {
            let changed = self.changed.notified();
            if self.lock().crashed[actor] {
                return;
            }
            changed.await;
        }
    }

    /// Fails all appends of this call of the actor, and of the next.
    pub(super) fn fill(&self, actor: Actor) {
        self.lock().full[actor] = 2;
    }

    pub(super) fn is_full(&self, actor: Actor) -> bool {
        self.lock().full[actor] > 0
    }

    pub(super) fn trace(&self) -> Vec<(Actor, Step)> {
        self.lock().trace.clone()
    }

    /// The faults that have struck.
    pub(super) fn struck(&self) -> Schedule {
        self.lock().struck.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it has this")
    }
}

impl State {
    /// Begins the step, or `None` if it is not the actor's turn.
    fn begin(&mut self, actor: Actor, step: Step) -> Option<Turn> {
        if self.floor != actor {
            return None;
        }
        let number = self.trace.len();
        if self.alternates && self.switched != number {
            self.switched = number;
            self.hand_on();
            if self.floor != actor {
                return None;
            }
        }
        let mut fault = None;
        if self.decided <= number {
            self.decided = number + 1;
            fault = self.fault(step);
        }
        if let Some(fault) = fault {
            self.struck = self.struck.with(number, fault);
        }
        if fault == Some(Fault::Stall) {
            return Some(Turn::Stall);
        }
        if fault.take_if(|fault| *fault == Fault::Switch).is_some() {
            self.hand_on();
            if self.floor != actor {
                return None;
            }
        }
        self.trace.push((actor, step));
        Some(Turn::Step(fault))
    }

    fn fault(&mut self, step: Step) -> Option<Fault> {
        let number = self.trace.len();
        let can_switch = self.acting.iter().all(|acting| *acting);
        let (possible, between) = (Fault::of(step), Fault::between(step));
        match &mut self.plan {
            Plan::Fixed(schedule) => {
                let fault = schedule.at(number)?;
                assert!(
                    possible.contains(&fault) || between.contains(&fault),
                    "{fault:?} cannot strike at {step:?}, step {number}"
                );
                Some(fault)
            }
            Plan::Random {
                random,
                faults,
                once_in,
            } => {
                if *faults == 0 || random.below(*once_in) != 0 {
                    return None;
                }
                *faults -= 1;
                let faults = if can_switch && random.below(2) == 0 {
                    between
                } else {
                    possible
                };
                Some(faults[random.below(faults.len())])
            }
        }
    }

    /// Gives the floor to the other actor, if it does anything.
    fn hand_on(&mut self) {
        let next = (self.floor + 1) % ACTORS;
        if self.acting[next] {
            self.floor = next;
        }
    }
}
