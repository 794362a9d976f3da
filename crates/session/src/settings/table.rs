//! Every setting there is, as `pg_settings` lists them.
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a setting's values are, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// on, off, true, yes, 1 … and their beginnings.
    Bool,
    /// A whole number.
    Integer {
        /// Least.
        min: i32,
        /// Greatest.
        max: i32,
        /// What it counts.
        unit: Unit,
    },
    /// A number.
    Real {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// One of these words; the hidden ones are aliases of others.
    Enum(&'static [&'static str]),
    /// Anything.
    Text,
    /// A comma-separated list of names, quoted as needed.
    NameList,
    /// `ISO, MDY` and its like.
    DateStyle,
    /// A time zone.
    TimeZone,
    /// An encoding; UTF8 is the only one.
    ClientEncoding,
    /// A name for logs: printable ASCII, the rest become question marks.
    AsciiName,
}

/// What an integer setting counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing.
    None,
    /// Milliseconds.
    Milliseconds,
    /// Kilobytes.
    Kilobytes,
    /// Blocks of 8 kB.
    Blocks,
}

/// Who may change a setting, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Anybody, at any time.
    User,
    /// Superusers.
    Superuser,
    /// The server's configuration, at start.
    Postmaster,
    /// Nobody.
    Internal,
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, in the case that SHOW prints.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What it is if nobody says otherwise.
    pub default: &'static str,
    /// Who may change it.
    pub context: Context,
    /// Clients are told when it changes.
    pub reported: bool,
    /// Whether it does something here; the others are kept so that scripts run.
    pub honoured: bool,
    /// What it is for.
    pub doc: &'static str,
}

const ANY: i32 = i32::MAX;
const MESSAGE_LEVELS: Kind = Kind::Enum(&[
    "debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error",
]);
const ISOLATION: Kind =
    Kind::Enum(&["serializable", "repeatable read", "read committed", "read uncommitted"]);

const fn user(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind, default, context: Context::User, reported: false, honoured: true, doc }
}

/// Kept so that scripts run.
const fn kept(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    let doc = "Kept so that existing scripts run; it has no effect.";
    Setting { name, kind, default, context: Context::User, reported: false, honoured: false, doc }
}

const fn fixed(name: &'static str, kind: Kind, value: &'static str, doc: &'static str) -> Setting {
    let context = Context::Internal;
    Setting { name, kind, default: value, context, reported: false, honoured: true, doc }
}

impl Setting {
    const fn reported(mut self) -> Self {
        self.reported = true;
        self
    }

    const fn for_superusers(mut self) -> Self {
        self.context = Context::Superuser;
        self
    }
}

const fn count(min: i32, max: i32) -> Kind {
    Kind::Integer { min, max, unit: Unit::None }
}

const fn milliseconds(min: i32) -> Kind {
    Kind::Integer { min, max: ANY, unit: Unit::Milliseconds }
}

const fn kilobytes(min: i32) -> Kind {
    Kind::Integer { min, max: ANY, unit: Unit::Kilobytes }
}

const fn blocks(min: i32) -> Kind {
    Kind::Integer { min, max: ANY, unit: Unit::Blocks }
}

const fn positive() -> Kind {
    Kind::Real { min: 0.0, max: f64::MAX }
}

