//! What a remote may be asked to compute: functions, types and collations, as data.
//!
//! `functions.tsv` was taken from `pg_proc` of PostgreSQL 18.4 and gone over by name. What is not
//! on it: what reads more than its arguments (files, catalogs, settings, statistics, other
//! tables), what has side effects (sequences, large objects, locks, signals), what is told of the
//! remote session rather than ours, what takes or gives names of the remote's objects, and what
//! types, aggregates and indexes are made of. That a function is immutable or stable is no test:
//! `database_to_xml` is stable.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_analyze::builtin::{self, Function};
use medley_types::{CollationOid, PgType};

/// What of a function matters beyond that it may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The first version that has it, as `server_version_num`.
    pub since: u32,
    /// Its answer depends on which characters are letters, and of which case.
    pub reads_letters: bool,
    /// Its answer depends on how its arguments are ordered.
    pub orders: bool,
}

/// The oldest version that is asked for anything: what older ones lack was not gone over.
pub(crate) const OLDEST: u32 = 150_000;
/// The first version that nothing is known of.
pub(crate) const UNKNOWN: u32 = 190_000;

static FUNCTIONS: LazyLock<HashMap<u32, Signature>> =
    LazyLock::new(|| include_str!("functions.tsv").lines().filter_map(signature).collect());

fn signature(line: &str) -> Option<(u32, Signature)> {
    let mut fields = line.split('\t');
    let oid = fields.next()?.parse().ok()?;
    let since = fields.next()?.parse::<u32>().ok()? * 10_000;
    let flags = fields.next()?;
    let (reads_letters, orders) = (flags.contains('c'), flags.contains('o'));
    Some((oid, Signature { since, reads_letters, orders }))
}

/// The function, if it is on the list.
pub(crate) fn of(function: &Function) -> Option<Signature> {
    FUNCTIONS.get(&function.oid).copied()
}

/// Whether every remote that is asked anything answers a function alike, be its letters and its
/// order of text what they are.
pub(crate) fn is_known_function(function: &Function) -> bool {
    of(function).is_some_and(|it| it.since <= OLDEST && !it.reads_letters && !it.orders)
}

/// What of our session and statement a function tells; the remote is told it, and not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SessionValue {
    /// `now()`, `CURRENT_TIMESTAMP`.
    TransactionTime,
    /// `statement_timestamp()`.
    StatementTime,
    /// `CURRENT_DATE`.
    CurrentDate,
    /// `CURRENT_USER`, `CURRENT_ROLE`, `USER`.
    CurrentUser,
    /// `SESSION_USER`.
    SessionUser,
    /// `current_database()`, `CURRENT_CATALOG`.
    Database,
}

impl SessionValue {
    /// Of a function without arguments.
    pub fn of_function(function: &Function) -> Option<Self> {
        Some(match (function.name, function.arguments.len()) {
            ("now" | "transaction_timestamp", 0) => Self::TransactionTime,
            ("statement_timestamp", 0) => Self::StatementTime,
            ("current_user", 0) => Self::CurrentUser,
            ("session_user", 0) => Self::SessionUser,
            ("current_database", 0) => Self::Database,
            _ => return None,
        })
    }

    /// Its type.
    pub fn t(self) -> PgType {
        match self {
            Self::TransactionTime | Self::StatementTime => PgType::TIMESTAMPTZ,
            Self::CurrentDate => PgType::DATE,
            Self::CurrentUser | Self::SessionUser | Self::Database => PgType::NAME,
        }
    }
}

/// Types whose values mean the same at every remote. Not on it: what names the remote's objects
/// (`regclass`, `aclitem`), what its system is made of, what is no value.
const TYPES: [&str; 58] = [
    "bool",
    "bytea",
    "char",
    "name",
    "int8",
    "int2",
    "int4",
    "text",
    "oid",
    "json",
    "xml",
    "point",
    "lseg",
    "path",
    "box",
    "polygon",
    "line",
    "float4",
    "float8",
    "circle",
    "macaddr",
    "macaddr8",
    "inet",
    "cidr",
    "bpchar",
    "varchar",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "timetz",
    "bit",
    "varbit",
    "numeric",
    "uuid",
    "pg_lsn",
    "tsvector",
    "tsquery",
    "jsonb",
    "jsonpath",
    "money",
    "int4range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "int8range",
    "int4multirange",
    "nummultirange",
    "tsmultirange",
    "tstzmultirange",
    "datemultirange",
    "int8multirange",
    "xid8",
    "tid",
    "xid",
    "unknown",
];

/// Whether values of the type mean the same there.
pub(crate) fn is_shippable_type(t: PgType) -> bool {
    let scalar = t.element().unwrap_or(t);
    scalar.info().is_some_and(|info| TYPES.contains(&info.name))
}

/// Text search configurations that every PostgreSQL has.
const CONFIGURATIONS: [&str; 29] = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

