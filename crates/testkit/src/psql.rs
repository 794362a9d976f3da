//! psql's own commands, which must print on Medley what they print on a real PostgreSQL 18.
//!
//! A folder has `objects.sql`, which both servers run; `commands.sql`, a command a line; and
//! `differences.toml`: what is meant to differ, with what Medley prints and the row of
//! `docs/differences.md` that says why, and what is still to be mended.
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::guard::succeeded;
use crate::{Medley, Postgres, Program, SUPERUSER, TempFolder};

/// The one database that Medley has.
const DATABASE: &str = "medley";
/// What stands after the answer to each command.
const MARK: &str = "<<< medley psql >>>\n";

/// The clients: their versions and where they are.
const CLIENTS: [(u32, Program); 3] =
    [(15, Program::PSQL), (16, Program::PSQL_16), (18, Program::PSQL_18)];

/// The database as Medley says that its own is.
const CREATE_DATABASE: &str = "CREATE DATABASE medley TEMPLATE template0 \
                               LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'";

/// A client's version, and what it prints on the one server and on the other.
type Answers = (u32, Vec<String>, Vec<String>);

/// What psql is asked, and on what.
#[derive(Debug)]
pub struct Corpus {
    objects: String,
    commands: Vec<String>,
    known: Known,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    #[serde(default)]
    difference: Vec<Intended>,
    #[serde(default)]
    defect: Vec<Defect>,
}

/// A difference that is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Intended {
    /// The commands that print it.
    commands: Vec<String>,
    /// The versions of psql that print it; all when there are none.
    #[serde(default)]
    clients: Vec<u32>,
    /// What Medley prints.
    medley: String,
    /// A row of `docs/differences.md`: the text of its first column.
    documented: String,
}

/// What Medley prints otherwise, and should not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defect {
    commands: Vec<String>,
    #[serde(default)]
    clients: Vec<u32>,
    /// What is missing.
    missing: String,
}

/// What differs, and is not known to.
#[derive(Debug, Default)]
pub struct Report(Vec<String>);

impl Report {
    /// Whether nothing does.
    pub fn is_clean(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|finding| writeln!(f, "{finding}"))?;
        write!(f, "{} findings", self.0.len())
    }
}

