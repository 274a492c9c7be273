//! The binary.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::http;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openrouter-keys-emulator"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that is killed if the test does not end it.
struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).spawn().expect("a process");
        let stdout = child.stdout.take().expect("its output");
        Self {
            child,
            stdout: Some(BufReader::new(stdout)),
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().expect("its output");
        stdout.read_line(&mut line).expect("a line");
        line.trim_end_matches('\n').to_owned()
    }

    /// The address in the first line, which must be exactly as promised.
    fn address(&mut self) -> String {
        let line = self.line();
        let address = line
            .strip_prefix("listening on http://")
            .and_then(|rest| rest.strip_suffix("/api/v1"))
            .unwrap_or_else(|| panic!("{line}"));
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        address.to_owned()
    }

    /// Sends the signal and waits for the exit code and the rest of the output.
    #[cfg(unix)]
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill");
        assert!(sent.success());
        // The output ends with the process. Reading it elsewhere bounds the wait here.
        let mut stdout = self.stdout.take().expect("its output");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut rest = String::new();
            sender.send(stdout.read_to_string(&mut rest).map(|_| rest))
        });
        let rest = receiver
            .recv_timeout(Duration::from_secs(20))
            .expect("it ends")
            .expect("UTF-8");
        (self.child.wait().expect("an exit").code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str, path: &str, key: &str) -> http::Answer {
    let headers = format!("Authorization: Bearer {key}\r\n");
    send(address, "GET", path, &headers, "")
}

fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> http::Answer {
    let to = address.parse().expect("an address");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(http::send(to, method, path, headers, body))
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_cleanly_whatever_is_open() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start(&["--keys", "3", "--management-key=canary"]);
        let address = running.address();

        let list = get(&address, "/api/v1/keys", "canary").expect(200);
        assert_eq!(list.names(), ["fleet-00003", "fleet-00002", "fleet-00001"]);

        let mut idle = TcpStream::connect(&address).expect("a connection");
        idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("sent");
        assert_ne!(idle.read(&mut [0; 1024]).expect("an answer"), 0);
        let mut half = TcpStream::connect(&address).expect("a connection");
        half.write_all(b"POST /api/v1/keys HTTP/1.1\r\n")
            .expect("sent");

        // A key that was given is not repeated.
        assert_eq!(running.end(signal), (Some(0), String::new()));
    }
}

#[test]
fn a_fresh_management_key_is_told() {
    let mut running = Running::start(&["--port", "0"]);
    let address = running.address();
    let line = running.line();
    let key = line.strip_prefix("management key: ").expect("a key");
    get(&address, "/api/v1/keys", key).expect(200);
    get(&address, "/api/v1/keys", "another").expect(401);
}

#[tokio::test]
async fn the_fault_in_its_help_is_one() {
    let output = program(&["--help"]).output().expect("a process");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, rest) = said.split_once('{').expect("a fault");
    let (fields, _) = rest.split_once('}').expect("its end");
    let mut running = Running::start(&[]);
    let address = running.address().parse().expect("an address");
    let fields = format!("{{{fields}}}");
    http::send(address, "POST", "/_emulator/faults", "", fields)
        .await
        .expect(201);
    http::send(address, "GET", "/api/v1/keys", "", "")
        .await
        .expect(503);
}

/// The exit code of a program that ends by itself, and what it says on standard error. Should it
/// begin to serve instead, it says so on standard output, where there must be nothing.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let mut running = Running::start(arguments);
    assert_eq!(running.line(), "", "{arguments:?}");
    let mut said = String::new();
    let mut stderr = running.child.stderr.take().expect("its errors");
    stderr.read_to_string(&mut said).expect("UTF-8");
    (running.child.wait().expect("an exit").code(), said)
}

#[test]
fn a_port_in_use_is_said_in_one_line() {
    let mut running = Running::start(&[]);
    let address = running.address();
    let port = address.rsplit(':').next().expect("a port");
    let said = format!(
        "openrouter-keys-emulator: port {port} of 127.0.0.1 is in use; \
         choose another with --port, or 0 for any\n"
    );
    assert_eq!(refused(&["--port", port]), (Some(1), said));
}

