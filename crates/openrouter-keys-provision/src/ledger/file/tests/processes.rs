//! Several processes: this test program, started by itself.

use std::env;
use std::fmt::Display;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::*;

const FOLDER: &str = "OPENROUTER_KEYS_TEST_LEDGER";
/// A child that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The arguments with which this program runs one test that is otherwise ignored.
fn child(test: &str) -> [String; 4] {
    let (_, module) = module_path!().split_once("::").unwrap();
    [
        format!("{module}::{test}"),
        "--exact".to_owned(),
        "--ignored".to_owned(),
        "--nocapture".to_owned(),
    ]
}

fn start(test: &str, folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(child(test)).env(FOLDER, folder);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    piped.spawn().unwrap()
}

fn holder(folder: &Path) -> Child {
    let mut child = start("child_that_holds_the_ledger", folder);
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(
        lines.any(|line| line.contains("it is held")),
        "the child did not get so far"
    );
    child
}

#[tokio::test]
#[ignore = "run by another test"]
async fn child_that_holds_the_ledger() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let ledger = FileLedger::open(folder, Custody::plaintext())
        .await
        .unwrap();
    let position = ledger.read("customer-1").await.unwrap().len();
    ledger
        .append("customer-1", position, &sealed(1))
        .await
        .unwrap();
    println!("\nit is held");
    // Until the parent closes it.
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[tokio::test]
async fn another_process_has_to_wait_for_its_end() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("ledger-folder");
    for is_killed in [false, true] {
        let mut child = holder(&folder);
        let error = FileLedger::open(&folder, Custody::plaintext())
            .await
            .unwrap_err();
        assert!(error.is_locked(), "{error}");
        if is_killed {
            child.kill().unwrap();
        }
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().success(), !is_killed);
        let ledger = FileLedger::open(&folder, Custody::plaintext())
            .await
            .unwrap();
        assert_eq!(
            ledger.read("customer-1").await.unwrap().len(),
            1 + usize::from(is_killed)
        );
    }
}

/// In each round two are told at once to open it: in a new folder, and in one that has a ledger. Who gets it has it until both
/// have answered.
#[tokio::test]
async fn of_two_processes_that_open_it_at_once_one_has_it() {
    let parent = tempfile::tempdir().unwrap();
    let mut racers = [Racer::new(parent.path()), Racer::new(parent.path())];
    for number in 0..8 {
        let folder = parent.path().join(format!("folder-{number}"));
        let mut expected = Vec::new();
        for _ in 0..3 {
            // Neither is always told first.
            racers.reverse();
            for racer in &mut racers {
                racer.tell(folder.display());
            }
            let written = racers.each_mut().map(Racer::written);
            let written: Vec<_> = written.into_iter().flatten().collect();
            assert_eq!(written.len(), 1, "so many have it: {written:?}");
            for racer in &mut racers {
                racer.tell("close");
                assert_eq!(racer.answer(), "closed");
            }
            expected.extend(written);
            let ledger = FileLedger::open(&folder, Custody::plaintext()).await;
            let found = ledger.unwrap().records("customer-1").await.unwrap();
            assert_eq!(found, expected);
        }
    }
    let won = racers.map(Racer::end);
    println!("race: they got it {won:?} times");
}

/// A process that opens ledgers when it is told to.
struct Racer {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    won: usize,
}

/// What such a process says begins with this, among what a test program prints.
const ANSWER: &str = "answer: ";

