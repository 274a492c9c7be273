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
    full: [bool; ACTORS],
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
        state.full = [false; ACTORS];
    }

    /// The actor does something from now on. The first one that does has the floor.
    pub(super) fn enter(&self, actor: Actor) {
        let mut state = self.lock();
        if !state.acting.contains(&true) {
            state.floor = actor;
        }
        state.acting[actor] = true;
        state.crashed[actor] = false;
        state.full[actor] = false;
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

    /// The actor begins a step as soon as it has the floor; what goes wrong at it.
    pub(super) async fn step(&self, actor: Actor, step: Step) -> Option<Fault> {
        loop {
            let changed = self.changed.notified();
            let (begun, is_handed_on) = {
                let mut state = self.lock();
                let had_floor = state.floor == actor;
                let begun = state.begin(actor, step);
                (begun, had_floor && state.floor != actor)
            };
            if let Some(begun) = begun {
                return begun;
            }
            if is_handed_on {
                self.changed.notify_waiters();
            }
            changed.await;
        }
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

    /// Fails all appends of the actor until its next call.
    pub(super) fn fill(&self, actor: Actor) {
        self.lock().full[actor] = true;
    }

    pub(super) fn is_full(&self, actor: Actor) -> bool {
        self.lock().full[actor]
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
    /// What goes wrong at the step that begins now, or `None` if it is not the actor's turn.
    #[expect(clippy::option_option, reason = "a turn, and a fault in it")]
    fn begin(&mut self, actor: Actor, step: Step) -> Option<Option<Fault>> {
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
        if fault.take_if(|fault| *fault == Fault::Switch).is_some() {
            self.hand_on();
            if self.floor != actor {
                return None;
            }
        }
        self.trace.push((actor, step));
        Some(fault)
    }

    fn fault(&mut self, step: Step) -> Option<Fault> {
        let number = self.trace.len();
        let can_switch = self.acting.iter().all(|acting| *acting);
        let possible = Fault::of(step).iter().copied();
        match &mut self.plan {
            Plan::Fixed(schedule) => {
                let fault = schedule.at(number)?;
                let is_possible = fault == Fault::Switch || possible.clone().any(|it| it == fault);
                assert!(
                    is_possible,
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
                if can_switch && random.below(2) == 0 {
                    return Some(Fault::Switch);
                }
                let possible: Vec<_> = possible.collect();
                Some(possible[random.below(possible.len())])
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
