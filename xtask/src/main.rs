//! The repository's own commands, run as `cargo xtask COMMAND`.
//!
//! ```text
//! openapi.yaml → select → lower → fixups → generate → generated.rs
//! ```

mod check;
mod document;
mod fixups;
mod generate;
mod lower;
mod misfit;
mod operations;
mod select;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use misfit::{Misfit, Pointer};
use serde_json::Value;

const USAGE: &str = "\
usage: cargo xtask codegen [--check]

  codegen           writes crates/openrouter-keys-raw/src/generated.rs from openapi/openapi.yaml
  codegen --check   writes nothing; exits with 1 and shows the difference if that file is stale";

/// The description that the raw client is generated from, as named in messages and in the generated file.
const SPEC: &str = "openapi/openapi.yaml";
/// The generated file, as named in messages.
const GENERATED: &str = "crates/openrouter-keys-raw/src/generated.rs";

fn main() -> ExitCode {
    match Command::from_args(lexopt::Parser::from_env()).and_then(Command::run) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::from(2)
        }
    }
}

enum Command {
    Help,
    Codegen { check: bool },
}

impl Command {
    fn from_args(mut args: lexopt::Parser) -> Result<Self, String> {
        use lexopt::prelude::{Long, Short, Value};

        let mut command = None;
        let mut check = false;
        while let Some(arg) = args.next().map_err(|error| error.to_string())? {
            match arg {
                Long("help") | Short('h') => return Ok(Self::Help),
                Long("check") => check = true,
                Value(name) if command.is_none() => {
                    command = Some(name.to_string_lossy().into_owned());
                }
                other => return Err(format!("{}\n{USAGE}", other.unexpected())),
            }
        }
        match command.as_deref() {
            Some("codegen") => Ok(Self::Codegen { check }),
            Some(other) => Err(format!("there is no command '{other}'\n{USAGE}")),
            None => Err(format!("no command given\n{USAGE}")),
        }
    }

    fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::Help => {
                println!("{USAGE}");
                Ok(ExitCode::SUCCESS)
            }
            Self::Codegen { check } => codegen(check),
        }
    }
}

fn codegen(check: bool) -> Result<ExitCode, String> {
    let root = repository_root();
    let fresh = generate_from(&root.join(SPEC))?;
    let target = root.join(GENERATED);
    if check {
        let committed = check::read(&target)
            .map_err(|error| format!("{GENERATED} could not be read: {error}"))?;
        let (said, code) = match check::difference(GENERATED, &committed, &fresh) {
            None => (format!("{GENERATED}: up to date\n"), 0),
            Some(difference) => (
                format!(
                    "{difference}{GENERATED} is stale; run `cargo xtask codegen` and commit what it writes\n"
                ),
                1,
            ),
        };
        // A reader that has seen enough may have closed the pipe; the exit code is what counts.
        let _ = std::io::stdout().write_all(said.as_bytes());
        return Ok(ExitCode::from(code));
    }
    check::write_atomically(&target, &fresh)
        .map_err(|error| format!("{GENERATED} could not be written: {error}"))?;
    println!("{GENERATED}: written from {SPEC}");
    Ok(ExitCode::SUCCESS)
}

/// The whole pipeline: one file in, the text of the generated file out, nothing else read or written.
fn generate_from(spec: &Path) -> Result<String, String> {
    let document = document::load(spec)?;
    generate_document(&document).map_err(|error| format!("{}: {error}", spec.display()))
}

fn generate_document(document: &Value) -> Result<String, String> {
    let misfit = |misfit: Misfit| misfit.to_string();
    let selected = select::select(document).map_err(misfit)?;
    // Whatever stands in the file is read; the raw crate's test relies on it when it computes the hash.
    if let Some(place) = select::left_out(document, &selected, &Pointer::root()) {
        return Err(misfit(place.misfit(
            "nothing but the six operations and what they reference",
            "take out what no operation reaches",
        )));
    }
    let input_hash = document::canonical_hash(&selected);
    let mut lowered = lower::lower(&selected).map_err(misfit)?;
    fixups::apply(&mut lowered).map_err(misfit)?;
    generate::generate(&lowered, &input_hash)
}

fn repository_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder of the repository")
        .to_path_buf()
}

#[cfg(test)]
mod tests;
