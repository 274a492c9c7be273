//! What the program is asked to do.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::builds;
use crate::emulator;
use crate::peers;
use crate::static_files::Place;
use crate::task::{Task, Who, named};
use crate::workloads::{self, Comparison, Workload};

pub(crate) const HELP: &str = "\
Measures this repository's client beside a hand-written one, and beside any other.

Usage: openrouter-keys-bench [OPTIONS] [WORKLOAD…]

Workloads (default: all):
";

pub(crate) const OPTIONS: &str = "
Options:
  --quick        Small numbers, and without a name no builds: whether everything runs, and nothing else
  --peers DIR    Where the peers are: a folder for each, with an executable `run` in it
  --help         Print this and end

A peer is called as `run WORKLOAD N BASE_URL` and prints one line of JSON, such as
{\"seconds\": 1.2, \"count\": 10000}, to which it may add \"cpu_seconds\" and \"peak_bytes\".
";

/// One of the things that this program is, or its help.
pub(crate) enum Command {
    Help,
    Bench(Options),
    Serve {
        keys: usize,
        delay: Duration,
    },
    ServeFiles {
        folder: PathBuf,
        place: Place,
    },
    Client {
        who: Who,
        task: Task,
        count: u64,
        base_url: String,
    },
}

pub(crate) struct Options {
    pub(crate) is_quick: bool,
    pub(crate) peers: PathBuf,
    pub(crate) workloads: Vec<&'static Workload>,
    /// What is not a client's work.
    pub(crate) others: Vec<&'static Comparison>,
}

impl Command {
    pub(crate) fn parse(mut arguments: Parser) -> Result<Self, lexopt::Error> {
        let mut options = Options {
            is_quick: false,
            peers: peers::folder(),
            workloads: Vec::new(),
            others: Vec::new(),
        };
        let mut is_first = true;
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Value(word) if is_first && word == "serve" => return serve(&mut arguments),
                Arg::Value(word) if is_first && word == "client" => return client(&mut arguments),
                Arg::Value(word) if is_first && word == "serve-files" => {
                    return serve_files(&mut arguments);
                }
                Arg::Value(word) => options.add(&word.string()?)?,
                Arg::Long("quick") => options.is_quick = true,
                Arg::Long("peers") => options.peers = arguments.value()?.into(),
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                other => return Err(other.unexpected()),
            }
            is_first = false;
        }
        if options.workloads.is_empty() && options.others.is_empty() {
            options.workloads = workloads::ALL.iter().collect();
            options.others = emulator::ALL.iter().collect();
            if !options.is_quick {
                options.others.extend(&builds::ALL);
            }
        }
        Ok(Self::Bench(options))
    }
}

impl Options {
    /// What has this name is to be measured.
    fn add(&mut self, name: &str) -> Result<(), lexopt::Error> {
        if let Some(workload) = workloads::ALL.iter().find(|known| known.name == name) {
            self.workloads.push(workload);
        } else if let Some(comparison) = others().find(|known| known.name == name) {
            self.others.push(comparison);
        } else {
            return Err(format!("there is no workload {name}; --help lists them").into());
        }
        Ok(())
    }
}

/// Everything that can be measured.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let workloads = workloads::ALL.iter().map(|workload| workload.name);
    workloads.chain(others().map(|comparison| comparison.name))
}

fn others() -> impl Iterator<Item = &'static Comparison> {
    emulator::ALL.iter().chain(&builds::ALL)
}

/// `serve KEYS MILLISECONDS`: how this program starts its server.
fn serve(arguments: &mut Parser) -> Result<Command, lexopt::Error> {
    Ok(Command::Serve {
        keys: arguments.value()?.parse()?,
        delay: Duration::from_millis(arguments.value()?.parse()?),
    })
}

/// `serve-files FOLDER disk|memory`: how this program starts the floor of what the emulator serves.
fn serve_files(arguments: &mut Parser) -> Result<Command, lexopt::Error> {
    Ok(Command::ServeFiles {
        folder: arguments.value()?.into(),
        place: named(&Place::ALL, &arguments.value()?.string()?).ok_or("disk, or memory")?,
    })
}

/// `client ours|floor TASK N BASE_URL`: how this program starts a client.
fn client(arguments: &mut Parser) -> Result<Command, lexopt::Error> {
    Ok(Command::Client {
        who: named(&Who::ALL, &arguments.value()?.string()?).ok_or("ours, or floor")?,
        task: named(&Task::ALL, &arguments.value()?.string()?).ok_or("not a task")?,
        count: arguments.value()?.parse()?,
        base_url: arguments.value()?.string()?,
    })
}

#[cfg(test)]
mod tests {
    use lexopt::Parser;

    use super::{Command, others};
    use crate::emulator;
    use crate::static_files::Place;
    use crate::task::{Task, Who};
    use crate::workloads;

    fn parse(arguments: &[&str]) -> Result<Command, lexopt::Error> {
        Command::parse(Parser::from_args(arguments))
    }

    #[test]
    fn without_a_name_all_is_measured() {
        let Ok(Command::Bench(options)) = parse(&["--quick"]) else {
            panic!("it is to measure");
        };
        assert_eq!(options.workloads.len(), workloads::ALL.len());
        assert!(options.is_quick);
        assert_eq!(options.others.len(), emulator::ALL.len());
        let Ok(Command::Bench(options)) = parse(&[]) else {
            panic!("it is to measure");
        };
        assert_eq!(options.others.len(), others().count());
        let Ok(Command::Bench(options)) = parse(&["list", "build", "get", "emulator-start"]) else {
            panic!("it is to measure");
        };
        let names: Vec<_> = options.workloads.iter().map(|known| known.name).collect();
        assert_eq!((names, options.others.len()), (vec!["list", "get"], 2));
        assert!(parse(&["nothing"]).is_err() && parse(&["--nothing"]).is_err());
    }

    #[test]
    fn a_child_is_called_by_words() {
        let child = parse(&[
            "client",
            "floor",
            "get-64",
            "7",
            "http://127.0.0.1:1/api/v1",
        ]);
        assert!(matches!(
            child,
            Ok(Command::Client {
                who: Who::Floor,
                task: Task::Get64,
                count: 7,
                ..
            })
        ));
        assert!(matches!(
            parse(&["serve", "3", "30"]),
            Ok(Command::Serve { keys: 3, .. })
        ));
        assert!(matches!(
            parse(&["serve-files", "pages", "disk"]),
            Ok(Command::ServeFiles {
                place: Place::Disk,
                ..
            })
        ));
        assert!(parse(&["client", "nobody", "get", "7", "x"]).is_err());
    }
}
