//! `docs/conformance.md`: which sections of the behaviour have a script, and why the others have none.
use std::fmt::Write;
use std::fs;

use anyhow::{Result, ensure};
use medley_testkit::compat::Script;

use super::sections::{SECTIONS, Section};
use crate::root;

const HEAD: &str = "# Conformance with PostgreSQL 18

Written by `cargo xtask compat --record`.
Each script of `tests/pg_compat` runs on a real PostgreSQL and on Medley, which must print the same.
What Medley answers otherwise on purpose is in [differences.md](differences.md), what it has not in [gaps.md](gaps.md).
The sections are those of the reference of SQL/MED's behaviour.

";

/// Writes the document anew.
pub fn write(scripts: &[Script]) -> Result<()> {
    let unknown = unknown_sections(scripts).join(", ");
    ensure!(unknown.is_empty(), "the reference has no section {unknown}");
    let text = format!("{HEAD}{}\n{}", by_section(scripts)?, by_script(scripts)?);
    fs::write(root().join("docs/conformance.md"), text)?;
    Ok(())
}

fn by_section(scripts: &[Script]) -> Result<String> {
    let mut text = "## Sections\n\n| section | about | scripts |\n|---|---|---|\n".to_owned();
    for Section { number, about, elsewhere } in SECTIONS {
        let names: Vec<_> = scripts
            .iter()
            .filter(|script| sections(script).any(|section| section == *number))
            .map(link)
            .collect();
        let scripts = names.iter().map(String::as_str).chain(elsewhere.iter().copied());
        let said = scripts.collect::<Vec<_>>().join(", ");
        ensure!(!said.is_empty(), "section {number} has no script, and no word why");
        writeln!(text, "| {number} | {about} | {said} |")?;
    }
    Ok(text)
}

fn by_script(scripts: &[Script]) -> Result<String> {
    let mut text =
        "## Scripts\n\n| script | statements | sections | subject |\n|---|---:|---|---|\n"
            .to_owned();
    for script in scripts {
        let Script { sections, subject, .. } = script;
        writeln!(text, "| {} | {} | {sections} | {subject} |", link(script), script.count())?;
    }
    let total: usize = scripts.iter().map(Script::count).sum();
    writeln!(text, "\n{total} statements in {} scripts.", scripts.len())?;
    Ok(text)
}

/// A script's name; a matrix's leads to its table.
fn link(script: &Script) -> String {
    let file = &script.file;
    match &script.matrix {
        Some(_) => format!("[`{file}`](matrices/{})", file.replace(".toml", ".md")),
        None => format!("`{file}`"),
    }
}

fn sections(script: &Script) -> impl Iterator<Item = &str> {
    script.sections.split(", ")
}

fn unknown_sections(scripts: &[Script]) -> Vec<&str> {
    let is_known = |name: &&str| SECTIONS.iter().any(|section| section.number == *name);
    scripts.iter().flat_map(sections).filter(|name| !is_known(name)).collect()
}
