//! Several processes: this test program, started by itself.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

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

fn holder(folder: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(child("child_that_holds_the_ledger"))
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
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
