//! Real files in a real folder.

use std::fmt::Display;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;

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

async fn refusal(folder: &Path) -> String {
    let error = open(folder).await.expect_err("it was to be refused");
    text(folder, error)
}

/// What it says, as if the folder were called that.
fn text(folder: &Path, error: impl Display) -> String {
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    text.replace(folder.to_str().unwrap(), "FOLDER")
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
        let expected = format!(
            "the ledger FOLDER is not safe: the folder has mode {open_to:04o}, so that others may have read what is in it; \
             look who could, then set it to 0700"
        );
        assert_eq!(refusal(&folder).await, expected);
    }
    set_mode(&folder, 0o700);
    let file = folder.join("ledger");
    for open_to in [0o640, 0o604, 0o660] {
        set_mode(&file, open_to);
        let expected = format!(
            "the ledger FOLDER/ledger is not safe: the file has mode {open_to:04o}, so that others may have read what is in \
             it; look who could, then set it to 0600"
        );
        assert_eq!(refusal(&folder).await, expected);
    }
    set_mode(&file, 0o600);
    drop(open(&folder).await.unwrap());

    let other = folder.with_file_name("other");
    fs::hard_link(&file, &other).unwrap();
    let text = refusal(&folder).await;
    assert_eq!(
        text,
        "the ledger FOLDER/ledger is not safe: the file has another name elsewhere (a hard link); find that one (`find \
         -samefile`), look who could use it, then remove it"
    );
    fs::remove_file(other).unwrap();

    if chown(&file, Some(12_345), None).is_err() {
        println!("owners: skipped, since only root can give a file away");
        return;
    }
    let text = refusal(&folder).await;
    assert_eq!(
        text,
        "the ledger FOLDER/ledger is not safe: the file belongs to user 12345, and this process is user 0; run it as that \
         user, or look who could change the file, then give it to user 0"
    );
    chown(&folder, Some(12_345), None).unwrap();
    let text = refusal(&folder).await;
    assert_eq!(
        text,
        "the ledger FOLDER is not safe: the folder belongs to user 12345, and this process is user 0; run it as that user, \
         or look who could change the folder, then give it to user 0"
    );
}

const NO_FOLDER: &str = "the ledger FOLDER is not safe: its folder is a symbolic link, or no folder; give it the real one";

#[tokio::test]
async fn no_symbolic_link_is_followed() {
    let (parent, folder) = place();
    drop(open(&folder).await.unwrap());
    let link = parent.path().join("link");
    symlink(&folder, &link).unwrap();
    for path in [link.clone(), link.join("")] {
        let error = open(&path).await.unwrap_err();
        assert_eq!(text(&link, error), NO_FOLDER);
    }

    let file = folder.join("ledger");
    let elsewhere = parent.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let text = refusal(&folder).await;
    assert_eq!(
        text,
        "the ledger FOLDER/ledger is not safe: the file is a symbolic link; look who put it there, then put the file itself \
         in its place"
    );

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
    assert_eq!(
        text,
        "the ledger FOLDER could not be opened: making the folder failed: No such file or directory (os error 2). See to \
         that, and open it again"
    );
    fs::write(&folder, "a file").unwrap();
    assert_eq!(refusal(&folder).await, NO_FOLDER);
    fs::remove_file(&folder).unwrap();

    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o700);
    let file = folder.join("ledger");
    for (content, expected) in [
        ("", "the file is empty, and a ledger's never is"),
        ("mine\n", "the file does not begin as a ledger's does"),
    ] {
        fs::write(&file, content).unwrap();
        set_mode(&file, 0o600);
        let expected = format!(
            "the ledger FOLDER/ledger is not one: {expected}. It was left as it is: give the ledger a folder of its own"
        );
        assert_eq!(refusal(&folder).await, expected);
        assert_eq!(fs::read(&file).unwrap(), content.as_bytes());
    }
    fs::remove_file(&file).unwrap();
    let not_ordinary = "the ledger FOLDER/ledger is not safe: it is not an ordinary file; look who put it there, then move it \
                        away";
    fs::create_dir(&file).unwrap();
    assert_eq!(refusal(&folder).await, not_ordinary);
    fs::remove_dir(&file).unwrap();
    let socket = UnixListener::bind(&file).unwrap();
    assert_eq!(refusal(&folder).await, not_ordinary);
    drop(socket);
    fs::remove_file(&file).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &file,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    assert_eq!(refusal(&folder).await, not_ordinary);
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
    assert_eq!(
        text(&folder, error),
        "the ledger FOLDER is in use: another ledger, of this process or of another one, has it open, and only one can. Use \
         that one, or try again when it is closed"
    );
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
    let secret = "its secret, as it is stored, takes more than 8 KiB. Nothing was written; seal secrets to at most 4,000 bytes";
    let record =
        "its intent and its record take more than 64 KiB. Nothing was written; give shorter names";
    for (intent, entry, expected) in [
        ("customer-1", long, secret),
        ("customer-1", long_name, record),
        (&*"i".repeat(70_000), sealed(1), record),
    ] {
        let error = ledger.append(intent, 0, &entry).await.unwrap_err();
        let expected = format!("the ledger FOLDER/ledger cannot take this entry: {expected}");
        assert_eq!(text(&folder, error), expected);
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
    let expected = |what: &str, why: &str| {
        format!(
            "the ledger FOLDER: its custody did not {what} a secret: {why}. Nothing was changed; see to what the custody \
             needs, and try again"
        )
    };
    for (secret, why) in [
        ("canary, refused", "the vault is closed"),
        ("canary, panics", "a function of the custody panicked"),
    ] {
        entry.secret = Some(SecretString::from(secret));
        let error = ledger.append("customer-1", 0, &entry).await.unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        assert_eq!(text(&folder, error), expected("seal", why));
    }
    assert!(ledger.read("customer-1").await.unwrap().is_empty());
    entry.secret = Some(SecretString::from("canary"));
    ledger.append("customer-1", 0, &entry).await.unwrap();
    let error = ledger.read("customer-1").await.unwrap_err();
    assert_eq!(
        text(&folder, error),
        expected("open", "the vault is closed")
    );
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

/// Neither does it wait for a thread that never comes.
#[test]
fn a_runtime_that_is_shutting_down_is_an_error() {
    let (_parent, folder) = place();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let error = handle.block_on(open(&folder)).unwrap_err();
    assert_eq!(
        text(&folder, error),
        "the ledger FOLDER was not asked, since the runtime is shutting down. Nothing was done; try again in one that is running"
    );
    assert!(!folder.exists());
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
