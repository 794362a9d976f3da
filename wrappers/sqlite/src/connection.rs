//! What the engine does with a file: queries, changes, and IMPORT FOREIGN SCHEMA.
use async_trait::async_trait;
use medley_fdw::{
    Batches, Begin, Canceller, Capabilities, Dialect, Facts, Family, ImportSchema, Modified,
    Modify, Query, Report, Result, RowIdentity, SqlConnection, SqlState, TableDef, TableName,
};
use tokio::sync::mpsc;

use crate::session::Session;
use crate::{error, import, modify, scan};

/// SQLite's SQL.
pub(crate) static DIALECT: Dialect =
    Dialect { family: Family::Sqlite, name_quote: '"', backslash_is_plain: true };

/// A batch waits for its reader while the next one is read.
const BATCHES_AHEAD: usize = 1;

/// A session of `sqlite_fdw`.
pub(crate) struct Connection {
    session: Session,
    facts: Facts,
    force_readonly: bool,
}

impl Connection {
    /// Learns what the file is.
    pub async fn new(mut session: Session, force_readonly: bool) -> Result<Self> {
        let byte_order_collation = session.run(is_utf8).await?;
        let version = u32::try_from(rusqlite::version_number()).unwrap_or_default();
        let can =
            Capabilities { transactions: true, modify: !force_readonly, ..Capabilities::default() };
        let facts =
            Facts { dialect: &DIALECT, version, byte_order_collation, unicode_letters: false, can };
        Ok(Self { session, facts, force_readonly })
    }

    /// A statement without rows.
    async fn execute(&mut self, sql: String) -> Result<()> {
        self.session
            .run(move |connection| {
                connection.execute_batch(&sql).map_err(|error| error::of_statement(&error, &sql))
            })
            .await
    }
}

/// SQLite's BINARY compares the bytes that it keeps; those of UTF-16 have another order.
fn is_utf8(connection: &rusqlite::Connection) -> Result<bool> {
    const SQL: &str = "PRAGMA encoding";
    let encoding = connection.query_row(SQL, [], |row| row.get::<_, String>(0));
    Ok(encoding.map_err(|error| error::of_statement(&error, SQL))? == "UTF-8")
}

#[async_trait]
impl SqlConnection for Connection {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        Some(Box::new(self.session.stop()))
    }

    fn query(&mut self, query: Query) -> Batches<'_> {
        Box::pin(async_stream::try_stream! {
            let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
            let read = move |connection: &_| scan::read(connection, &query, &sender);
            let thread = self.session.start(read)?;
            while let Some(batch) = batches.recv().await {
                yield batch;
            }
            self.session.join(thread).await?;
        })
    }

    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        let wanted = import::Wanted::new(wanted)?;
        self.session.run(move |connection| import::import(connection, &wanted)).await
    }

    /// Who is to write waits for others who do at once, and not in the middle.
    async fn begin(&mut self, begin: Begin<'_>) -> Result<()> {
        if begin.read_only {
            return self.execute("BEGIN".to_owned()).await;
        }
        if self.force_readonly {
            return Err(force_readonly());
        }
        self.session.open_for_changes().await?;
        self.execute("BEGIN IMMEDIATE".to_owned()).await
    }

    async fn savepoint(&mut self, name: &str) -> Result<()> {
        self.execute(format!("SAVEPOINT {}", modify::identifier(name))).await
    }

    async fn release(&mut self, name: &str) -> Result<()> {
        self.execute(format!("RELEASE {}", modify::identifier(name))).await
    }

    async fn rollback_to(&mut self, name: &str) -> Result<()> {
        self.execute(format!("ROLLBACK TO {}", modify::identifier(name))).await
    }

    async fn commit(&mut self) -> Result<()> {
        self.execute("COMMIT".to_owned()).await
    }

    async fn rollback(&mut self) -> Result<()> {
        self.session.run(modify::rollback).await
    }

    async fn modify(&mut self, modify: Modify) -> Result<Modified> {
        self.session.run(move |connection| modify::modify(connection, &modify)).await
    }

    async fn row_identity(&mut self, table: &TableName) -> Result<RowIdentity> {
        let table = table.table.clone();
        self.session.run(move |connection| modify::row_identity(connection, &table)).await
    }

    async fn truncate(&mut self, sql: &str) -> Result<()> {
        self.execute(sql.to_owned()).await
    }

    /// Nothing is set on a session that reads; one that has written is closed, and its file with
    /// it.
    async fn reset(&mut self) -> bool {
        self.session.is_as_it_was()
    }
}

fn force_readonly() -> medley_fdw::Error {
    let message = "the server's option \"force_readonly\" does not allow changes";
    medley_fdw::Error::refused(Report::error(SqlState::from_remote("25006"), message))
}