/// Whether a constant of `regconfig` names one of PostgreSQL's own.
pub(super) fn is_known_configuration(name: &str) -> bool {
    CONFIGURATIONS.contains(&name.strip_prefix("pg_catalog.").unwrap_or(name))
}

/// Text of these collations is ordered by bytes everywhere.
pub(crate) const BYTE_ORDER: [CollationOid; 3] =
    [CollationOid::C, CollationOid::POSIX, CollationOid(962)];

/// How a type is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The same at every remote.
    Same,
    /// As the database orders text.
    Database,
    /// In a way that a remote may know another version of, or not at all.
    Other,
}

/// How values of the type are ordered.
pub(crate) fn order_of(t: PgType) -> Order {
    const RECORD: u32 = 2249;
    let scalar = t.element().unwrap_or(t);
    if scalar.oid == PgType::JSONB.oid {
        return Order::Database;
    }
    match t.collation {
        CollationOid::NONE if scalar.oid.0 == RECORD => Order::Other,
        CollationOid::NONE => Order::Same,
        CollationOid::DEFAULT => Order::Database,
        collation if BYTE_ORDER.contains(&collation) => Order::Same,
        _ => Order::Other,
    }
}

/// Whether a function has a result of several columns that are known.
pub(super) fn has_known_columns(function: u32) -> bool {
    !builtin::out_columns(function).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_functions_that_are_there() {
        assert!(FUNCTIONS.len() > 1_500);
        assert!(FUNCTIONS.keys().all(|oid| builtin::function_by_oid(*oid).is_some()));
        let lines = include_str!("functions.tsv").lines();
        lines.for_each(|line| assert!(signature(line).is_some(), "{line}"));
    }

    /// What reads what the remote account can, changes something, or tells of the session.
    #[test]
    fn what_is_dangerous_is_not_on_the_list() {
        let names = [
            "database_to_xml",
            "schema_to_xml",
            "table_to_xml",
            "query_to_xml",
            "cursor_to_xml",
            "query_to_xmlschema",
            "pg_read_file",
            "pg_read_binary_file",
            "pg_ls_dir",
            "pg_stat_file",
            "set_config",
            "current_setting",
            "pg_sleep",
            "pg_sleep_for",
            "lo_get",
            "lo_import",
            "lo_export",
            "lo_put",
            "lo_from_bytea",
            "lo_create",
            "loread",
            "nextval",
            "setval",
            "currval",
            "lastval",
            "pg_advisory_lock",
            "pg_try_advisory_lock",
            "pg_advisory_xact_lock",
            "pg_terminate_backend",
            "pg_cancel_backend",
            "pg_reload_conf",
            "pg_notify",
            "txid_current",
            "pg_current_xact_id",
            "ts_stat",
            "ts_rewrite_query",
            "has_table_privilege",
            "to_regclass",
            "regclassin",
            "regclass",
            "pg_get_viewdef",
            "obj_description",
            "col_description",
            "pg_relation_size",
            "pg_database_size",
            "inet_server_addr",
            "version",
            "pg_backend_pid",
            "current_query",
            "clock_timestamp",
            "timeofday",
            "setseed",
            "currtid2",
            "satisfies_hash_partition",
            "pg_logical_emit_message",
            "pg_create_restore_point",
            "pg_export_snapshot",
            "row_security_active",
            "pg_input_is_valid",
            "pg_typeof",
            "format_type",
            "json_recv",
            "record_in",
            "array_in",
            "domain_in",
            "pg_get_userbyid",
            "session_user",
            "now",
        ];
        for function in names.into_iter().flat_map(builtin::functions) {
            assert_eq!(of(function), None, "{}", function.name);
        }
        let runs_a_query = |f: &&Function| f.name == "ts_rewrite" && f.arguments.len() == 2;
        let found = builtin::functions("ts_rewrite").find(runs_a_query).expect("it is there");
        assert_eq!(of(found), None);
    }

    /// Nothing takes or gives what names the remote's objects, or what is internal.
    #[test]
    fn signatures_are_of_types_that_are_values() {
        let pseudo = |name: &str| name.starts_with("any") || matches!(name, "record" | "regconfig");
        for oid in FUNCTIONS.keys() {
            let function = builtin::function_by_oid(*oid).expect("it is there");
            for t in function.arguments.iter().chain([&function.result]) {
                let t = PgType::plain(t.0);
                let name = t.info().map_or("", |info| info.name);
                let known = is_shippable_type(t) || pseudo(name) || name == "_record";
                assert!(known, "{}: {name}", function.name);
            }
        }
    }

    #[test]
    fn newer_functions_are_told_from_older_ones() {
        let since = |name| {
            of(builtin::functions(name).next().expect("it is there")).map(|known| known.since)
        };
        assert_eq!(since("casefold"), Some(180_000));
        assert_eq!(since("regexp_like"), Some(150_000));
        assert_eq!(since("uuidv7"), Some(180_000));
    }
}
