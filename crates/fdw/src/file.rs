//! Wrappers of files: they name a table's files, and the engine reads them in parallel, or they
//! read them themselves where the meaning of the bytes is PostgreSQL's.
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use medley_diagnostic::Report;
use medley_types::{PgType, Style};
use object_store::{ObjectMeta, ObjectStore};

use crate::{Batches, Connect, Options, Qual, Result, ScanConnection, Wrapper};

/// A format that the engine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Parquet.
    Parquet,
    /// Arrow's file format.
    Arrow,
}

/// One file.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// Where in the store it is, and how big.
    pub meta: ObjectMeta,
    /// What its path says of each of the table's columns; `Some(None)` is null.
    pub partitions: Vec<Option<Option<String>>>,
}

/// The files of one foreign table, for the engine to read.
#[derive(Clone)]
pub struct StoredFiles {
    /// Where they are, opened as the mapped account. It serves this statement alone.
    pub store: Arc<dyn ObjectStore>,
    /// Which they are.
    pub files: Vec<StoredFile>,
    /// How they are read.
    pub format: FileFormat,
    /// The name of each of the table's columns in the files.
    pub names: Vec<String>,
}

impl fmt::Debug for StoredFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredFiles").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Rows that a wrapper reads by itself.
pub trait FileRows: Send + Sync {
    /// All of them, in order.
    fn read(self: Arc<Self>) -> Batches<'static>;

    /// What is to be told of those that were read since this was last asked.
    fn notices(&self) -> Vec<Report>;
}

/// How the rows of a table are had.
#[derive(Clone)]
pub enum FileSource {
    /// The engine reads these files.
    Stored(StoredFiles),
    /// The wrapper reads them.
    Rows(Arc<dyn FileRows>),
}

/// A column of a foreign table of files.
#[derive(Clone, Debug)]
pub struct FileColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub pg_type: PgType,
    /// Its options.
    pub options: Arc<Options>,
    /// Whether its values are asked for.
    pub wanted: bool,
    /// Whether it has a default.
    pub has_default: bool,
}

/// A read of a foreign table of files.
#[derive(Clone, Debug)]
pub struct FileTable {
    /// Its name, for messages.
    pub name: String,
    /// Its options.
    pub options: Arc<Options>,
    /// All of its columns, in order.
    pub columns: Vec<FileColumn>,
    /// What every wanted row fulfils. A file whose path says that none does may be left out.
    pub quals: Vec<Qual>,
    /// How the session writes values.
    pub style: Style,
}

/// A wrapper of files.
#[async_trait]
pub trait FileWrapper: Wrapper {
    /// Opens the place where files are, as the mapped account.
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn ScanConnection>>;

    /// Whether the engine will read the files of a table of these options, and so in parallel.
    fn is_stored(&self, table: &Options) -> bool;

    /// What EXPLAIN says of a table of these options: a label and a text.
    fn explain(&self, _table: &Options) -> Option<(&'static str, String)> {
        None
    }
}
