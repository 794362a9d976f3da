//! `sqlite_fdw`: a SQLite database file.
//!
//! A connection is the file, opened to be read, and once more for a transaction that changes it;
//! SQLite blocks, so whatever it does is done on a
//! thread for blocking work, which hands batches over as they are read. A column has the type
//! that the foreign table declares; SQLite gives a class to each value instead, and a value
//! whose class the type does not have is an error, never another value.
//!
//! It knows nothing of catalogs, of plans and of pushdown.
//!
//! Invariants:
//! - Who reads has opened the file so that it cannot be written; a session that has written is
//!   not used again. No other file is opened, and no code in it is trusted.
//! - What was written is read again as the same value, or is refused.
//! - What a name in double quotes means does not depend on what there is: it is never a text.
//! - A session that a thread works for is not used for anything else; dropped in that state, it
//!   stops the thread.
mod connection;
mod error;
mod import;
mod modify;
mod open;
mod options;
mod parameter;
mod scan;
mod session;
mod value;

use async_trait::async_trait;
use medley_fdw::{
    Actor, Connect, Dialect, GivenOption, OptionSpec, Options, Report, Result, Scope, ShapedBy,
    SqlConnection, SqlWrapper, TableName, Wrapper,
};

/// The wrapper.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

impl Wrapper for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite_fdw"
    }

    fn version(&self) -> &'static str {
        "1.1"
    }

    fn summary(&self) -> &'static str {
        "foreign-data wrapper for SQLite database files"
    }

    fn handler(&self) -> &'static str {
        "sqlite_fdw_handler"
    }

    fn validator(&self) -> &'static str {
        "sqlite_fdw_validator"
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

    fn check_all(&self, scope: Scope, options: &[GivenOption<'_>], _actor: Actor) -> Result<()> {
        options::check_all(scope, options)
    }

    /// Whoever reads the file reads the same.
    fn shaped_by(&self, _server: &Options, _mapping: &Options) -> ShapedBy {
        ShapedBy::default()
    }

    /// A file has no accounts.
    fn needs_mapping(&self) -> bool {
        false
    }
}

#[async_trait]
impl SqlWrapper for Sqlite {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        let database = connect.server.require("database")?;
        let session = session::Session::open(connect.server_name, database).await?;
        let force_readonly = connect.server.boolean("force_readonly")?.unwrap_or(false);
        Ok(Box::new(connection::Connection::new(session, force_readonly).await?))
    }

    fn remote_table(&self, _schema: &str, table: &str, options: &Options) -> TableName {
        TableName { schema: None, table: options.text("table").unwrap_or(table).to_owned() }
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
