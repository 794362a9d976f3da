//! `docs/conformance.md`: which sections of the behaviour have a script.
use std::fmt::Write;
use std::fs;

use anyhow::Result;
use medley_testkit::compat::Script;

use crate::root;

const HEAD: &str = "# Conformance with PostgreSQL 18

Written by `cargo xtask compat --record`.
Each script of `tests/pg_compat` runs on a real PostgreSQL and on Medley, which must print the same.
The sections are those of the reference of SQL/MED's behaviour.

| sections | script | statements | subject |
|---|---|---:|---|
";

/// Writes the table anew.
pub fn write(scripts: &[Script]) -> Result<()> {
    let mut text = HEAD.to_owned();
    let mut total = 0;
    for script in scripts {
        let Script { file, sections, subject, statements } = script;
        let count: usize = statements.iter().map(|statement| statement.count).sum();
        writeln!(text, "| {sections} | `{file}` | {count} | {subject} |")?;
        total += count;
    }
    writeln!(text, "\n{total} statements in {} scripts.", scripts.len())?;
    fs::write(root().join("docs/conformance.md"), text)?;
    Ok(())
}
