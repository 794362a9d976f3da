//! `medley sql`: SQL from the command line, a file or a prompt, on a server or a data folder.
mod printer;
mod prompt;
mod script;
mod target;

pub use target::Target;

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use medley_diagnostic::Report;
use medley_fdw::Registry;

use crate::cli;
use printer::Printer;

/// Runs `medley sql`.
pub async fn run(sql: &cli::Sql, registry: Arc<Registry>) -> anyhow::Result<ExitCode> {
    let (data, key_file) = (sql.data.as_deref(), sql.key_file.as_deref());
    let mut target = open(sql.conninfo.as_deref(), data, key_file, registry).await?;
    let mut printer = Printer::new(sql.format);
    if let Some(role) = &sql.role {
        let set = format!("SET ROLE {}", medley_sql::quote_identifier(role));
        if !target.run(&set, &mut printer.quiet()).await? {
            return Ok(ExitCode::FAILURE);
        }
    }
    let done = run_all(sql, &mut target, &mut printer).await;
    target.close().await;
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opens what the command line names.
pub async fn open(
    conninfo: Option<&str>,
    data: Option<&Path>,
    key_file: Option<&Path>,
    registry: Arc<Registry>,
) -> anyhow::Result<Target> {
    match (conninfo, data) {
        (Some(conninfo), _) => Target::connect(conninfo).await,
        (None, Some(data)) => Target::open(data, key_file, registry),
        (None, None) => bail!(
            "which server?\n\
             give a connection, \"host=127.0.0.1 port=5433 user=postgres dbname=medley\", \
             or a data folder, --data DIR"
        ),
    }
}

/// Says what a server refused, as psql does.
pub fn say_error(report: &Report) {
    Printer::new(cli::Format::Table).error(report, "");
}

/// Stops at the first statement that fails; false if one did.
async fn run_all(
    sql: &cli::Sql,
    target: &mut Target,
    printer: &mut Printer,
) -> anyhow::Result<bool> {
    for command in &sql.commands {
        if !target.run(command, printer).await? {
            return Ok(false);
        }
    }
    if let Some(file) = &sql.file {
        return script::run(&read(file)?, target, printer).await;
    }
    if !sql.commands.is_empty() {
        return Ok(true);
    }
    if std::io::stdin().is_terminal() {
        prompt::run(target, printer).await?;
        return Ok(true);
    }
    script::run(&read(Path::new("-"))?, target, printer).await
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("could not read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}
