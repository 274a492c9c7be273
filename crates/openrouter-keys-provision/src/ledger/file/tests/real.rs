//! Real files in a real folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use tempfile::TempDir;

use super::*;
use crate::ledger::check_ledger;

/// Where a ledger may be made: its folder is not there yet.
fn place() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("ledger-folder");
    (parent, folder)
}

async fn open(folder: &Path) -> Result<FileLedger, FileLedgerError> {
    FileLedger::open(folder, Custody::plaintext()).await
}

/// No cipher, but nothing of the plaintext is left.
fn sealing() -> Custody {
    let seal = |secret: &SecretString| {
        let bytes = secret.expose_secret().bytes();
        Ok(bytes.map(|byte| byte ^ 0xa5).collect())
    };
    let open = |sealed: &[u8]| {
        let bytes = sealed.iter().map(|byte| byte ^ 0xa5).collect();
        Ok(SecretString::from(String::from_utf8(bytes)?))
    };
    Custody::sealed(seal, open)
}

async fn refusal(folder: &Path) -> String {
    let error = open(folder).await.expect_err("it was to be refused");
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    text
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn contains(folder: &Path, text: &str) -> bool {
    let file = fs::read(folder.join("ledger")).unwrap();
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn it_keeps_what_ledgers_promise() {
    let (_parent, folder) = place();
    check_ledger(async || open(&folder).await.unwrap())
        .await
        .unwrap();

    let (_parent, folder) = place();
    check_ledger(async || FileLedger::open(&folder, sealing()).await.unwrap())
        .await
        .unwrap();
    assert!(!contains(&folder, "canary"));
}

#[tokio::test]
async fn what_is_made_is_for_nobody_else() {
    let (_parent, folder) = place();
    let ledger = open(&folder).await.unwrap();
    ledger.append("customer-1", 0, &sealed(1)).await.unwrap();
    assert_eq!(mode(&folder), 0o700);
    let file = folder.join("ledger");
    assert_eq!(mode(&file), 0o600);
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["ledger"]);
    // What is kept free is really there. A block that is reported is of 512 bytes.
    let metadata = fs::metadata(&file).unwrap();
    assert!(metadata.blocks() * 512 >= metadata.len());
    drop(ledger);

    // A folder that was made for it will do.
    let (_parent, folder) = place();
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o700);
    drop(open(&folder).await.unwrap());
}

#[tokio::test]
async fn what_others_can_reach_is_refused() {
    let (_parent, folder) = place();
    drop(open(&folder).await.unwrap());
    for open_to in [0o710, 0o750, 0o701, 0o777] {
        set_mode(&folder, open_to);
        let text = refusal(&folder).await;
        assert!(
            text.contains(&format!("the folder has mode {open_to:04o}")),
            "{text}"
        );
    }
    set_mode(&folder, 0o700);
    let file = folder.join("ledger");
    for open_to in [0o640, 0o604, 0o660] {
        set_mode(&file, open_to);
        let text = refusal(&folder).await;
        assert!(
            text.contains(&format!("the file has mode {open_to:04o}")),
            "{text}"
        );
    }
    set_mode(&file, 0o600);
    drop(open(&folder).await.unwrap());

    let other = folder.with_file_name("other");
    fs::hard_link(&file, &other).unwrap();
    let text = refusal(&folder).await;
    assert!(text.contains("another name elsewhere"), "{text}");
    fs::remove_file(other).unwrap();

    if chown(&file, Some(12_345), None).is_err() {
        println!("owners: skipped, since only root can give a file away");
        return;
    }
    let text = refusal(&folder).await;
    assert!(text.contains("the file belongs to user 12345"), "{text}");
    chown(&folder, Some(12_345), None).unwrap();
    let text = refusal(&folder).await;
    assert!(text.contains("the folder belongs to user 12345"), "{text}");
}

