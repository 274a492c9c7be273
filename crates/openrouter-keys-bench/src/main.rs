//! Side-by-side measurements; the README beside this crate says what is measured, and how to add a client.
//!
//! The program is three: the one that compares, the server, and a client at work. The latter two are processes of their
//! own, so that what is measured of a client is the client's alone.

mod accounts;
mod arguments;
mod builds;
mod callgrind;
mod client;
mod compare;
mod emulator;
mod fetch;
mod figures;
mod floor;
mod folder;
mod line;
mod ours;
mod peers;
mod process;
mod rows;
mod server;
mod static_files;
mod table;
mod task;
mod workloads;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Command, Options};
use compare::Bench;

fn main() -> ExitCode {
    let done = match Command::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            help();
            Ok(())
        }
        Ok(Command::Bench(options)) => bench(&options),
        Ok(Command::Serve { keys, delay }) => {
            let delay = (!delay.is_zero()).then_some(delay);
            server::serve(keys, delay).map_err(Into::into)
        }
        Ok(Command::ServeFiles { folder, place }) => {
            static_files::serve(&folder, place).map_err(Into::into)
        }
        Ok(Command::Client {
            who,
            task,
            count,
            base_url,
        }) => client::run(who, task, count, &base_url).and_then(|line| {
            println!("{}", serde_json::to_string(&line)?);
            Ok(())
        }),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn help() {
    print!("{}", arguments::HELP);
    for name in arguments::names() {
        println!("  {name}");
    }
    print!("{}", arguments::OPTIONS);
}

fn bench(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    if cfg!(debug_assertions) {
        eprintln!("this is a debug build: its figures say nothing");
    }
    let program = std::env::current_exe()?;
    let mut bench = Bench::new(program, peers::find(&options.peers), options.is_quick);
    for workload in &options.workloads {
        bench.compare(workload);
    }
    for comparison in &options.others {
        bench.compare_others(comparison);
    }
    print!("{}", table::render(&bench.lines));
    for note in &bench.notes {
        println!("- {note}");
    }
    if bench.has_failed {
        return Err("not everything of this repository ran: see the notes".into());
    }
    Ok(())
}
