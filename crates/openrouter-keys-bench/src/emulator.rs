//! What the emulator costs, beside files that the same HTTP stack serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;

use crate::builds;
use crate::client::MANAGEMENT_KEY;
use crate::fetch;
use crate::figures::{Figures, figure};
use crate::folder::Folder;
use crate::process::{self, Server};
use crate::static_files::Place;
use crate::task::name_of;
use crate::workloads::{Comparison, Effort, Metric, Row, Target};

pub(crate) const ALL: [Comparison; 4] = [
    Comparison {
        name: "emulator-list-100k",
        pairs: 25,
        // Half the rate of the floor is twice its time.
        rows: &[
            Row {
                metric: Metric::Wall,
                target: Target::Ratio(2.0),
            },
            Row {
                metric: Metric::ServerCpu,
                target: Target::Ratio(2.0),
            },
        ],
        measure: |effort| list(effort, Place::Disk),
    },
    Comparison {
        name: "emulator-list-100k-memory",
        pairs: 25,
        rows: &[
            Row {
                metric: Metric::Wall,
                target: Target::None,
            },
            Row {
                metric: Metric::ServerCpu,
                target: Target::None,
            },
        ],
        measure: |effort| list(effort, Place::Memory),
    },
    Comparison {
        name: "emulator-start",
        pairs: 9,
        rows: &[Row {
            metric: Metric::FirstLine,
            target: Target::Seconds(0.05),
        }],
        measure: start,
    },
    Comparison {
        name: "emulator-memory",
        pairs: 3,
        rows: &[Row {
            metric: Metric::KeyMemory,
            target: Target::Bytes(1023.0),
        }],
        measure: memory,
    },
];

/// How many keys are listed, and how many where it is only to be seen that everything runs.
const KEYS: usize = 100_000;
const QUICK: usize = 1000;

/// How many keys the service puts on a page.
const PAGE: usize = 100;

/// All pages of the emulator's listing, and of the same pages as files.
fn list(effort: Effort, place: Place) -> Result<[Figures; 2], String> {
    let programs = Programs::new()?;
    let keys = keys(effort);
    let emulator = programs.emulator(keys)?;
    let pages = Pages::of(&emulator, keys)?;
    let static_files = programs.static_files(&pages.folder.0, place)?;
    // The emulator has been asked for all of them once already.
    pages.time(&static_files, &files(keys), &mut Figures::default())?;
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..effort.pairs {
        let [ours, floor] = &mut figures;
        pages.time(&emulator, &paths(keys), ours)?;
        pages.time(&static_files, &files(keys), floor)?;
    }
    Ok(figures)
}

/// From the start of the process to its first line of output, by which time it listens.
fn start(effort: Effort) -> Result<[Figures; 2], String> {
    let programs = Programs::new()?;
    let folder = Folder::new()?;
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..effort.pairs {
        let servers = [
            programs.emulator(0)?,
            programs.static_files(&folder.0, Place::Disk)?,
        ];
        for (server, figures) in servers.iter().zip(&mut figures) {
            figures.add(Metric::FirstLine, server.first_line.as_secs_f64());
        }
    }
    Ok(figures)
}

/// What a process has with all keys more than without any, once they have been listed.
fn memory(effort: Effort) -> Result<[Figures; 2], String> {
    let programs = Programs::new()?;
    let keys = keys(effort);
    let pages = Pages::of(&programs.emulator(keys)?, keys)?;
    let none = Folder::new()?;
    let mut figures = [Figures::default(), Figures::default()];
    for _ in 0..effort.pairs {
        let [ours, floor] = &mut figures;
        let ours_with = resident(&programs.emulator(keys)?, &paths(keys))?;
        let ours_without = resident(&programs.emulator(0)?, &paths(1))?;
        let ours_each = per_key(ours_with, ours_without + pages.strings, keys);
        ours.add(Metric::KeyMemory, ours_each);
        let floor_with = resident(
            &programs.static_files(&pages.folder.0, Place::Memory)?,
            &files(keys),
        )?;
        let floor_without = resident(&programs.static_files(&none.0, Place::Memory)?, &[])?;
        floor.add(Metric::KeyMemory, per_key(floor_with, floor_without, keys));
    }
    Ok(figures)
}

fn keys(effort: Effort) -> usize {
    if effort.is_quick { QUICK } else { KEYS }
}

/// What is asked of the emulator for its pages, by all filters that a listing of everything has.
fn paths(keys: usize) -> Vec<String> {
    let offsets = (0..keys).step_by(PAGE);
    let filters = "include_disabled=true&include_expired=true";
    offsets
        .map(|offset| format!("/keys?{filters}&offset={offset}"))
        .collect()
}