#[tokio::test]
async fn no_symbolic_link_is_followed() {
    let (parent, folder) = place();
    drop(open(&folder).await.unwrap());
    let link = parent.path().join("link");
    symlink(&folder, &link).unwrap();
    for path in [link.clone(), link.join("")] {
        let text = refusal(&path).await;
        assert!(text.contains("a symbolic link, or no folder"), "{text}");
    }

    let file = folder.join("ledger");
    let elsewhere = parent.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let text = refusal(&folder).await;
    assert!(text.contains("it is a symbolic link"), "{text}");

    // Nor is one where the file is made: it is taken away, and what it leads to is let be.
    fs::remove_file(&file).unwrap();
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, folder.join("ledger.new")).unwrap();
    drop(open(&folder).await.unwrap());
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert!(fs::symlink_metadata(folder.join("ledger.new")).is_err());
}

#[tokio::test]
async fn what_is_no_ledger_is_refused() {
    let (parent, folder) = place();
    let text = refusal(&parent.path().join("missing").join("folder")).await;
    assert!(text.contains("making the folder failed"), "{text}");
    fs::write(&folder, "a file").unwrap();
    let text = refusal(&folder).await;
    assert!(text.contains("a symbolic link, or no folder"), "{text}");
    fs::remove_file(&folder).unwrap();

    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o700);
    let file = folder.join("ledger");
    for (content, expected) in [
        ("", "the file is empty"),
        ("mine\n", "does not begin as a ledger's does"),
    ] {
        fs::write(&file, content).unwrap();
        set_mode(&file, 0o600);
        let text = refusal(&folder).await;
        assert!(text.contains(expected), "{text}");
        assert_eq!(fs::read(&file).unwrap(), content.as_bytes());
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refusal(&folder).await;
    fs::remove_dir(&file).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &file,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let text = refusal(&folder).await;
    assert!(text.contains("not an ordinary file"), "{text}");
}

