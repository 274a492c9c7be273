//! The example `provision` is killed with SIGKILL at random moments, again and again, and started anew with the ledger in a file
//! that it has left behind. In the end each intent has one key that works, and nothing else is left.
//!
//! `KILL_SEED` repeats the moments of a run, as far as a machine repeats anything.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use openrouter_keys::{Client, Key, KeyHash, LimitReset};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use openrouter_keys_provision::{
    Custody, FileLedger, Ledger as _, LeftoverFate, Provisioner, Record,
};

const KILLS: usize = 200;
/// There are always some that end before they can be killed.
const MOST_RUNS: usize = 10 * KILLS;
/// What each run makes, until it has made them all.
const INTENTS_OF_A_RUN: usize = 3;
/// How long the service takes for a create or an update, from when it has done it: on a machine that talks to itself there would
/// hardly be a moment in which a key is made and its maker does not know.
const SLOW: Duration = Duration::from_millis(1);
/// So many of the keys that a killed run leaves behind without having sealed them are used by somebody.
const ONE_IN: u64 = 8;

/// How far the first intent that has no committed key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    NothingWritten,
    AttemptWritten,
    KeyMade,
    AttemptAbandoned,
    KeySealed,
    KeyNamed,
    AllCommitted,
}

struct World {
    emulator: Emulator,
    client: Client,
    folder: tempfile::TempDir,
    program: PathBuf,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_again_and_again_makes_one_key_for_each_intent() {
    let seed = seed();
    println!("KILL_SEED={seed}");
    let mut random = Random(seed);
    let world = World::new().await;
    let by_hand = world.client.create("By hand").send().await;
    let by_hand = by_hand.expect("the emulator answers").key.hash;

    for route in [Route::Create, Route::Update] {
        let slow = Fault::delay(SLOW).on(route).always();
        world.emulator.inject(slow);
    }

    // How long a run takes from its start to its end, on this machine and now.
    let mut all = batch(0);
    let start = Instant::now();
    world.run(&all);
    let mut whole = start.elapsed();
    println!("a run takes {whole:?}");

    let (mut kills, mut runs) = (0, 0);
    let mut stages = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut intents = batch(1);
    while kills < KILLS {
        runs += 1;
        assert!(runs <= MOST_RUNS, "only {kills} of {runs} runs were killed");
        let moment = whole.mul_f64(random.fraction());
        let is_killed = world.is_killed_at(moment, &intents);
        let (stage, key) = world.stage(&intents).await;
        if is_killed {
            kills += 1;
            *stages.entry(stage).or_insert(0) += 1;
        }
        // Other work of the machine comes and goes.
        if !is_killed {
            whole = whole.mul_f64(0.9);
        } else if stage == Stage::NothingWritten {
            whole = whole.mul_f64(1.1);
        }
        match (stage, key) {
            (Stage::AllCommitted, _) => {
                all.append(&mut intents);
                intents = batch(runs + 1);
            }
            (Stage::KeyMade, Some(key)) if random.next().is_multiple_of(ONE_IN) => {
                let spent = world.emulator.spend(key.hash.as_str(), 0.01);
                spent.expect("the key is there");
                used.insert(key.hash);
            }
            _ => assert!(is_killed, "it has left {stage:?} behind"),
        }
    }
    all.append(&mut intents);
    world.run(&all);
    let made = all.len();
    println!("{kills} kills in {runs} runs, {made} intents: {stages:?}");

    let left = world.recovered(&all).await;
    let expected = used.iter().chain([&by_hand]).cloned().collect();
    assert_eq!(left, expected, "what is no intent's key");
    // How long a run is in each depends on the machine and on what else it does. Of 200 kills, some forty met each of them in one
    // run; in another, no more than eleven met the last two.
    for stage in [Stage::NothingWritten, Stage::KeyMade, Stage::KeyNamed] {
        assert!(stages.contains_key(&stage), "no kill met {stage:?}");
    }
}

fn batch(number: usize) -> Vec<String> {
    (0..INTENTS_OF_A_RUN)
        .map(|index| format!("customer-{number}-{index}"))
        .collect()
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::start().await.expect("loopback is there");
        let client = Client::builder()
            .base_url(emulator.base_url())
            .management_key(emulator.management_key())
            .build();
        Self {
            emulator,
            client: client.expect("the settings make sense"),
            folder: tempfile::tempdir().expect("there is room for a folder"),
            program: program(),
        }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn start(&self, intents: &[String]) -> Child {
        Command::new(&self.program)
            .arg("--live")
            .arg(self.ledger())
            .args(intents)
            .env("OPENROUTER_BASE_URL", self.emulator.base_url())
            .env("OPENROUTER_MANAGEMENT_KEY", self.emulator.management_key())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started")
    }

    /// A run that nobody kills.
    fn run(&self, intents: &[String]) {
        let child = self.start(intents);
        assert!(!ends_killed(child), "somebody else has killed it");
    }

    /// A run that is killed so long after its start, unless it is over by then.
    fn is_killed_at(&self, moment: Duration, intents: &[String]) -> bool {
        let mut child = self.start(intents);
        // The random moment itself; nothing is waited for by it.
        tokio::task::block_in_place(|| std::thread::sleep(moment));
        child.kill().expect("a child can be killed");
        ends_killed(child)
    }

    /// Where the kill has met the run, and the key that it was about.
    async fn stage(&self, intents: &[String]) -> (Stage, Option<Key>) {
        // A copy: to open a ledger mends it, and that is the next run's work.
        let copy = self.folder.path().join("copy");
        let ledger = self.copied(&copy).await;
        let mut found = (Stage::AllCommitted, None);
        for intent in intents {
            let entries = ledger.read(intent).await.expect("a kill does no damage");
            let nonce = entries.iter().rev().find_map(|entry| match &entry.record {
                Record::Attempt { nonce, .. } => Some(nonce.to_string()),
                _ => None,
            });
            let stage = match entries.last().map(|entry| &entry.record) {
                None => (Stage::NothingWritten, None),
                Some(Record::Attempt { .. }) => {
                    let nonce = nonce.expect("it was just seen");
                    match self.newest(&nonce).await {
                        None => (Stage::AttemptWritten, None),
                        key => (Stage::KeyMade, key),
                    }
                }
                Some(Record::Abandoned { .. }) => (Stage::AttemptAbandoned, None),
                Some(Record::Sealed { hash }) => {
                    let key = self.client.get(hash).send().await;
                    let key = key.expect("what is sealed is not removed");
                    if key.name == name_of(intent) {
                        (Stage::KeyNamed, Some(key))
                    } else {
                        (Stage::KeySealed, Some(key))
                    }
                }
                Some(Record::Committed {}) => continue,
                Some(other) => panic!("{intent}: nobody has asked for {other:?}"),
            };
            found = stage;
            break;
        }
        drop(ledger);
        std::fs::remove_dir_all(copy).expect("the copy is ours");
        found
    }

    async fn copied(&self, copy: &Path) -> FileLedger {
        let made = std::fs::DirBuilder::new().mode(0o700).create(copy);
        made.expect("there is room for a folder");
        if let Ok(files) = std::fs::read_dir(self.ledger()) {
            for file in files {
                let file = file.expect("the folder can be read");
                let copied = std::fs::copy(file.path(), copy.join(file.file_name()));
                copied.expect("there is room for a copy");
            }
        }
        let ledger = FileLedger::open(copy, Custody::plaintext()).await;
        ledger.expect("whatever a kill leaves behind can be opened")
    }

    async fn keys(&self) -> Vec<Key> {
        let keys = self.client.list().include_all().collect_all().await;
        keys.expect("the emulator answers")
    }

    /// The key with that nonce, if it is among the newest.
    async fn newest(&self, nonce: &str) -> Option<Key> {
        let page = self.client.list().send().await;
        let keys = page.expect("the emulator answers").keys;
        keys.into_iter().find(|key| key.name.ends_with(nonce))
    }

    /// Sees that each intent has its key, and gives what else there is after a sweep.
    async fn recovered(&self, intents: &[String]) -> BTreeSet<KeyHash> {
        let ledger = FileLedger::open(self.ledger(), Custody::plaintext()).await;
        let ledger = ledger.expect("nobody has it any more");
        // Whatever the runs have sent has arrived.
        let provisioner = Provisioner::new(self.client.clone(), ledger);
        let provisioner = provisioner.longest_delay(Duration::ZERO);
        let sweep = provisioner.sweep().await.expect("the emulator answers");
        assert!(sweep.is_settled);
        assert_eq!(sweep.unfinished, Vec::<String>::new());
        for leftover in &sweep.leftovers {
            let used = leftover.key.usage.total > 0.0;
            assert_eq!(used, leftover.fate == LeftoverFate::Used, "{leftover:?}");
        }

        let keys = self.keys().await;
        let mut left: BTreeSet<_> = keys.iter().map(|key| key.hash.clone()).collect();
        assert_eq!(left.len(), keys.len());
        for intent in intents {
            let ensure =
                provisioner.ensure(intent, |key| key.limit(5).limit_reset(LimitReset::Monthly));
            let made = ensure.name(name_of(intent)).await;
            let made = made.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(made.key.name, name_of(intent));
            assert_eq!(made.key.limit, Some(5.0));
            assert_eq!(made.key.limit_reset, Some(LimitReset::Monthly));
            assert!(!made.key.disabled);
            let plaintext = made.secret.expect("it was not released");
            let me = self.client.with_key(plaintext).current().send().await;
            let me = me.expect("the plaintext in the ledger works");
            assert_eq!(me.label, made.key.label, "{intent}: it opens another key");
            assert!(left.remove(&made.key.hash), "{intent}: its key is new");
        }
        left
    }
}

fn name_of(intent: &str) -> String {
    format!("Key of {intent}")
}

/// Waits for the end. Whether it was killed; if it failed by itself, that is a fault.
fn ends_killed(child: Child) -> bool {
    let output = child.wait_with_output().expect("a child can be waited for");
    let is_killed = output.status.signal() == Some(9);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(is_killed || output.status.success(), "it said: {said}");
    is_killed
}

/// The example, which `cargo test` builds beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.parent().and_then(Path::parent);
    let program = folder.expect("tests are in a folder of a folder");
    let program = program.join("examples").join("provision");
    assert!(
        program.exists(),
        "there is no {}; build it with `cargo build -p openrouter-keys-provision --features file-ledger --example provision`",
        program.display()
    );
    program
}

fn seed() -> u64 {
    if let Ok(seed) = std::env::var("KILL_SEED") {
        return seed.parse().expect("KILL_SEED is a number");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("it is later than 1970").as_nanos();
    u64::try_from(now & u128::from(u64::MAX)).expect("the rest is cut off")
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        let top = u32::try_from(self.next() >> 32).expect("32 bits are left");
        f64::from(top) / f64::from(u32::MAX)
    }
}
