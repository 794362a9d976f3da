//! Files that DataFusion reads, piece by piece.
//!
//! Each file is read by its own schema, and what comes out is converted to the types that the
//! foreign table declares: exactly, or not at all. Nothing that is known of a file outlives the
//! statement, for another one may be made by an account that must not see it.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::datasource::file_format::FileFormat as _;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{
    ArrowSource, FileScanConfigBuilder, FileSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::ExecutionPlan as _;
use datafusion::prelude::SessionConfig;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use medley_diagnostic::{Report, SqlState};
use medley_fdw::{FileFormat, Qual, StoredFile, StoredFiles};
use medley_foreign::Batches;
use medley_types::{ColumnBuilder, PgType, Style};

use super::FileWork;
use super::convert::convert;
use super::filter::{admits, predicate};
/// A smaller piece is not worth a reader of its own.
const LEAST_PIECE_BYTES: u64 = 4 << 20;
/// Pieces for each reader: none has to wait long for the last.
const PIECES_PER_READER: u64 = 4;
const BATCH_ROWS: usize = 8192;
/// Stands for the one store of a reading: what is behind it, is in its runtime alone.
const STORE: &str = "files://reading/";

/// The files of a reading, cut into pieces, and which of them nobody reads yet.
pub(super) struct Pieces {
    files: StoredFiles,
    pieces: Vec<Piece>,
    next: AtomicUsize,
    columns: Vec<Wanted>,
    /// The names of all of the table's columns, of which quals speak.
    table_names: Vec<String>,
    quals: Vec<Qual>,
    schema: SchemaRef,
    task: Arc<TaskContext>,
    style: Style,
}

#[derive(Clone, Copy)]
struct Piece {
    file: usize,
    start: u64,
    end: u64,
}

/// A column that is asked for.
struct Wanted {
    /// Which of the table's.
    index: usize,
    name: String,
    pg_type: PgType,
}

/// Where the values of a column come from.
enum Origin {
    /// The file's path.
    Path(Option<String>),
    /// The file's column of this place in what is read of it.
    Column(usize),
}

impl Pieces {
    pub fn new(
        files: StoredFiles,
        work: &FileWork,
        schema: SchemaRef,
    ) -> medley_foreign::Result<Self> {
        let place = |name: &String| work.table.columns.iter().position(|it| it.name == *name);
        let columns = work.wanted.iter().filter_map(place).map(|index| {
            let column = &work.table.columns[index];
            Wanted { index, name: column.name.clone(), pg_type: column.pg_type }
        });
        let quals = &work.table.quals;
        let names: Vec<&str> = work.table.columns.iter().map(|it| it.name.as_str()).collect();
        let types: Vec<PgType> = work.table.columns.iter().map(|it| it.pg_type).collect();
        let is_wanted = |file: &StoredFile| {
            let value = |qual: &Qual| {
                let index = names.iter().position(|name| *name == qual.column)?;
                let text = file.partitions.get(index)?.as_ref()?;
                constant(text.as_deref(), types[index], 1, &work.table.style).ok()
            };
            quals.iter().all(|qual| value(qual).is_none_or(|value| admits(qual, &value)))
        };
        let pieces = cut(&files.files, work.readers as u64, is_wanted, files.format);
        Ok(Self {
            pieces,
            columns: columns.collect(),
            table_names: names.iter().map(|&name| name.to_owned()).collect(),
            quals: quals.clone(),
            schema,
            task: task(&files).map_err(told)?,
            files,
            next: AtomicUsize::new(0),
            style: work.table.style.clone(),
        })
    }

    /// The rows of one reader, who takes piece after piece.
    pub fn read(self: Arc<Self>) -> Batches {
        let pieces = stream::unfold(self, |pieces| async move {
            let next = pieces.next.fetch_add(1, Ordering::Relaxed);
            let piece = *pieces.pieces.get(next)?;
            let rows = Arc::clone(&pieces).open(piece).await;
            Some((rows, pieces))
        });
        pieces.try_flatten().boxed()
    }

