//! Every call can be spawned, whatever the ledger is.

use openrouter_keys::Client;

use super::world::take;
use crate::{Delivery, Ledger, Provisioner};

fn can_be_spawned<T: Send>(_: T) {}

/// That it compiles is the test.
#[expect(dead_code, reason = "it is only compiled")]
fn all<L: Ledger>(provisioner: &Provisioner<L>, client: &Client) {
    can_be_spawned(provisioner.ensure("a", |key| key).into_future());
    can_be_spawned(provisioner.sweep());
    can_be_spawned(provisioner.remove("a"));
    can_be_spawned(provisioner.adopt("a", "b"));
    can_be_spawned(provisioner.release("a"));
    let rotation = provisioner.rotation("a", "1");
    can_be_spawned(rotation.status());
    can_be_spawned(rotation.rollback());
    can_be_spawned(rotation.resume(take));
    can_be_spawned(rotation.resume(async |_| Ok(())));
    can_be_spawned(rotation.resume(async |delivery: Delivery| {
        client.get(delivery.hash).send().await?;
        Ok(())
    }));
}
