//! `postgres_fdw`: another PostgreSQL server, or a Medley.
//!
//! It speaks the protocol itself, so that it knows whether a password was asked for and sends
//! none to whom it must not. Values come in binary where the remote's type is the declared one,
//! else as the text that the remote prints, read as our input function reads it: which of the
//! two is decided by looking at the query's columns before it runs.
//!
//! It knows nothing of catalogs, of plans and of pushdown.
//!
//! Invariants:
//! - A password is sent as SCRAM; in clear or as md5 only where the remote's name was verified,
//!   or `require_auth` names the method. No error holds it.
//! - A session's `search_path` is `pg_catalog`, always.
//! - A session that waits for answers is not used for anything else; dropped in that state, it
//!   stops what runs at the remote.
mod connect;
mod connection;
mod dblink_options;
mod describe;
mod import;
mod modify;
mod options;
mod plan;
mod protocol;
mod relay;
mod scan;
mod session;
mod sql;
mod transfer;
mod watch;

use async_trait::async_trait;
use medley_fdw::{
    Actor, Connect, Dialect, GivenOption, OptionSpec, Options, Report, Result, Scope, ShapedBy,
    SqlConnection, SqlState, SqlWrapper, TableName, Wrapper,
};

use crate::session::Session;

/// The wrapper, under one of its names.
#[derive(Clone, Copy, Debug)]
pub struct Postgres {
    kind: &'static Kind,
}

/// What the wrapper is called, and what it takes its remotes for.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    extension: &'static str,
    version: &'static str,
    summary: &'static str,
    handler: &'static str,
    validator: &'static str,
    options: &'static [OptionSpec],
    unknown_option: SqlState,
    /// Its remotes are Medleys, which are told whom a session came through.
    is_gateway: bool,
}

const POSTGRES: Kind = Kind {
    name: "postgres_fdw",
    extension: "postgres_fdw",
    version: "1.2",
    summary: "foreign-data wrapper for remote PostgreSQL servers",
    handler: "postgres_fdw_handler",
    validator: "postgres_fdw_validator",
    options: options::OPTIONS,
    unknown_option: SqlState::FDW_INVALID_OPTION_NAME,
    is_gateway: false,
};

const DBLINK: Kind = Kind {
    name: "dblink_fdw",
    extension: "dblink",
    summary: "connect to other PostgreSQL databases from within a database",
    handler: "dblink_fdw_handler",
    validator: "dblink_fdw_validator",
    options: dblink_options::OPTIONS,
    unknown_option: SqlState::FDW_OPTION_NAME_NOT_FOUND,
    ..POSTGRES
};

const MEDLEY: Kind = Kind {
    name: "medley_fdw",
    extension: "medley_fdw",
    version: "1.0",
    summary: "foreign-data wrapper for other Medleys",
    handler: "medley_fdw_handler",
    validator: "medley_fdw_validator",
    is_gateway: true,
    ..POSTGRES
};

impl Postgres {
    /// `postgres_fdw`.
    pub const fn new() -> Self {
        Self { kind: &POSTGRES }
    }

    /// `dblink_fdw`, whose servers are read as `postgres_fdw` reads its.
    pub const fn dblink() -> Self {
        Self { kind: &DBLINK }
    }

    /// `medley_fdw`, whose remotes are Medleys.
    pub const fn medley() -> Self {
        Self { kind: &MEDLEY }
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self::new()
    }
}

impl Postgres {
    /// What a Medley is told when one logs in, other programs would not take: a remote that turns
    /// out to be one is logged in to again.
    async fn log_in(&self, connect: Connect<'_>) -> Result<Session> {
        if !self.kind.is_gateway {
            let unsaid = Connect { via: "", ..connect.clone() };
            let session = connect::connect(unsaid, false).await?;
            if connect.via.is_empty() || !session.is_medley() {
                return Ok(session);
            }
        }
        connect::connect(connect, true).await
    }
}

impl Wrapper for Postgres {
    fn name(&self) -> &'static str {
        self.kind.name
    }

    fn extension(&self) -> &'static str {
        self.kind.extension
    }

    fn version(&self) -> &'static str {
        self.kind.version
    }

    fn summary(&self) -> &'static str {
        self.kind.summary
    }

    fn handler(&self) -> &'static str {
        self.kind.handler
    }

    fn validator(&self) -> &'static str {
        self.kind.validator
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.kind.options
    }

    fn unknown_option_state(&self) -> SqlState {
        self.kind.unknown_option
    }

    fn check_option(
        &self,
        scope: Scope,
        option: &GivenOption<'_>,
        actor: Actor,
        notices: &mut Vec<Report>,
    ) -> Result<()> {
        options::check_option(scope, option, actor, notices)
    }

    fn endpoint_options(&self) -> Option<&'static [&'static str]> {
        Some(options::ENDPOINT)
    }

    /// A superuser may have been let off the password; a name may hold who the session is.
    /// So may the keys of one client.
    fn shaped_by(&self, server: &Options, mapping: &Options) -> ShapedBy {
        let name = server.text("application_name").unwrap_or_default();
        ShapedBy {
            session_user: name.contains("%u"),
            role: false,
            superuser: true,
            session: name.contains("%a")
                || name.contains("%c")
                || options::passes_through(server, mapping).unwrap_or(true),
            via: self.kind.is_gateway,
        }
    }
}

#[async_trait]
impl SqlWrapper for Postgres {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        let user = connect::user(connect.server, connect.mapping).unwrap_or_default();
        let is_unnamed = !connect::application_name::is_given(connect.server);
        let session = self.log_in(connect).await?;
        Ok(Box::new(connection::Connection::new(session, user, is_unnamed).await?))
    }

    fn remote_table(&self, schema: &str, table: &str, options: &Options) -> TableName {
        TableName {
            schema: Some(options.text("schema_name").unwrap_or(schema).to_owned()),
            table: options.text("table_name").unwrap_or(table).to_owned(),
        }
    }

    fn remote_column(&self, column: &str, options: &Options) -> String {
        options.text("column_name").unwrap_or(column).to_owned()
    }

    fn dialect(&self) -> &'static Dialect {
        &connection::DIALECT
    }

    fn modifies(&self) -> bool {
        true
    }

    fn relays(&self) -> bool {
        true
    }
}
