//! A state that outlives the emulator.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use openrouter_keys_emulator::{Emulator, EmulatorBuilder, Fleet};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::http::{call, create, manage, send};

/// A folder of a test's own.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn at(path: &Path) -> EmulatorBuilder {
    Emulator::builder().state_file(path)
}

async fn start(path: &Path) -> Emulator {
    at(path).start().await.expect("started")
}

/// The state that is in the file.
async fn kept(path: &Path) -> openrouter_keys_emulator::Snapshot {
    // A copy, so that the file stays that of the emulator that has it.
    let folder = folder();
    let copy = folder.path().join("copy");
    fs::copy(path, &copy).expect("copied");
    start(&copy).await.snapshot()
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let folder = folder();
    let path = folder.path().join("state");
    let emulator = at(&path).keys(3).start().await.expect("started");
    let token = emulator.management_key().to_owned();
    let key = create(
        &emulator,
        r#"{"name":"k","external":{"user":"u","api_key":"a partner's key, which is not a real one"}}"#,
    )
    .await;
    manage(&emulator, "PATCH", &key.path(), r#"{"limit":7}"#)
        .await
        .expect(200);
    call(&emulator, "GET", "/key", Some(key.plaintext()), "")
        .await
        .expect(200);
    let path_of_control = "/_emulator/clock";
    let body = r#"{"set":"2026-10-27T12:00:00Z","frozen":true}"#;
    send(emulator.local_addr(), "POST", path_of_control, "", body)
        .await
        .expect(200);
    let before = emulator.snapshot();
    // Not stopped: what an answer told of is in the file.
    drop(emulator);

    let emulator = start(&path).await;
    assert_eq!(emulator.management_key(), token);
    assert_eq!(emulator.snapshot(), before);
    call(&emulator, "GET", "/key", Some(key.plaintext()), "")
        .await
        .expect(200);
    manage(&emulator, "DELETE", &key.path(), "")
        .await
        .expect(200);
    // What is done in the process is there when somebody waits for it, or at the end.
    emulator.seed(&Fleet::of(2)).expect("seeded");
    emulator.saved().await.expect("saved");
    assert_eq!(kept(&path).await, emulator.snapshot());
    emulator.seed(&Fleet::of(2)).expect("seeded");
    let before = emulator.snapshot();
    emulator.stop().await;
    assert_eq!(kept(&path).await, before);
}

#[tokio::test]
async fn a_reset_and_a_restored_state_are_kept() {
    let folder = folder();
    let path = folder.path().join("state");
    let emulator = at(&path).keys(3).start().await.expect("started");
    let fresh = emulator.snapshot();
    create(&emulator, r#"{"name":"k"}"#).await;
    send(emulator.local_addr(), "POST", "/_emulator/reset", "", "")
        .await
        .expect(200);
    assert_eq!(kept(&path).await, fresh);
    let other = Emulator::builder()
        .keys(5)
        .start()
        .await
        .expect("started")
        .snapshot();
    emulator.restore(other.clone()).expect("restored");
    emulator.saved().await.expect("saved");
    assert_eq!(kept(&path).await, other);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = folder();
    let path = folder.path().join("state");
    let mode = || fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    let emulator = start(&path).await;
    assert_eq!(mode(), 0o600);
    emulator.stop().await;

    // Whatever it was before, and by whatever name it is reached.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    let emulator = start(&link).await;
    create(&emulator, r#"{"name":"k"}"#).await;
    assert_eq!(mode(), 0o600);
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert_eq!(kept(&path).await, emulator.snapshot());
    // Nothing else is left in the folder.
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_one_even_if_it_leads_nowhere_yet() {
    let folder = folder();
    let [link, path] = ["link", "state"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink("state", &link).expect("a link");
    let emulator = start(&link).await;
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert_eq!(kept(&path).await, emulator.snapshot());
}

#[test]
fn nothing_is_written_once_the_emulator_is_dropped() {
    let folder = folder();
    let path = folder.path().join("state");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let left = runtime.block_on(async {
        let emulator = start(&path).await;
        emulator.seed(&Fleet::of(5000)).expect("seeded");
        // Until the new file is there beside the old one, which it has yet to replace.
        let files = || fs::read_dir(folder.path()).expect("a folder").count();
        for _ in 0..1_000_000 {
            if files() == 2 {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(emulator);
        fs::read(&path).expect("a file")
    });
    // Waits for what is still being written.
    drop(runtime);
    assert!(left == fs::read(&path).expect("a file"));
}

#[tokio::test]
async fn what_is_foreign_or_damaged_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("state");
    at(&path)
        .keys(2)
        .start()
        .await
        .expect("started")
        .stop()
        .await;
    let good = fs::read(&path).expect("a file");

    let mut bad = vec![
        Vec::new(),
        b"canary".to_vec(),
        b"{}".to_vec(),
        good[1..].to_vec(),
    ];
    bad.push([&good[..], b"\n"].concat());
    // Cut short, and with one bit turned, at places all over it.
    for position in (0..good.len()).step_by(good.len() / 50) {
        bad.push(good[..position].to_vec());
        let mut turned = good.clone();
        turned[position] ^= 1;
        bad.push(turned);
    }
    for bytes in bad {
        fs::write(&path, &bytes).expect("written");
        let error = at(&path).start().await.expect_err("no state");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("the state file {}: it is ", path.display())),
            "{message}"
        );
        assert!(message.ends_with(". It was left as it is"), "{message}");
        assert!(!message.contains("canary"));
        assert_eq!(fs::read(&path).expect("a file"), bytes);
    }
    fs::write(&path, &good).expect("written");
    start(&path).await.stop().await;
}

#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_an_error_at_the_start() {
    let folder = folder();
    let error = at(folder.path()).start().await.expect_err("a folder");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let error = at(&folder.path().join("nowhere/state")).start().await;
    assert_eq!(error.expect_err("no folder").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_file_that_somebody_else_changed_is_not_overwritten() {
    let folder = folder();
    let path = folder.path().join("state");
    let [first, second] = [start(&path).await, start(&path).await];
    create(&second, r#"{"name":"second"}"#).await;

    let answer = manage(&first, "POST", "/keys", r#"{"name":"first"}"#)
        .await
        .expect(500);
    let message = answer.message();
    assert!(
        message.starts_with("The state could not be saved: the state file "),
        "{message}"
    );
    assert!(
        message.ends_with("somebody else has changed it meanwhile. It was left as it is"),
        "{message}"
    );
    assert!(first.saved().await.is_err());
    assert_eq!(kept(&path).await, second.snapshot());

    // It can be made again once it is gone, and then holds all that was not saved.
    fs::remove_file(&path).expect("removed");
    manage(&first, "GET", "/keys", "").await.expect(200);
    assert_eq!(kept(&path).await, first.snapshot());
}

#[tokio::test]
async fn calls_at_the_same_time_are_all_kept() {
    let folder = folder();
    let path = folder.path().join("state");
    let emulator = start(&path).await;
    let mut calls = JoinSet::new();
    let to = emulator.local_addr();
    for number in 0..32 {
        let headers = format!("Authorization: Bearer {}\r\n", emulator.management_key());
        let body = format!(r#"{{"name":"{number}"}}"#);
        calls.spawn(async move {
            send(to, "POST", "/api/v1/keys", &headers, body)
                .await
                .expect(201)
        });
    }
    assert_eq!(calls.join_all().await.len(), 32);
    let before = emulator.snapshot();
    drop(emulator);
    assert_eq!(kept(&path).await, before);
}
