//! `cargo xtask` as a person calls it.

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .expect("the program was built beside this test")
}

#[test]
fn check_says_that_the_committed_file_is_up_to_date() {
    let output = xtask(&["codegen", "--check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("generated.rs: up to date"), "{said}");
}

#[test]
fn what_it_does_not_understand_ends_with_2_and_the_usage() {
    for arguments in [
        &[][..],
        &["gen"],
        &["codegen", "--chekc"],
        &["codegen", "more"],
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("usage: cargo xtask"), "{said}");
    }
    let help = xtask(&["--help"]);
    assert!(help.status.success() && help.stdout.starts_with(b"usage"));
}
