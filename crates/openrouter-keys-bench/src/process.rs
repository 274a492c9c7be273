//! Children of this process, none of which may take for ever.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::accounts;
use crate::line::Line;

/// The longest that any one measurement may take. The slowest are some seconds, or half a minute where answers are delayed.
const LIMIT: Duration = Duration::from_secs(300);

/// What a process said, and how long it was there.
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) wall: Duration,
}

/// Runs it to its end, or kills it when its time is over. One that fails is an error with its last words.
pub(crate) fn run(command: &mut Command) -> Result<Ended, String> {
    run_within(LIMIT, command)
}

/// The same, with another time.
pub(crate) fn run_within(limit: Duration, command: &mut Command) -> Result<Ended, String> {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it does not start: {error}"))?;
    let stdout = all_of(child.stdout.take());
    let stderr = all_of(child.stderr.take());
    let Ok(stdout) = stdout.recv_timeout(limit) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("it took more than {} s", limit.as_secs()));
    };
    let wall = started.elapsed();
    let status = wait(&mut child)?;
    let stderr = stderr.recv_timeout(LIMIT).unwrap_or_default();
    if status.success() {
        Ok(Ended {
            stdout,
            stderr,
            wall,
        })
    } else {
        let last = stderr.trim_end().lines().last().unwrap_or("no word");
        Err(format!("{status}: {last}"))
    }
}

/// What comes of a client that was to do something `count` times.
pub(crate) fn measure(command: &mut Command, count: u64) -> Result<(Line, Duration), String> {
    let ended = run(command)?;
    Ok((Line::read(&ended.stdout, count)?, ended.wall))
}

/// It has closed its output, so it is about to end.
fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    for _ in 0..1000 {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err("it closed its output and did not end".to_owned())
}

fn all_of(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// A server in a process of its own, which ends with this value.
pub(crate) struct Server {
    child: Child,
    /// Kept, so that a server that says more than its first line has somebody to say it to.
    _stdout: BufReader<ChildStdout>,
    pub(crate) base_url: String,
    /// How long it took from its start to its first line.
    pub(crate) first_line: Duration,
}

impl Server {
    /// Starts a server whose first line of output ends with its base URL.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let started = Instant::now();
        // The server's standard input is a pipe, which closes with this process, however that ends.
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let stdout = child.stdout.take().expect("it is a pipe");
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        let first_line = started.elapsed();
        let base_url = line.split_whitespace().last().map(str::to_owned);
        let server = Self {
            child,
            _stdout: stdout,
            base_url: base_url.unwrap_or_default(),
            first_line,
        };
        match read {
            Ok(length) if length > 0 => Ok(server),
            _ => Err("the server ended before it began".to_owned()),
        }
    }

    /// The CPU time that it has had so far, if the system says.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        accounts::cpu_time(self.child.id())
    }

    /// The memory that it has now, in bytes, if the system says.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        accounts::bytes(&self.child.id().to_string(), "VmRSS")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
