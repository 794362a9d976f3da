//! `medley dump`: the catalog of a server or a data folder, as SQL that makes it again.
//!
//! Both are asked the same: `medley_dump` (see crates/dump), of a session that is opened as
//! `medley sql` opens one.
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use medley_fdw::Registry;

use crate::cli::{self, Secrets};
use crate::print::{print, say};
use crate::sql;

/// Runs `medley dump`. What its role may not see is an error, once the rest is written.
pub async fn run(dump: &cli::Dump, registry: Arc<Registry>) -> anyhow::Result<ExitCode> {
    let mut target =
        sql::open(dump.conninfo.as_deref(), dump.data.as_deref(), None, registry).await?;
    let asked = target.texts(query(dump.secrets)).await;
    target.close().await;
    let statements = match asked? {
        Ok(statements) => statements,
        Err(report) => {
            sql::say_error(&report);
            return Ok(ExitCode::FAILURE);
        }
    };
    print(&text(&statements))?;
    tell(dump.secrets, &statements)
}

fn query(secrets: Secrets) -> &'static str {
    match secrets {
        Secrets::Omit => "SELECT * FROM pg_catalog.medley_dump('omit')",
        Secrets::Sealed => "SELECT * FROM pg_catalog.medley_dump('sealed')",
    }
}

/// A line between statements of one kind and those of another would say little; one between
/// statements of several lines helps.
fn text(statements: &[String]) -> String {
    let mut text = String::new();
    for statement in statements {
        if statement.contains('\n') {
            text.push('\n');
        }
        text.push_str(statement);
        text.push('\n');
    }
    text
}

/// What whoever keeps the dump must know of it.
fn tell(secrets: Secrets, statements: &[String]) -> anyhow::Result<ExitCode> {
    let hidden = statements.iter().filter(|it| it.starts_with(medley_dump::NOT_VISIBLE)).count();
    if hidden > 0 {
        bail!(
            "the dump is not complete: the options of {hidden} user mappings are not visible to \
             its role\nsearch it for \"{}\", or dump as a superuser",
            medley_dump::NOT_VISIBLE.trim_end()
        );
    }
    let omitted = statements.iter().filter(|it| it.contains("-- Enter again: ")).count();
    if secrets == Secrets::Omit && omitted > 0 {
        say(&format!(
            "medley: the dump is without secrets: {omitted} comments in it say what to enter again"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
