//! Runs every test, with what they need.
mod phase;
mod servers;
mod suite;

use std::process::ExitCode;

use anyhow::Result;

use crate::packages;
use phase::Phases;
use suite::Suite;

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
