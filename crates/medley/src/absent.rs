//! Wrappers of PostgreSQL's world that this build does not have.
//!
//! What is declared with them replays: extensions, servers, mappings with their secrets sealed,
//! tables. A query then says which wrapper is missing. Their options are known by name and place;
//! their values are for the wrapper to judge that is not here.
use std::sync::Arc;

use medley_fdw::{Kind, OptionSpec, Scope, Wrapper};

/// A wrapper by what its extension brings.
struct Absent {
    name: &'static str,
    summary: &'static str,
    handler: &'static str,
    validator: &'static str,
    options: &'static [OptionSpec],
    takes_any: bool,
}

/// All of them.
pub fn absent() -> Vec<Arc<dyn Wrapper>> {
    WRAPPERS.iter().map(|wrapper| Arc::new(Known(wrapper)) as Arc<dyn Wrapper>).collect()
}

/// One of the table.
struct Known(&'static Absent);

impl Wrapper for Known {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn summary(&self) -> &'static str {
        self.0.summary
    }

    fn handler(&self) -> &'static str {
        self.0.handler
    }

    fn validator(&self) -> &'static str {
        self.0.validator
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.0.options
    }

    fn takes_any_option(&self) -> bool {
        self.0.takes_any
    }
}

const WHAT: &str = "Kept for the wrapper that is not in this build.";

const fn text(scope: Scope, name: &'static str) -> OptionSpec {
    OptionSpec::new(scope, name, Kind::Text, WHAT).stored()
}

const fn secret(scope: Scope, name: &'static str) -> OptionSpec {
    OptionSpec::new(scope, name, Kind::Secret, WHAT).stored()
}

/// `Scope: name, name [secret];`
macro_rules! options {
    ($($scope:ident: $($name:ident),* $([$($secret:ident),*])?;)*) => {
        &[$(
            $(text(Scope::$scope, stringify!($name)),)*
            $($(secret(Scope::$scope, stringify!($secret)),)*)?
        )*]
    };
}

const WRAPPERS: &[Absent] = &[
    Absent {
        name: "oracle_fdw",
        summary: "foreign data wrapper for Oracle access",
        handler: "oracle_fdw_handler",
        validator: "oracle_fdw_validator",
        options: options! {
            Wrapper: nls_lang;
            Server: dbserver, isolation_level, nchar, set_timezone;
            UserMapping: user [password];
            Table: table, dblink, schema, max_long, readonly, sample_percent, prefetch,
                lob_prefetch;
            Column: key, strip_zeros;
            Import: case, collation, dblink, readonly, skip_tables, skip_views, skip_matviews,
                max_long, sample_percent, prefetch, lob_prefetch, nchar, set_timezone;
        },
        takes_any: false,
    },
    Absent {
        name: "tds_fdw",
        summary: "Foreign data wrapper for querying a TDS database (Sybase or Microsoft SQL Server)",
        handler: "tds_fdw_handler",
        validator: "tds_fdw_validator",
        options: options! {
            Server: servername, port, database, dbuse, language, character_set, tds_version,
                msg_handler, sqlserver_ansi_mode, fdw_startup_cost, fdw_tuple_cost,
                use_remote_estimate, row_estimate_method;
            UserMapping: username [password];
            Table: query, table_name, table, schema_name, match_column_names,
                use_remote_estimate, local_tuple_estimate, row_estimate_method;
            Column: column_name;
            Import: import_default, import_not_null, keep_custom_types;
        },
        takes_any: false,
    },
    Absent {
        name: "mongo_fdw",
        summary: "foreign data wrapper for MongoDB access",
        handler: "mongo_fdw_handler",
        validator: "mongo_fdw_validator",
        options: options! {
            Server: address, port, use_remote_estimate, authentication_database, replica_set,
                read_preference, ssl, pem_file, ca_file, ca_dir, crl_file,
                weak_cert_validation, enable_join_pushdown, enable_aggregate_pushdown,
                enable_order_by_pushdown [pem_pwd];
            UserMapping: username [password];
            Table: database, collection, enable_join_pushdown, enable_aggregate_pushdown,
                enable_order_by_pushdown;
        },
        takes_any: false,
    },
    Absent {
        name: "redis_fdw",
        summary: "Foreign data wrapper for querying a Redis server",
        handler: "redis_fdw_handler",
        validator: "redis_fdw_validator",
        options: options! {
            Server: address, port;
            UserMapping: username [password];
            Table: database, tabletype, tablekeyprefix, tablekeyset, singleton_key;
        },
        takes_any: false,
    },
    Absent {
        name: "clickhouse_fdw",
        summary: "foreign-data wrapper for remote ClickHouse servers",
        handler: "clickhousedb_fdw_handler",
        validator: "clickhousedb_fdw_validator",
        options: options! {
            Server: driver, host, port, dbname;
            UserMapping: user [password];
            Table: database, table_name, engine;
            Column: column_name, aggregatefunction, simpleaggregatefunction, arrays;
        },
        takes_any: false,
    },
    // What a class of Python's takes, it alone knows: secrets are told by their names.
    Absent {
        name: "multicorn",
        summary: "Multicorn Python bindings for Postgres Foreign Data Wrapper",
        handler: "multicorn_handler",
        validator: "multicorn_validator",
        options: options! {
            Server: wrapper;
        },
        takes_any: true,
    },
];
