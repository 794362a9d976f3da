//! Runs the scripts of `tests/pg_compat` on PostgreSQL and on Medley.
mod conformance;
mod sections;

use std::fs;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use medley_testkit::Program;
use medley_testkit::compat::{Suite, Table};
use serde_json::Value;

use crate::{cargo, packages, root};

/// What `cargo xtask compat` was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A part of the names of the scripts to run; empty for all.
    pub name: String,
    /// Ask the installed PostgreSQL, whatever its version.
    pub installed: bool,
    /// Write down what the installed PostgreSQL answers otherwise than 18, and which sections
    /// have scripts.
    pub record: bool,
    /// Write down the differences that there are, to be mended.
    pub defects: bool,
}

/// `cargo xtask compat`: prints each difference, and fails when there is one.
pub fn run(request: &Request) -> Result<ExitCode> {
    let suite = Suite::read(&root().join("tests/pg_compat"), &request.name)?;
    if request.record {
        return record(&suite).map(|()| ExitCode::SUCCESS);
    }
    ensure_documented(&suite)?;
    let postgres = if request.installed { None } else { measure()? };
    let (postgres, medley) = (postgres.as_deref(), medley()?);
    let report = match request.defects {
        true => suite.record_defects(postgres, &medley)?,
        false => suite.run(postgres, &medley)?,
    };
    say(&report.to_string());
    let stale = stale_tables(&report.tables);
    for table in &stale {
        say(&format!("docs/matrices/{table} is no longer so: run `cargo xtask compat --record`"));
    }
    Ok(if report.is_clean() && stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ensure_documented(suite: &Suite) -> Result<()> {
    let document = |name: &str| fs::read_to_string(root().join("docs").join(name));
    let missing = suite.undocumented(&document("differences.md")?).join("; ");
    ensure!(missing.is_empty(), "docs/differences.md has no row for: {missing}");
    let missing = suite.undocumented_gaps(&document("gaps.md")?).join("; ");
    ensure!(missing.is_empty(), "docs/gaps.md has no row for: {missing}");
    Ok(())
}

/// The programs of PostgreSQL 18; none where the installed ones must do.
fn measure() -> Result<Option<PathBuf>> {
    if std::env::var_os(Program::POSTGRES.variable).is_some() {
        return Ok(None);
    }
    let found = packages::postgres_18()?;
    if found.is_none() {
        say("PostgreSQL 18.4 cannot be had without npm: using the installed PostgreSQL");
    }
    Ok(found)
}

fn record(suite: &Suite) -> Result<()> {
    let measure = packages::postgres_18()?.context("recording needs npm")?;
    let installed = Program::POSTGRES.locate()?;
    let older = installed.parent().context("a program is in a folder")?;
    let (count, tables) = suite.record(&measure, older)?;
    say(&format!("{count} answers differ between the installed PostgreSQL and 18"));
    for Table { file, text } in tables {
        fs::write(matrices().join(file), text)?;
    }
    conformance::write(suite.scripts())
}

fn stale_tables(tables: &[Table]) -> Vec<&str> {
    let is_stale = |table: &&Table| {
        !fs::read_to_string(matrices().join(&table.file)).is_ok_and(|text| text == table.text)
    };
    tables.iter().filter(is_stale).map(|table| table.file.as_str()).collect()
}

/// Where the tables are that people read.
fn matrices() -> PathBuf {
    root().join("docs/matrices")
}

/// Builds the binary; returns where it is.
fn medley() -> Result<PathBuf> {
    let output = cargo::command()
        .args(["build", "--package", "medley", "--message-format", "json-render-diagnostics"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo build")?;
    ensure!(output.status.success(), "medley could not be built");
    let executable = String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "medley")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo build named no executable")
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn say(line: &str) {
    println!("{line}");
}
