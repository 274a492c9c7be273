//! What becomes of a rotation, step by step.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use openrouter_keys::{Client, Clock, ExposeSecret, LimitReset, SecretString};
use openrouter_keys_emulator::{Emulator, Route};

use super::start;
use crate::{Delivery, Error, ErrorKind, MemoryLedger, Provisioner, RotationStage};

/// The time of the emulator, which a test moves.
#[derive(Clone, Debug)]
struct Time(Arc<Mutex<DateTime<Utc>>>);

impl Clock for Time {
    fn utc_now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics in between")
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        *self.0.lock().expect("no test panics in between") += duration;
        Box::pin(async {})
    }
}

struct World {
    emulator: Emulator,
    client: Client,
    time: Time,
    provisioner: Provisioner<MemoryLedger>,
}

const LONGEST_DELAY: Duration = Duration::from_secs(300);

impl World {
    async fn new() -> Self {
        let (emulator, client) = start().await;
        let now = "2026-11-21T12:00:00Z".parse().expect("a time");
        emulator.set_time(now);
        emulator.freeze_time();
        let time = Time(Arc::new(Mutex::new(now)));
        let provisioner = Provisioner::new(client.clone(), MemoryLedger::new())
            .clock(time.clone())
            .longest_delay(LONGEST_DELAY);
        Self {
            emulator,
            client,
            time,
            provisioner,
        }
    }

    fn advance(&self, by: Duration) {
        *self.time.0.lock().expect("no test panics in between") += by;
        self.emulator.advance(by);
    }

    async fn works(&self, secret: &SecretString) -> bool {
        let client = self.client.with_key(secret.clone());
        client.current().send().await.is_ok()
    }

    async fn keys(&self) -> usize {
        let all = self.client.list().include_all().collect_all().await;
        all.expect("the emulator answers").len()
    }
}

type Taken = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn take(_: Delivery) -> Taken {
    Ok(())
}

async fn refuse(_: Delivery) -> Taken {
    Err("the vault is shut".into())
}

#[tokio::test]
async fn the_old_key_goes_when_the_new_one_is_taken_and_the_grace_is_over() {
    let world = World::new().await;
    let ask = || {
        world
            .provisioner
            .ensure("a", |key| key.limit(50).limit_reset(LimitReset::Monthly))
    };
    let old = ask().await.expect("nothing goes wrong");
    let old_secret = old.secret.expect("it was just made");
    let hour = Duration::from_secs(3600);
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .overlap(hour)
        .grace(hour);
    let stage = async || rotation.status().await.expect("the ledger answers").stage;
    assert_eq!(stage().await, RotationStage::NotBegun);

    let error = rotation.resume(refuse).await.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Sink);
    assert!(error.is_retryable());
    assert_eq!(stage().await, RotationStage::Delivering);
    assert!(world.works(&old_secret).await);

    let taken = Mutex::new(None);
    let sink = async |delivery: Delivery| {
        *taken.lock().expect("nothing panics") = Some(delivery.secret);
        Ok(())
    };
    let status = rotation.resume(sink).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Overlap);
    let new_secret = taken.into_inner().expect("nothing panics");
    let new_secret = new_secret.expect("it was delivered");
    assert!(world.works(&old_secret).await && world.works(&new_secret).await);
    assert_eq!(ask().await.expect("it is there").key.hash, old.key.hash);

    world.advance(hour);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Grace);
    assert_eq!(status.until, Some(world.time.utc_now() + hour));
    assert!(!world.works(&old_secret).await && world.works(&new_secret).await);
    let current = ask().await.expect("it is there");
    assert_eq!(Some(current.key.hash), status.new);

    world.advance(hour);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.keys().await, 1);
    let current = ask().await.expect("it is there");
    assert_eq!(current.key.limit, Some(50.0));
    assert_eq!(current.key.limit_reset, Some(LimitReset::Monthly));
    let secret = current.secret.expect("it was not released");
    assert_eq!(secret.expose_secret(), new_secret.expose_secret());

    // Once more under the same name is nothing, and there is no way back.
    let creates = world.emulator.requests(Route::Create);
    let status = rotation.resume(refuse).await.expect("it is over");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(world.emulator.requests(Route::Create), creates);
    let error = rotation.rollback().await.expect_err("it is over");
    assert_eq!(error.kind(), ErrorKind::Rotation);
}

