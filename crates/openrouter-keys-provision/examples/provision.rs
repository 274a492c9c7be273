//! One key for each of some intents, however often this is started and wherever it was stopped.
//!
//! `cargo run -p openrouter-keys-provision --features file-ledger --example provision -- --count 3` talks to an emulator in
//! this process, and forgets everything. With `--live FOLDER` it talks to OpenRouter itself (or wherever
//! `OPENROUTER_BASE_URL` points), with the key in `OPENROUTER_MANAGEMENT_KEY`, and keeps its ledger in that folder.

use std::path::PathBuf;
use std::process::ExitCode;

use openrouter_keys::{Client, LimitReset};
use openrouter_keys_emulator::Emulator;
use openrouter_keys_provision::{
    Custody, ErrorKind, FileLedger, Ledger, LeftoverFate, MemoryLedger, Provisioner,
};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

const USAGE: &str = "\
usage: provision [--live FOLDER] (--count N | INTENT...)

Sees to it that each intent has one key: those that are named, or customer-1 to customer-N.

  --live FOLDER   at OpenRouter, with the key in OPENROUTER_MANAGEMENT_KEY and a ledger in this
                  folder; otherwise at an emulator in this process, and nothing is kept
  --help          print this";
/// USD in a month.
const LIMIT: f64 = 5.0;

struct Arguments {
    /// Where the ledger of the service is.
    live: Option<PathBuf>,
    intents: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = Arguments::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(arguments).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("provision: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self {
            live: None,
            intents: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--live" => arguments.live = Some(words.next()?.into()),
                "--count" => {
                    let count: u32 = words.next()?.parse().ok()?;
                    let intents = (1..=count).map(|number| format!("customer-{number}"));
                    arguments.intents.extend(intents);
                }
                option if option.starts_with('-') => return None,
                _ => arguments.intents.push(word),
            }
        }
        (!arguments.intents.is_empty()).then_some(arguments)
    }
}

/// How many intents have failed.
async fn run(arguments: Arguments) -> Result<usize> {
    if let Some(folder) = arguments.live {
        let client = Client::from_env()?;
        // Plaintexts are in this folder as they are. An application may seal them with a key of its own.
        let ledger = FileLedger::open(folder, Custody::plaintext()).await?;
        return provision(client, ledger, &arguments.intents).await;
    }
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        .build()?;
    let failed = provision(client, MemoryLedger::new(), &arguments.intents).await;
    emulator.stop().await;
    failed
}

async fn provision<L: Ledger>(client: Client, ledger: L, intents: &[String]) -> Result<usize> {
    let provisioner = Provisioner::new(client, ledger);
    let mut failed = 0;
    for intent in intents {
        let ensure = provisioner
            .ensure(intent, |key| {
                key.limit(LIMIT).limit_reset(LimitReset::Monthly)
            })
            .name(format!("Key of {intent}"));
        match ensure.await {
            // Its plaintext is in `ours.secret`, for whoever is to have it, and in the ledger until it is released.
            Ok(ours) => println!("{intent} {}", ours.key.hash),
            // It would be the same for all others, and for the sweep.
            Err(error) if is_of_all(error.kind()) => {
                return Err(format!("stopped at {error}").into());
            }
            Err(error) => {
                eprintln!("provision: {error}");
                failed += 1;
            }
        }
    }
    for leftover in provisioner.sweep().await?.leftovers {
        match leftover.fate {
            LeftoverFate::Removed => eprintln!("removed {}, which nobody had", leftover.key.hash),
            fate => eprintln!("left {} as it is: {fate:?}", leftover.key.hash),
        }
    }
    Ok(failed)
}

/// Whether the ledger and the client do not go together, whatever the intent.
fn is_of_all(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ForeignLedger | ErrorKind::OrdinaryKey)
}