#[test]
fn wrong_arguments_are_said_in_one_line() {
    const OPTIONS: &str = "--port N, --management-key K, --keys N, --state FILE, \
                           --expose-to-network ADDRESS, --help and --version";

    for (arguments, allowed) in [
        (&["--canary"][..], OPTIONS),
        (&["canary"], OPTIONS),
        (&["-p", "1"], OPTIONS),
        (&["--", "canary"], OPTIONS),
        (&["--port"], "--port takes"),
        (&["--port", "canary"], "--port takes"),
        (&["--port=65536"], "--port takes"),
        (&["--port=-1"], "--port takes"),
        (&["--keys", "canary"], "--keys takes"),
        (&["--keys=1000001"], "no more than 1000000 keys"),
        (&["--management-key"], "--management-key takes"),
        (&["--management-key="], "visible ASCII"),
        (&["--management-key", "canary key"], "visible ASCII"),
        (&["--state"], "--state takes"),
        (&["--state="], "--state takes"),
        (&["--expose-to-network"], "--expose-to-network takes"),
        (&["--expose-to-network=canary"], "--expose-to-network takes"),
    ] {
        let (code, said) = refused(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(allowed), "{arguments:?}: {said}");
        assert_eq!(said.matches('\n').count(), 1, "{arguments:?}: {said}");
        assert!(!said.contains("canary"), "{arguments:?}: {said}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for (argument, starts, holds) in [
        ("--help", "A stateful", "--management-key K"),
        (
            "--version",
            "openrouter-keys-emulator ",
            env!("CARGO_PKG_VERSION"),
        ),
    ] {
        let output = program(&[argument]).output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success());
        assert!(said.starts_with(starts) && said.contains(holds), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn the_state_file_outlives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let path = path.to_str().expect("UTF-8");
    let create = |address: &str, key: &str| {
        let headers = format!("Authorization: Bearer {key}\r\n");
        let body = r#"{"name":"k"}"#;
        send(address, "POST", "/api/v1/keys", &headers, body).expect(201);
    };

    let mut running = Running::start(&["--keys", "2", "--state", path]);
    let address = running.address();
    let told = running.line();
    let key = told.strip_prefix("management key: ").expect("a key");
    create(&address, key);
    running.end("-KILL");

    // With the same key, and without another fleet.
    let mut running = Running::start(&["--keys", "2", "--state", path]);
    let address = running.address();
    assert_eq!(running.line(), told);
    let list = get(&address, "/api/v1/keys", key).expect(200);
    assert_eq!(list.names(), ["k", "fleet-00002", "fleet-00001"]);
    assert_eq!(running.end("-TERM").0, Some(0));

    // A key that is given is taken, and not kept.
    let mut running = Running::start(&["--state", path, "--management-key", "hunter2"]);
    let address = running.address();
    create(&address, "hunter2");
    get(&address, "/api/v1/keys", key).expect(401);
    running.end("-TERM");
    let text = std::fs::read_to_string(path).expect("a file");
    assert!(!text.contains("hunter2") && !text.contains(key));
}

#[test]
fn a_file_that_is_no_state_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("precious");
    std::fs::write(&path, "precious").expect("written");
    let path = path.to_str().expect("UTF-8");
    let output = program(&["--state", path]).output().expect("output");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let expected = format!(
        "openrouter-keys-emulator: the state file {path}: it is no state file of this emulator, or one of a later version. \
         It was left as it is\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(std::fs::read(path).expect("a file"), b"precious");
}

/// All of 127.0.0.0/8 is this machine there.
#[cfg(target_os = "linux")]
#[test]
fn it_listens_elsewhere_only_when_told_to() {
    let mut running = Running::start(&["--expose-to-network", "127.0.0.2", "--management-key=k"]);
    let line = running.line();
    let address = line
        .strip_prefix("listening on http://")
        .expect("an address");
    let address = address.strip_suffix("/api/v1").expect("a base URL");
    assert!(address.starts_with("127.0.0.2:"), "{line}");
    get(address, "/api/v1/keys", "k").expect(200);
    let port = address.rsplit(':').next().expect("a port");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err());

    let mut stderr = running.child.stderr.take().expect("its output");
    running.end("-TERM");
    let mut warned = String::new();
    stderr.read_to_string(&mut warned).expect("UTF-8");
    assert!(
        warned.contains("can read and change everything, without a credential"),
        "{warned}"
    );

    let mut running = Running::start(&["--management-key=k"]);
    let address = running.address();
    let port = address.rsplit(':').next().expect("a port");
    assert!(TcpStream::connect(format!("127.0.0.2:{port}")).is_err());
}
