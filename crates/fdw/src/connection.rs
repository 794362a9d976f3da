use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use medley_types::PgType;

use crate::{
    Begin, Error, Facts, Family, ImportSchema, Modified, Modify, Result, RowIdentity, TableDef,
};

/// Batches as they come from a remote.
pub type Batches<'a> = BoxStream<'a, Result<RecordBatch>>;

/// Rows as the remote encoded them, for relaying unread.
pub type RawRows<'a> = BoxStream<'a, Result<RawBatch>>;

/// Some rows as the remote encoded them.
#[derive(Clone, Debug, Default)]
pub struct RawBatch {
    /// How many.
    pub rows: usize,
    /// Whole DataRow messages of PostgreSQL's protocol, headers included.
    pub messages: Bytes,
}

/// Settings of a session, by name: each list that is used names the same ones.
pub type Settings = Arc<[(&'static str, String)]>;

/// A query that a remote answers as PostgreSQL would answer our client.
#[derive(Clone, Debug)]
pub struct RawQuery {
    /// Its text.
    pub sql: Arc<str>,
    /// Values of `$1`, `$2` …, as text that is read alike under all settings.
    pub parameters: Vec<(PgType, Option<String>)>,
    /// What comes out; the remote's own types must be these.
    pub columns: Arc<[PgType]>,
    /// For each column: in binary, not as text.
    pub binary: Vec<bool>,
    /// What the remote's session is set to while it runs.
    pub settings: Settings,
    /// The same text is likely to come again: it is prepared, and kept so.
    pub is_prepared: bool,
    /// All that it reads is plain (see [`RemoteTable`]), and what it calls is known: it leaves the
    /// session as it was.
    pub leaves_nothing: bool,
}

/// A table or view at the remote.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteTable {
    /// Its columns.
    pub columns: Vec<RemoteColumn>,
    /// Reading it runs nothing of anybody's: a table, without policies of rows, that nothing
    /// inherits from, and without indexes of expressions.
    pub is_plain: bool,
    /// How big it is, if that is known; else 0.
    pub bytes: u64,
}

/// A column of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteColumn {
    /// Its name there.
    pub name: String,
    /// Its type, with typmod.
    pub pg_type: PgType,
    /// Its collation by name, with the schema unless that is `pg_catalog`; none for types without.
    pub collation: Option<String>,
    /// The account may SELECT it.
    pub readable: bool,
}

/// A query in the remote's own SQL.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its text.
    pub sql: String,
    /// The result's columns as declared here: fields of `types::field`, so each says which type
    /// it is. The remote's own types may differ: the wrapper looks, and converts as PostgreSQL
    /// would, by the remote's output and our input function. So the select list names plain
    /// columns, without casts.
    pub schema: SchemaRef,
    /// Values of `$1`, `$2` …, in their text form.
    pub parameters: Vec<(PgType, Option<String>)>,
}

/// A table at the remote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName {
    /// Its schema or database, where the remote has them.
    pub schema: Option<String>,
    /// Its name.
    pub table: String,
}

/// A part of a table, as a condition in the remote's SQL; the parts of one table are disjoint,
/// and together are all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Goes into WHERE.
    pub condition: String,
}

/// What the remote knows of a table's size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TableStatistics {
    /// Rows, if ever counted.
    pub rows: Option<f64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

/// What the remote expects of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Rows.
    pub rows: f64,
    /// Bytes a row.
    pub width: f64,
    /// Before the first row, in the remote's units.
    pub startup_cost: f64,
    /// For all rows, in the remote's units.
    pub total_cost: f64,
    /// Every table of the query is read from its first page to its last.
    pub reads_all: bool,
    /// Several processes of the remote would share most of the work.
    pub is_parallel: bool,
}

/// Stops what a connection is doing. Taken before the stream, used while it runs.
#[async_trait]
pub trait Canceller: Send + Sync {
    /// Asks the remote to stop; returns when the request is delivered.
    async fn cancel(&self) -> Result<()>;
}

/// A remote session of one account, on a server that speaks SQL.
#[async_trait]
pub trait SqlConnection: Send {
    /// What the remote said of itself.
    fn facts(&self) -> &Facts;

    /// Who this session is at the remote; None where nobody logs in.
    fn account(&self) -> Option<&str> {
        None
    }

    /// The process that serves this session at the remote, where it has one and says so.
    fn remote_pid(&self) -> Option<i32> {
        None
    }

    /// What comes next is a part of this statement of ours: where a session can be called
    /// something, and the options do not say what, its name holds this id. No round trip is spent
    /// on it.
    fn begin_query(&mut self, _id: &str) {}

