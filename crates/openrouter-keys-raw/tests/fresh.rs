//! The generated file belongs to the description beside it. This catches a stale one without compiling the
//! generator; `cargo xtask codegen --check` compares every byte.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

const GENERATED: &str = include_str!("../src/generated.rs");

#[test]
fn generated_code_matches_the_description() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/openapi.yaml");
    let Ok(text) = std::fs::read_to_string(&spec) else {
        // The published crate holds the generated file alone.
        eprintln!("skipped: there is no openapi/openapi.yaml beside this crate");
        return;
    };
    let recorded = GENERATED
        .lines()
        .find_map(|line| line.strip_prefix("// input-sha256: "))
        .expect("the generated file carries the hash of its input");
    assert_eq!(
        recorded,
        canonical_hash(&text),
        "openapi.yaml changed after the code was generated; run `cargo xtask codegen`"
    );
}

#[test]
fn generated_code_names_its_command_on_its_first_line() {
    let first = GENERATED.lines().next().unwrap_or_default();
    assert!(first.contains("cargo xtask codegen"), "{first}");
}

/// As `xtask/src/document.rs` computes it: SHA-256 over the document as compact JSON with sorted keys.
fn canonical_hash(yaml: &str) -> String {
    let mut document: serde_json::Value =
        serde_saphyr::from_str_with_options(yaml, serde_saphyr::options! { strict_booleans: true })
            .expect("openapi.yaml is a YAML document");
    document.sort_all_objects();
    Sha256::digest(document.to_string())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("writing to a String does not fail");
            hex
        })
}
