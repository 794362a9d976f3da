use std::sync::Arc;

use async_trait::async_trait;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::{Connect, Options, Result, Wrapper};

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values and their like.
    Csv {
        /// Between fields.
        delimiter: u8,
        /// Around a field.
        quote: u8,
        /// The first line names the columns.
        header: bool,
    },
    /// Parquet.
    Parquet,
    /// A JSON value a line.
    Json,
}

/// The files of one foreign table.
#[derive(Clone, Debug)]
pub struct FileSource {
    /// Where they are, opened as the mapped account.
    pub store: Arc<dyn ObjectStore>,
    /// Which they are.
    pub paths: Vec<Path>,
    /// How they are read.
    pub format: FileFormat,
}

/// A wrapper of files: it names them, and the engine reads them.
#[async_trait]
pub trait FileWrapper: Wrapper {
    /// The files of a table with these options.
    async fn source(&self, connect: Connect<'_>, table: &Options) -> Result<FileSource>;
}
