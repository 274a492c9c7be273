//! Reading a description, and the hash that stands for what was read.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The document in a YAML or JSON file (JSON is YAML).
pub(crate) fn load(file: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} could not be read: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{} is not a YAML document: {error}", file.display()))
}

pub(crate) fn parse(text: &str) -> Result<Value, yaml_serde::Error> {
    // By way of YAML's own value: it refuses a key that stands twice, which JSON's would let the last one win.
    let yaml: yaml_serde::Value = yaml_serde::from_str(text)?;
    yaml_serde::from_value(yaml)
}

/// SHA-256 over the document as compact JSON with sorted keys: comments, order and layout do not count.
///
/// The raw crate's test computes the same from the file, without this crate.
pub(crate) fn canonical_hash(document: &Value) -> String {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    Sha256::digest(sorted.to_string().as_bytes()).iter().fold(
        String::with_capacity(64),
        |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        },
    )
}
