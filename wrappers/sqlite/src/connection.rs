//! What the engine does with a file: queries, and IMPORT FOREIGN SCHEMA.
use async_trait::async_trait;
use medley_fdw::{
    Batches, Canceller, Capabilities, Dialect, Facts, Family, ImportSchema, Query, Result,
    SqlConnection, TableDef,
};
use tokio::sync::mpsc;

use crate::session::Session;
use crate::{error, import, scan};

/// SQLite's SQL.
pub(crate) static DIALECT: Dialect =
    Dialect { family: Family::Sqlite, name_quote: '"', backslash_is_plain: true };

/// A batch waits for its reader while the next one is read.
const BATCHES_AHEAD: usize = 1;

/// A session of `sqlite_fdw`.
pub(crate) struct Connection {
    session: Session,
    facts: Facts,
}

impl Connection {
    /// Learns what the file is.
    pub async fn new(mut session: Session) -> Result<Self> {
        let asked = session.start(is_utf8)?;
        let byte_order_collation = session.join(asked).await?;
        let version = u32::try_from(rusqlite::version_number()).unwrap_or_default();
        let can = Capabilities::default();
        let facts =
            Facts { dialect: &DIALECT, version, byte_order_collation, unicode_letters: false, can };
        Ok(Self { session, facts })
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
        let thread = self.session.start(move |connection| import::import(connection, &wanted))?;
        self.session.join(thread).await
    }

    /// Nothing is set on a session, so one that no thread works on is as it was.
    async fn reset(&mut self) -> bool {
        self.session.is_free()
    }
}
