//! `medley demo`.
use std::process::Command;

fn medley(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medley"));
    command.args(arguments);
    command
}

#[test]
fn help_teaches_how_to_keep_it() {
    let output = medley(&["demo", "--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("--keep"), "{text}");
}