impl Corpus {
    /// Reads the folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| fs::read_to_string(folder.join(name)).context(name.to_owned());
        let commands = read("commands.sql")?.lines().map(str::to_owned).collect();
        let known = toml::from_str(&read("differences.toml")?).context("differences.toml")?;
        Ok(Self { objects: read("objects.sql")?, commands, known })
    }

    /// What of `docs/differences.md` the differences refer to, and is not there.
    pub fn undocumented<'a>(&'a self, document: &str) -> Vec<&'a str> {
        let rows = self.known.difference.iter().map(|it| it.documented.as_str());
        rows.filter(|row| !document.contains(&format!("\n| {row} |"))).collect()
    }

    /// Runs all commands of all clients on PostgreSQL 18.4 and on this Medley.
    pub fn compare(&self, program: &Path) -> Result<Report> {
        let initdb = Program::INITDB_18.locate()?;
        let programs = initdb.parent().context("a program is in a folder")?;
        let postgres = Postgres::builder().trust().programs(programs).start()?;
        postgres.psql(CREATE_DATABASE)?;
        let medley = Medley::start(program)?;
        let others = "SELECT string_agg(fdwname, ', ') FROM pg_foreign_data_wrapper \
                      WHERE fdwname <> 'postgres_fdw'";
        medley.psql(&format!("DROP FOREIGN DATA WRAPPER {}", medley.psql(others)?.trim()))?;
        for port in [postgres.port(), medley.port()] {
            let printed = self.run(Program::PSQL_18, port, &self.objects)?;
            ensure!(printed.is_empty(), "objects.sql: {printed}");
        }
        let mut report = Report::default();
        for (version, expected, actual) in self.answers(postgres.port(), medley.port())? {
            self.judge(version, &expected, &actual, &mut report);
        }
        Ok(report)
    }

    /// What each client prints on the one and on the other.
    fn answers(&self, one: u16, other: u16) -> Result<Vec<Answers>> {
        let script: String = self
            .commands
            .iter()
            .map(|it| format!("{it}\n\\echo '{}'\n", MARK.trim_end()))
            .collect();
        let answers = |program, port: u16| -> Result<Vec<String>> {
            let printed = self.run(program, port, &script)?;
            let answers: Vec<_> = printed.split_inclusive(MARK).collect();
            ensure!(answers.len() == self.commands.len(), "psql ended early: {printed}");
            let port = port.to_string();
            Ok(answers.iter().map(|it| normal(it.trim_end_matches(MARK), &port)).collect())
        };
        thread::scope(|scope| {
            let started = CLIENTS.map(|(version, program)| {
                let run = move |port| scope.spawn(move || answers(program, port));
                (version, run(one), run(other))
            });
            let ended = started.into_iter().map(|(version, one, other)| {
                let join = |it: thread::ScopedJoinHandle<'_, Result<Vec<String>>>| {
                    it.join().expect("no panic").with_context(|| format!("psql {version}"))
                };
                Ok((version, join(one)?, join(other)?))
            });
            ended.collect()
        })
    }

    fn run(&self, program: Program, port: u16, script: &str) -> Result<String> {
        let place = TempFolder::new()?;
        let input = place.write("input", script)?;
        let output = place.write("output", "")?;
        let both = File::options().append(true).open(&output)?;
        let mut psql = place.command(program.locate()?);
        psql.args(["-X", "-q", "-P", "pager=off", "-h", "127.0.0.1", "-U", SUPERUSER])
            .args(["-d", DATABASE, "-p", &port.to_string()])
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGTZ", "UTC")
            .stdin(File::open(input)?)
            .stdout(both.try_clone()?)
            .stderr(Stdio::from(both));
        succeeded(psql.output(), "psql")?;
        Ok(String::from_utf8_lossy(&fs::read(output)?).into_owned())
    }

    fn judge(&self, version: u32, expected: &[String], actual: &[String], report: &mut Report) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for ((command, expected), actual) in self.commands.iter().zip(expected).zip(actual) {
            *seen.entry(command).or_default() += 1;
            let finding = match self.known.intended(command, version) {
                Some(intended) if !is_same(actual, &intended.medley) => "is not as intended",
                Some(_) if expected == actual => "no longer differs",
                None if expected != actual && !self.known.is_defect(command, version) => "differs",
                _ => continue,
            };
            let mut text = format!("psql {version}: {command} {finding}\n");
            let _ = write!(text, "PostgreSQL:\n{expected}Medley:\n{actual}");
            report.0.push(text);
        }
        let listed = self.known.listed();
        let strange = listed.filter(|(command, _)| !seen.contains_key(command));
        report.0.extend(strange.map(|(command, why)| format!("no command is {command} ({why})")));
    }
}

impl Known {
    fn intended(&self, command: &str, version: u32) -> Option<&Intended> {
        self.difference.iter().find(|it| is_about(&it.commands, &it.clients, command, version))
    }

    fn is_defect(&self, command: &str, version: u32) -> bool {
        self.defect.iter().any(|it| is_about(&it.commands, &it.clients, command, version))
    }

    /// Every command that is known to differ, and why.
    fn listed(&self) -> impl Iterator<Item = (&str, &str)> {
        let intended = self.difference.iter().map(|it| (&it.commands, it.documented.as_str()));
        let defects = self.defect.iter().map(|it| (&it.commands, it.missing.as_str()));
        intended
            .chain(defects)
            .flat_map(|(commands, why)| commands.iter().map(move |it| (it.as_str(), why)))
    }
}

fn is_about(commands: &[String], clients: &[u32], command: &str, version: u32) -> bool {
    commands.iter().any(|it| it == command) && (clients.is_empty() || clients.contains(&version))
}

/// Blanks at the ends of lines do not count: files have none.
fn is_same(printed: &str, written: &str) -> bool {
    let lines = |text| str::lines(str::trim_end(text)).map(str::trim_end);
    lines(printed).eq(lines(written))
}

/// Makes equal what must differ: the port, and the server's process.
fn normal(printed: &str, port: &str) -> String {
    let mut text = String::with_capacity(printed.len());
    for line in printed.replace(port, "PORT").lines() {
        match line.split_once(" Backend PID ") {
            Some((head, _)) => text.extend([head, " Backend PID\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_processes_are_made_equal() {
        let printed = "at 5432\n Backend PID          | 77\n Role | a\n";
        assert_eq!(normal(printed, "5432"), "at PORT\n Backend PID\n Role | a\n");
    }
}
