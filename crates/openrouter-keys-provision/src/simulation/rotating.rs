//! A rotation, forward and back, and the customer who is handed its plaintexts.

use std::time::Duration;

use super::director::Actor;
use super::invariants::INTENT;
use super::ledger::FaultyLedger;
use super::run::{MOST_CALLS, Run};
use super::scenarios::Call;
use super::schedule::{Fault, Step};
use crate::{Delivery, Error, ErrorKind, Provisioner, Rotation, RotationStage, RotationStatus};

/// How long a key that was replaced is kept.
const GRACE: Duration = Duration::from_secs(3600);

impl Run<'_> {
    /// Begins to go forward, and goes back whatever comes of that.
    pub(super) async fn resume_and_roll_back(&self, actor: Actor, call: Call) {
        let provisioner = self.provisioner(actor);
        let resume = self.resume(actor, call, &provisioner);
        if let Some(Err(error)) = self.world.live(actor, resume).await {
            self.observe(|observer| observer.failed(&error));
        }
        self.roll_back(actor, call).await;
    }

    async fn resume(
        &self,
        actor: Actor,
        call: Call,
        provisioner: &Provisioner<FaultyLedger>,
    ) -> Result<RotationStatus, Error> {
        let rotation = rotation(call, provisioner);
        let sink = async |delivery| self.take(actor, call, delivery).await;
        let resumed = Box::pin(rotation.resume(sink)).await;
        if resumed.is_err()
            && let Some(hash) = self.asleep.take()
        {
            self.world.network.disable(&hash, false).await;
        }
        resumed
    }

    /// The customer's side of a rotation.
    async fn take(
        &self,
        actor: Actor,
        call: Call,
        delivery: Delivery,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let network = &self.world.network;
        let fault = network.step(actor, Step::Deliver).await;
        match fault {
            Some(Fault::CrashBefore) => {
                network.director.crash(actor);
                return std::future::pending().await;
            }
            Some(Fault::Refused) => return Err("the vault is shut".into()),
            // What it stores and does not acknowledge, nobody uses.
            Some(Fault::Unsure) => return Err("the vault does not answer".into()),
            _ => {}
        }
        if call == Call::RotateSlowly {
            let hash = delivery.hash.as_str();
            network.disable(hash, true).await;
            self.asleep.replace(Some(hash.to_owned()));
        }
        self.observe(|observer| observer.delivered(&delivery));
        if fault == Some(Fault::CrashAfter) {
            network.director.crash(actor);
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    /// Goes forward until it is over, whichever way.
    pub(super) async fn rotate(&self, actor: Actor, call: Call) {
        for _ in 0..MOST_CALLS {
            let resume =
                async |provisioner: &Provisioner<_>| self.resume(actor, call, provisioner).await;
            let Some(status) = self.until_ok(actor, resume).await else {
                return;
            };
            if status.stage.is_over() {
                return;
            }
            self.wait_for(&status).await;
        }
        self.observe(|observer| observer.violated("rotation: it does not come to an end"));
    }

    /// Goes back until it is over, whichever way.
    async fn roll_back(&self, actor: Actor, call: Call) {
        for _ in 0..MOST_CALLS {
            let roll_back = async |provisioner: &Provisioner<_>| {
                let status = rotation(call, provisioner).rollback().await;
                match status {
                    // It has not begun, or it is too late.
                    Err(error) if error.kind() == ErrorKind::Rotation => Ok(None),
                    status => status.map(Some),
                }
            };
            match self.until_ok(actor, roll_back).await {
                Some(Some(status)) if !status.stage.is_over() => self.wait_for(&status).await,
                _ => return,
            }
        }
        self.observe(|observer| observer.violated("rotation: it is not taken back"));
    }

    /// Lets time pass until a rotation can go on.
    async fn wait_for(&self, status: &RotationStatus) {
        let network = &self.world.network;
        if let Some(until) = status.until {
            let wait = (until - network.time.of_day()).to_std();
            let wait = wait.unwrap_or_default();
            network.pass_until(network.time.elapsed() + wait).await;
        }
    }

    /// Holds against the ledger what has become of the keys.
    pub(super) async fn end_rotation(&self) {
        let status =
            async |provisioner: &Provisioner<_>| rotation(Call::Rotate, provisioner).status().await;
        let Some(status) = self.until_ok(0, status).await else {
            return;
        };
        let can_be_taken_back = self.scenario.calls.contains(&Call::RollBack);
        let is_taken_back = status.stage != RotationStage::Done;
        let is_over = status.stage.is_over() || status.stage == RotationStage::NotBegun;
        self.observe(|observer| {
            if !is_over || (is_taken_back && !can_be_taken_back) {
                observer.violated("rotation: it is not over");
            }
            observer.rotated(is_taken_back);
        });
    }
}

fn rotation(call: Call, provisioner: &Provisioner<FaultyLedger>) -> Rotation<'_, FaultyLedger> {
    let rotation = provisioner.rotation(INTENT, "2026-11").grace(GRACE);
    if call == Call::RotateRemainder {
        rotation.remaining_only()
    } else {
        rotation
    }
}
