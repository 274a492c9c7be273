//! A key that is made and sealed gets its real name and its settings.

use openrouter_keys::KeyHash;
use openrouter_keys_emulator::{Fault, Route};

use super::world::World;
use crate::{ErrorKind, MemoryLedger, Provisioner};

type Shared = std::sync::Arc<MemoryLedger>;

/// A key whose naming came to this.
async fn named_with(world: &World, provisioner: &Provisioner<Shared>, fault: Fault) -> KeyHash {
    world.emulator.inject(fault.on(Route::Update));
    let error = provisioner.ensure("a", |key| key.limit(50)).await;
    let error = error.expect_err("no answer");
    error.hash().expect("it was made").clone()
}

/// Whoever has lowered it since then had a reason.
#[tokio::test]
async fn the_limit_is_raised_from_zero_once() {
    let world = World::new().await;
    let provisioner = world.provisioner.clone().escrow();
    let hash = named_with(&world, &provisioner, Fault::commit_then_reset()).await;
    assert_eq!(world.key(&hash).await.limit, Some(50.0));
    world.set_limit(&hash, 1.0).await;
    let error = provisioner.ensure("a", |key| key.limit(50)).await;
    let error = error.expect_err("it has another limit");
    assert_eq!(error.kind(), ErrorKind::NotAsAsked);
    assert_eq!(world.key(&hash).await.limit, Some(1.0));
}

/// While the key has its marker for a name, it has not.
#[tokio::test]
async fn the_limit_is_raised_with_the_name_after_a_crash() {
    let world = World::new().await;
    let provisioner = world.provisioner.clone().escrow();
    let hash = named_with(&world, &provisioner, Fault::status(503)).await;
    assert_eq!(world.key(&hash).await.limit, Some(0.0));
    let made = provisioner.ensure("a", |key| key.limit(50)).await;
    let made = made.expect("nothing is in its way").key;
    assert_eq!((made.hash, made.limit), (hash, Some(50.0)));
}

/// What a service may do to a number when it keeps it.
#[tokio::test]
async fn a_limit_that_differs_by_less_than_anything_costs_is_as_asked() {
    for (kept, is_same) in [(50.000_000_4, true), (49.999_999_6, true), (49.9999, false)] {
        let world = World::new().await;
        let provisioner = &world.provisioner;
        let hash = named_with(&world, provisioner, Fault::commit_then_reset()).await;
        world.set_limit(&hash, kept).await;
        let made = provisioner.ensure("a", |key| key.limit(50)).await;
        assert_eq!(made.is_ok(), is_same, "{kept}");
    }
}
