//! The repository's own commands, run as `cargo xtask COMMAND`.
//!
//! ```text
//! openapi.yaml → select → lower → fixups → write → generate → generated.rs
//! ```

mod amend;
mod commands;
mod diff;
mod document;
mod files;
mod fixups;
mod generate;
mod lower;
mod misfit;
mod model;
mod operations;
mod plan;
mod reference;
mod select;
mod served;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use commands::Command;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  codegen [--check] [--spec FILE] [--out FILE]
      Writes the raw client, crates/openrouter-keys-raw/src/generated.rs, from openapi/openapi.yaml, and what the
      emulator serves of that description, crates/openrouter-keys-emulator/openapi.yaml.
      --spec reads another description, an official document for instance; --out writes elsewhere. With either of
      them it is about the raw client alone.
      --check writes nothing, and exits with 1 and the difference if a file is not what it would write.

  spec pull FILE [--out FILE]
      Cuts the six operations, and what they reference, out of a document, and replaces openapi/openapi.yaml with
      them. Prints what changed by that.

  spec diff FILE [--json] [--reverse]
      Prints what differs, by meaning, between openapi/openapi.yaml and FILE, for a client that moves from the one to
      the other; --reverse swaps them. Exits with 0 if nothing differs, and with 1 if something does.
      No difference: prose, examples, titles, tags, order and layout; references and copies; nullable: true and a list
      of types with null; const and an enum of one value; a boolean in a query, with a mark or as a string; a number
      with the format double, float or none, an integer with int32, int64 or none; whether an object may have further
      members; oneOf or anyOf with null, and allOf of parts that agree; an enum and alternatives of one value each; a
      boolean and one that is always true; null in a query; a bound that bounds nothing; the headers and the links of an
      answer.

  spec lowered [FILE]
      Prints the OpenAPI 3.0.3 document that the generator is given for a description.

A FILE is YAML or JSON, OpenAPI 3.1 or 3.0, whole or a slice. What does not fit is named by its place, the exit code
is 2, and nothing is written.";

fn main() -> ExitCode {
    let command = match Command::from_args(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("xtask: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match command.run() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::from(2)
        }
    }
}

/// The root of the repository.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder of the repository")
        .to_path_buf()
}

#[cfg(test)]
mod tests;
