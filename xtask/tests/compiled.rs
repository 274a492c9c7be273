//! What is generated compiles, and what is added upstream breaks nothing.
//!
//! These tests build in a copy of the repository, which takes minutes, so they are run by themselves: `.ci/run` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The coverage test, as the test runner names it.
const COVERAGE: &str = "coverage::the_facade_offers_all_that_the_description_has";

/// The service adds things unannounced. When they are described and the raw client is generated anew, everything must
/// compile and pass as before, but for the one test that says what the facade does not offer yet.
#[ignore = "it builds the whole workspace in a copy; .ci/run runs it"]
#[test]
fn an_addition_fails_the_coverage_test_and_nothing_else() {
    let copy = Copy::new("additive-rule");
    let spec = copy.root.join("openapi/openapi.yaml");
    let mut description = description();
    add_one_of_each(&mut description);
    let text = serde_saphyr::to_string(&description).expect("it can be written");
    std::fs::write(&spec, text).expect("the copy can be written to");

    let codegen = ["run", "--locked", "--quiet", "-p", "xtask", "--", "codegen"];
    let check = [&codegen[..], &["--check"]].concat();
    let (passed, said) = copy.cargo(&check);
    assert!(
        !passed && said.matches(" is stale; ").count() == 2,
        "{said}"
    );
    let (passed, said) = copy.cargo(&codegen);
    assert!(passed, "{said}");
    let (passed, said) = copy.cargo(&check);
    assert!(passed, "{said}");
    let served = copy
        .root
        .join("crates/openrouter-keys-emulator/openapi.yaml");
    let served = std::fs::read_to_string(served).expect("it was written");
    assert!(served.contains("colour"));
    // Provisioning stands on the facade alone, and its tests take their time: it has to compile, with contract-tests.
    let mut tests = vec!["test", "--locked", "--workspace", "--no-fail-fast"];
    tests.extend(["--exclude", "openrouter-keys-provision"]);
    let (passed, said) = copy.cargo(&tests);
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

/// The raw crate, by itself, from a description that has every shape there is, and names that Rust has other uses for.
#[ignore = "it builds the raw crate in a copy; .ci/run runs it"]
#[test]
fn every_shape_and_every_name_compiles() {
    let copy = Copy::new("every-shape");
    let mut description = description();
    add_every_shape(&mut description);
    let spec = copy.root.join("every-shape.json");
    std::fs::write(&spec, description.to_string()).expect("the copy can be written to");
    copy.raw_crate_compiles_from(&spec);
}

/// The raw crate, by itself, from official documents, where there are some beside the checkout.
#[ignore = "it builds the raw crate in a copy; .ci/run runs it"]
#[test]
fn official_documents_compile() {
    let folder = Path::new(ROOT).join("../shared/upstream");
    let Ok(documents) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    };
    let copy = Copy::new("official");
    for document in documents {
        copy.raw_crate_compiles_from(&document.expect("it is read").path());
    }
}

fn description() -> Value {
    let spec = Path::new(ROOT).join("openapi/openapi.yaml");
    let text = std::fs::read_to_string(spec).expect("the description is there");
    serde_saphyr::from_str(&text).expect("it is YAML")
}

/// Names of properties that Rust, or what is generated, has other uses for.
const PROPERTIES: [&str; 28] = [
    "2fa",
    "größe",
    "kebab-case",
    "camelCase",
    "a.b",
    "x$",
    "async",
    "builder",
    "clone",
    "crate",
    "default",
    "description",
    "dyn",
    "fmt",
    "fn",
    "from",
    "gen",
    "into",
    "None",
    "option",
    "schema",
    "self",
    "Some",
    "string",
    "super",
    "try",
    "type",
    "vec",
];

/// Names of parameters, likewise.
const PARAMETERS: [&str; 30] = [
    "async",
    "auth",
    "baseurl",
    "bodies",
    "builder",
    "crate",
    "e",
    "error",
    "exec",
    "hashes",
    "info",
    "inner",
    "ok",
    "path",
    "post",
    "pre",
    "progenitor_client",
    "query",
    "request",
    "response",
    "result",
    "self",
    "sort-by",
    "std",
    "super",
    "T",
    "type",
    "url",
    "v",
    "value",
];

fn add_every_shape(description: &mut Value) {
    let string = json!({"type": "string"});
    let object = json!({"type": ["object", "null"], "required": ["id"], "properties": {
        "id": string,
        "nested": {"required": ["x"], "properties": {
            "x": {"type": ["array", "null"], "items": {"properties": {"a": string}}},
        }},
    }});
    let mut properties = json!({
        "test_object": object,
        "test_objects": {"type": "array", "items": object},
        "test_strings": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "test_matrix": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        "test_map": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
        "test_map_of_objects": {"type": "object", "additionalProperties": object},
        "test_free": {"type": ["object", "null"]},
        "test_any": {},
        "test_any_or_null": {"nullable": true},
        "test_union": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "test_unions": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}},
    });
    for name in PROPERTIES {
        properties[name] = string.clone();
    }
    let properties = properties.as_object().expect("an object");
    let schemas = &mut description["components"]["schemas"];
    for schema in [
        "ApiKey",
        "CurrentKey",
        "CreateKeyRequest",
        "UpdateKeyRequest",
        "ExternalUser",
    ] {
        let all = schemas[schema]["properties"]
            .as_object_mut()
            .expect("an object");
        all.extend(properties.clone());
    }
    let mut parameters = vec![json!({"name": "test_numbers", "in": "query",
        "schema": {"type": "array", "items": {"type": "integer"}}})];
    for name in PARAMETERS {
        parameters.push(json!({"name": name, "in": "query", "schema": string}));
    }
    for path in ["/keys", "/keys/{hash}", "/key"] {
        let operations = description["paths"][path]
            .as_object_mut()
            .expect("an object");
        for (_, operation) in operations
            .iter_mut()
            .filter(|(name, _)| *name != "parameters")
        {
            let own = operation["parameters"].take();
            let own = own.as_array().cloned().unwrap_or_default();
            operation["parameters"] = [own, parameters.clone()].concat().into();
        }
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
    fn new(name: &str) -> Self {
        // At the same place each time, so that what was built of it is replaced and does not pile up.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // There is one if the last run was interrupted.
        let _ = std::fs::remove_dir_all(&folder);
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

    fn raw_crate_compiles_from(&self, spec: &Path) {
        let spec = spec.to_str().expect("the name is plain");
        let codegen = [
            "run", "--locked", "--quiet", "-p", "xtask", "--", "codegen", "--spec", spec,
        ];
        for command in [
            &codegen[..],
            &["check", "--locked", "-p", "openrouter-keys-raw"],
        ] {
            let (passed, said) = self.cargo(command);
            assert!(passed, "{spec}: {said}");
        }
    }

    /// Whether a cargo command in the copy succeeded, and what it said.
    fn cargo(&self, arguments: &[&str]) -> (bool, String) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copies");
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            .env("RUST_BACKTRACE", "0")
            // Nobody debugs it, and it would take longer and twice the space.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            // Random tests are run in full where nothing has been added.
            .env("PROPTEST_CASES", "20")
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
