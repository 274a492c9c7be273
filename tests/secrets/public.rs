//! The names of all public types, read from the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is re-exported of other crates, which is not ours to print. A secret of these is `SecretString`.
const FOREIGN: [&str; 7] = [
    "ExposeSecret",
    "HeaderMap",
    "SecretString",
    "StatusCode",
    "chrono",
    "http",
    "reqwest",
];

/// Each with the modules that it is in, such as `operations::CreateKey`.
pub(crate) fn types() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/openrouter-keys/src");
    let mut names = BTreeSet::new();
    module(&source.join("lib.rs"), &source, "", &mut names);
    names
}

fn module(file: &Path, folder: &Path, prefix: &str, names: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(file).unwrap();
    for statement in statements(&text) {
        let Some(public) = statement.strip_prefix("pub ") else {
            continue;
        };
        if let Some(name) = public.strip_prefix("mod ") {
            let (file, folder) = module_file(folder, name);
            module(&file, &folder, &format!("{prefix}{name}::"), names);
        } else if let Some(path) = public.strip_prefix("use ") {
            for name in exported(path) {
                if !FOREIGN.contains(&name) {
                    names.insert(format!("{prefix}{name}"));
                }
            }
        } else {
            panic!("{}: what is `{statement}`?", file.display());
        }
    }
}

/// The items without bodies, each on one line: in the files that modules are exported from, there is nothing else.
fn statements(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    let code: Vec<_> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("#["))
        .collect();
    let code = code.join(" ");
    code.split(';')
        .map(|statement| statement.trim().to_owned())
        .collect()
}

fn module_file(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let inner = folder.join(name);
    let file = folder.join(format!("{name}.rs"));
    if file.exists() {
        (file, inner)
    } else {
        (inner.join("mod.rs"), inner)
    }
}

/// The names that `path` brings: of `a::b`, `b`, and of `a::{b, c}`, both.
fn exported(path: &str) -> Vec<&str> {
    assert!(!path.contains('*') && !path.contains(" as "), "{path}");
    let list = match path.split_once('{') {
        Some((_, list)) => list.trim_end_matches('}'),
        None => path.rsplit("::").next().unwrap_or(path),
    };
    let names = list.split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn names_are_found_in_every_form_that_they_are_exported_in() {
    let text = "//! pub use no::One;\npub use a::{B, C,\n    D};\n#[cfg(x)]\npub use e;\npub use f::g::H;\nuse i::J;";
    let statements = statements(text);
    let paths = statements
        .iter()
        .filter_map(|text| text.strip_prefix("pub use "));
    let names: Vec<_> = paths.flat_map(exported).collect();
    assert_eq!(names, ["B", "C", "D", "e", "H"]);
}
