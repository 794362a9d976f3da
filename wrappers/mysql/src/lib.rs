//! `mysql_fdw`: MariaDB and MySQL.
//!
//! It speaks the protocol itself: over the stream that the dialer gives, so that the rules about
//! addresses hold; knowing what a server asks for, so that a password is sent to none that must
//! not have it; and into columns without a row in between. Values come in binary, and are handed
//! over as they are or by their text, as the declared type wants.
//!
//! It knows nothing of catalogs, of plans and of pushdown.
//!
//! Invariants:
//! - A password itself is sent only through TLS, to a server whose name was verified. No error
//!   holds it. What a session keeps is what answers a server's question.
//! - A file of ours is sent to no server, whatever it asks for.
//! - A session's modes are those that statements here rely on, always, and its time is UTC.
//! - A session in the middle of an answer is not used for anything else; dropped in that state,
//!   it stops what runs at the remote.
mod auth;
mod connect;
mod connection;
mod decode;
mod describe;
mod error;
mod geometry;
mod import;
mod modify;
mod options;
mod parameter;
mod plan;
mod protocol;
mod scan;
mod session;
mod sql;
mod temporal;
mod tls;
mod wire;

use async_trait::async_trait;
use medley_fdw::{
    Actor, Connect, Dialect, GivenOption, OptionSpec, Options, Report, Result, Scope, ShapedBy,
    SqlConnection, SqlWrapper, TableName, Wrapper,
};

/// The wrapper.
#[derive(Clone, Copy, Debug, Default)]
pub struct MySql;

impl Wrapper for MySql {
    fn name(&self) -> &'static str {
        "mysql_fdw"
    }

    fn version(&self) -> &'static str {
        "1.2"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for MariaDB and MySQL servers"
    }

    fn handler(&self) -> &'static str {
        "mysql_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "mysql_fdw_validator"
    }

    fn options(&self) -> &'static [OptionSpec] {
        options::OPTIONS
    }

    fn check_option(
        &self,
        scope: Scope,
        option: &GivenOption<'_>,
        actor: Actor,
        _notices: &mut Vec<Report>,
    ) -> Result<()> {
        options::check_option(scope, option, actor)
    }

    fn endpoint_options(&self) -> Option<&'static [&'static str]> {
        Some(options::ENDPOINT)
    }

    /// A superuser may have been let off the password.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy { superuser: true, ..ShapedBy::default() }
    }
}

#[async_trait]
impl SqlWrapper for MySql {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        let user = connect.mapping.text("username").unwrap_or_default().to_owned();
        let session = connect::connect(&connect).await?;
        Ok(Box::new(connection::Connection::new(session, user)))
    }

    fn remote_table(&self, schema: &str, table: &str, options: &Options) -> TableName {
        TableName {
            schema: Some(options.text("dbname").unwrap_or(schema).to_owned()),
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
}
