//! Every option of `file_fdw`, and the rules beyond its kind: PostgreSQL's, for COPY's.
use medley_copy::{Direction, Given};
use medley_fdw::{
    Actor, Error, GivenOption, GivenValue, Kind, OptionSpec, Options, Report, Result, Scope,
    SqlState,
};

#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionSpec] = &[
    table("filename", "Path of the file on the machine of this server; roles with the privileges of `pg_read_server_files` set it. A pattern (`*`, `?`, `[…]`, `**`) or a folder (with `/` at its end) stands for all files that it leads to, and parts of the path like `year=2024` are columns."),
    table("program", "Command whose output is read instead; roles with the privileges of `pg_execute_server_program` set it. It runs only where the configuration says `programs = true` under `[files]`."),
    table("format", "`text`, `csv`, `json` (a value a line), `parquet` or `arrow`.").default("text"),
    table("header", "Whether the first line is a header; `match` if it must name the columns.").default("false"),
    table("delimiter", "What is between fields: a tab in text, a comma in csv."),
    table("quote", "What is around fields in csv.").default("\""),
    table("escape", "What stands before a quote within quotes; if not given, the quote."),
    table("null", "What stands for null: `\\N` in text, nothing in csv."),
    table("default", "What stands for the column's default."),
    table("encoding", "The file's encoding: `UTF8` or `LATIN1`.").default("UTF8"),
    table("on_error", "`stop`, or `ignore` to leave out rows with values that their types do not have.").default("stop"),
    table("log_verbosity", "`silent`, `default`, or `verbose` to tell of each row that is left out.").default("default"),
    table("reject_limit", "How many rows may be left out."),
    OptionSpec::new(Scope::Table, "compression", Kind::OneOf(&["auto", "none", "gzip", "zstd"]), "How text, csv and JSON files are compressed; `auto` goes by the name's end.").default("auto"),

    OptionSpec::new(Scope::Import, "format", Kind::OneOf(&["parquet"]), "What the files of the folder are that is imported. Without it nothing is."),

    column("force_not_null", Kind::Bool, "Whether what stands for null is taken as a text.").default("false"),
    column("force_null", Kind::Bool, "Whether what stands for null stands for it within quotes too.").default("false"),
    column("column_name", Kind::Text, "The column in a JSON, Parquet or Arrow file; if not given, the column's own name."),
];

const fn table(name: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Table, name, Kind::Text, doc)
}

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Column, name, kind, doc)
}

/// What a table's files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text, csv and binary.
    Copy,
    Json,
    Parquet,
    Arrow,
}

impl Format {
    /// What the options say.
    pub fn of(table: &Options) -> Self {
        Self::named(table.text("format"))
    }

    fn named(name: Option<&str>) -> Self {
        match name {
            Some("json") => Self::Json,
            Some("parquet") => Self::Parquet,
            Some("arrow") => Self::Arrow,
            _ => Self::Copy,
        }
    }

    /// The engine reads it.
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// Options of a table that COPY does not have.
const OWN: [&str; 3] = ["filename", "program", "compression"];

/// Who may name a file may read any that this process may, and who may name a program may do
/// anything that it may.
pub(crate) fn check_option(scope: Scope, option: &GivenOption<'_>, actor: Actor) -> Result<()> {
    match (scope, option.name) {
        (Scope::Table, "filename") if !actor.reads_files => {
            Err(denied("filename", "pg_read_server_files"))
        }
        (Scope::Table, "program") if !actor.runs_programs => {
            Err(denied("program", "pg_execute_server_program"))
        }
        _ => Ok(()),
    }
}

fn denied(option: &str, role: &str) -> Error {
    let message =
        format!("permission denied to set the \"{option}\" option of a file_fdw foreign table");
    let detail = format!("Only roles with privileges of the \"{role}\" role may set this option.");
    let report = Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message);
    Error::refused(report.with_detail(detail))
}

/// The list as a whole, as PostgreSQL judges it.
pub(crate) fn check_all(scope: Scope, options: &[GivenOption<'_>]) -> Result<()> {
    if scope != Scope::Table {
        return Ok(());
    }
    let has = |name: &str| options.iter().any(|option| option.name == name);
    if has("filename") && has("program") {
        let message = "conflicting or redundant options";
        return Err(Error::refused(Report::error(SqlState::SYNTAX_ERROR, message)));
    }
    let plain = options.iter().filter_map(|option| match option.value {
        GivenValue::Plain(value) => Some((option.name, value)),
        GivenValue::Secret => None,
    });
    check_format(&plain.collect::<Vec<_>>())?;
    match has("filename") || has("program") {
        true => Ok(()),
        false => {
            let message =
                "either filename or program is required for file_fdw foreign tables".to_owned();
            let state = SqlState::FDW_DYNAMIC_PARAMETER_VALUE_NEEDED;
            Err(Error::refused(Report::error(state, message)))
        }
    }
}

fn check_format(options: &[(&str, &str)]) -> Result<()> {
    let format = options.iter().find(|(name, _)| *name == "format").map(|(_, value)| *value);
    if Format::named(format) == Format::Copy {
        return copy_options(options.iter().copied()).map(drop);
    }
    let is_alien = |name: &str| name != "format" && !OWN.contains(&name);
    match options.iter().find(|(name, _)| is_alien(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let format = format.unwrap_or_default();
            let message = format!("cannot specify {name} with format \"{format}\"");
            Err(Error::refused(Report::error(SqlState::SYNTAX_ERROR, message)))
        }
    }
}

/// The options of a table that are COPY's.
pub(crate) fn copy_options<'a>(
    options: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<medley_copy::Options> {
    let given = options.filter(|(name, _)| !OWN.contains(name)).map(|(name, value)| Given {
        name: name.to_owned(),
        values: vec![value.to_owned()],
        position: None,
    });
    medley_copy::Options::parse(Direction::From, &given.collect::<Vec<_>>()).map_err(Error::refused)
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// What the options say of a file of this name.
    pub fn of(table: &Options, name: &str) -> Self {
        match table.text("compression") {
            Some("none") => Self::None,
            Some("gzip") => Self::Gzip,
            Some("zstd") => Self::Zstd,
            _ if name.ends_with(".gz") => Self::Gzip,
            _ if name.ends_with(".zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}
