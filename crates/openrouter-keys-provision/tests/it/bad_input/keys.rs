//! Keys that were changed, removed or claimed by somebody else.

use std::time::Duration;

use openrouter_keys::{Key, KeyHash, LimitReset};
use openrouter_keys_emulator::{Fault, Route};
use openrouter_keys_provision::{
    Ensure, Entry, ErrorKind, Ledger, LeftoverFate, Provisioner, Record,
};

use super::refused;
use crate::support::{Shared, World};

/// A world in which the intent `a` has a key that is sealed and not committed, which is its only one.
async fn sealed() -> (World, Key) {
    let world = World::new().await;
    world.emulator.inject(Fault::status(500).on(Route::Update));
    let failed = world.provisioner().ensure("a", |key| key.limit(5)).await;
    let failed = failed.expect_err("it could not be named");
    assert_eq!(failed.kind(), ErrorKind::Client);
    let key = world.keys().await.remove(0);
    assert_eq!(failed.hash(), Some(&key.hash));
    (world, key)
}

/// A world in which the intent `a` has a key.
async fn committed() -> (World, Key) {
    let world = World::new().await;
    let made = world.provisioner().ensure("a", |key| key.limit(5)).await;
    (world, made.expect("nothing goes wrong").key)
}

fn ensure(provisioner: &Provisioner<Shared>) -> Ensure<'_, Shared> {
    provisioner.ensure("a", |key| key.limit(5))
}

#[tokio::test]
async fn a_key_that_was_removed_by_hand() {
    for world in [sealed().await, committed().await] {
        let (world, key) = world;
        let provisioner = world.provisioner();
        let removed = world.client.delete(&key.hash).send().await;
        removed.expect("the key is there");
        let message = format!(
            "intent \"a\": the key {} has been removed by somebody else; if that was meant, call `remove`, and then ask for a new one",
            key.hash
        );
        let kind = ErrorKind::KeyGone;
        let error = refused(&world, ensure(&provisioner), kind, &message).await;
        assert_eq!(error.hash(), Some(&key.hash));
        // What the message says to do.
        provisioner.remove("a").await.expect("it is gone already");
        let made = ensure(&provisioner).await.expect("it may have a new one");
        assert_ne!(made.key.hash, key.hash);
        assert_eq!(world.opens(made.secret).await, made.key.label);
        assert_eq!(world.keys().await.len(), 1);
    }
}

#[tokio::test]
async fn a_key_that_was_renamed_before_it_was_ready() {
    let (world, key) = sealed().await;
    let provisioner = world.provisioner();
    let rename = |name: String| async {
        let renamed = world.client.update(&key.hash).name(name).send().await;
        renamed.expect("the key is there")
    };
    rename("Somebody's favourite".to_owned()).await;
    let message = format!(
        "intent \"a\": the key {} is not called {:?}, as this intent's is until it is ready; look at it first: if somebody has renamed it, name it so again, or call `remove`, which deletes it, and do the same again; if it is not this intent's, leave it alone: then the ledger is wrong",
        key.hash, key.name
    );
    refused(
        &world,
        ensure(&provisioner),
        ErrorKind::KeyRenamed,
        &message,
    )
    .await;
    // What is not named like ours is nobody's to sweep.
    let later = provisioner.clone().longest_delay(Duration::ZERO);
    let sweep = later.sweep().await.expect("there is nothing to do");
    assert_eq!(sweep.leftovers, []);
    assert_eq!(sweep.unfinished, ["a"]);
    rename(key.name.clone()).await;
    let made = ensure(&provisioner).await.expect("it is as it was");
    assert_eq!(made.key.hash, key.hash);
    assert_eq!(made.key.name, "a");
}

#[tokio::test]
async fn a_key_that_was_changed_before_it_was_ready() {
    let (world, key) = sealed().await;
    let provisioner = world.provisioner();
    let changes = [
        ("limit", world.client.update(&key.hash).limit(500)),
        (
            "limit, disabled",
            world.client.update(&key.hash).disabled(true),
        ),
        (
            "limit, limit_reset, disabled",
            world
                .client
                .update(&key.hash)
                .limit_reset(LimitReset::Daily),
        ),
    ];
    for (fields, change) in changes {
        change.send().await.expect("the key is there");
        let message = format!(
            "intent \"a\": the key {} is not as it was asked for ({fields}); mend that or call `remove`, and do the same again",
            key.hash
        );
        // Its name is given to it first; after that, nothing changes any more.
        let _ = ensure(&provisioner).await;
        refused(
            &world,
            ensure(&provisioner),
            ErrorKind::NotAsAsked,
            &message,
        )
        .await;
    }
    let mended = world.client.update(&key.hash).limit(5).disabled(false);
    let mended = mended.never_resets().send().await;
    mended.expect("the key is there");
    let made = ensure(&provisioner).await.expect("it is as it was");
    assert_eq!(made.key.hash, key.hash);
}

