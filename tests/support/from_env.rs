//! The program that makes a client of its environment.

use std::process::Command;

/// What the program prints with these variables and no others.
pub(crate) fn print_from_env(variables: &[(&str, &str)]) -> String {
    run(&[], variables)
}

/// What it prints of the key with this hash.
pub(crate) fn get_from_env(hash: &str, variables: &[(&str, &str)]) -> String {
    run(&[hash], variables)
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> String {
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
