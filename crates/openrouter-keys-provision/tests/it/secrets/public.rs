//! What is public, read from the source, so that nothing new is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

/// What stands before an export that is there with the feature alone.
const GATE: &str = "#[cfg(all(feature = \"file-ledger\", unix))]";

/// The names of all public types and traits.
pub(crate) fn types() -> BTreeSet<String> {
    let is_open = cfg!(all(feature = "file-ledger", unix));
    let mut names = BTreeSet::new();
    for statement in source("lib.rs").split(';') {
        if let Some((before, path)) = statement.split_once("pub use ")
            && (is_open || !before.contains(GATE))
        {
            names.extend(exported(path));
        }
    }
    names
}

/// The names of an enum's variants.
pub(crate) fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let source = source(file);
    let body = source.split_once(&format!("pub enum {name} {{\n"));
    let (body, _) = body
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .unwrap_or_else(|| panic!("there is no {name} in {file}"));
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.filter(|line| line.starts_with(char::is_uppercase));
    lines
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect()
}

fn source(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    std::fs::read_to_string(path).expect("the source is beside the tests")
}

/// Of `a::b`, `b`, and of `a::{b, c}`, both; without functions.
fn exported(path: &str) -> impl Iterator<Item = String> {
    assert!(!path.contains('*') && !path.contains(" as "), "{path}");
    let list = path.rsplit("::").next().unwrap_or(path);
    let list = list.trim_start_matches('{').trim_end_matches('}');
    let names = list.split(',').map(str::trim);
    names
        .filter(|name| name.starts_with(char::is_uppercase))
        .map(str::to_owned)
}

#[test]
fn what_is_public_is_found() {
    let names = types();
    for name in ["Account", "ErrorKind", "Ledger", "Provisioner", "Sweep"] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
    let kinds = variants("error.rs", "ErrorKind");
    assert!(kinds.contains("InvalidInput") && kinds.contains("Sink"));
    let names: Vec<_> = exported("a::{b,\n    C, D}").collect();
    assert_eq!(names, ["C", "D"]);
    let names: Vec<_> = exported("a::b::C").collect();
    assert_eq!(names, ["C"]);
}