#[tokio::test]
async fn a_rotation_is_taken_back() {
    let world = World::new().await;
    let old = world.provisioner.ensure("a", |key| key).await;
    let old = old.expect("nothing goes wrong");
    let old_secret = old.secret.expect("it was just made");
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .grace(LONGEST_DELAY * 9);
    let status = rotation.resume(take).await.expect("it is taken");
    assert_eq!(status.stage, RotationStage::Grace);
    assert!(!world.works(&old_secret).await);

    let status = rotation.rollback().await.expect("nothing goes wrong");
    assert_eq!(status.stage, RotationStage::RollingBack);
    assert!(world.works(&old_secret).await);
    assert_eq!(world.keys().await, 2);
    // The request to disable it arrives once more.
    let disabled = world
        .client
        .update(&old.key.hash)
        .disabled(true)
        .send()
        .await;
    disabled.expect("the emulator answers");
    world.advance(LONGEST_DELAY);
    let status = rotation.resume(refuse).await.expect("nothing goes wrong");
    assert_eq!(status.stage, RotationStage::RolledBack);
    assert!(world.works(&old_secret).await);
    assert_eq!(world.keys().await, 1);
    let current = world.provisioner.ensure("a", |key| key).await;
    assert_eq!(current.expect("it is there").key.hash, old.key.hash);
}

#[tokio::test]
async fn what_remains_is_granted_once_and_the_full_limit_in_the_next_window() {
    let world = World::new().await;
    let old = world
        .provisioner
        .ensure("a", |key| key.limit(50).limit_reset(LimitReset::Daily))
        .await
        .expect("nothing goes wrong");
    let spend = |hash: &str, usd| world.emulator.spend(hash, usd).expect("it can be spent");
    spend(old.key.hash.as_str(), 20.0);
    let hour = Duration::from_secs(3600);
    let rotation = world
        .provisioner
        .rotation("a", "1")
        .overlap(hour)
        .remaining_only();
    let status = rotation.resume(take).await.expect("it is taken");
    let new = status.new.expect("it is made");
    let limit = async || {
        let key = world.client.get(&new).send().await;
        key.expect("it is there").limit
    };
    assert_eq!(limit().await, Some(30.0));
    // In the overlap.
    spend(old.key.hash.as_str(), 5.0);
    world.advance(hour);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Remainder);
    assert_eq!(limit().await, Some(25.0));
    let midnight: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().expect("a time");
    assert_eq!(status.until, Some(midnight + LONGEST_DELAY));
    world.advance(hour * 12);
    let status = rotation.resume(refuse).await.expect("it was delivered");
    assert_eq!(status.stage, RotationStage::Done);
    assert_eq!(limit().await, Some(50.0));
    assert_eq!(world.keys().await, 1);
}

/// Each of these is found out before anything is made.
#[tokio::test]
async fn what_cannot_be_rotated_is_refused() {
    let world = World::new().await;
    let provisioner = &world.provisioner;
    let error = provisioner.rotation("a", "1").resume(take).await;
    let error = error.expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::UnknownIntent);
    let made = provisioner.ensure("a", |key| key).await;
    let hash = made.expect("nothing goes wrong").key.hash;

    let error: Error = provisioner
        .rotation("a", "1")
        .remaining_only()
        .resume(take)
        .await
        .expect_err("it has no limit");
    assert_eq!(
        error.to_string(),
        "intent \"a\": the key has no limit, so nothing of it can remain"
    );
    let disabled = world.client.update(&hash).disabled(true).send().await;
    disabled.expect("the emulator answers");
    let error = provisioner.rotation("a", "1").resume(take).await;
    let error = error.expect_err("it is disabled");
    assert_eq!(error.kind(), ErrorKind::Rotation);
    let enabled = world.client.update(&hash).disabled(false).send().await;
    enabled.expect("the emulator answers");

    let error = provisioner.rotation("a", "1").resume(refuse).await;
    assert_eq!(error.expect_err("it is refused").kind(), ErrorKind::Sink);
    let error = provisioner.rotation("a", "2").resume(take).await;
    assert_eq!(
        error.expect_err("another is under way").to_string(),
        "intent \"a\": the rotation \"1\" is under way; resume it or roll it back first"
    );
    assert!(provisioner.release("a").await.is_err());
    assert_eq!(world.keys().await, 2);
    provisioner.remove("a").await.expect("nothing goes wrong");
    assert_eq!(world.keys().await, 0);
    let status = provisioner.rotation("a", "1").status().await;
    let status = status.expect("the ledger answers");
    assert_eq!(status.stage, RotationStage::Removed);
}
