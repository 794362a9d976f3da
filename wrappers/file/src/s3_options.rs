//! Every option of `parquet_s3_fdw`, and the rules beyond its kind.
use medley_fdw::{
    Actor, Error, GivenOption, GivenValue, Kind, OptionSpec, Report, Result, Scope, SqlState,
};

use crate::s3::is_object;

#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionSpec] = &[
    server("use_minio", Kind::Bool, "Whether the store is no service of Amazon's: `endpoint` then is `127.0.0.1:9000` if not given, and spoken to without TLS unless it says `https://`.").default("false"),
    server("keep_connections", Kind::Bool, "Whether connections are kept after a statement; they are not.").default("true").stored(),
    server("region", Kind::Text, "The store's region.").default("ap-northeast-1"),
    server("endpoint", Kind::Text, "Where the store is: a host, or a URL; if not given, Amazon's for the region."),

    mapping("user", Kind::Text, "The access key's id. Without it nothing is signed."),
    mapping("password", Kind::Secret, "The secret access key."),
    mapping("session_token", Kind::Secret, "The token of a session, where the keys are those of one."),

    table("filename", Kind::Text, "The files, with spaces between: `s3://bucket/key`, which may be a pattern (`*`, `?`, `[…]`, `**`), or paths of this machine, which roles with the privileges of `pg_read_server_files` set."),
    table("dirname", Kind::Text, "A folder, all files of which are read: `s3://bucket/prefix`, or a path of this machine. Parts of the path below it like `year=2024` are columns."),
    table("sorted", Kind::Text, "By which columns the files are sorted.").stored(),
    table("files_in_order", Kind::Bool, "Whether the files follow each other in that order.").default("false").stored(),
    table("use_mmap", Kind::Bool, "Whether files are mapped into memory.").default("false").stored(),
    table("use_threads", Kind::Bool, "Whether columns are decoded by several threads.").default("false").stored(),
    table("max_open_files", Kind::PositiveInteger, "How many files are open at once.").stored(),
    table("schemaless", Kind::Bool, "Whether rows are read as jsonb.").default("false").stored(),
    table("key_columns", Kind::Text, "The columns that identify a row.").stored(),
    table("compression_type", Kind::Text, "How written files are compressed.").stored(),
    table("region", Kind::Text, "The table's region; the server's counts.").stored(),
    table("endpoint", Kind::Text, "The table's endpoint; the server's counts.").stored(),

    column("column_name", Kind::Text, "The column in the file; if not given, the column's own name."),
    column("key", Kind::Bool, "Whether the column is part of the key.").default("false").stored(),
    column("compression_type", Kind::Text, "How the column is compressed when it is written.").stored(),
];

const fn server(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Server, name, kind, doc)
}

const fn mapping(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::UserMapping, name, kind, doc)
}

const fn table(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Table, name, kind, doc)
}

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> OptionSpec {
    OptionSpec::new(Scope::Column, name, kind, doc)
}

/// Whoever may name a file of this machine may read any that this process may.
pub(crate) fn check_option(scope: Scope, option: &GivenOption<'_>, actor: Actor) -> Result<()> {
    let (Scope::Table, "filename" | "dirname", GivenValue::Plain(value)) =
        (scope, option.name, option.value)
    else {
        return Ok(());
    };
    match actor.reads_files || value.split_whitespace().all(is_object) {
        true => Ok(()),
        false => {
            let name = option.name;
            let message = format!(
                "permission denied to set the \"{name}\" option of a parquet_s3_fdw foreign table \
                 to a file of this machine"
            );
            let detail = "Only roles with privileges of the \"pg_read_server_files\" role may set \
                          this option so.";
            let report = Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message);
            Err(Error::refused(report.with_detail(detail)))
        }
    }
}

/// A table has files, or a folder of them.
pub(crate) fn check_all(scope: Scope, options: &[GivenOption<'_>]) -> Result<()> {
    let has = |name: &str| options.iter().any(|option| option.name == name);
    let refused = |message: &str| {
        let state = SqlState::FDW_DYNAMIC_PARAMETER_VALUE_NEEDED;
        Err(Error::refused(Report::error(state, message)))
    };
    match (scope, has("filename"), has("dirname")) {
        (Scope::Table, true, true) => {
            refused("parquet_s3_fdw: options \"filename\" and \"dirname\" exclude each other")
        }
        (Scope::Table, false, false) => refused("parquet_s3_fdw: filename or dirname is required"),
        _ => Ok(()),
    }
}