impl Racer {
    fn new(parent: &Path) -> Self {
        let mut child = start("child_that_races", parent);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, answers) = mpsc::channel();
        // A thread can be left to wait, a test cannot.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(answer) = line.strip_prefix(ANSWER) {
                    // Nobody listens to a test that has failed.
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        let mut racer = Self {
            stdin: child.stdin.take().unwrap(),
            answers,
            child,
            won: 0,
        };
        assert_eq!(racer.answer(), "ready");
        racer
    }

    fn tell(&mut self, line: impl Display) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    fn answer(&mut self) -> String {
        self.next_answer()
            .expect("the child has ended before its time")
    }

    /// What it says next, unless it ends. One that hangs is killed.
    fn next_answer(&mut self) -> Option<String> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                self.child.kill().unwrap();
                panic!("the child has said nothing for {PATIENCE:?}");
            }
        }
    }

    /// What it has written, if it got the ledger.
    fn written(&mut self) -> Option<Record> {
        let answer = self.answer();
        if answer == "locked" {
            return None;
        }
        assert_eq!(answer, "written");
        self.won += 1;
        Some(sealed(self.child.id().into()).record)
    }

    /// How often it got the ledger.
    fn end(mut self) -> usize {
        self.tell("end");
        assert_eq!(self.next_answer(), None);
        assert!(self.child.wait().unwrap().success());
        self.won
    }
}

#[tokio::test]
#[ignore = "run by another test"]
async fn child_that_races() {
    if env::var_os(FOLDER).is_none() {
        return;
    }
    println!("\n{ANSWER}ready");
    let mut lines = io::stdin().lines().map(Result::unwrap);
    // Until the parent says so, or is gone.
    while let Some(folder) = lines.next().filter(|line| line != "end") {
        let (answer, kept) = match FileLedger::open(folder, Custody::plaintext()).await {
            Ok(ledger) => {
                let position = ledger.records("customer-1").await.unwrap().len();
                let entry = sealed(std::process::id().into());
                ledger.append("customer-1", position, &entry).await.unwrap();
                ("written".to_owned(), Some(ledger))
            }
            Err(error) if error.is_locked() => ("locked".to_owned(), None),
            Err(error) => (error.to_string(), None),
        };
        println!("\n{ANSWER}{answer}");
        assert_eq!(lines.next().unwrap(), "close");
        drop(kept);
        println!("\n{ANSWER}closed");
    }
}

/// A limit of the operating system on the length of a file is met like a full disk.
#[test]
fn a_real_limit_is_met_before_a_create() {
    let parent = tempfile::tempdir().unwrap();
    // Where the signal is not ignored, it would end the program.
    let script = r#"trap "" XFSZ && ulimit -f 100 && exec "$0" "$@""#;
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(env::current_exe().unwrap())
        .args(child("child_with_a_limit"))
        .env(FOLDER, parent.path().join("ledger-folder"))
        .output();
    let Ok(output) = output else {
        println!("limit: skipped, since there is no sh");
        return;
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let line = printed.lines().find(|line| line.starts_with("limit: "));
    println!("{}", line.expect("the child has said what it met"));
}

#[tokio::test]
#[ignore = "run by another test"]
async fn child_with_a_limit() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let ledger = FileLedger::open(&folder, Custody::plaintext())
        .await
        .unwrap();
    let mut attempts = 0;
    let error = loop {
        let entry = attempt(attempts, "a key");
        match ledger
            .append(&format!("customer-{attempts}"), 0, &entry)
            .await
        {
            Ok(()) => attempts += 1,
            Err(error) => break error,
        }
        assert!(attempts < 100, "there is no limit");
    };
    let LedgerError::Failed(error) = error else {
        panic!("{error}")
    };
    let error = error.downcast::<FileLedgerError>().unwrap();
    assert!(error.is_full(), "{error}");
    for attempt in 0..attempts {
        let intent = format!("customer-{attempt}");
        ledger.append(&intent, 1, &sealed(attempt)).await.unwrap();
        ledger.append(&intent, 2, &committed()).await.unwrap();
    }
    drop(ledger);
    let ledger = FileLedger::open(&folder, Custody::plaintext())
        .await
        .unwrap();
    assert_eq!(ledger.intents().await.unwrap().len() as u128, attempts);
    for intent in ledger.intents().await.unwrap() {
        assert_eq!(ledger.read(&intent).await.unwrap().len(), 3);
    }
    println!("\nlimit: {attempts} attempts were let in and ended, then: {error}");
}
