//! Whatever somebody does to the keys in the dashboard, a rotation comes to an end, and one that has come to an end leaves what
//! works.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys::Clock as _;
use openrouter_keys_emulator::{Fault, Route};

use crate::tests::world::{HOUR, LONGEST_DELAY, World, refuse, take};
use crate::{MemoryLedger, Rotation, RotationStage, RotationStatus};

/// Where it stands when somebody does something.
const STAGES: [RotationStage; 5] = [
    RotationStage::Making,
    RotationStage::Delivering,
    RotationStage::Overlap,
    RotationStage::Grace,
    RotationStage::RollingBack,
];

/// What is done, and to which key.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    RemoveOld,
    RemoveNew,
    DisableNew,
    LetOldExpire,
}

const DEEDS: [Deed; 4] = [
    Deed::RemoveOld,
    Deed::RemoveNew,
    Deed::DisableNew,
    Deed::LetOldExpire,
];

const LIFE: Duration = HOUR.saturating_mul(4);

/// A rotation that stands there. It began in the middle of the old key's life, and the new one is to live as long.
async fn stopped_at(world: &World, stage: RotationStage) -> RotationStatus {
    world.ensure_for(LIFE).await;
    world.advance(LIFE / 2);
    let rotation = rotation(world).overlap(LONGEST_DELAY);
    match stage {
        RotationStage::Making => {
            let outage = Fault::status(503).on(Route::Update);
            world.emulator.inject(outage);
            rotation
                .resume(take)
                .await
                .expect_err("the service is down");
        }
        RotationStage::Delivering => {
            rotation.resume(refuse).await.expect_err("it is refused");
        }
        _ => {
            let _ = rotation.resume(take).await.expect("it is taken");
        }
    }
    if matches!(stage, RotationStage::Grace | RotationStage::RollingBack) {
        world.advance(LONGEST_DELAY);
        let _ = rotation.resume(take).await.expect("it is taken");
    }
    if stage == RotationStage::RollingBack {
        let _ = rotation.rollback().await.expect("nothing is in its way");
    }
    let status = rotation.status().await.expect("the ledger answers");
    assert_eq!(status.stage, stage);
    status
}

fn rotation(world: &World) -> Rotation<'_, Arc<MemoryLedger>> {
    world.rotation().renew_expiry().grace(LONGEST_DELAY)
}

async fn is_over(world: &World) -> bool {
    let status = rotation(world).status().await;
    status.expect("the ledger answers").stage.is_over()
}

/// What an operator does who reads the errors: it is resumed, and when that fails, taken back. What they said.
async fn seen_through(world: &World) -> String {
    let mut said = Vec::new();
    for _ in 0..3 {
        if let Err(error) = rotation(world).resume(take).await {
            said.push(format!("resume: {error}"));
        }
        world.advance(LONGEST_DELAY);
    }
    for _ in 0..3 {
        if is_over(world).await {
            break;
        }
        if let Err(error) = rotation(world).rollback().await {
            said.push(format!("rollback: {error}"));
        }
        world.advance(LONGEST_DELAY);
    }
    said.join("\n")
}

/// Whether the intent has a key that can be used.
async fn has_key(world: &World) -> bool {
    let now = world.time.utc_now();
    let ensure = world.provisioner.ensure("a", |key| key.expires_at(now));
    ensure.await.is_ok_and(|ours| {
        let key = ours.key;
        !key.disabled && key.expires_at.is_none_or(|at| at > now)
    })
}

#[tokio::test]
async fn one_of_both_ways_is_open_and_leads_to_a_key_that_works() {
    for stage in STAGES {
        for deed in DEEDS {
            let world = World::new().await;
            let keys = stopped_at(&world, stage).await;
            let (old, new) = (keys.old.expect("there"), keys.new.expect("there"));
            match deed {
                Deed::RemoveOld => world.delete(&old).await,
                Deed::RemoveNew => world.delete(&new).await,
                Deed::DisableNew => world.set_disabled(&new, true).await,
                Deed::LetOldExpire => world.advance(LIFE / 2),
            }
            let said = seen_through(&world).await;
            assert!(is_over(&world).await, "{deed:?} at {stage:?}:\n{said}");
            // Nobody has the new key yet, so the intent goes with the old one.
            let is_given_up = deed == Deed::RemoveOld
                && matches!(stage, RotationStage::Making | RotationStage::Delivering);
            assert_eq!(
                has_key(&world).await,
                !is_given_up,
                "{deed:?} at {stage:?}:\n{said}"
            );
        }
    }
}
