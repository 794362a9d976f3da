//! Every option of `sqlite_fdw`, and the rules beyond its kind.
use medley_fdw::{Actor, Error, GivenOption, Kind, OptionSpec, Report, Result, Scope, SqlState};

#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionSpec] = &[
    server("database", Kind::Text, "Path of the database file on the machine of this server; superusers set it. Must be given."),
    server("updatable", Kind::Bool, "Whether tables may be changed.").default("true"),
    server("force_readonly", Kind::Bool, "Whether the file is never written, whatever else says.").default("false"),
    server("truncatable", Kind::Bool, "Whether tables may be truncated.").default("true"),
    server("keep_connections", Kind::Bool, "Whether the file is kept open after a statement.").default("true"),
    server("batch_size", Kind::PositiveInteger, "Rows of one INSERT.").default("1"),

    table("table", Kind::Text, "The table or view in the file; if not given, the foreign table's name."),
    table("truncatable", Kind::Bool, "Whether the table may be truncated; if not given, what the server says."),
    table("batch_size", Kind::PositiveInteger, "Rows of one INSERT; if not given, what the server says."),
    table("updatable", Kind::Bool, "Whether the table may be changed; if not given, what the server says."),

    column("column_name", Kind::Text, "The column in the file; if not given, the column's own name."),
    column("column_type", Kind::Text, "The class that values are written as.").stored(),
    column("key", Kind::Bool, "Whether the column is part of the primary key.").default("false").stored(),

    import("import_default", "Whether DEFAULT expressions are imported.").default("false"),
    import("import_not_null", "Whether NOT NULL is imported.").default("true"),
];

const fn server(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Server, name, kind, doc)
}

const fn table(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Table, name, kind, doc)
}

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Column, name, kind, doc)
}

const fn import(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Import, name, Kind::Bool, doc)
}

/// Whoever may name the file may read any file that this process may.
pub(crate) fn check_option(scope: Scope, option: &GivenOption<'_>, actor: Actor) -> Result<()> {
    match (scope, option.name) {
        (Scope::Server, "database") if !actor.superuser => Err(superuser_only()),
        _ => Ok(()),
    }
}

fn superuser_only() -> Error {
    let message = "permission denied to set the \"database\" option of a sqlite_fdw server";
    let report = Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message)
        .with_detail("Only superusers may set this option.")
        .with_hint("Ask a superuser to create the server, and for USAGE on it.");
    Error::refused(report)
}

/// A server is a file.
pub(crate) fn check_all(scope: Scope, options: &[GivenOption<'_>]) -> Result<()> {
    match scope {
        Scope::Server if options.iter().all(|option| option.name != "database") => {
            Err(Error::MissingOption("database"))
        }
        _ => Ok(()),
    }
}