/// By name, without regard to case.
pub const SETTINGS: &[Setting] = &[
    user("application_name", Kind::AsciiName, "", "The client's name, for logs and views.")
        .reported(),
    kept("array_nulls", Kind::Bool, "on"),
    kept("backslash_quote", Kind::Enum(&["safe_encoding", "on", "off"]), "safe_encoding"),
    fixed("block_size", count(8192, 8192), "8192", "Bytes of a disk block, for clients that ask."),
    user("bytea_output", Kind::Enum(&["escape", "hex"]), "hex", "How bytea prints."),
    kept("check_function_bodies", Kind::Bool, "on"),
    user("client_encoding", Kind::ClientEncoding, "UTF8", "The client's encoding.").reported(),
    user("client_min_messages", MESSAGE_LEVELS, "notice", "Which messages the client is sent."),
    kept("constraint_exclusion", Kind::Enum(&["partition", "on", "off"]), "partition"),
    kept("cursor_tuple_fraction", Kind::Real { min: 0.0, max: 1.0 }, "0.1"),
    user(
        "DateStyle",
        Kind::DateStyle,
        "ISO, MDY",
        "How dates print, and in which order they are read.",
    )
    .reported(),
    kept("deadlock_timeout", milliseconds(1), "1s").for_superusers(),
    kept("debug_pretty_print", Kind::Bool, "on"),
    kept("default_statistics_target", count(1, 10000), "100"),
    kept("default_table_access_method", Kind::Text, "heap"),
    kept("default_tablespace", Kind::Text, ""),
    kept("default_text_search_config", Kind::Text, "pg_catalog.english"),
    kept("default_toast_compression", Kind::Enum(&["pglz", "lz4"]), "pglz"),
    user("default_transaction_deferrable", Kind::Bool, "off", "What new transactions are."),
    user(
        "default_transaction_isolation",
        ISOLATION,
        "read committed",
        "What new transactions are.",
    ),
    user("default_transaction_read_only", Kind::Bool, "off", "What new transactions are.")
        .reported(),
    kept("effective_cache_size", blocks(1), "4GB"),
    kept("enable_hashagg", Kind::Bool, "on"),
    kept("enable_hashjoin", Kind::Bool, "on"),
    kept("enable_indexscan", Kind::Bool, "on"),
    kept("enable_mergejoin", Kind::Bool, "on"),
    kept("enable_nestloop", Kind::Bool, "on"),
    kept("enable_seqscan", Kind::Bool, "on"),
    kept("enable_sort", Kind::Bool, "on"),
    kept("escape_string_warning", Kind::Bool, "on"),
    user("extra_float_digits", count(-15, 3), "1", "How many digits floats print."),
    kept("from_collapse_limit", count(1, ANY), "8"),
    kept("geqo", Kind::Bool, "on"),
    kept("hash_mem_multiplier", Kind::Real { min: 1.0, max: 1000.0 }, "2"),
    user(
        "idle_in_transaction_session_timeout",
        milliseconds(0),
        "0",
        "How long a transaction may idle.",
    ),
    user("idle_session_timeout", milliseconds(0), "0", "How long a session may idle."),
    fixed("in_hot_standby", Kind::Bool, "off", "Nothing here is a standby.").reported(),
    fixed("integer_datetimes", Kind::Bool, "on", "Times are counted in microseconds.").reported(),
    user(
        "IntervalStyle",
        Kind::Enum(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]),
        "postgres",
        "How intervals print.",
    )
    .reported(),
    kept("jit", Kind::Bool, "on"),
    kept("join_collapse_limit", count(1, ANY), "8"),
    fixed("lc_collate", Kind::Text, "C.UTF-8", "How text is ordered: by bytes."),
    fixed("lc_ctype", Kind::Text, "C.UTF-8", "What a letter is."),
    kept("lc_messages", Kind::Text, "C.UTF-8").for_superusers(),
    kept("lc_monetary", Kind::Text, "C.UTF-8"),
    kept("lc_numeric", Kind::Text, "C.UTF-8"),
    kept("lc_time", Kind::Text, "C.UTF-8"),
    user(
        "lock_timeout",
        milliseconds(0),
        "0",
        "How long a statement waits for a lock; 0 for ever.",
    ),
    kept("log_min_duration_statement", milliseconds(-1), "-1").for_superusers(),
    kept("log_statement", Kind::Enum(&["none", "ddl", "mod", "all"]), "none").for_superusers(),
    kept("maintenance_work_mem", kilobytes(64), "64MB"),
    fixed("max_identifier_length", count(63, 63), "63", "Bytes of a name."),
    fixed("max_index_keys", count(32, 32), "32", "Columns of an index, for clients that ask."),
    kept("max_parallel_workers_per_gather", count(0, 1024), "2"),
    user(
        "medley.expiry_notice",
        milliseconds(0),
        "7d",
        "A user mapping that expires within this time is told of; 0 for never.",
    ),
    user(
        "medley.pushdown",
        Kind::Bool,
        "on",
        "Remotes are given as much of a query as they can do.",
    ),
    user(
        "medley.query_memory",
        kilobytes(0),
        "0",
        "How much memory a query may take for sorting, grouping and joining; 0 for what its role and the server have.",
    )
    .for_superusers(),
    kept("password_encryption", Kind::Enum(&["scram-sha-256"]), "scram-sha-256"),
    kept(
        "plan_cache_mode",
        Kind::Enum(&["auto", "force_generic_plan", "force_custom_plan"]),
        "auto",
    ),
    user(
        "postgres_fdw.application_name",
        Kind::AsciiName,
        "",
        "Overrides a server's application_name.",
    ),
    kept("quote_all_identifiers", Kind::Bool, "off"),
    kept("random_page_cost", positive(), "4"),
    kept("restrict_nonsystem_relation_kind", Kind::Text, ""),
    kept("row_security", Kind::Bool, "on"),
    kept("scram_iterations", count(1, ANY), "4096").reported(),
    user(
        "search_path",
        Kind::NameList,
        "\"$user\", public",
        "Where unqualified names are looked up.",
    )
    .reported(),
    kept("seq_page_cost", positive(), "1"),
    fixed("server_encoding", Kind::Text, "UTF8", "How text is kept.").reported(),
    fixed("server_version", Kind::Text, SERVER_VERSION, "Whose behaviour this is.").reported(),
    fixed("server_version_num", count(0, ANY), "180004", "The same as a number."),
    user("standard_conforming_strings", Kind::Bool, "on", "A backslash in '…' is a backslash.")
        .reported(),
    user("statement_timeout", milliseconds(0), "0", "How long a statement may run; 0 for ever."),
    kept("synchronize_seqscans", Kind::Bool, "on"),
    kept(
        "synchronous_commit",
        Kind::Enum(&["local", "remote_write", "remote_apply", "on", "off"]),
        "on",
    ),
    kept("temp_buffers", blocks(100), "8MB"),
    kept("temp_tablespaces", Kind::NameList, ""),
    user("TimeZone", Kind::TimeZone, "Etc/UTC", "In which zone times print and are read.")
        .reported(),
    kept("timezone_abbreviations", Kind::Text, "Default"),
    kept("track_activities", Kind::Bool, "on").for_superusers(),
    user("transaction_deferrable", Kind::Bool, "off", "What this transaction is."),
    user("transaction_isolation", ISOLATION, "read committed", "What this transaction is."),
    user("transaction_read_only", Kind::Bool, "off", "What this transaction is."),
    user(
        "transaction_timeout",
        milliseconds(0),
        "0",
        "How long a transaction may last; 0 for ever.",
    ),
    kept("transform_null_equals", Kind::Bool, "off"),
    kept("work_mem", kilobytes(64), "4MB"),
    kept("xmlbinary", Kind::Enum(&["base64", "hex"]), "base64"),
    kept("xmloption", Kind::Enum(&["content", "document"]), "content"),
];

