//! The service adds things unannounced. When they are described and the raw client is generated anew, everything must
//! compile and pass as before, but for the one test that says what the facade does not offer yet.
//!
//! It builds the workspace once more, in a copy, so it is run by itself: `.ci/run` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The coverage test, as the test runner names it.
const COVERAGE: &str = "coverage::the_facade_offers_all_that_the_description_has";

#[ignore = "it builds the whole workspace in a copy; .ci/run runs it"]
#[test]
fn an_addition_fails_the_coverage_test_and_nothing_else() {
    let copy = Copy::new();
    let spec = copy.root.join("openapi/openapi.yaml");
    let text = std::fs::read_to_string(&spec).expect("the description is there");
    let mut description = serde_saphyr::from_str(&text).expect("it is YAML");
    add_one_of_each(&mut description);
    let text = serde_saphyr::to_string(&description).expect("it can be written");
    std::fs::write(&spec, text).expect("the copy can be written to");

    let (passed, said) =
        copy.cargo(&["run", "--locked", "--quiet", "-p", "xtask", "--", "codegen"]);
    assert!(passed, "{said}");
    let (passed, said) = copy.cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    assert!(!passed, "the coverage test has to fail");
    let mut failed: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .collect();
    failed.sort_unstable();
    assert_eq!(failed, [COVERAGE], "{said}");
    assert!(!said.contains("could not compile"), "{said}");
    for lacking in [
        "Key lacks the field 'colour'",
        "Key lacks the field 'palette'",
        "GET /keys: no setter for the query parameter 'colour'",
        "PATCH /keys/{hash}: no setter for the body field 'colour'",
        "DELETE /keys/{hash}: status 418",
    ] {
        assert!(said.contains(lacking), "'{lacking}' is not named in {said}");
    }
}

/// A response field, and one with a shape of its own; a query parameter; a body field; a status.
fn add_one_of_each(description: &mut Value) {
    let palette = json!({"type": ["object", "null"], "required": ["main"], "properties": {
        "main": {"type": "string"},
        "others": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
    }});
    let schemas = &mut description["components"]["schemas"];
    for (schema, name, property) in [
        (
            "ApiKey",
            "colour",
            json!({"type": ["string", "null"], "enum": ["red", null]}),
        ),
        ("ApiKey", "palette", palette),
        (
            "UpdateKeyRequest",
            "colour",
            json!({"type": ["string", "null"], "maxLength": 20}),
        ),
    ] {
        schemas[schema]["properties"][name] = property;
    }
    let required = schemas["ApiKey"]["required"].as_array_mut();
    required
        .expect("a list")
        .extend([json!("colour"), json!("palette")]);
    let parameter = json!({"name": "colour", "in": "query", "schema": {"type": "string"}});
    let parameters = description["paths"]["/keys"]["get"]["parameters"].as_array_mut();
    parameters.expect("a list").push(parameter);
    let delete = &mut description["paths"]["/keys/{hash}"]["delete"];
    delete["responses"]["418"] = delete["responses"]["404"].clone();
}

/// A copy of the repository in a folder of its own, which goes when the test is over.
struct Copy {
    folder: PathBuf,
    root: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("additive-rule-{}", std::process::id()));
        let root = folder.join("copy");
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(ROOT)
            .output()
            .expect("git is there");
        assert!(listed.status.success(), "git ls-files");
        let names = String::from_utf8(listed.stdout).expect("names are text");
        for name in names.split_terminator('\0') {
            let (from, to) = (Path::new(ROOT).join(name), root.join(name));
            std::fs::create_dir_all(to.parent().expect("it has a folder")).expect("a folder");
            // A file that was deleted and not committed yet is still listed.
            if from.exists() {
                std::fs::copy(from, to).expect("a copy of a file");
            }
        }
        Self { folder, root }
    }

    /// Whether a cargo command in the copy succeeded, and what it said.
    fn cargo(&self, arguments: &[&str]) -> (bool, String) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("additive-rule");
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("cargo is there");
        let said =
            [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        (output.status.success(), said.concat())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
