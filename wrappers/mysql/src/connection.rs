//! What the engine does with a remote: queries, cursors, transactions.
use std::collections::HashMap;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use medley_fdw::{
    Batches, Begin, Canceller, Capabilities, Dialect, Error, Estimate, Facts, Family, ImportSchema,
    Isolation, Modified, Modify, Query, RemoteTable, Report, Result, RowIdentity, Split,
    SqlConnection, SqlState, TableDef, TableName, TableStatistics,
};

use crate::scan::{Cursor, Scan};
use crate::session::Session;
use crate::sql::identifier;
use crate::{describe, import, plan};

/// MariaDB's and MySQL's SQL, as sessions are set to it.
pub(crate) static DIALECT: Dialect =
    Dialect { family: Family::MySql, name_quote: '`', backslash_is_plain: true };

/// A session of `mysql_fdw`.
pub(crate) struct Connection {
    session: Session,
    facts: Facts,
    cursors: HashMap<String, Cursor>,
    user: String,
}

impl Connection {
    /// Of a session that has logged in.
    pub fn new(session: Session, user: String) -> Self {
        let remote = &session.remote;
        let facts = Facts {
            dialect: &DIALECT,
            version: remote.version,
            byte_order_collation: false,
            unicode_letters: false,
            can: Capabilities {
                cursors: true,
                transactions: true,
                snapshots: false,
                splits: remote.needs_no_snapshot,
                modify: true,
                raw_rows: false,
            },
        };
        Self { session, facts, cursors: HashMap::new(), user }
    }

    async fn end(&mut self, sql: &str) -> Result<()> {
        for (_, cursor) in self.cursors.drain() {
            cursor.close(&mut self.session);
        }
        self.session.execute(sql).await.map(drop)
    }
}

#[async_trait]
impl SqlConnection for Connection {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn account(&self) -> Option<&str> {
        Some(&self.user)
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        self.session.canceller().map(|canceller| Box::new(canceller) as Box<dyn Canceller>)
    }

    fn query(&mut self, query: Query) -> Batches<'_> {
        Box::pin(async_stream::try_stream! {
            let mut scan = Scan::open(&mut self.session, query).await?;
            while let Some(batch) = scan.next(&mut self.session).await? {
                yield batch;
            }
        })
    }

    async fn tables(&mut self, tables: &[TableName]) -> Result<Vec<Option<RemoteTable>>> {
        describe::tables(&mut self.session, tables).await
    }

    async fn declare(&mut self, cursor: &str, query: Query) -> Result<()> {
        let opened = Cursor::declare(&mut self.session, query).await?;
        self.cursors.insert(cursor.to_owned(), opened);
        Ok(())
    }

    async fn fetch(&mut self, cursor: &str, rows: usize) -> Result<Option<RecordBatch>> {
        let opened = self.cursors.get_mut(cursor).ok_or_else(|| no_cursor(cursor))?;
        opened.fetch(&mut self.session, rows).await
    }

    async fn close(&mut self, cursor: &str) -> Result<()> {
        let opened = self.cursors.remove(cursor).ok_or_else(|| no_cursor(cursor))?;
        opened.close(&mut self.session);
        Ok(())
    }

    async fn modify(&mut self, modify: Modify) -> Result<Modified> {
        crate::modify::modify(&mut self.session, &modify).await
    }

    /// It is INSERT.
    async fn can_copy_in(&mut self, _table: &TableName, _columns: &[String]) -> Result<bool> {
        Ok(true)
    }

    async fn copy_in(
        &mut self,
        table: &TableName,
        columns: &[String],
        rows: Batches<'static>,
    ) -> Result<u64> {
        crate::modify::copy_in(&mut self.session, table, columns, rows).await
    }

    /// The statement is a DELETE: TRUNCATE would end the transaction.
    async fn truncate(&mut self, sql: &str) -> Result<()> {
        self.session.execute(sql).await.map(drop)
    }

    async fn row_identity(&mut self, table: &TableName) -> Result<RowIdentity> {
        describe::row_identity(&mut self.session, table).await
    }

    async fn begin(&mut self, begin: Begin<'_>) -> Result<()> {
        if begin.snapshot.is_some() {
            return Err(Error::Unsupported("shared snapshots"));
        }
        let access = if begin.read_only { "READ ONLY" } else { "READ WRITE" };
        let (level, snapshot) = match begin.isolation {
            Isolation::RepeatableRead => ("REPEATABLE READ", "WITH CONSISTENT SNAPSHOT, "),
            Isolation::Serializable => ("SERIALIZABLE", ""),
        };
        self.session.take_undone();
        self.session.execute(&format!("SET TRANSACTION ISOLATION LEVEL {level}")).await?;
        self.session.execute(&format!("START TRANSACTION {snapshot}{access}")).await.map(drop)
    }

    async fn savepoint(&mut self, name: &str) -> Result<()> {
        self.session.execute(&format!("SAVEPOINT {}", identifier(name))).await.map(drop)
    }

    async fn release(&mut self, name: &str) -> Result<()> {
        self.session.execute(&format!("RELEASE SAVEPOINT {}", identifier(name))).await.map(drop)
    }

    async fn rollback_to(&mut self, name: &str) -> Result<()> {
        let sql = format!("ROLLBACK TO SAVEPOINT {}", identifier(name));
        self.session.execute(&sql).await.map(drop)
    }

    async fn commit(&mut self) -> Result<()> {
        if self.session.take_undone() {
            self.end("ROLLBACK").await?;
            return Err(Error::refused(Report::error(
                SqlState::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            )));
        }
        self.end("COMMIT").await
    }

    async fn rollback(&mut self) -> Result<()> {
        self.session.take_undone();
        self.end("ROLLBACK").await
    }

    async fn splits(&mut self, table: &TableName, wanted: usize) -> Result<Vec<Split>> {
        match self.facts.can.splits {
            true => plan::splits(&mut self.session, table, wanted).await,
            false => Err(Error::Unsupported("splitting a table of this remote's")),
        }
    }

    async fn statistics(&mut self, table: &TableName) -> Result<TableStatistics> {
        plan::statistics(&mut self.session, table).await
    }

    async fn estimate(&mut self, sql: &str) -> Result<Estimate> {
        plan::estimate(&mut self.session, sql).await
    }

    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        import::import(&mut self.session, wanted).await
    }

    async fn reset(&mut self) -> bool {
        self.cursors.clear();
        self.session.reset().await
    }
}

fn no_cursor(name: &str) -> Error {
    let message = format!("cursor \"{name}\" does not exist");
    Error::refused(Report::error(SqlState::INVALID_CURSOR_NAME, message))
}
