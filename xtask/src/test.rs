//! Runs every test, with what they need.
mod phase;
mod servers;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::packages;
use phase::Phases;
use suite::{Cargo, Suite};

/// `cargo xtask test -- ARGUMENTS`: finds or installs the servers, then runs the tests.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let suite = Suite::of(arguments)?;
    let mut phases = Phases::default();
    let mut places = phases.run("servers", servers::find_or_install)?;
    places.extend(phases.run("packages", packages::find_or_install)?);
    for command in suite.commands() {
        phases.run(command.title, || command.run(&places))?;
    }
    Ok(phases.close())
}

/// `cargo xtask isolation`: that many statements, where CI makes do with some thousands.
pub fn isolation(statements: usize) -> Result<ExitCode> {
    let variables = vec![("MEDLEY_ISOLATION_STATEMENTS", statements.to_string().into())];
    only("isolation", variables)
}

/// `cargo xtask differential`: that many random queries, where CI makes do with some hundreds.
pub fn differential(queries: usize, seed: u64, record: bool) -> Result<ExitCode> {
    let mut variables = vec![
        ("MEDLEY_RANDOM_QUERIES", queries.to_string().into()),
        ("MEDLEY_RANDOM_SEED", seed.to_string().into()),
    ];
    variables.extend(record.then(|| ("MEDLEY_RECORD", "1".into())));
    only("differential", variables)
}

/// One of the program's tests, with these variables.
fn only(name: &'static str, mut variables: Vec<(&'static str, PathBuf)>) -> Result<ExitCode> {
    let mut phases = Phases::default();
    variables.extend(phases.run("servers", servers::find_or_install)?);
    variables.extend(phases.run("packages", packages::find_or_install)?);
    let test = ["test", "-p", "medley", "--test", "it", name, "--", "--nocapture"];
    phases.run(name, || Cargo::new(name, &test).run(&variables))?;
    Ok(phases.close())
}
