//! Whatever is done, in whatever order: it is the same as with the ledger in memory.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::ledger::MemoryLedger;

#[derive(Clone, Debug)]
enum Step {
    Append {
        intent: String,
        entry: Entry,
    },
    AppendElsewhere {
        intent: String,
        position: usize,
        entry: Entry,
    },
    Reopen,
}

fn intents() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec!["", "a", "b", "ключ"]).prop_map(str::to_owned),
        1 => proptest::collection::vec(any::<char>(), 0..700).prop_map(String::from_iter),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    let text = proptest::collection::vec(any::<char>(), 0..600).prop_map(String::from_iter);
    let secret = proptest::option::of(text.clone());
    (0..6, text, secret, any::<u128>()).prop_map(|(kind, text, secret, number)| {
        let mut entry = match kind {
            0 => attempt(number, &text),
            1 => sealed(number),
            2 => committed(),
            3 => released(),
            4 => abandoned(),
            _ => Entry::new(
                Record::RotationBegun {
                    rotation: text,
                    name: String::new(),
                    request: NewKey::new(),
                    full_limit: None,
                    overlap_seconds: 0,
                    grace_seconds: 0,
                },
                None,
            ),
        };
        if let Some(secret) = secret {
            entry.secret = Some(SecretString::from(secret));
        }
        entry
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = (intents(), entries()).prop_map(|(intent, entry)| Step::Append { intent, entry });
    let elsewhere = (intents(), 0..9_usize, entries()).prop_map(|(intent, position, entry)| {
        Step::AppendElsewhere {
            intent,
            position,
            entry,
        }
    });
    let step = prop_oneof![8 => append, 2 => elsewhere, 1 => Just(Step::Reopen)];
    proptest::collection::vec(step, 1..40)
}

#[test]
fn it_is_the_same_as_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    // The same steps each time, so that a failure is one for everybody.
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let run = |steps: Vec<Step>| runtime.block_on(compare(steps));
    runner.run(&steps(), run).unwrap();
}

async fn compare(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let model = Model::default();
    let memory = MemoryLedger::new();
    let mut ledger = opened(&model).unwrap();
    for step in steps {
        let (intent, position, entry) = match step {
            Step::Append { intent, entry } => {
                let position = memory.read(&intent).await.unwrap().len();
                (intent, position, entry)
            }
            Step::AppendElsewhere {
                intent,
                position,
                entry,
            } => (intent, position, entry),
            Step::Reopen => {
                drop(ledger);
                ledger = opened(&model).unwrap();
                continue;
            }
        };
        let expected = memory.append(&intent, position, &entry).await.is_ok();
        let found = ledger.append(&intent, position, &entry).unwrap().is_ok();
        prop_assert_eq!(found, expected);
    }
    drop(ledger);
    let mut expected = Holding::new();
    for intent in memory.intents().await.unwrap() {
        let entries = memory.read(&intent).await.unwrap();
        expected.insert(intent, entries);
    }
    let found = held(&opened(&model).unwrap());
    prop_assert!(is_same(&found, &expected));
    Ok(())
}
