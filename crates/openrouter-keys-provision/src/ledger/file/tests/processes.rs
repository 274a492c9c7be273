//! Several processes: this test program, started by itself.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::*;

const FOLDER: &str = "OPENROUTER_KEYS_TEST_LEDGER";

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
/// have answered, or for a moment, so that the other one may get it too.
#[tokio::test]
async fn of_two_processes_that_open_it_at_once_one_has_it() {
    let parent = tempfile::tempdir().unwrap();
    let mut racers = [Racer::new(parent.path()), Racer::new(parent.path())];
    let (mut rounds, mut both) = (0, 0);
    for number in 0..8 {
        let folder = parent.path().join(format!("folder-{number}"));
        let mut expected = Vec::new();
        for is_kept in [number % 2 == 0, true, false] {
            // Neither is always told first.
            racers.reverse();
            for racer in &mut racers {
                let what = if is_kept { "keep" } else { "drop" };
                racer.tell(&format!("{what} {}", folder.display()));
            }
            let written = racers.each_mut().map(Racer::written);
            let mut written: Vec<_> = written.into_iter().flatten().collect();
            written.sort_by_key(|(position, _)| *position);
            assert!(!written.is_empty(), "nobody has got it");
            assert!(!is_kept || written.len() == 1, "both have it");
            for racer in &mut racers {
                racer.tell("close");
                assert_eq!(racer.answer(), "closed");
            }
            rounds += 1;
            both += written.len() - 1;

            expected.extend(written.into_iter().map(|(_, record)| record));
            let ledger = FileLedger::open(&folder, Custody::plaintext()).await;
            let found = ledger.unwrap().records("customer-1").await.unwrap();
            assert_eq!(found, expected);
        }
    }
    let won = racers.map(Racer::end);
    println!(
        "race: {rounds} rounds, in {both} of them both got it in turn; they got it {won:?} times"
    );
}

/// A process that opens ledgers when it is told to.
struct Racer {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    won: usize,
}

/// What such a process says begins with this, among what a test program prints.
const ANSWER: &str = "answer: ";

impl Racer {
    fn new(parent: &Path) -> Self {
        let mut child = start("child_that_races", parent);
        let mut racer = Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            won: 0,
        };
        assert_eq!(racer.answer(), "ready");
        racer
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut lines = self.stdout.by_ref().lines().map(Result::unwrap);
        let answer = lines.find_map(|line| line.strip_prefix(ANSWER).map(str::to_owned));
        answer.expect("the child has ended before its time")
    }

    /// What it has written, and where, if it got the ledger.
    fn written(&mut self) -> Option<(usize, Record)> {
        let answer = self.answer();
        if answer == "locked" {
            return None;
        }
        let position = answer.strip_prefix("written at ");
        let position = position.unwrap_or_else(|| panic!("{answer}"));
        self.won += 1;
        Some((
            position.parse().unwrap(),
            sealed(self.child.id().into()).record,
        ))
    }

    fn end(mut self) -> usize {
        drop(self.stdin);
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
    // Until the parent closes it.
    while let Some(line) = lines.next() {
        let (what, folder) = line.split_once(' ').unwrap();
        let (answer, kept) = match FileLedger::open(folder, Custody::plaintext()).await {
            Ok(ledger) => {
                let position = ledger.records("customer-1").await.unwrap().len();
                let entry = sealed(std::process::id().into());
                ledger.append("customer-1", position, &entry).await.unwrap();
                let kept = (what == "keep").then_some(ledger);
                (format!("written at {position}"), kept)
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
