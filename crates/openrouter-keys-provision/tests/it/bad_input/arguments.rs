//! Arguments that make no sense.

use openrouter_keys::chrono::{DateTime, TimeDelta, Utc};
use openrouter_keys_emulator::{Fault, Route};
use openrouter_keys_provision::{Ensure, ErrorKind, Provisioner};

use super::refused;
use crate::support::{Shared, World};

/// It could be a plaintext, pasted into the wrong place.
const PLAINTEXT: &str = "sk-or-v1-canary-in-the-wrong-place";

#[tokio::test]
async fn an_intent_that_is_none_is_refused_by_every_verb() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let long = "x".repeat(257);
    for (intent, message) in [
        ("", "invalid `intent`: must not be empty"),
        (&*long, "invalid `intent`: must have at most 256 characters"),
        (
            "customer\n42",
            "invalid `intent`: must not have control characters in it",
        ),
        (
            PLAINTEXT,
            "invalid `intent`: must not have a key in it (sk-or-)",
        ),
        (
            "the key SK-OR-V1-CANARY",
            "invalid `intent`: must not have a key in it (sk-or-)",
        ),
    ] {
        let kind = ErrorKind::InvalidInput;
        let ensure = provisioner.ensure(intent, |key| key);
        let errors = [
            refused(&world, ensure, kind, message).await,
            refused(&world, provisioner.release(intent), kind, message).await,
            refused(&world, provisioner.remove(intent), kind, message).await,
            refused(&world, provisioner.adopt(intent, "aa"), kind, message).await,
        ];
        // What may be a secret is not repeated anywhere.
        assert!(errors.iter().all(|error| error.intent().is_none()));
    }
    let longest = "é".repeat(256);
    let made = provisioner.ensure(&longest, |key| key).await;
    assert_eq!(made.expect("256 characters are allowed").key.name, longest);
}

type Call = for<'a> fn(&'a Provisioner<Shared>) -> Ensure<'a, Shared>;

#[tokio::test]
async fn a_key_that_cannot_be_is_refused() {
    const LIMIT: &str =
        "intent \"a\": invalid `limit`: must be a finite amount of USD, zero or more";
    let cases: [(Call, &str); 9] = [
        (|it| it.ensure("a", |key| key.limit(f64::NAN)), LIMIT),
        (|it| it.ensure("a", |key| key.limit(f64::INFINITY)), LIMIT),
        (|it| it.ensure("a", |key| key.limit(-0.01)), LIMIT),
        (
            |it| it.ensure("a", |key| key).name(""),
            "intent \"a\": invalid `name`: must not be empty",
        ),
        (
            |it| it.ensure("a", |key| key).name("x".repeat(257)),
            "intent \"a\": invalid `name`: must have at most 256 characters",
        ),
        (
            |it| it.ensure("a", |key| key).name("a\u{7}"),
            "intent \"a\": invalid `name`: must not have control characters in it",
        ),
        (
            |it| it.ensure("a", |key| key).name(PLAINTEXT),
            "intent \"a\": invalid `name`: must not have a key in it (sk-or-)",
        ),
        (
            |it| {
                let marker = "openrouter-keys-provision 0123456789abcdef0123456789abcdef";
                it.ensure("a", |key| key).name(marker)
            },
            "intent \"a\": invalid `name`: must not be a marker of the provisioner, which removes what has one",
        ),
        (
            |it| it.ensure("a", |key| key).partner_key("canary".repeat(6)),
            "intent \"a\": invalid `partner_key`: must go with an `external_user`",
        ),
    ];
    let world = World::new().await;
    let provisioner = world.provisioner();
    for (call, message) in cases {
        refused(&world, call(&provisioner), ErrorKind::InvalidInput, message).await;
    }
}

/// What the client would refuse only after the attempt was written down.
#[tokio::test]
async fn what_the_client_would_refuse_is_not_written_down() {
    const WORKSPACE: &str = "intent \"a\": invalid `workspace_id`: must be a UUID such as 01234567-89ab-cdef-0123-456789abcdef";
    let cases: [(Call, &str); 8] = [
        (
            |it| it.ensure("a", |key| key.workspace_id("nonsense")),
            WORKSPACE,
        ),
        (
            |it| it.ensure("a", |key| key.workspace_id(PLAINTEXT)),
            WORKSPACE,
        ),
        (
            |it| it.ensure("a", |key| key.limit_reset("")),
            "intent \"a\": invalid `limit_reset`: must not be empty",
        ),
        (
            |it| it.ensure("a", |key| key.creator_user_id(PLAINTEXT)),
            "intent \"a\": invalid `creator_user_id`: must not have a key in it (sk-or-)",
        ),
        (
            |it| it.ensure("a", |key| key.external_user("")),
            "intent \"a\": invalid `external_user`: must not be empty",
        ),
        (
            |it| {
                let short = it.ensure("a", |key| key.external_user("u"));
                short.partner_key("canary-that-is-one-too-short---")
            },
            "intent \"a\": invalid `partner_key`: must have at least 32 characters",
        ),
        (
            |it| it.ensure("a", |key| key.expires_at(DateTime::UNIX_EPOCH)),
            "intent \"a\": invalid `expires_at`: must be in the future",
        ),
        (
            |it| {
                it.ensure("a", |key| {
                    key.expires_at(Utc::now() - TimeDelta::seconds(1))
                })
            },
            "intent \"a\": invalid `expires_at`: must be in the future",
        ),
    ];
    let world = World::new().await;
    let provisioner = world.provisioner();
    // Whose the ledger is may be written down.
    provisioner.sweep().await.expect("there is nothing to do");
    for (call, message) in cases {
        refused(&world, call(&provisioner), ErrorKind::InvalidInput, message).await;
    }
}

/// Nor is a key that has expired asked for anew: it is the intent's, and its owner may look at it.
#[tokio::test]
async fn a_key_that_has_expired_is_still_the_intents() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let soon = Utc::now() + TimeDelta::hours(1);
    let made = provisioner.ensure("a", |key| key.expires_at(soon)).await;
    let made = made.expect("an hour is enough");
    let past = DateTime::UNIX_EPOCH;
    let again = provisioner.ensure("a", |key| key.expires_at(past)).await;
    assert_eq!(again.expect("it is there").key.hash, made.key.hash);
}

/// A workspace that is not there, or not any more, is no reason for a sweep to fail ever after.
#[tokio::test]
async fn a_workspace_that_is_not_there_does_not_stop_sweeps() {
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    for status in [400, 403, 404] {
        let world = World::new().await;
        let provisioner = world.provisioner();
        let refused = Fault::status(status);
        world.emulator.inject(refused.clone().on(Route::Create));
        let error = provisioner.ensure("a", |key| key.workspace_id(id)).await;
        let error = error.expect_err("the service does not know the workspace");
        assert_eq!(error.kind(), ErrorKind::Client);
        world.emulator.inject(refused.on(Route::List));
        let sweep = provisioner.sweep().await.expect("it says what it is");
        assert_eq!(sweep.unreadable_workspaces, [id]);
    }
}