    async fn open(self: Arc<Self>, piece: Piece) -> medley_foreign::Result<Batches> {
        let file = &self.files.files[piece.file];
        let schema = Arc::new(self.file_schema(file).await?);
        let (origins, projection) = self.origins(file, &schema)?;
        let rows = self.rows(piece, &schema, projection).map_err(told)?;
        let batches = rows.map(move |batch| {
            let batch = batch.map_err(told)?;
            self.converted(&self.files.files[piece.file], &batch, &origins)
        });
        Ok(batches.boxed())
    }

    async fn file_schema(&self, file: &StoredFile) -> medley_foreign::Result<Schema> {
        let state = || {
            let runtime = Arc::clone(&self.task.runtime_env());
            SessionStateBuilder::new().with_runtime_env(runtime).build()
        };
        match self.files.format {
            FileFormat::Parquet => DFParquetMetadata::new(self.files.store.as_ref(), &file.meta)
                .with_file_metadata_cache(Some(self.cache()))
                .fetch_schema()
                .await
                .map_err(told),
            FileFormat::Arrow => {
                let metas = [file.meta.clone()];
                let inferred = ArrowFormat.infer_schema(&state(), &self.files.store, &metas).await;
                inferred.map(Arc::unwrap_or_clone).map_err(told)
            }
        }
    }

    fn cache(&self) -> Arc<datafusion::execution::cache::cache_manager::FileMetadataCache> {
        self.task.runtime_env().cache_manager.get_file_metadata_cache()
    }

    /// Where each wanted column comes from, and which columns of the file are to be read.
    fn origins(
        &self,
        file: &StoredFile,
        schema: &Schema,
    ) -> medley_foreign::Result<(Vec<Origin>, Vec<usize>)> {
        let mut projection = Vec::new();
        let mut origins = Vec::new();
        for column in &self.columns {
            if let Some(Some(value)) = file.partitions.get(column.index) {
                origins.push(Origin::Path(value.clone()));
                continue;
            }
            let name = self.files.names.get(column.index).unwrap_or(&column.name);
            let found = place(schema, name).ok_or_else(|| missing(name, file))?;
            origins.push(Origin::Column(projection.len()));
            projection.push(found);
        }
        Ok((origins, projection))
    }

    fn rows(
        &self,
        piece: Piece,
        schema: &SchemaRef,
        projection: Vec<usize>,
    ) -> PlanResult<SendableRecordBatchStream> {
        let file = &self.files.files[piece.file];
        let mut part = PartitionedFile::new_from_meta(file.meta.clone());
        if (piece.start, piece.end) != (0, file.meta.size) {
            let bound = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
            part.range = Some(FileRange { start: bound(piece.start), end: bound(piece.end) });
        }
        let url = ObjectStoreUrl::parse(STORE)?;
        let config = FileScanConfigBuilder::new(url, self.source(file, schema))
            .with_file(part)
            .with_projection_indices(Some(projection))?
            .with_batch_size(Some(BATCH_ROWS))
            .build();
        DataSourceExec::from_data_source(config).execute(0, Arc::clone(&self.task))
    }

    fn source(&self, file: &StoredFile, schema: &SchemaRef) -> Arc<dyn FileSource> {
        if self.files.format == FileFormat::Arrow {
            return Arc::new(ArrowSource::new_file_source(Arc::clone(schema)));
        }
        let store = Arc::clone(&self.files.store);
        let readers = CachedParquetFileReaderFactory::new(store, self.cache());
        let source = ParquetSource::new(Arc::clone(schema))
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_enable_page_index(true)
            .with_pushdown_filters(true)
            .with_reorder_filters(true);
        let in_file = |column: &str| {
            let index = self.table_names.iter().position(|name| name == column)?;
            match file.partitions.get(index) {
                Some(Some(_)) => None,
                _ => place(schema, &self.files.names[index]),
            }
        };
        Arc::new(match predicate(&self.quals, schema, in_file) {
            Some(predicate) => source.with_predicate(predicate),
            None => source,
        })
    }

