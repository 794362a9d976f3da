//! This machine's files: what is opened when nobody has to log in.
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use medley_fdw::{
    Batches, Dialer, Error, FileFormat, FileRows, FileSource, FileTable, ImportSchema, Report,
    Result, Scan, ScanConnection, SqlState, StoredFile, StoredFiles, TableDef,
};
use object_store::ObjectStore;

use crate::copied::Copied;
use crate::import;
use crate::json::Lines;
use crate::local::{self, Found, LocalStore};
use crate::options::{Compression, Format};
use crate::rows::Rows;
use crate::source::{Input, Source};

/// The files that the dialer opens.
pub(crate) struct Local {
    dialer: Arc<dyn Dialer>,
}

impl Local {
    pub fn new(dialer: Arc<dyn Dialer>) -> Self {
        Self { dialer }
    }

    fn rows(&self, table: &FileTable, format: Format) -> Result<Arc<dyn FileRows>> {
        if let Some(program) = table.options.text("program") {
            if !self.dialer.runs_programs() {
                return Err(no_programs());
            }
            let input = Input::program(program);
            return self.read(table, format, vec![input], Vec::new());
        }
        let found = self.found(table, format)?;
        let input = |found: &Found| {
            let compression = Compression::of(&table.options, &found.name());
            Input::file(Arc::clone(&self.dialer), found.path.clone(), compression)
        };
        let inputs = found.iter().map(input).collect();
        // A missing file is told of before the first row is asked for.
        if let [only] = found.as_slice() {
            drop(local::open(self.dialer.as_ref(), &only.path)?);
        }
        self.read(table, format, inputs, found)
    }

    fn read(
        &self,
        table: &FileTable,
        format: Format,
        inputs: Vec<Input>,
        found: Vec<Found>,
    ) -> Result<Arc<dyn FileRows>> {
        let partitions = |index: usize| match found.get(index) {
            Some(found) => found.partitions(&table.columns),
            None => vec![None; table.columns.len()],
        };
        let sources = inputs.into_iter().enumerate();
        let sources = sources.map(|(index, input)| Source { input, partitions: partitions(index) });
        let sources = sources.collect();
        Ok(match format {
            Format::Json => Arc::new(Rows::new(Lines::new(table), sources)),
            _ => Arc::new(Rows::new(Copied::new(table)?, sources)),
        })
    }

    /// The files of a table, for the engine to read.
    pub fn stored(&self, table: &FileTable, format: FileFormat) -> Result<StoredFiles> {
        let mut store = LocalStore::new(Arc::clone(&self.dialer));
        let mut files = Vec::new();
        for found in self.found(table, Format::Parquet)? {
            let file = local::open(self.dialer.as_ref(), &found.path)?;
            let meta = store.add(&found.path, &file)?;
            files.push(StoredFile { meta, partitions: found.partitions(&table.columns) });
        }
        Ok(StoredFiles { store: Arc::new(store), files, format, names: names(table) })
    }

    fn found(&self, table: &FileTable, format: Format) -> Result<Vec<Found>> {
        let name = table.options.text("dirname").map_or_else(
            || table.options.require("filename").map(str::to_owned),
            |folder| Ok(format!("{}/", folder.trim_end_matches('/'))),
        );
        local::find(&name?, format != Format::Copy)
    }

    /// Describes the Parquet files of a folder, by these options.
    pub async fn import_from(
        &mut self,
        wanted: &ImportSchema,
        options: (&'static str, &'static str),
        format: Option<(&'static str, &'static str)>,
    ) -> Result<Vec<TableDef>> {
        let folder = wanted.remote_schema.trim_end_matches('/');
        let mut store = LocalStore::new(Arc::clone(&self.dialer));
        let mut files = Vec::new();
        for found in local::find(&format!("{folder}/"), true)? {
            let file = local::open(self.dialer.as_ref(), &found.path)?;
            files.push(store.add(&found.path, &file)?);
        }
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        let folder = folder.trim_start_matches('/');
        let place = import::Place { prefix: "/".to_owned(), folder, options, format };
        import::import(&store, wanted, &place, files).await
    }
}

/// What the table's columns are called in the files.
pub(crate) fn names(table: &FileTable) -> Vec<String> {
    let name = |column: &medley_fdw::FileColumn| {
        column.options.text("column_name").unwrap_or(&column.name).to_owned()
    };
    table.columns.iter().map(name).collect()
}

fn no_programs() -> Error {
    let message = "running programs for foreign tables is not supported by this configuration";
    let report = Report::error(SqlState::FEATURE_NOT_SUPPORTED, message);
    Error::refused(report.with_hint("Say programs = true under [files] in medley.toml."))
}

#[async_trait]
impl ScanConnection for Local {
    fn scan<'a>(&'a mut self, _scan: Scan<'a>) -> Batches<'a> {
        let refused = Err(Error::Unsupported("reading a file as a table of its own"));
        futures::stream::once(async { refused }).boxed()
    }

    async fn files(&mut self, table: &FileTable) -> Result<FileSource> {
        match Format::of(&table.options) {
            Format::Parquet => Ok(FileSource::Stored(self.stored(table, FileFormat::Parquet)?)),
            Format::Arrow => Ok(FileSource::Stored(self.stored(table, FileFormat::Arrow)?)),
            format => Ok(FileSource::Rows(self.rows(table, format)?)),
        }
    }

    /// As PostgreSQL's, it imports nothing unless it is told of which format.
    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        if wanted.options.text("format").is_none() {
            return Err(Error::NoImport);
        }
        let format = Some(("format", "parquet"));
        self.import_from(wanted, ("filename", "filename"), format).await
    }
}
