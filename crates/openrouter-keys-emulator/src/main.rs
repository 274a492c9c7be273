//! The emulator as a program. `--help` tells how to use it.

use std::fmt::Display;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Arg, Parser};
use openrouter_keys_emulator::{Emulator, EmulatorBuilder};

const HELP: &str = "\
A stateful stand-in for OpenRouter's API-key management API.

Usage: openrouter-keys-emulator [OPTIONS]

Options:
  --port N             Listen on that port (default 0: any that is free)
  --management-key K   Take that management key (default: a fresh one, which is printed)
  --keys N             Begin with so many keys, at most 1000000 (default 0)
  --state FILE         Keep the state in that file, and begin with what is in it (default: in memory).
                       It holds the management key too, unless that was given
  --expose-to-network ADDRESS
                       Listen on that address instead of 127.0.0.1, such as 0.0.0.0 in a container.
                       Whoever can reach it can read and change everything, without a credential
  --help               Print this and end
  --version            Print the version and end

The first line of output is `listening on http://127.0.0.1:PORT/api/v1`.
http://127.0.0.1:PORT/ tells a browser what there is, and /docs is an explorer of the API.
Under http://127.0.0.1:PORT/_emulator/ it is told to fail, to spend money, to move its clock and more.
A fault such as {\"fault\": \"status\", \"status\": 503, \"count\": 2}, posted to /_emulator/faults, makes the next
requests fail; https://docs.rs/openrouter-keys-emulator lists all there is.
SIGTERM and Ctrl-C end the program; what it knew is gone then, but for the file.
";

fn main() -> ExitCode {
    match Command::parse(Parser::from_env()) {
        Ok(Command::Help) => print(HELP),
        Ok(Command::Version) => print(concat!(
            "openrouter-keys-emulator ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )),
        Ok(Command::Serve(options)) => serve(options),
        Err(allowed) => wrong_usage(allowed),
    }
}

enum Command {
    Help,
    Version,
    Serve(Options),
}

#[derive(Default)]
struct Options {
    port: u16,
    management_key: Option<String>,
    keys: usize,
    state: Option<PathBuf>,
    exposed: Option<IpAddr>,
}

impl Command {
    /// Reads the arguments, or says what is allowed. It never repeats an argument: it could be a
    /// key that slipped into the wrong place.
    fn parse(mut arguments: Parser) -> Result<Self, &'static str> {
        const PORT: &str = "--port takes a number from 0 to 65535";
        const MANAGEMENT_KEY: &str =
            "--management-key takes visible ASCII characters, at least one";
        const KEYS: &str = "--keys takes a number from 0 to 1000000";
        const STATE: &str = "--state takes the path of a file";
        const EXPOSED: &str = "--expose-to-network takes an IP address of this machine";
        const FLAGS: &str = "the options are --port N, --management-key K, --keys N, --state FILE, \
             --expose-to-network ADDRESS, --help and --version";

        let mut options = Options::default();
        while let Some(argument) = arguments.next().map_err(|_| FLAGS)? {
            match argument {
                Arg::Long("port") => options.port = parsed(&mut arguments).ok_or(PORT)?,
                Arg::Long("keys") => options.keys = parsed(&mut arguments).ok_or(KEYS)?,
                Arg::Long("management-key") => {
                    let key = arguments.value().map_err(|_| MANAGEMENT_KEY)?;
                    let key = key.into_string().map_err(|_| MANAGEMENT_KEY)?;
                    options.management_key = Some(key);
                }
                Arg::Long("state") => {
                    let path = arguments.value().map_err(|_| STATE)?;
                    options.state =
                        Some(path.into()).filter(|path: &PathBuf| !path.as_os_str().is_empty());
                    options.state.as_ref().ok_or(STATE)?;
                }
                Arg::Long("expose-to-network") => {
                    options.exposed = Some(parsed(&mut arguments).ok_or(EXPOSED)?);
                }
                Arg::Long("help") => return Ok(Self::Help),
                Arg::Long("version") => return Ok(Self::Version),
                _ => return Err(FLAGS),
            }
        }
        Ok(Self::Serve(options))
    }
}

fn parsed<T: std::str::FromStr>(arguments: &mut Parser) -> Option<T> {
    arguments.value().ok()?.to_str()?.parse().ok()
}

fn serve(options: Options) -> ExitCode {
    let is_fresh = options.management_key.is_none();
    let address = options.exposed.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let port = options.port;
    let mut builder = Emulator::builder().port(port).keys(options.keys);
    if let Some(key) = options.management_key {
        builder = builder.management_key(key);
    }
    if let Some(path) = options.state {
        builder = builder.state_file(path);
    }
    if let Some(address) = options.exposed {
        builder = builder.expose_to_network(address);
        report(
            "whoever can reach this machine's address can read and change everything, without a credential",
        );
    }

    let run = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(run(builder, is_fresh)));
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.kind() {
            io::ErrorKind::InvalidInput => wrong_usage(error),
            io::ErrorKind::AddrInUse => failure(format_args!(
                "port {port} of {address} is in use; choose another with --port, or 0 for any"
            )),
            io::ErrorKind::AddrNotAvailable => {
                failure(format_args!("{address} is no address of this machine"))
            }
            _ => failure(error),
        },
    }
}

async fn run(builder: EmulatorBuilder, is_fresh: bool) -> io::Result<()> {
    // From here on a signal is not lost, even if it comes with the first line.
    let asked_to_end = asked_to_end()?;
    let emulator = builder.start().await?;

    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", emulator.base_url())?;
    if is_fresh {
        writeln!(stdout, "management key: {}", emulator.management_key())?;
    }
    stdout.flush()?;

    asked_to_end.await;
    let saved = emulator.saved().await;
    emulator.stop().await;
    saved
}

/// Completes when the program is asked to end, counting from this call.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes when the program is asked to end, counting from this call.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(error),
    }
}

fn failure(why: impl Display) -> ExitCode {
    report(why);
    ExitCode::FAILURE
}

fn wrong_usage(allowed: impl Display) -> ExitCode {
    report(allowed);
    ExitCode::from(2)
}

fn report(what: impl Display) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "openrouter-keys-emulator: {what}");
}
