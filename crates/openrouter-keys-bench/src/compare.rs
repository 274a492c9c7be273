//! Running a workload: ours, the floor, each peer, and again.

use std::path::PathBuf;
use std::process::Command;

use crate::callgrind;
use crate::figures::{self, Figures, figure};
use crate::peers::Peer;
use crate::process::{self, Server};
use crate::task::{Task, Who, name_of};
use crate::workloads::{Comparison, Effort, Metric, Workload};

/// Compares one workload after the other.
pub(crate) struct Bench {
    /// This program, which is the server and both clients too.
    program: PathBuf,
    peers: Vec<Peer>,
    is_quick: bool,
    /// The lines of the table.
    pub(crate) lines: Vec<Vec<String>>,
    /// Why there is a `-` in it.
    pub(crate) notes: Vec<String>,
    /// Whether there is one in it for want of this repository's own figures.
    pub(crate) has_failed: bool,
}

/// Between how many calls the instructions of one are counted.
const SLOPE: (u64, u64) = (200, 1200);
const QUICK_SLOPE: (u64, u64) = (5, 15);

impl Bench {
    pub(crate) fn new(program: PathBuf, peers: Vec<Peer>, is_quick: bool) -> Self {
        let head = figures::HEAD.iter().map(|name| (*name).to_owned());
        let head = head.chain(peers.iter().map(|peer| peer.name.clone()));
        Self {
            program,
            lines: vec![head.collect()],
            peers,
            is_quick,
            notes: Vec::new(),
            has_failed: false,
        }
    }

    /// Adds the lines of a workload to the table. What fails on the way becomes a note.
    pub(crate) fn compare(&mut self, workload: &Workload) {
        eprintln!("{} …", workload.name);
        let count = if self.is_quick {
            workload.quick
        } else {
            workload.count
        };
        let server = match self.server(workload, count) {
            Ok(server) => server,
            Err(reason) => return self.fail(workload.name, "server", &reason),
        };
        let mut ours = Figures::default();
        let mut floor = Figures::default();
        let mut peers: Vec<_> = self
            .peers
            .iter()
            .map(|_| Some(Figures::default()))
            .collect();
        let sides = [(Who::Ours, workload.ours), workload.floor];
        for _ in 0..if self.is_quick { 1 } else { workload.pairs } {
            for ((who, task), figures) in sides.into_iter().zip([&mut ours, &mut floor]) {
                let mut command = Command::new(&self.program);
                command.args(client(who, task, count, &server));
                match process::measure(&mut command, count) {
                    Ok((line, wall)) => figures.add_run(&line, wall),
                    Err(reason) => self.fail(workload.name, name_of(&Who::ALL, who), &reason),
                }
            }
            // One that fails is not asked again.
            for (at, slot) in peers.iter_mut().enumerate() {
                let Some(figures) = slot else { continue };
                let name = name_of(&Task::ALL, workload.ours);
                let mut command = self.peers[at].command(name, count, &server.base_url);
                match process::measure(&mut command, count) {
                    Ok((line, wall)) => figures.add_run(&line, wall),
                    Err(reason) => {
                        let peer = self.peers[at].name.clone();
                        self.note(workload.name, &peer, &reason);
                        *slot = None;
                    }
                }
            }
        }
        for row in workload.rows {
            if !matches!(row.metric, Metric::CallInstructions | Metric::Instructions) {
                continue;
            }
            for ((who, task), figures) in sides.into_iter().zip([&mut ours, &mut floor]) {
                match self.instructions(row.metric, who, task, count, &server) {
                    Ok(number) => figures.add(row.metric, number),
                    Err(reason) => self.note(workload.name, "instructions", &reason),
                }
            }
        }
        let peers: Vec<_> = peers.into_iter().map(Option::unwrap_or_default).collect();
        for row in workload.rows {
            let line = figures::line(workload.name, row, &ours, &floor, &peers);
            self.lines.push(line);
        }
    }

    /// Adds what comes of something that is not a client's work, and for which no peer is asked.
    pub(crate) fn compare_others(&mut self, comparison: &Comparison) {
        let name = comparison.name;
        eprintln!("{name} …");
        let effort = Effort {
            pairs: if self.is_quick { 1 } else { comparison.pairs },
            is_quick: self.is_quick,
        };
        match (comparison.measure)(effort) {
            Ok([ours, floor]) => {
                let peers: Vec<_> = self.peers.iter().map(|_| Figures::default()).collect();
                for row in comparison.rows {
                    let line = figures::line(name, row, &ours, &floor, &peers);
                    self.lines.push(line);
                }
            }
            Err(reason) => self.fail(name, "comparison", &reason),
        }
    }

    fn server(&self, workload: &Workload, count: u64) -> Result<Server, String> {
        let keys = match workload.ours {
            Task::List | Task::List32 | Task::ListCollected => count,
            _ => 1,
        };
        let mut command = Command::new(&self.program);
        command.args(["serve", &keys.to_string(), &workload.delay_ms.to_string()]);
        Server::start(&mut command)
    }

    fn instructions(
        &self,
        metric: Metric,
        who: Who,
        task: Task,
        count: u64,
        server: &Server,
    ) -> Result<f64, String> {
        if !callgrind::is_there() {
            return Err("there is no valgrind".to_owned());
        }
        let run = |count| callgrind::instructions(&self.program, &client(who, task, count, server));
        if metric == Metric::Instructions {
            return Ok(figure(run(count)?));
        }
        let (few, many) = if self.is_quick { QUICK_SLOPE } else { SLOPE };
        let more = run(many)?.saturating_sub(run(few)?);
        Ok(figure(more) / figure(many - few))
    }

    /// Something of this repository does not run.
    fn fail(&mut self, workload: &str, who: &str, reason: &str) {
        self.has_failed = true;
        self.note(workload, who, reason);
    }

    fn note(&mut self, workload: &str, who: &str, reason: &str) {
        let note = format!("{workload}, {who}: {reason}");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// The arguments with which this program is a client.
fn client(who: Who, task: Task, count: u64, server: &Server) -> [String; 5] {
    [
        "client".to_owned(),
        name_of(&Who::ALL, who).to_owned(),
        name_of(&Task::ALL, task).to_owned(),
        count.to_string(),
        server.base_url.clone(),
    ]
}
