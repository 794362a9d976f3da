use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Normal, Script};
use crate::guard::succeeded;
use crate::{Medley, Postgres, PostgresBuilder, Program, SUPERUSER, TempFolder};

/// The one database that Medley has, and so the one that scripts run in.
const DATABASE: &str = "medley";
/// What stands between the answers to two statements.
const MARK: &str = "<<< medley compat >>>\n";
/// How long a script may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a script runs on.
#[derive(Clone, Copy, Debug)]
pub enum Side<'a> {
    /// The PostgreSQL of a folder of programs, else the one that tests use.
    Postgres(Option<&'a Path>),
    /// A Medley of this program; its remotes are the PostgreSQL of a folder of programs.
    Medley(&'a Path, Option<&'a Path>),
}

/// What a script is run with.
struct Place<'a> {
    port: u16,
    folder: &'a Path,
    remote: Option<&'a Postgres>,
}

impl Side<'_> {
    /// Runs a script on a fresh server; returns the answer to each statement, made normal.
    pub fn answers(&self, script: &Script) -> Result<Vec<String>> {
        self.answers_of_a_fresh_server(script).with_context(|| script.file.clone())
    }

    fn answers_of_a_fresh_server(&self, script: &Script) -> Result<Vec<String>> {
        let remote =
            script.has_a_remote().then(|| postgres(self.programs()).start()).transpose()?;
        let remote = remote.as_ref();
        match self {
            Self::Postgres(programs) => {
                let server = postgres(*programs).trust().start()?;
                server.psql(&format!("CREATE DATABASE {DATABASE}"))?;
                let (port, folder) = (server.port(), server.socket_folder());
                let answers = run(script, &Place { port, folder, remote })?;
                let count = script.statements.len();
                ensure!(answers.len() == count, "psql ended after {} statements", answers.len());
                Ok(answers)
            }
            Self::Medley(program, _) => {
                let server = Medley::start(program)?;
                let (port, folder) = (server.port(), server.folder().path());
                let mut answers = run(script, &Place { port, folder, remote })?;
                answers.resize(script.statements.len(), "psql had ended".to_owned());
                Ok(answers)
            }
        }
    }

    fn programs(&self) -> Option<&Path> {
        match self {
            Self::Postgres(programs) | Self::Medley(_, programs) => *programs,
        }
    }
}

/// A cluster as PostgreSQL comes: without prepared transactions.
fn postgres(programs: Option<&Path>) -> PostgresBuilder {
    let builder = Postgres::builder().setting("max_prepared_transactions", "0");
    programs.iter().fold(builder, |builder, programs| builder.programs(programs))
}

/// The version of the PostgreSQL of a folder of programs, else of the one that tests use.
pub fn postgres_version(programs: Option<&Path>) -> Result<String> {
    let postgres = match programs {
        Some(folder) => folder.join("postgres"),
        None => Program::POSTGRES.locate()?,
    };
    let said = succeeded(Command::new(postgres).arg("--version").output(), "postgres --version")?;
    let version = said.split_whitespace().nth(2).context("postgres --version names none")?;
    Ok(version.to_owned())
}

/// The answers to as many statements as psql came to: a server that ends the connection ends it.
fn run(script: &Script, place: &Place<'_>) -> Result<Vec<String>> {
    let files = TempFolder::new()?;
    let input = files.write("input", &marked(script))?;
    let output = files.write("output", "")?;
    let mut psql = psql(&files, place, &input, &output)?;
    wait(&mut psql)?;
    let text: String = script.statements.iter().map(|statement| statement.text.as_str()).collect();
    let folder = place.folder.display().to_string();
    let mut normal = Normal::new(&text, &folder, place.remote.map(Postgres::port));
    let printed = String::from_utf8_lossy(&fs::read(&output)?).into_owned();
    let whole = printed.split_inclusive(MARK).filter_map(|answer| answer.strip_suffix(MARK));
    // Scripts make files where psql runs; where that is, is each side's own.
    let made = files.path().display().to_string();
    Ok(whole.map(|answer| normal.answer(&answer.replace(&made, "FILES"))).collect())
}

fn marked(script: &Script) -> String {
    let texts = script.statements.iter().map(|statement| statement.text.as_str());
    texts.map(|text| format!("{text}\\echo '{}'\n", MARK.trim_end())).collect()
}

fn psql(files: &TempFolder, place: &Place<'_>, input: &Path, output: &Path) -> Result<Child> {
    let output = File::options().append(true).open(output)?;
    let port = place.port.to_string();
    let mut command = files.command(Program::PSQL.locate()?);
    if let Some(remote) = place.remote {
        let socket = remote.socket_folder().display();
        command.args(["-v", &format!("remote_port={}", remote.port())]);
        command.args(["-v", &format!("remote_socket={socket}")]);
    }
    command.args(["-v", &format!("files={}", files.path().display())]);
    command
        .args(["-X", "-A", "-P", "null=NULL", "-P", "pager=off", "-v", "VERBOSITY=verbose"])
        .args(["-v", &format!("port={port}")])
        .args(["-h", "127.0.0.1", "-U", SUPERUSER, "-d", DATABASE, "-p", &port])
        .env("PGCLIENTENCODING", "UTF8")
        .stdin(File::open(input)?)
        .stdout(output.try_clone()?)
        .stderr(Stdio::from(output))
        .spawn()
        .context("starting psql")
}

fn wait(psql: &mut Child) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while psql.try_wait()?.is_none() {
        if Instant::now() > deadline {
            psql.kill()?;
            psql.wait()?;
            ensure!(false, "no end after {} s", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
