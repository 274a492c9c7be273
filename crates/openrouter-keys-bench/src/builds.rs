//! What it costs to build programs, and what two builds of one program differ in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::client::MANAGEMENT_KEY;
use crate::figures::{Figures, figure};
use crate::folder::Folder;
use crate::process;
use crate::workloads::{Comparison, Effort, Metric, Row, Target};

/// What takes minutes, because programs are compiled for it.
pub(crate) const ALL: [Comparison; 2] = [
    Comparison {
        name: "https-client",
        pairs: 3,
        rows: &[Row {
            metric: Metric::Wall,
            target: Target::Ratio(0.1),
        }],
        measure: https_clients,
    },
    Comparison {
        name: "build",
        pairs: 3,
        rows: &[
            Row {
                metric: Metric::ProcessWall,
                target: Target::Ratio(1.1),
            },
            Row {
                metric: Metric::Crates,
                target: Target::Count(110.0),
            },
        ],
        measure: builds,
    },
];

/// The longest that one build may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(1800);

/// A clean release build of a program with the facade and of one with what the floor depends on, and again.
fn builds(effort: Effort) -> Result<[Figures; 2], String> {
    let folder = Folder::new()?;
    let programs = [
        folder.program("ours", &facade("[]"), OURS)?,
        folder.program("floor", FLOOR_DEPENDENCIES, FLOOR)?,
    ];
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..effort.pairs {
        for (program, figures) in programs.iter().zip(&mut figures) {
            let target = program.join("target");
            let _ = fs::remove_dir_all(&target);
            figures.add(Metric::ProcessWall, build(program, &target)?.as_secs_f64());
            figures.add(Metric::Crates, figure(crates(program)?));
        }
    }
    Ok(figures)
}

/// Making clients for an https server, with roots that are compiled in, and with the trust store of the system.
fn https_clients(effort: Effort) -> Result<[Figures; 2], String> {
    const COUNT: u64 = 100;
    let folder = Folder::new()?;
    // Most of what is compiled for one serves the other.
    let target = folder.0.join("target");
    let main = CLIENTS
        .replace("MANAGEMENT_KEY", MANAGEMENT_KEY)
        .replace("COUNT", &COUNT.to_string());
    let programs = [("static", "['static-roots']"), ("system", "[]")];
    for (name, features) in programs {
        let program = folder.program(name, &facade(features), &main)?;
        build(&program, &target)?;
    }
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..effort.pairs {
        for ((name, _), figures) in programs.iter().zip(&mut figures) {
            let mut program = Command::new(target.join("release").join(name));
            let (line, wall) = process::measure(&mut program, COUNT)?;
            figures.add_run(&line, wall);
        }
    }
    Ok(figures)
}

/// A dependency on the facade.
fn facade(features: &str) -> String {
    let path = workspace().join("crates/openrouter-keys");
    format!(
        "openrouter-keys = {{ path = '{}', features = {features} }}",
        path.display()
    )
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

const CLIENTS: &str = r#"
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = std::time::Instant::now();
    for _ in 0..COUNT {
        let builder = openrouter_keys::Client::builder().management_key("MANAGEMENT_KEY");
        builder.base_url("https://keys.example/api/v1").build()?;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{{\"seconds\": {seconds}, \"count\": COUNT}}");
    Ok(())
}
"#;

impl Folder {
    /// Writes a program with these dependencies, in the versions that this repository is locked to.
    fn program(&self, name: &str, dependencies: &str, main: &str) -> Result<PathBuf, String> {
        let written = self.write(name, dependencies, main);
        written.map_err(|error| format!("the program {name} cannot be written: {error}"))
    }

    fn write(&self, name: &str, dependencies: &str, main: &str) -> std::io::Result<PathBuf> {
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

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Without the network: what the floor needs is a part of what this repository needs, which is there.
fn offline(program: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(program, arguments);
    command.arg("--offline");
    command
}

/// The cargo that this program was built with.
pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(folder);
    command
}

/// How long a release build takes, of what is not in the target folder yet.
fn build(program: &Path, target: &Path) -> Result<Duration, String> {
    let mut command = offline(program, &["build", "--quiet", "--release"]);
    command.env("CARGO_TARGET_DIR", target);
    Ok(process::run_within(LIMIT, &mut command)?.wall)
}

/// How many crates are compiled, the program included.
fn crates(program: &Path) -> Result<u64, String> {
    let mut command = offline(program, &["tree", "-e", "normal,build", "--prefix", "none"]);
    let tree = process::run(&mut command)?.stdout;
    let names = tree.lines().filter_map(|line| line.split(" (").next());
    Ok(names.collect::<BTreeSet<_>>().len() as u64)
}
