//! Runs every test, with what they need.
mod phase;
mod servers;
mod suite;

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
    let mut phases = Phases::default();
    let mut variables = phases.run("servers", servers::find_or_install)?;
    variables.extend(phases.run("packages", packages::find_or_install)?);
    variables.push(("MEDLEY_ISOLATION_STATEMENTS", statements.to_string().into()));
    let test = ["test", "-p", "medley", "--test", "it", "isolation", "--", "--nocapture"];
    phases.run("isolation", || Cargo::new("isolation", &test).run(&variables))?;
    Ok(phases.close())
}
