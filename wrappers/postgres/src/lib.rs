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
    SqlConnection, SqlWrapper, TableName, Wrapper,
};

/// The wrapper.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgres;

impl Wrapper for Postgres {
    fn name(&self) -> &'static str {
        "postgres_fdw"
    }

    fn version(&self) -> &'static str {
        "1.2"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for remote PostgreSQL servers"
    }

    fn handler(&self) -> &'static str {
        "postgres_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "postgres_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        options::OPTIONS
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
        }
    }
}

#[async_trait]
impl SqlWrapper for Postgres {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        let user = connect::user(connect.server, connect.mapping).unwrap_or_default();
        let is_unnamed = !connect::application_name::is_given(connect.server);
        let session = connect::connect(connect).await?;
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
