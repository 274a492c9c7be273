//! `cargo xtask` as a person calls it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .expect("the program was built beside this test")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one message of a command that refused.
fn refusal(arguments: &[&str]) -> String {
    let output = xtask(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert_eq!(said(&output), "", "{arguments:?}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.yaml");

/// A folder of its own for a test, which goes when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("the name is plain").to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the folder can be written to");
        path
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).expect("the folder is there");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("it is read").path())
            .collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn description() -> Value {
    serde_saphyr::from_str(&ours()).expect("it is YAML")
}

fn ours() -> String {
    std::fs::read_to_string(OURS).expect("the description is there")
}

#[test]
fn check_says_whether_a_file_is_what_would_be_written() {
    let output = xtask(&["codegen", "--check"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        said(&output),
        "crates/openrouter-keys-raw/src/generated.rs: up to date\n\
         crates/openrouter-keys-emulator/openapi.yaml: up to date\n"
    );

    let folder = Folder::new("check");
    let stale = folder.write("stale.rs", "// old\n");
    let output = xtask(&["codegen", "--check", "--out", &stale]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("\n-// old\n+// @generated"),
        "{}",
        said(&output)
    );
    assert_eq!(
        std::fs::read_to_string(&stale).expect("it is there"),
        "// old\n"
    );
    let output = xtask(&["codegen", "--check", "--out", &folder.path("none.rs")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn another_description_is_read_and_another_file_written() {
    let folder = Folder::new("codegen");
    let spec = folder.write("spec.yaml", ours());
    let out = folder.path("out.rs");
    let output = xtask(&["codegen", "--spec", &spec, "--out", &out]);
    assert_eq!(said(&output), format!("{out}: written from {spec}\n"));
    let written = std::fs::read_to_string(&out).expect("it was written");
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/openrouter-keys-raw/src/generated.rs"
    );
    assert_eq!(
        written,
        std::fs::read_to_string(committed).expect("it is there")
    );
    assert_eq!(folder.files().len(), 2);
}

#[test]
fn what_is_pulled_gives_what_the_whole_gives_and_pulling_it_again_changes_nothing() {
    let folder = Folder::new("pull");
    let mut document = description();
    document["paths"]["/chat"]["post"]["responses"] = json!({});
    document["components"]["schemas"]["Unused"] = json!({"description": "Nobody references this."});
    let whole = folder.write("whole.json", document.to_string());
    let slice = folder.path("slice.yaml");
    let output = xtask(&["spec", "pull", &whole, "--out", &slice]);
    assert_eq!(
        said(&output),
        format!("no difference\n{slice}: written from {whole}\n")
    );
    let text = std::fs::read_to_string(&slice).expect("it was written");
    assert!(!text.contains("/chat") && !text.contains("Unused") && text.contains("/keys/{hash}"));

    for (spec, out) in [(&whole, "whole.rs"), (&slice, "slice.rs")] {
        assert!(
            xtask(&["codegen", "--spec", spec, "--out", &folder.path(out)])
                .status
                .success()
        );
    }
    let [of_whole, of_slice] =
        ["whole.rs", "slice.rs"].map(|name| std::fs::read(folder.path(name)));
    assert_eq!(
        of_whole.expect("it was written"),
        of_slice.expect("it was written")
    );

    let again = folder.path("again.yaml");
    assert!(
        xtask(&["spec", "pull", &slice, "--out", &again])
            .status
            .success()
    );
    assert_eq!(
        std::fs::read_to_string(&again).expect("it was written"),
        text
    );

    // Over a file that is there, it says what changes in that file.
    document["components"]["parameters"]["Offset"]["schema"]["minimum"] = json!(5);
    let changed = folder.write("changed.yaml", document.to_string());
    let output = xtask(&["spec", "pull", &slice, "--out", &changed]);
    let line = "compatible  GET /keys query offset: minimum changed from 5 to 0";
    assert!(said(&output).contains(line), "{}", said(&output));
    assert_eq!(
        std::fs::read_to_string(&changed).expect("it was written"),
        text
    );
    let other = folder.write("other.yaml", "a: 1\n");
    let output = xtask(&["spec", "pull", &slice, "--out", &other]);
    assert!(output.status.success() && said(&output).contains("nothing to compare it with"));
}

#[test]
fn differences_are_the_exit_code() {
    let folder = Folder::new("diff");
    let output = xtask(&["spec", "diff", OURS]);
    assert_eq!(
        (output.status.code(), &*said(&output)),
        (Some(0), "no difference\n")
    );
    let output = xtask(&["spec", "diff", OURS, "--json"]);
    assert_eq!((output.status.code(), &*said(&output)), (Some(0), "[]\n"));

    let mut document = description();
    document["paths"]["/keys/{hash}"]["get"]["operationId"] = json!("readKey");
    let other = folder.write("other.json", document.to_string());
    let output = xtask(&["spec", "diff", &other]);
    let line = "compatible  GET /keys/{hash} operation id: id changed from getKey to readKey";
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with(line), "{}", said(&output));
    let output = xtask(&["spec", "diff", "--reverse", "--json", &other]);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(
        (&json[0]["from"], &json[0]["to"]),
        (&"readKey".into(), &"getKey".into())
    );

    // An operation that is gone is a difference, and no error.
    let mut document = description();
    let paths = document["paths"].as_object_mut().expect("an object");
    paths.remove("/key");
    let other = folder.write("gone.json", document.to_string());
    let output = xtask(&["spec", "diff", &other]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("breaking    GET /key: removed"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_the_generator_sees_is_printed_and_is_lowered_already() {
    let folder = Folder::new("lowered");
    let once = said(&xtask(&["spec", "lowered"]));
    assert!(once.contains("openapi: \"3.0.3\""), "{once}");
    assert!(once.contains("operationId: create_key"), "{once}");
    let file = folder.write("lowered.yaml", &once);
    assert_eq!(said(&xtask(&["spec", "lowered", &file])), once);
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn a_file_that_is_no_description_gets_an_error_of_its_own_and_nothing_is_written() {
    let folder = Folder::new("bad");
    let text = ours();
    let half = &text[..text.len() / 2];
    let json =
        serde_json::json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}).to_string();
    let nested = |open: &str| "openapi: 3.1.0\na: ".to_owned() + &open.repeat(1 << 20) + "\n";
    let cases = [
        ("nothing.yaml", b"\n".to_vec(), "the file is empty"),
        (
            "truncated.yaml",
            half.as_bytes().to_vec(),
            "the file looks cut off",
        ),
        (
            "truncated.json",
            json.as_bytes()[..40].to_vec(),
            "expected a JSON document: EOF",
        ),
        (
            "twice.json",
            br#"{"openapi": "3.1.0", "openapi": "3.1.0"}"#.to_vec(),
            "the name \"openapi\" stands twice",
        ),
        (
            "two.json",
            b"{} {}".to_vec(),
            "expected a JSON document: trailing characters",
        ),
        ("twice.yaml", b"a: 1\na: 2\n".to_vec(), "duplicate"),
        (
            "tabs.yaml",
            b"a:\n\t- b\n".to_vec(),
            "expected a YAML document",
        ),
        (
            "prose.yaml",
            b"Dear all,\n".to_vec(),
            "#: expected an OpenAPI document",
        ),
        (
            "swagger.yaml",
            b"swagger: '2.0'\ninfo: { title: t, version: v }\npaths: {}\n".to_vec(),
            "#/swagger: expected OpenAPI 3.1 or 3.0",
        ),
        (
            "later.yaml",
            b"openapi: 3.2.0\n".to_vec(),
            "#/openapi: expected '3.1.x' or '3.0.x'",
        ),
        (
            "slice.json",
            json.clone().into_bytes(),
            "#/paths/~1keys: expected this path",
        ),
        (
            "binary.yaml",
            vec![0x7f, b'E', b'L', b'F', 0xff, 0xfe, 0],
            "expected text in UTF-8",
        ),
        ("zeros.yaml", vec![0; 4096], "expected a"),
        (
            "not-a-number.yaml",
            format!("{text}x-not-a-number: .nan\n").into_bytes(),
            "is not a finite number",
        ),
        (
            "lists.yaml",
            nested("[").into_bytes(),
            "expected a YAML document: ",
        ),
        (
            "maps.yaml",
            nested("{a: ").into_bytes(),
            "expected a YAML document: ",
        ),
        (
            "dashes.yaml",
            nested("\n- ").replace('\n', " ").into_bytes(),
            "expected a",
        ),
        (
            "deep.json",
            ("{\"a\":".repeat(1 << 20)).into_bytes(),
            "recursion limit exceeded",
        ),
        (
            "aliases.yaml",
            aliases().into_bytes(),
            "expected a YAML document: ",
        ),
        (
            "large.yaml",
            nested(&"[".repeat(100)).into_bytes(),
            "expected a description of at most 16 MiB",
        ),
    ];
    for (name, content, expected) in cases {
        let file = folder.write(name, content);
        let out = folder.path("out.rs");
        for arguments in [
            &["codegen", "--spec", &file, "--out", &out][..],
            &["spec", "pull", &file, "--out", &out],
            &["spec", "lowered", &file],
        ] {
            let message = refusal(arguments);
            assert!(
                message.starts_with(&format!("xtask: {file}: ")),
                "{message}"
            );
            assert!(message.contains(expected), "{name}: {message}");
            assert!(
                message.len() < 400 && message.lines().count() == 1,
                "{name}: {message}"
            );
        }
        refusal(&["spec", "diff", &file, "--json"]);
        assert!(!Path::new(&out).exists(), "{name}");
        std::fs::remove_file(file).expect("it was written");
    }
    for (file, expected) in [
        (folder.path(""), "directory"),
        (folder.path("none.yaml"), "No such file"),
    ] {
        let message = refusal(&["codegen", "--spec", &file]);
        assert!(
            message.contains("could not be read") && message.contains(expected),
            "{message}"
        );
    }
    assert!(folder.files().is_empty());
}

/// Ten times as much with each line.
fn aliases() -> String {
    let line = |number: usize| {
        let items = vec![format!("*a{}", number - 1); 10].join(", ");
        format!("a{number}: &a{number} [{items}]\n")
    };
    let lines = (1..12).map(line);
    std::iter::once("a0: &a0 [x]\n".to_owned())
        .chain(lines)
        .collect()
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_and_stays_as_it_was() {
    let folder = Folder::new("unwritable");
    for (out, expected) in [
        (folder.path(""), "it is a directory"),
        (folder.path("none/out.rs"), "No such file"),
    ] {
        let message = refusal(&["codegen", "--out", &out]);
        assert!(
            message.contains("could not be written") && message.contains(expected),
            "{message}"
        );
    }
    assert!(folder.files().is_empty());
}

#[test]
fn what_it_does_not_understand_ends_with_2_and_the_usage() {
    for (arguments, expected) in [
        (&[][..], "no command given"),
        (&["gen"], "there is no command 'gen'"),
        (&["codegen", "--chekc"], "invalid option '--chekc'"),
        (&["codegen", "more"], "there is no command 'codegen more'"),
        (&["codegen", "--json"], "'codegen' has no option --json"),
        (&["codegen", "--spec"], "missing argument"),
        (&["spec"], "there is no command 'spec'"),
        (&["spec", "diff"], "expected one FILE"),
        (&["spec", "pull", "a", "b"], "expected one FILE"),
        (
            &["spec", "pull", "a", "--check"],
            "'spec pull' has no option --check",
        ),
        (
            &["spec", "lowered", "--reverse"],
            "'spec lowered' has no option --reverse",
        ),
    ] {
        let message = refusal(arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert!(message.contains("usage: cargo xtask"), "{message}");
    }
    for help in ["help", "--help", "-h"] {
        let help = xtask(&[help]);
        assert!(help.status.success() && said(&help).starts_with("usage"));
    }
}
