//! `medley wrapper`: what the declared options say.
use anyhow::bail;
use comfy_table::{ContentArrangement, Table, presets};
use medley_fdw::{Effect, Kind, OptionSpec, Registry, Scope, Wrapper, ours};

use crate::cli;
use crate::print::print;

/// Runs `medley wrapper list` or `show`.
pub fn run(command: &cli::Wrapper, registry: &Registry) -> anyhow::Result<()> {
    match command {
        cli::Wrapper::List => print(&list(registry)),
        cli::Wrapper::Show { name } => match registry.known().find(|it| it.name() == name) {
            Some(wrapper) => print(&show(wrapper)),
            None => bail!(
                "there is no wrapper \"{name}\" in this build\n\
                 \"medley wrapper list\" lists those there are"
            ),
        },
    }
}

fn list(registry: &Registry) -> String {
    let mut table = table(&["Wrapper", "For", "Handler", "Validator"]);
    let here: Vec<_> = registry.wrappers().map(Wrapper::name).collect();
    for wrapper in registry.known() {
        let summary = match here.contains(&wrapper.name()) {
            true => wrapper.summary().to_owned(),
            false => format!("{} (not in this build)", wrapper.summary()),
        };
        table.add_row([wrapper.name(), &summary, wrapper.handler(), wrapper.validator()]);
    }
    format!("{table}\n")
}

const SCOPES: &[(Scope, &str)] = &[
    (Scope::Wrapper, "CREATE FOREIGN DATA WRAPPER"),
    (Scope::Server, "CREATE SERVER"),
    (Scope::UserMapping, "CREATE USER MAPPING"),
    (Scope::Table, "CREATE FOREIGN TABLE"),
    (Scope::Column, "columns of CREATE FOREIGN TABLE"),
    (Scope::Import, "IMPORT FOREIGN SCHEMA"),
];

fn show(wrapper: &dyn Wrapper) -> String {
    let mut text = format!("{} {}: {}\n", wrapper.name(), wrapper.version(), wrapper.summary());
    for (scope, statement) in SCOPES {
        let mut options = ours::all(wrapper.options(), *scope).peekable();
        if options.peek().is_none() {
            continue;
        }
        let mut table = table(&["Option", "Values", "Default", "", "Meaning"]);
        for (spec, reference) in options {
            table.add_row([spec.name, &values(spec), spec.default, effect(spec), spec.doc]);
            if let Some(name) = reference {
                table.add_row([&name, "reference", "", effect(spec), ours::REFERENCE_DOC]);
            }
        }
        text += &format!("\nOptions of {statement}:\n{table}\n");
    }
    text
}

fn values(spec: &OptionSpec) -> String {
    match spec.kind {
        Kind::Text => "text".to_owned(),
        Kind::Bool => "true, false".to_owned(),
        Kind::PositiveInteger => "integer > 0".to_owned(),
        Kind::NonNegativeReal => "number >= 0".to_owned(),
        Kind::OneOf(words) => words.join(", "),
        Kind::NameList => "names".to_owned(),
        Kind::Secret => "secret".to_owned(),
    }
}

fn effect(spec: &OptionSpec) -> &'static str {
    match spec.effect {
        Effect::Honoured => "",
        Effect::Stored => "no effect",
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}
