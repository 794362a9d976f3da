//! A wrapper's page in the manual, from what it declares.
use std::fmt::Write;
use std::path::Path;

use crate::{Effect, Kind, OptionSpec, Scope, Wrapper, ours};

/// The places where options stand, each with the heading that it has on the page.
const SCOPES: [(Scope, &str); 6] = [
    (Scope::Wrapper, "CREATE FOREIGN DATA WRAPPER"),
    (Scope::Server, "CREATE SERVER"),
    (Scope::UserMapping, "CREATE USER MAPPING"),
    (Scope::Table, "CREATE FOREIGN TABLE"),
    (Scope::Column, "Columns of CREATE FOREIGN TABLE"),
    (Scope::Import, "IMPORT FOREIGN SCHEMA"),
];

/// The page: what the wrapper is, and every option of it.
pub fn page(wrapper: &dyn Wrapper) -> String {
    let mut page = format!(
        "# {}\n\n{}.\n\n\
         Its handler is `{}`, its validator `{}`.\n\
         This page is made from the options that the wrapper declares.\n",
        wrapper.name(),
        sentence(wrapper.summary()),
        wrapper.handler(),
        wrapper.validator(),
    );
    if !wrapper.needs_mapping() {
        page.push_str("Its tables are read without a user mapping.\n");
    }
    for (scope, heading) in SCOPES {
        let mut here = ours::all(wrapper.options(), scope).peekable();
        if here.peek().is_some() {
            let _ =
                write!(page, "\n## {heading}\n\n| option | value | default | what it is for |\n");
            page.push_str("|---|---|---|---|\n");
            here.for_each(|(spec, reference)| {
                row(&mut page, spec);
                if let Some(name) = reference {
                    reference_row(&mut page, &name, spec);
                }
            });
        }
    }
    page
}

/// Where what is written by hand begins.
const EXAMPLE: &str = "\n## Example\n";

/// For a test of each wrapper: panics unless the page in the manual is this one, up to an example
/// that may follow. With `MEDLEY_BLESS` in the environment, writes it.
#[track_caller]
pub fn assert_page(wrapper: &dyn Wrapper, path: &Path) {
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let example = kept.find(EXAMPLE).map_or("", |at| &kept[at..]);
    let made = page(wrapper) + example;
    if std::env::var_os("MEDLEY_BLESS").is_some() {
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder).expect("the manual's folder can be made");
        std::fs::write(path, &made).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        made == kept,
        "{} is not what {} declares: run its tests once with MEDLEY_BLESS=1",
        path.display(),
        wrapper.name(),
    );
}

fn row(page: &mut String, spec: &OptionSpec) {
    let default = match spec.default {
        "" => String::new(),
        default => format!("`{}`", cell(default)),
    };
    let _ = writeln!(
        page,
        "| `{}` | {} | {default} | {}{} |",
        spec.name,
        values(spec.kind),
        cell(spec.doc),
        stored(spec),
    );
}

fn reference_row(page: &mut String, name: &str, spec: &OptionSpec) {
    let doc = cell(ours::REFERENCE_DOC);
    let _ = writeln!(page, "| `{name}` | reference |  | {doc}{} |", stored(spec));
}

fn stored(spec: &OptionSpec) -> &'static str {
    match spec.effect {
        Effect::Honoured => "",
        Effect::Stored => " *Kept, without effect.*",
    }
}

/// What values an option of this kind takes.
fn values(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Bool => "`true`, `false`, `on`, `off`".to_owned(),
        Kind::PositiveInteger => "integer above 0".to_owned(),
        Kind::NonNegativeReal => "number from 0".to_owned(),
        Kind::OneOf(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::NameList => "names, separated by commas".to_owned(),
        Kind::Secret => "secret: sealed, and never shown again".to_owned(),
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
