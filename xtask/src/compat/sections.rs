//! The sections of the reference, and what is shown of them elsewhere than in scripts.

/// A section of the reference.
pub struct Section {
    /// As scripts name it.
    pub number: &'static str,
    /// Its title.
    pub about: &'static str,
    /// Where else it is shown, or why it is not.
    pub elsewhere: Option<&'static str>,
}

const fn section(number: &'static str, about: &'static str) -> Section {
    Section { number, about, elsewhere: None }
}

const fn elsewhere(number: &'static str, about: &'static str, where_: &'static str) -> Section {
    Section { number, about, elsewhere: Some(where_) }
}

/// In the reference's order.
pub const SECTIONS: &[Section] = &[
    section("0.1", "names and keywords"),
    section("0.2", "role specifications"),
    section("0.3", "lists of options"),
    section("0.4", "how options are kept"),
    section("0.5", "ownership and privileges"),
    section("0.6", "dependencies, RESTRICT and CASCADE"),
    section("0.7", "command tags"),
    section("0.8", "fields of errors"),
    section("1.1", "CREATE FOREIGN DATA WRAPPER"),
    section("1.2", "ALTER: handler, validator, options"),
    section("1.3", "wrapper: OWNER TO"),
    section("1.4", "wrapper: RENAME TO"),
    section("1.5", "wrapper: DROP"),
    section("1.6", "wrapper: COMMENT"),
    section("1.8", "wrapper: who may do what"),
    section("2.1", "CREATE SERVER"),
    section("2.2", "ALTER SERVER: version, options"),
    section("2.3", "server: OWNER TO"),
    section("2.4", "server: RENAME TO"),
    section("2.5", "server: DROP"),
    section("2.6", "server: COMMENT"),
    section("2.7", "server: who may do what"),
    section("3.1", "user mappings: grammar"),
    section("3.2", "CREATE USER MAPPING"),
    section("3.3", "ALTER USER MAPPING"),
    section("3.4", "DROP USER MAPPING"),
    section("3.5", "what a mapping is kept as"),
    section("3.6", "mappings: who may do what"),
    section("3.7", "roles that go"),
    section("3.8", "which mapping a foreign table uses"),
    section("3.9", "whose mapping it is"),
    section("3.10", "who sees a mapping's options"),
    section("4.1", "CREATE FOREIGN TABLE"),
    section("4.2", "ALTER FOREIGN TABLE"),
    section("4.3", "DROP FOREIGN TABLE"),
    section("4.4", "other statements on foreign tables"),
    section("4.5", "inheritance and partitions"),
    section("4.6", "wrappers without a handler"),
    section("5", "IMPORT FOREIGN SCHEMA"),
    section("6.1", "CREATE ROLE"),
    section("6.2", "ALTER, DROP, COMMENT ON ROLE"),
    section("6.3", "memberships"),
    section("6.4", "SET ROLE, SET SESSION AUTHORIZATION"),
    section("6.5", "GRANT and REVOKE"),
    section("6.6", "ALTER DEFAULT PRIVILEGES"),
    section("6.7", "REASSIGN OWNED and DROP OWNED"),
    section("6.8", "functions that ask for privileges"),
    section("7.1", "system catalogs"),
    section("7.2", "information_schema"),
    section("7.3", "functions and how objects are named"),
    section("7.4", "what psql asks"),
    section("8", "the extension postgres_fdw"),
    section("8.1", "postgres_fdw: options"),
    section("8.2", "postgres_fdw: connecting"),
    section("8.3", "postgres_fdw: rules of security"),
    elsewhere("8.4", "postgres_fdw: functions", "not yet: the functions are not there"),
    elsewhere(
        "8.5",
        "postgres_fdw: transactions at the remote",
        "`wrappers/postgres/tests`: what a remote is sent does not show in what is printed",
    ),
    elsewhere(
        "8.6",
        "postgres_fdw: the cache of connections",
        "`wrappers/postgres/tests`, `crates/foreign/tests`: the same",
    ),
    section("8.7", "postgres_fdw: writing"),
    elsewhere(
        "8.8",
        "postgres_fdw: what is pushed down",
        "on purpose other: more is pushed down, `crates/engine/tests`",
    ),
    elsewhere("8.9", "postgres_fdw: EXPLAIN", "on purpose other: see differences.md"),
    section("9", "file_fdw"),
    section("9.4", "`postgresql_fdw_validator`"),
    section("10.1", "transactional DDL"),
    elsewhere(
        "10.2",
        "races of two sessions",
        "`crates/catalog/tests`: a script has one session; PostgreSQL 19's behaviour, see differences.md",
    ),
    elsewhere("10.3", "which state a name is looked up in", "`crates/catalog/tests`"),
    elsewhere("10.4", "cached plans", "`crates/medley/tests`"),
    section("11", "statements of pg_dump"),
];
