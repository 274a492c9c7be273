//! The program that makes a client of its environment.

use std::process::Command;

/// What the program prints with these variables and no others.
pub(crate) fn print_from_env(variables: &[(&str, &str)]) -> String {
    run_from_env(&[], variables)
}

/// What it prints with these arguments.
pub(crate) fn run_from_env(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_from-env"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program was built beside this test");
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .expect("it prints text")
        .trim_end()
        .to_owned()
}
