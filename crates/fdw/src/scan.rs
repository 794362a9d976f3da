use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use async_trait::async_trait;

use crate::{Batches, Error, FileSource, FileTable, ImportSchema, Options, Result, TableDef};

/// A remote session of one account, on a source that does not speak SQL.
#[async_trait]
pub trait ScanConnection: Send {
    /// Who this session is at the source; None where nobody logs in.
    fn account(&self) -> Option<&str> {
        None
    }

    /// Reads a table.
    fn scan<'a>(&'a mut self, scan: Scan<'a>) -> Batches<'a>;

    /// Names a table's files, where it is of files: instead of [`ScanConnection::scan`].
    async fn files(&mut self, _table: &FileTable) -> Result<FileSource> {
        Err(Error::Unsupported("files"))
    }

    /// Adds rows.
    async fn insert(&mut self, _table: &Options, _rows: RecordBatch) -> Result<u64> {
        Err(Error::Unsupported("INSERT"))
    }

    /// Describes remote tables, for IMPORT FOREIGN SCHEMA.
    async fn import(&mut self, _wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        Err(Error::NoImport)
    }

    /// Asked before the connection is lent again; `false` when it must be closed instead.
    async fn reset(&mut self) -> bool {
        true
    }
}

/// A read of one foreign table.
#[derive(Debug)]
pub struct Scan<'a> {
    /// The table's options.
    pub table: &'a Options,
    /// Options of the wanted columns, in the schema's order.
    pub columns: &'a [Options],
    /// The wanted columns, already projected.
    pub schema: SchemaRef,
    /// Only quals to which the wrapper answered `Exact` or `Inexact`.
    pub quals: &'a [Qual],
    /// How many rows are needed, when all quals are `Exact`.
    pub limit: Option<u64>,
}

/// A condition that every wanted row fulfils.
#[derive(Clone, Debug, PartialEq)]
pub struct Qual {
    /// The foreign table's column.
    pub column: String,
    /// What is asked of it.
    pub op: Op,
}

/// What is asked of a column. Values are arrays of the column's Arrow form.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `= value`, an array of one.
    Eq(ArrayRef),
    /// `<> value`.
    NotEq(ArrayRef),
    /// `< value`.
    Lt(ArrayRef),
    /// `<= value`.
    LtEq(ArrayRef),
    /// `> value`.
    Gt(ArrayRef),
    /// `>= value`.
    GtEq(ArrayRef),
    /// `IN (values)`, none of them NULL.
    In(ArrayRef),
    /// `BETWEEN low AND high`.
    Range {
        /// An array of one.
        low: ArrayRef,
        /// An array of one.
        high: ArrayRef,
    },
    /// `IS NULL`.
    IsNull,
    /// `IS NOT NULL`.
    IsNotNull,
}

/// What a wrapper says to a qual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushdown {
    /// The remote drops every row that fails; it is not checked again here.
    Exact,
    /// The remote drops some; the rest are checked here.
    Inexact,
    /// Nothing happens there.
    No,
}