    fn converted(
        &self,
        file: &StoredFile,
        batch: &RecordBatch,
        origins: &[Origin],
    ) -> medley_foreign::Result<RecordBatch> {
        let rows = batch.num_rows();
        let column = |(column, origin): (&Wanted, &Origin)| -> Result<ArrayRef, Report> {
            match origin {
                Origin::Path(value) => {
                    let value = constant(value.as_deref(), column.pg_type, rows, &self.style);
                    value.map_err(|error| medley_diagnostic::Diagnostic::report(&error))
                }
                Origin::Column(index) => convert(batch.column(*index), column.pg_type, &self.style),
            }
            .map_err(|report| {
                let (name, path) = (&column.name, &file.meta.location);
                report.with_context(format!("column \"{name}\" of file \"{path}\""))
            })
        };
        let arrays = self.columns.iter().zip(origins).map(column).collect::<Result<Vec<_>, _>>();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let arrays = arrays.map_err(refused)?;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| refused(Report::error(SqlState::INTERNAL_ERROR, error.to_string())))
    }
}

/// The column of this name, or the only one that differs in nothing but case.
fn place(schema: &Schema, name: &str) -> Option<usize> {
    let fields = schema.fields();
    if let Some((index, _)) = fields.find(name) {
        return Some(index);
    }
    let mut like = (0..fields.len()).filter(|i| fields[*i].name().eq_ignore_ascii_case(name));
    like.next().filter(|_| like.next().is_none())
}

fn missing(name: &str, file: &StoredFile) -> medley_foreign::Error {
    let path = &file.meta.location;
    let message = format!("file \"{path}\" has no column \"{name}\"");
    refused(Report::error(SqlState::FDW_COLUMN_NAME_NOT_FOUND, message))
}

/// A piece for each reader's turn; a file that the wanted rows are not in has none.
fn cut(
    files: &[StoredFile],
    readers: u64,
    is_wanted: impl Fn(&StoredFile) -> bool,
    format: FileFormat,
) -> Vec<Piece> {
    let wanted = || files.iter().enumerate().filter(|(_, file)| is_wanted(file));
    let total: u64 = wanted().map(|(_, file)| file.meta.size).sum();
    let piece = (total / (readers.max(1) * PIECES_PER_READER)).max(LEAST_PIECE_BYTES);
    let pieces = wanted().flat_map(|(index, file)| {
        let size = file.meta.size;
        let parts = if format == FileFormat::Parquet { (size / piece).max(1) } else { 1 };
        (0..parts).map(move |part| Piece {
            file: index,
            start: size * part / parts,
            end: size * (part + 1) / parts,
        })
    });
    pieces.collect()
}

/// A runtime that knows this reading's store, and remembers nothing of others.
fn task(files: &StoredFiles) -> PlanResult<Arc<TaskContext>> {
    let runtime: Arc<RuntimeEnv> = RuntimeEnvBuilder::new().build_arc()?;
    let url = ObjectStoreUrl::parse(STORE)?;
    runtime.register_object_store(url.as_ref(), Arc::clone(&files.store));
    let config = SessionConfig::new().with_batch_size(BATCH_ROWS);
    let task = TaskContext::default().with_session_config(config).with_runtime(runtime);
    Ok(Arc::new(task))
}

/// A value of a path for so many rows, read as the type's input function does.
fn constant(
    text: Option<&str>,
    t: PgType,
    rows: usize,
    style: &Style,
) -> medley_types::Result<ArrayRef> {
    let mut builder = ColumnBuilder::new(t, rows);
    for _ in 0..rows {
        match text {
            Some(text) => builder.append_text(text, style)?,
            None => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

fn refused(report: Report) -> medley_foreign::Error {
    medley_fdw::Error::refused(report).into()
}

/// What DataFusion, or the store beneath it, said of a file.
fn told(error: DataFusionError) -> medley_foreign::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<object_store::Error>() {
            return medley_fdw::Error::of_store(error).into();
        }
        cause = error.source();
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => {
            refused(Report::error(SqlState::OUT_OF_MEMORY, "out of memory"))
        }
        root => {
            let report = Report::error(SqlState::BAD_COPY_FILE_FORMAT, "could not read file");
            refused(report.with_detail(root.strip_backtrace()))
        }
    }
}