/// Who runs the account may disable a key, or give it another limit and another name: nothing undoes that.
#[tokio::test]
async fn a_key_that_was_changed_when_it_was_ready_is_left_so() {
    let (world, key) = committed().await;
    let change = world.client.update(&key.hash).limit(500).name("VIP");
    let changed = change.disabled(true).send().await;
    let changed = changed.expect("the key is there");
    let before = world.everything().await;
    let provisioner = world.provisioner();
    let found = ensure(&provisioner).await.expect("it is there");
    assert_eq!(found.key, changed);
    provisioner.sweep().await.expect("there is nothing to do");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn an_intent_that_is_asked_for_twice_and_otherwise() {
    let (world, key) = committed().await;
    let provisioner = world.provisioner();
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let cases: [(Ensure<'_, Shared>, &str); 7] = [
        (ensure(&provisioner).name("B"), "name"),
        (provisioner.ensure("a", |key| key), "limit"),
        (
            provisioner.ensure("a", |key| key.limit(5).limit_reset(LimitReset::Daily)),
            "limit_reset",
        ),
        (
            provisioner.ensure("a", |key| key.limit(5).include_byok_in_limit(true)),
            "include_byok_in_limit",
        ),
        (
            provisioner.ensure("a", |key| key.limit(5).workspace_id(id)),
            "workspace_id",
        ),
        (
            provisioner.ensure("a", |key| key.limit(5).creator_user_id("user_2")),
            "creator_user_id",
        ),
        (
            provisioner
                .ensure("a", |key| key.limit(6).external_user("u"))
                .name("B"),
            "name, limit, external_user",
        ),
    ];
    for (ensure, fields) in cases {
        let message = format!(
            "intent \"a\": the key {} was asked for otherwise before ({fields}); update the key itself, or ask for what was asked for then",
            key.hash
        );
        let error = refused(&world, ensure, ErrorKind::OtherRequest, &message).await;
        assert_eq!(error.hash(), Some(&key.hash));
    }
}

#[tokio::test]
async fn an_intent_that_is_not_known() {
    let (world, key) = committed().await;
    let provisioner = world.provisioner();
    let message = "intent \"b\": the ledger knows of no key for it; is it spelt as it was for `ensure` or `adopt`?";
    let kind = ErrorKind::UnknownIntent;
    refused(&world, provisioner.release("b"), kind, message).await;
    refused(&world, provisioner.remove("b"), kind, message).await;
    // It was known once, and has none now.
    provisioner.remove("a").await.expect("it has one");
    provisioner.remove("a").await.expect("twice is once");
    // But its plaintext may be there still.
    provisioner.release("a").await.expect("it was known once");
    assert_ne!(
        ensure(&provisioner).await.expect("a new one").key.hash,
        key.hash
    );
}

/// A key of the account that the provisioner has not made.
async fn by_hand(world: &World, name: &str) -> KeyHash {
    let created = world.client.create(name).limit(5).send().await;
    created.expect("the emulator answers").key.hash
}

#[tokio::test]
async fn a_key_that_cannot_be_adopted() {
    let (world, key) = committed().await;
    let provisioner = world.provisioner();
    let theirs = by_hand(&world, "By hand").await;
    let kind = ErrorKind::OtherKey;

    let message = format!(
        "intent \"a\": it has the key {} already; if another is to take its place, call `remove` first",
        key.hash
    );
    refused(&world, provisioner.adopt("a", &theirs), kind, &message).await;
    // The key of one intent cannot be another's, made or adopted.
    let message = format!(
        "intent \"b\": the key {} belongs to the intent \"a\"; remove it there first, or leave it to it",
        key.hash
    );
    refused(&world, provisioner.adopt("b", &key.hash), kind, &message).await;
    let adopted = provisioner.adopt("b", &theirs).await;
    adopted.expect("it is nobody's");
    let again = provisioner.adopt("b", &theirs).await;
    again.expect("twice is once");
    let message = format!(
        "intent \"c\": the key {theirs} belongs to the intent \"b\"; remove it there first, or leave it to it"
    );
    refused(&world, provisioner.adopt("c", &theirs), kind, &message).await;

    let marker = "openrouter-keys-provision 0123456789abcdef0123456789abcdef";
    let with_marker = by_hand(&world, marker).await;
    let message =
        "intent \"c\": invalid `hash`: must not be that of a key with a marker: it may be removed";
    let kind = ErrorKind::InvalidInput;
    refused(&world, provisioner.adopt("c", &with_marker), kind, message).await;

    let missing = "aa".repeat(32);
    let message = "intent \"c\": looking at the key: get key: 404 Not Found: Resource not found";
    let kind = ErrorKind::Client;
    refused(&world, provisioner.adopt("c", &missing), kind, message).await;
    let message = "intent \"c\": looking at the key: invalid `hash`: must be the hash of a key, not its plaintext (which has sk-or- in it)";
    let plaintext = "sk-or-v1-canary-in-the-wrong-place";
    refused(&world, provisioner.adopt("c", plaintext), kind, message).await;
}

/// While an attempt of the intent may still come to a key.
#[tokio::test]
async fn an_intent_that_is_about_to_have_a_key_adopts_none() {
    let (world, _) = sealed().await;
    let provisioner = world.provisioner();
    let theirs = by_hand(&world, "By hand").await;
    let message = "intent \"a\": a key is being made for it; see that through by `ensure`, or call `remove` first";
    let kind = ErrorKind::OtherKey;
    refused(&world, provisioner.adopt("a", &theirs), kind, message).await;
}

/// A ledger that was mended by hand, wrongly: it says that another key is what came of an attempt.
#[tokio::test]
async fn a_foreign_key_under_an_intent() {
    let world = World::new().await;
    let theirs = by_hand(&world, "Theirs").await;
    world.emulator.inject(Fault::status(400).on(Route::Create));
    let provisioner = world.provisioner();
    let _ = ensure(&provisioner).await.expect_err("no key is made");
    let entries = world.ledger.read("a").await.expect("memory does not fail");
    let [attempt, ..] = &*entries else {
        panic!("an attempt is written down before it is sent");
    };
    let sealed = Record::Sealed {
        hash: theirs.clone(),
    };
    for (position, entry) in [
        (entries.len(), attempt.clone()),
        (entries.len() + 1, Entry::new(sealed, None)),
    ] {
        let appended = world.ledger.append("a", position, &entry).await;
        appended.expect("memory does not fail");
    }
    let Record::Attempt { nonce, .. } = &attempt.record else {
        panic!("an attempt is written down before it is sent");
    };
    let message = format!(
        "intent \"a\": the key {theirs} is not called \"openrouter-keys-provision {nonce}\", as this intent's is until it is ready; look at it first: if somebody has renamed it, name it so again, or call `remove`, which deletes it, and do the same again; if it is not this intent's, leave it alone: then the ledger is wrong"
    );
    refused(
        &world,
        ensure(&provisioner),
        ErrorKind::KeyRenamed,
        &message,
    )
    .await;
}

#[tokio::test]
async fn a_key_with_the_marker_of_another_ledger_is_reported_and_left_alone() {
    let world = World::new().await;
    let marker = "openrouter-keys-provision 0123456789abcdef0123456789abcdef";
    let theirs = by_hand(&world, marker).await;
    let provisioner = world.provisioner().longest_delay(Duration::ZERO);
    // Only where this ledger has made keys is anything looked for.
    ensure(&provisioner).await.expect("nothing goes wrong");
    let before = world.everything().await;
    let sweep = provisioner.sweep().await.expect("the emulator answers");
    let [leftover] = &*sweep.leftovers else {
        panic!("there is one, and not {:?}", sweep.leftovers);
    };
    assert_eq!(leftover.key.hash, theirs);
    assert_eq!(leftover.fate, LeftoverFate::Unknown);
    assert_eq!(leftover.intent, None);
    assert_eq!(world.everything().await, before);
}

/// Somebody has its plaintext, although its maker has not got it.
#[tokio::test]
async fn a_lost_key_that_was_used_is_reported_and_left_alone() {
    let world = World::new().await;
    let provisioner = world.provisioner().longest_delay(Duration::ZERO);
    world
        .emulator
        .inject(Fault::commit_then_reset().on(Route::Create));
    world.emulator.inject(Fault::status(500).on(Route::List));
    let failed = ensure(&provisioner).await;
    failed.expect_err("it could not be looked for");
    let used = world.keys().await.remove(0);
    let spent = world.emulator.spend(used.hash.as_str(), 0.01);
    spent.expect("the key is there");

    let made = ensure(&provisioner).await.expect("it may have another");
    let sweep = provisioner.sweep().await.expect("the emulator answers");
    for leftovers in [made.leftovers, sweep.leftovers] {
        let [leftover] = &*leftovers else {
            panic!("there is one, and not {leftovers:?}");
        };
        assert_eq!(leftover.key.hash, used.hash);
        assert_eq!(leftover.fate, LeftoverFate::Used);
        assert_eq!(leftover.intent.as_deref(), Some("a"));
    }
    let mut hashes: Vec<_> = world.keys().await.into_iter().map(|key| key.hash).collect();
    hashes.sort_unstable();
    let mut expected = [made.key.hash, used.hash];
    expected.sort_unstable();
    assert_eq!(hashes, expected);
}