    /// What stops a running query.
    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        None
    }

    /// Runs a query and streams its rows. Dropped early, the connection is no longer clean.
    fn query(&mut self, query: Query) -> Batches<'_>;

    /// Runs a query and streams its rows as the remote encodes them. Dropped early, the
    /// connection is no longer clean.
    fn raw_query(&mut self, _query: RawQuery) -> RawRows<'_> {
        stream::once(async { Err(Error::Unsupported("relaying rows unread")) }).boxed()
    }

    /// Opens a cursor whose rows are read by [`SqlConnection::raw_fetch`].
    async fn raw_declare(&mut self, _cursor: &str, _query: RawQuery) -> Result<()> {
        Err(Error::Unsupported("relaying rows unread"))
    }

    /// Reads on; `None` at the end.
    async fn raw_fetch(&mut self, _cursor: &str, _rows: usize) -> Result<Option<RawBatch>> {
        Err(Error::Unsupported("relaying rows unread"))
    }

    /// What these tables are at the remote; `None` for those that the account does not find.
    async fn tables(&mut self, _tables: &[TableName]) -> Result<Vec<Option<RemoteTable>>> {
        Err(Error::Unsupported("describing tables"))
    }

    /// Opens a cursor, so that several queries take turns on one connection.
    async fn declare(&mut self, _cursor: &str, _query: Query) -> Result<()> {
        Err(Error::Unsupported("cursors"))
    }

    /// Reads on; `None` at the end.
    async fn fetch(&mut self, _cursor: &str, _rows: usize) -> Result<Option<RecordBatch>> {
        Err(Error::Unsupported("cursors"))
    }

    /// Closes a cursor.
    async fn close(&mut self, _cursor: &str) -> Result<()> {
        Err(Error::Unsupported("cursors"))
    }

    /// Parses a query at the remote without running it: its parameters and columns.
    async fn describe(&mut self, _sql: &str) -> Result<(Vec<PgType>, Vec<medley_types::Column>)> {
        Err(Error::Unsupported("describing a query"))
    }

    /// Runs a statement that changes rows: how many, and what RETURNING returned. See
    /// [`Modify`] for what is asked of it.
    async fn modify(&mut self, _modify: Modify) -> Result<Modified> {
        Err(Error::Unsupported("changing rows"))
    }

    /// By what rows of a table are found again: asked before rows are changed one by one.
    async fn row_identity(&mut self, _table: &TableName) -> Result<RowIdentity> {
        Ok(match self.facts().dialect.family {
            Family::Postgres => RowIdentity::CTID,
            Family::Sqlite => RowIdentity::ROWID,
            Family::MySql => RowIdentity::None,
        })
    }

    /// Whether [`SqlConnection::copy_in`] would do to these columns of a table what INSERT does:
    /// not where a rule, a policy or the like would see the difference.
    async fn can_copy_in(&mut self, _table: &TableName, _columns: &[String]) -> Result<bool> {
        Ok(false)
    }

    /// Loads rows into a table as fast as it goes: how many. A batch's columns are fields of
    /// `types::field`, in the order of `columns`. An error among the rows ends it, undoes nothing
    /// that ROLLBACK does not, and is the answer.
    async fn copy_in(
        &mut self,
        _table: &TableName,
        _columns: &[String],
        _rows: Batches<'static>,
    ) -> Result<u64> {
        Err(Error::Unsupported("COPY FROM"))
    }

    /// Empties tables, by a statement of the remote's SQL.
    async fn truncate(&mut self, _sql: &str) -> Result<()> {
        Err(Error::Unsupported("TRUNCATE"))
    }

    /// Begins a transaction.
    async fn begin(&mut self, _begin: Begin<'_>) -> Result<()> {
        Err(Error::Unsupported("transactions"))
    }

    /// Sets a savepoint.
    async fn savepoint(&mut self, _name: &str) -> Result<()> {
        Err(Error::Unsupported("savepoints"))
    }

    /// Forgets a savepoint.
    async fn release(&mut self, _name: &str) -> Result<()> {
        Err(Error::Unsupported("savepoints"))
    }

    /// Undoes what came after a savepoint, and keeps the savepoint.
    async fn rollback_to(&mut self, _name: &str) -> Result<()> {
        Err(Error::Unsupported("savepoints"))
    }

    /// Ends the transaction and keeps what it did.
    async fn commit(&mut self) -> Result<()> {
        Err(Error::Unsupported("transactions"))
    }

    /// Ends the transaction and undoes what it did.
    async fn rollback(&mut self) -> Result<()> {
        Err(Error::Unsupported("transactions"))
    }

    /// The first phase of a two-phase commit.
    async fn prepare_transaction(&mut self, _name: &str) -> Result<()> {
        Err(Error::Unsupported("two-phase commit"))
    }

    /// The second phase.
    async fn finish_prepared(&mut self, _name: &str, _commit: bool) -> Result<()> {
        Err(Error::Unsupported("two-phase commit"))
    }

    /// Makes this transaction's snapshot known to others, who name it in [`Begin`].
    async fn export_snapshot(&mut self) -> Result<String> {
        Err(Error::Unsupported("shared snapshots"))
    }

    /// Cuts a table into at most `wanted` parts that can be read at once.
    async fn splits(&mut self, _table: &TableName, _wanted: usize) -> Result<Vec<Split>> {
        Err(Error::Unsupported("splitting a table"))
    }

    /// How big a table is.
    async fn statistics(&mut self, _table: &TableName) -> Result<TableStatistics> {
        Err(Error::Unsupported("statistics"))
    }

    /// What a query would cost.
    async fn estimate(&mut self, _sql: &str) -> Result<Estimate> {
        Err(Error::Unsupported("estimates"))
    }

    /// Describes remote tables, for IMPORT FOREIGN SCHEMA.
    async fn import(&mut self, _wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        Err(Error::NoImport)
    }

    /// Asked before the connection is lent again: resets what was set; `false` when it must be
    /// closed instead.
    async fn reset(&mut self) -> bool;
}
