//! Random sequences of operations, against the emulator and against a plain model of the service.
//!
//! The model was written from what is documented of the service, and from nothing in `src/` but
//! what the crate's documentation says where the service's is silent. Each answer must be the
//! model's, whole.

mod bodies;
mod body;
mod budget;
mod calendar;
mod control;
mod fleet;
mod key;
mod operation;
mod run;
mod service;

use openrouter_keys_emulator::Emulator;
use tokio::runtime;

use crate::seeded::runner;
use operation::MANAGEMENT_KEY;
use run::Run;

#[test]
fn the_emulator_is_what_the_model_says() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runner("sequences of operations", 150)
        .run(&operation::sequences(), |operations| {
            runtime.block_on(async {
                let emulator = Emulator::builder().management_key(MANAGEMENT_KEY);
                let emulator = emulator.start().await.expect("an emulator");
                let mut run = Run::start(&emulator).await;
                for (who, operation) in &operations {
                    run.step(who, operation).await?;
                }
                run.compare_all().await
            })
        })
        .expect("the model");
}
