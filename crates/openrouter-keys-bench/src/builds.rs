//! What it costs to build a program with the facade, beside one with what the floor depends on.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::figures::{Figures, figure};
use crate::process;
use crate::workloads::{Metric, Row, Target};

pub(crate) const NAME: &str = "build";

pub(crate) const ROWS: &[Row] = &[
    Row {
        metric: Metric::ProcessWall,
        target: Target::Ratio(1.1),
    },
    Row {
        metric: Metric::Crates,
        target: Target::Count(110.0),
    },
];

/// The longest that one build may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// A clean release build of each, and again.
pub(crate) fn measure(pairs: usize) -> Result<[Figures; 2], String> {
    let folder = Folder::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let facade = workspace().join("crates/openrouter-keys");
    let programs = [
        folder.program(
            "ours",
            &format!("openrouter-keys = {{ path = '{}' }}", facade.display()),
            OURS,
        ),
        folder.program("floor", FLOOR_DEPENDENCIES, FLOOR),
    ];
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..pairs {
        for (program, figures) in programs.iter().zip(&mut figures) {
            let program = program.as_ref().map_err(ToString::to_string)?;
            figures.add(Metric::ProcessWall, build(program)?.as_secs_f64());
            figures.add(Metric::Crates, figure(crates(program)?));
        }
    }
    Ok(figures)
}

const OURS: &str = r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = openrouter_keys::Client::from_env()?;
    println!("{}", client.current().send().await?.label);
    Ok(())
}
"#;

const FLOOR_DEPENDENCIES: &str = r#"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "rustls"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
"#;

const FLOOR: &str = r#"
#[derive(serde::Deserialize)]
struct Envelope {
    data: Key,
}

#[derive(serde::Deserialize)]
struct Key {
    label: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = reqwest::Client::new().get("https://openrouter.ai/api/v1/key");
    let answer = request.bearer_auth(std::env::var("KEY")?).send().await?;
    let answer: Envelope = answer.error_for_status()?.json().await?;
    println!("{}", answer.data.label);
    Ok(())
}
"#;

/// A folder that is gone when this is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let name = format!("openrouter-keys-bench-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Writes a program with these dependencies, in the versions that this repository is locked to.
    fn program(&self, name: &str, dependencies: &str, main: &str) -> std::io::Result<PathBuf> {
        let program = self.0.join(name);
        fs::create_dir_all(program.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt\"] }}\n{dependencies}\n"
        );
        fs::write(program.join("Cargo.toml"), manifest)?;
        fs::write(program.join("src/main.rs"), main)?;
        fs::copy(workspace().join("Cargo.lock"), program.join("Cargo.lock"))?;
        Ok(program)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Without the network: what the floor needs is a part of what this repository needs, which is there.
fn cargo(program: &Path, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args(arguments)
        .arg("--offline")
        .current_dir(program)
        .env("CARGO_TARGET_DIR", program.join("target"));
    command
}

fn build(program: &Path) -> Result<Duration, String> {
    let _ = fs::remove_dir_all(program.join("target"));
    let mut command = cargo(program, &["build", "--quiet", "--release"]);
    Ok(process::run_within(LIMIT, &mut command)?.wall)
}

/// How many crates are compiled, the program included.
fn crates(program: &Path) -> Result<u64, String> {
    let mut command = cargo(program, &["tree", "-e", "normal,build", "--prefix", "none"]);
    let tree = process::run(&mut command)?.stdout;
    let names = tree.lines().filter_map(|line| line.split(" (").next());
    Ok(names.collect::<BTreeSet<_>>().len() as u64)
}