/// What `server_version` says: PostgreSQL's version whose behaviour this is, and our own.
pub const SERVER_VERSION: &str = concat!("18.4 (Medley ", env!("CARGO_PKG_VERSION"), ")");

/// The setting of this name, in any case.
pub fn find(name: &str) -> Option<&'static Setting> {
    entry(name).map(|(_, setting)| setting)
}

/// The same, and its name in lower case.
pub(super) fn entry(name: &str) -> Option<(&'static str, &'static Setting)> {
    let found = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => BY_NAME.get(name.to_ascii_lowercase().as_str()),
        false => BY_NAME.get(name),
    };
    found.map(|(key, setting)| (key.as_str(), *setting))
}

/// By name in lower case, with that name.
static BY_NAME: LazyLock<HashMap<String, (String, &'static Setting)>> = LazyLock::new(|| {
    let lower = |setting: &Setting| setting.name.to_ascii_lowercase();
    let named = SETTINGS.iter().map(|it| (lower(it), (lower(it), it)));
    // What older clients call it.
    let alias = SETTINGS.iter().find(|it| it.name == "TimeZone");
    named.chain(alias.map(|it| ("time zone".to_owned(), (lower(it), it)))).collect()
});

/// The settings that only some may change.
pub fn restricted() -> impl Iterator<Item = &'static str> {
    let restricted = SETTINGS.iter().filter(|setting| setting.context != Context::User);
    restricted.map(|setting| setting.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value() {
        for setting in SETTINGS {
            let read = super::super::value::read(setting, setting.default, setting.default);
            assert_eq!(read.as_deref(), Ok(setting.default), "{}", setting.name);
        }
    }

    #[test]
    fn names_are_in_order() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name.to_lowercase()));
    }
}