/// What a crash left while the file was made.
#[tokio::test]
async fn a_leftover_is_removed() {
    let (_parent, folder) = place();
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o700);
    let leftover = folder.join("ledger.new");
    fs::write(&leftover, "half").unwrap();
    let ledger = open(&folder).await.unwrap();
    assert!(!leftover.exists());
    assert!(ledger.intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_one_can_have_it_open() {
    let (_parent, folder) = place();
    let ledger = open(&folder).await.unwrap();
    let error = open(&folder).await.unwrap_err();
    assert!(error.is_locked(), "{error}");
    drop(ledger);
    drop(open(&folder).await.unwrap());
}

#[tokio::test]
async fn released_plaintexts_are_overwritten() {
    let (_parent, folder) = place();
    let ledger = open(&folder).await.unwrap();
    for (position, entry) in [attempt(1, "a key"), sealed(1), committed()]
        .iter()
        .enumerate()
    {
        ledger.append("customer-1", position, entry).await.unwrap();
    }
    ledger.append("customer-2", 0, &sealed(2)).await.unwrap();
    let canary = |number: u128| format!("sk-or-v1-canary-{number:055}");
    assert!(contains(&folder, &canary(1)));
    ledger.append("customer-1", 3, &released()).await.unwrap();
    assert!(!contains(&folder, &canary(1)));
    assert!(contains(&folder, &canary(2)));
    drop(ledger);
    let ledger = open(&folder).await.unwrap();
    assert!(ledger.read("customer-1").await.unwrap()[1].secret.is_none());
    assert!(ledger.read("customer-2").await.unwrap()[0].secret.is_some());
}

#[tokio::test]
async fn too_long_an_entry_is_refused_and_changes_nothing() {
    let (_parent, folder) = place();
    let ledger = open(&folder).await.unwrap();
    let mut long = sealed(1);
    long.secret = Some(SecretString::from("canary".repeat(2_000)));
    let long_name = attempt(1, &"name ".repeat(20_000));
    for (intent, entry) in [
        ("customer-1", long),
        ("customer-1", long_name),
        (&*"i".repeat(70_000), sealed(1)),
    ] {
        let error = ledger
            .append(intent, 0, &entry)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("too long. Nothing was written"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    assert!(ledger.intents().await.unwrap().is_empty());
    ledger.append("customer-1", 0, &sealed(1)).await.unwrap();
}

/// What the caller's functions do wrong is an error, and the ledger goes on.
#[tokio::test]
async fn a_secret_that_cannot_be_sealed_or_opened_is_an_error() {
    let (_parent, folder) = place();
    let seal = |secret: &SecretString| match secret.expose_secret() {
        "canary, refused" => Err("the vault is closed".into()),
        "canary, panics" => panic!("{}", secret.expose_secret()),
        _ => Ok(b"sealed".to_vec()),
    };
    let custody = Custody::sealed(seal, |_| Err("the vault is closed".into()));
    let ledger = FileLedger::open(&folder, custody).await.unwrap();
    let mut entry = sealed(1);
    for (secret, expected) in [
        ("canary, refused", "the vault is closed"),
        ("canary, panics", "panicked"),
    ] {
        entry.secret = Some(SecretString::from(secret));
        let error = ledger.append("customer-1", 0, &entry).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
    assert!(ledger.read("customer-1").await.unwrap().is_empty());
    entry.secret = Some(SecretString::from("canary"));
    ledger.append("customer-1", 0, &entry).await.unwrap();
    let error = ledger.read("customer-1").await.unwrap_err();
    assert!(error.to_string().contains("the vault is closed"), "{error}");
    ledger.append("customer-1", 1, &committed()).await.unwrap();
}

/// Whoever looks at the records asks nothing of the custody.
#[tokio::test]
async fn no_secret_is_opened_for_the_records() {
    let (_parent, folder) = place();
    let custody = Custody::sealed(
        |_| Ok(b"sealed".to_vec()),
        |_| panic!("nothing was to be opened"),
    );
    let ledger = FileLedger::open(&folder, custody).await.unwrap();
    let ledger = Arc::new(ledger);
    ledger.append("customer-1", 0, &sealed(1)).await.unwrap();
    let records = ledger.records("customer-1").await.unwrap();
    assert_eq!(records, [sealed(1).record]);
    assert!(ledger.records("customer-2").await.unwrap().is_empty());
    let error = ledger.read("customer-1").await.unwrap_err();
    assert!(error.to_string().contains("custody panicked"), "{error}");
}

/// A mistake of ours is not blamed on the caller's functions.
#[tokio::test]
async fn a_panic_that_is_not_of_the_custody_goes_on() {
    let work = || panic!("a mistake");
    let task = tokio::spawn(blocking::<()>(Path::new("ledger-folder"), work));
    assert!(task.await.unwrap_err().is_panic());
}

/// Nothing is sealed for an append that is a conflict.
#[tokio::test]
async fn a_conflict_is_seen_before_anything_is_sealed() {
    let (_parent, folder) = place();
    let custody = Custody::sealed(
        |_| panic!("nothing was to be sealed"),
        |_| Err("unused".into()),
    );
    let ledger = FileLedger::open(&folder, custody).await.unwrap();
    let conflict = ledger.append("customer-1", 1, &sealed(1)).await;
    assert!(matches!(conflict, Err(LedgerError::Conflict)));
}

#[tokio::test]
async fn no_secret_is_printed() {
    let (_parent, folder) = place();
    let ledger = open(&folder).await.unwrap();
    ledger.append("customer-1", 0, &sealed(1)).await.unwrap();
    let entries = ledger.read("customer-1").await.unwrap();
    let locked = open(&folder).await.unwrap_err();
    let printed = format!(
        "{ledger:?} {entries:?} {locked:?} {locked} {:?} {:?}",
        sealing(),
        Custody::plaintext()
    );
    assert!(!printed.contains("canary"), "{printed}");
    assert!(printed.contains("ledger-folder"), "{printed}");
}
