//! One schedule, from the beginning to the end of all recovery.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_emulator::Emulator;
use serde_json::Value;

use super::clock::ActorClock;
use super::director::{Actor, Plan};
use super::guards::Without;
use super::invariants::{INTENT, LIMIT, Observer, RESET};
use super::ledger::FaultyLedger;
use super::scenarios::{Beginning, Call, Mode, Scenario};
use super::schedule::{Fault, Schedule, Step};
use super::world::World;
use crate::ledger::{Ledger as _, MemoryLedger};
use crate::new_key::NewKey;
use crate::{Error, ErrorKind, Provisioner};

/// What came of a schedule.
pub(super) struct Outcome {
    /// The faults that have struck.
    pub(super) struck: Schedule,
    /// The steps at which there could be another one.
    pub(super) trace: Vec<(Actor, Step)>,
    pub(super) violations: Vec<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (actor, step)) in self.trace.iter().enumerate() {
            let fault = self.struck.at(number).map_or("", Fault::name);
            writeln!(f, "{number:3}  actor {actor}  {step:?} {fault}")?;
        }
        self.violations
            .iter()
            .try_for_each(|what| writeln!(f, "{what}"))
    }
}

/// Longer than the network takes, and a call that comes before it.
const LONGEST_DELAY: Duration = Duration::from_secs(300);
/// A fault makes a call fail, or two that meet.
pub(super) const MOST_CALLS: usize = 16;
/// Nothing here takes real time. A schedule that is not done after so long never will be.
const HANGS: Duration = Duration::from_secs(30);

impl Scenario {
    /// Runs one schedule, to the end of all recovery.
    pub(super) async fn run(&self, world: &World, plan: Plan, without: Option<Without>) -> Outcome {
        let run = Run {
            scenario: self,
            world,
            without,
            durable: Arc::default(),
            asleep: RefCell::default(),
        };
        let director = &world.network.director;
        run.begin(plan).await;
        let acting = async {
            run.act_all().await;
            let trace = director.trace();
            director.calm();
            run.end().await;
            trace
        };
        let ended = tokio::time::timeout(HANGS, acting).await;
        let mut observer = world.network.observe();
        let trace = ended.unwrap_or_else(|_| {
            observer.violated("it hangs");
            Vec::new()
        });
        Outcome {
            struck: director.struck(),
            trace,
            violations: observer.take_violations(),
        }
    }
}

/// One schedule under way.
pub(super) struct Run<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: &'a World,
    without: Option<Without>,
    durable: Arc<MemoryLedger>,
    /// The key that does not work yet.
    pub(super) asleep: RefCell<Option<String>>,
}