/// The same for the pages as files.
fn files(keys: usize) -> Vec<String> {
    let pages = 0..keys.div_ceil(PAGE);
    pages.map(|page| format!("/{}", file(page))).collect()
}

fn file(page: usize) -> String {
    format!("{page}.json")
}

/// The pages of a listing as the emulator answered them.
struct Pages {
    folder: Folder,
    /// The length of all of them.
    length: usize,
    /// The length of all that is text of the keys' own.
    strings: u64,
}

impl Pages {
    fn of(emulator: &Server, keys: usize) -> Result<Self, String> {
        let mut pages = Vec::new();
        fetch::all(&emulator.base_url, &paths(keys), |body| {
            pages.push(body.to_vec());
        })?;
        let folder = Folder::new()?;
        let mut listed = 0;
        let mut strings = 0;
        for (number, page) in pages.iter().enumerate() {
            let rows: Page = serde_json::from_slice(page)
                .map_err(|error| format!("page {number} of the emulator: {error}"))?;
            listed += rows.data.len();
            strings += rows.data.iter().map(Texts::length).sum::<usize>();
            fs::write(folder.0.join(file(number)), page)
                .map_err(|error| format!("page {number} cannot be written: {error}"))?;
        }
        if listed != keys {
            return Err(format!("the emulator listed {listed} of {keys} keys"));
        }
        Ok(Self {
            folder,
            length: pages.iter().map(Vec::len).sum(),
            strings: strings as u64,
        })
    }

    /// Gets all of them from a server, and adds what that took.
    fn time(&self, server: &Server, paths: &[String], figures: &mut Figures) -> Result<(), String> {
        let mut length = 0;
        let cpu = server.cpu_time();
        let started = Instant::now();
        fetch::all(&server.base_url, paths, |body| length += body.len())?;
        figures.add(Metric::Wall, started.elapsed().as_secs_f64());
        if let Some((now, then)) = server.cpu_time().zip(cpu) {
            figures.add(Metric::ServerCpu, now.saturating_sub(then).as_secs_f64());
        }
        if length == self.length {
            Ok(())
        } else {
            Err(format!(
                "its pages have {length} bytes, not {}",
                self.length
            ))
        }
    }
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Texts>,
}

/// What of a key is text of its own.
#[derive(Deserialize)]
struct Texts {
    name: String,
    label: String,
    creator_user_id: Option<String>,
    external_user: Option<String>,
}

impl Texts {
    fn length(&self) -> usize {
        let optional = [&self.creator_user_id, &self.external_user];
        let optional = optional.into_iter().flatten().map(String::len);
        self.name.len() + self.label.len() + optional.sum::<usize>()
    }
}

/// The memory that a server has once it has answered these.
fn resident(server: &Server, paths: &[String]) -> Result<u64, String> {
    fetch::all(&server.base_url, paths, |_| {})?;
    let bytes = server.resident_bytes();
    bytes.ok_or_else(|| "the system does not say how much memory a process has".to_owned())
}

/// For each key, what is more than was there anyway.
fn per_key(with: u64, anyway: u64, keys: usize) -> f64 {
    (figure(with) - figure(anyway)) / figure(keys as u64)
}

/// The programs whose processes are measured.
struct Programs {
    emulator: PathBuf,
    /// This one.
    own: PathBuf,
}

impl Programs {
    /// Builds the emulator as a program, beside this one and in the same profile.
    fn new() -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let folder = own.parent().unwrap_or(Path::new("."));
        let target = folder.parent().unwrap_or(Path::new("."));
        let mut arguments = vec!["build", "--quiet", "--locked"];
        arguments.extend(["--package", EMULATOR, "--features", "ui"]);
        if !cfg!(debug_assertions) {
            arguments.push("--release");
        }
        let mut cargo = builds::cargo(&builds::workspace(), &arguments);
        cargo.arg("--target-dir").arg(target);
        process::run_within(builds::LIMIT, &mut cargo)?;
        let emulator = folder
            .join(EMULATOR)
            .with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self { emulator, own })
    }

    fn emulator(&self, keys: usize) -> Result<Server, String> {
        let mut command = Command::new(&self.emulator);
        command.args(["--management-key", MANAGEMENT_KEY]);
        command.args(["--keys", &keys.to_string()]);
        Server::start(&mut command)
    }

    fn static_files(&self, folder: &Path, place: Place) -> Result<Server, String> {
        let mut command = Command::new(&self.own);
        command.arg("serve-files").arg(folder);
        command.arg(name_of(&Place::ALL, place));
        Server::start(&mut command)
    }
}

/// The name of the package, and of its program.
const EMULATOR: &str = "openrouter-keys-emulator";