impl Run<'_> {
    async fn begin(&self, plan: Plan) {
        let Self {
            scenario, world, ..
        } = self;
        let network = &world.network;
        let start = world.start(scenario.start);
        network.director.begin(plan, scenario.alternates);
        let restored = network.emulator.restore(start.snapshot.clone());
        restored.expect("no key is the management key");
        network.begin(scenario.is_spied_on);
        network.observe().begin(scenario.mode, start);
        for (position, entry) in start.entries.iter().enumerate() {
            let written = self.durable.append(INTENT, position, entry).await;
            written.expect("nobody else writes");
        }
        if scenario.rotates() {
            network.observe().rotating();
        }
    }

    fn wanted(&self, key: NewKey) -> NewKey {
        let key = key.limit(LIMIT).limit_reset(RESET);
        if self.scenario.mode == Mode::Partner {
            key.external_user("user-of-a-partner")
        } else {
            key
        }
    }

    /// A provisioner as a process has it that starts now.
    pub(super) fn provisioner(&self, actor: Actor) -> Provisioner<FaultyLedger> {
        let network = &self.world.network;
        let ledger = FaultyLedger {
            actor,
            network: Arc::clone(network),
            durable: Arc::clone(&self.durable),
        };
        let client = self.world.client(actor, self.scenario.retries);
        let mut provisioner = Provisioner::new(client, ledger)
            .longest_delay(LONGEST_DELAY)
            // A look at what the other process is doing, and one more.
            .patience(Duration::from_millis(500))
            .clock(ActorClock {
                actor,
                network: Arc::clone(network),
            });
        provisioner = match self.scenario.mode {
            Mode::Fast | Mode::Partner => provisioner,
            Mode::Strict => provisioner.strict(),
            Mode::Escrow => provisioner.strict().escrow(),
        };
        if self.scenario.start != Beginning::Blank {
            provisioner.bound.set(()).expect("it is new");
        }
        if let Some(Without::Guard(guard)) = self.without {
            provisioner = provisioner.without(guard);
        }
        provisioner
    }

    async fn act_all(&self) {
        let director = &self.world.network.director;
        for actor in 0..self.scenario.calls.len() {
            director.enter(actor);
        }
        match *self.scenario.calls {
            [one] => self.act(0, one).await,
            [one, other] => {
                tokio::join!(self.act(0, one), self.act(1, other));
            }
            _ => unreachable!("one or two act"),
        }
    }

    async fn act(&self, actor: Actor, call: Call) {
        match call {
            Call::Ensure => self.ensure(actor).await,
            Call::Sweep => {
                let sweep = async |provisioner: &Provisioner<_>| provisioner.sweep().await;
                self.until_ok(actor, sweep).await;
            }
            Call::Replace => {
                self.ensure(actor).await;
                self.observe(|observer| observer.removing(INTENT));
                let remove = async |provisioner: &Provisioner<_>| provisioner.remove(INTENT).await;
                self.until_ok(actor, remove).await;
            }
            Call::Release => {
                self.ensure(actor).await;
                let release =
                    async |provisioner: &Provisioner<_>| provisioner.release(INTENT).await;
                if self.until_ok(actor, release).await.is_some() {
                    self.observe(|observer| observer.released(INTENT));
                }
            }
            Call::Adopt => self.adopt(actor).await,
            Call::Rotate | Call::RotateSlowly | Call::RotateRemainder => {
                self.rotate(actor, call).await;
            }
            Call::RollBack => self.resume_and_roll_back(actor, call).await,
        }
    }

    async fn ensure(&self, actor: Actor) {
        let ensure = async |provisioner: &Provisioner<_>| {
            let ensure = provisioner.ensure(INTENT, |key| self.wanted(key));
            let ensured = if self.scenario.mode == Mode::Partner {
                ensure.partner_key(PARTNER_KEY).await
            } else {
                ensure.await
            };
            // At this moment, and not when the other actor has gone on.
            if let Ok(provisioned) = &ensured {
                self.observe(|observer| observer.ensured(INTENT, provisioned));
            }
            ensured
        };
        self.until_ok(actor, ensure).await;
    }

    async fn adopt(&self, actor: Actor) {
        let hash = self.world.start(self.scenario.start).intents_key();
        let adopt = async |provisioner: &Provisioner<_>| match provisioner.adopt(INTENT, hash).await
        {
            Ok(key) => {
                self.observe(|observer| observer.adopted(INTENT, key.hash.as_str()));
                Ok(())
            }
            // It is getting one, or has got it.
            Err(error) if error.kind() == ErrorKind::OtherKey => Ok(()),
            Err(error) => Err(error),
        };
        self.until_ok(actor, adopt).await;
    }

    /// Calls until it succeeds: as long as its process lives in the same one, and then in another.
    pub(super) async fn until_ok<T>(
        &self,
        actor: Actor,
        call: impl AsyncFn(&Provisioner<FaultyLedger>) -> Result<T, Error>,
    ) -> Option<T> {
        let mut provisioner = self.provisioner(actor);
        for _ in 0..MOST_CALLS {
            match self.world.live(actor, Box::pin(call(&provisioner))).await {
                Some(Ok(done)) => return Some(done),
                Some(Err(error)) => self.observe(|observer| observer.failed(&error)),
                None => provisioner = self.provisioner(actor),
            }
        }
        self.observe(|observer| {
            observer.violated("I4: a call does not succeed, however often it is made");
        });
        None
    }

    /// What holds when all is over: nothing goes wrong any more, and what was under way has arrived.
    async fn end(&self) {
        let network = &self.world.network;
        let later = network.time.elapsed() + LONGEST_DELAY + Duration::from_secs(1);
        network.pass_until(later).await;
        if self.scenario.rotates() {
            self.end_rotation().await;
        }
        if self.without != Some(Without::Sweep) {
            let sweep = async |provisioner: &Provisioner<_>| provisioner.sweep().await;
            if let Some(sweep) = self.until_ok(0, sweep).await {
                self.observe(|observer| observer.swept(&sweep));
            }
        }
        self.observe(Observer::settled);
        self.ensure(0).await;
        self.observe(|observer| observer.ended(INTENT));
        let promised = network.observe().promised(INTENT);
        if let Some((hash, plaintext)) = promised
            && !network.opens(&plaintext, &hash).await
        {
            self.observe(|observer| observer.violated("I4: the plaintext does not open the key"));
        }
        let seen = network.observe().names();
        assert_eq!(
            seen,
            names(&network.emulator),
            "the observer sees all there is"
        );
    }

    pub(super) fn observe(&self, look: impl FnOnce(&mut Observer)) {
        look(&mut self.world.network.observe());
    }
}

/// What a partner of the service could choose; a fake one.
const PARTNER_KEY: &str = "sk-or-v1-fake-key-of-a-partner-0123456789abcdef";

/// What the emulator's keys are called, by their hashes.
pub(super) fn names(emulator: &Emulator) -> BTreeMap<String, String> {
    let snapshot = serde_json::to_value(emulator.snapshot()).expect("it is JSON");
    let keys = snapshot["keys"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    keys.map(|key| (text(&key["hash"]), text(&key["name"])))
        .collect()
}
