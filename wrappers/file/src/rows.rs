//! Reading files line by line: one thread finds where lines end, others make batches of them, and
//! they come out in the files' order.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use futures::StreamExt;
use medley_copy::{Block, Encoding, Splitter};
use medley_fdw::{Batches, Error, FileColumn, FileRows, Report, Result};
use medley_types::{ColumnBuilder, Style, field};
use tokio::sync::mpsc;

use crate::source::Source;

const READ_BYTES: usize = 256 << 10;
/// Blocks that wait to be made batches of.
const WAITING_BLOCKS: usize = 2;

/// What lines mean.
pub(crate) trait Reading: Send + Sync + 'static {
    /// What finds their ends, in one file.
    fn splitter(&self) -> Splitter;

    /// The encoding of the files.
    fn encoding(&self) -> Encoding;

    /// The wanted columns that are in the files; `in_path` are those that are not.
    fn read(&self, block: &Block, in_path: &[bool]) -> Result<RecordBatch>;

    /// The table's columns.
    fn columns(&self) -> &[FileColumn];

    /// How values of paths are read.
    fn style(&self) -> &Style;

    /// What is to be told of rows since this was last asked; of all of them at the end.
    fn notices(&self, at_end: bool) -> Vec<Report>;
}

/// The rows of a table.
pub(crate) struct Rows<R> {
    reading: R,
    sources: Vec<Source>,
    ended: AtomicBool,
}

type Message = Result<(usize, Block)>;

impl<R: Reading> Rows<R> {
    pub fn new(reading: R, sources: Vec<Source>) -> Self {
        Self { reading, sources, ended: false.into() }
    }

    /// Hands on whole lines until there are none, or nobody wants them.
    fn split(&self, out: &mpsc::Sender<Message>) {
        for index in 0..self.sources.len() {
            match self.split_one(index, out) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let _ = out.blocking_send(Err(error));
                    return;
                }
            }
        }
    }

    /// Whether more is wanted.
    fn split_one(&self, index: usize, out: &mpsc::Sender<Message>) -> Result<bool> {
        let mut input = self.sources[index].input.open()?;
        let mut splitter = self.reading.splitter();
        let mut buffer = vec![0; READ_BYTES];
        while !splitter.is_done() {
            let length = input.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            let bytes = self.reading.encoding().decode(&buffer[..length]);
            if let Some(block) = splitter.feed(&bytes)
                && out.blocking_send(Ok((index, block))).is_err()
            {
                return Ok(false);
            }
        }
        let was_read = !splitter.is_done();
        let wanted = out.blocking_send(Ok((index, splitter.finish()))).is_ok();
        if was_read {
            input.finish()?;
        }
        Ok(wanted)
    }

    fn batch(&self, index: usize, block: &Block) -> Result<RecordBatch> {
        let partitions = &self.sources[index].partitions;
        let in_path: Vec<bool> = partitions.iter().map(Option::is_some).collect();
        let batch = self.reading.read(block, &in_path)?;
        if !in_path.contains(&true) {
            return Ok(batch);
        }
        let rows = batch.num_rows();
        let mut read = batch.columns().iter();
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (column, value) in self.reading.columns().iter().zip(partitions) {
            if !column.wanted {
                continue;
            }
            let array = match value {
                Some(value) => {
                    Some(constant(column, value.as_deref(), rows, self.reading.style())?)
                }
                None => read.next().cloned(),
            };
            fields.push(field(column.name.clone(), column.pg_type, true));
            arrays.extend(array);
        }
        let schema = Arc::new(arrow_schema::Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|error| {
            Error::refused(Report::error(medley_fdw::SqlState::INTERNAL_ERROR, error.to_string()))
        })
    }
}

impl<R: Reading> FileRows for Rows<R> {
    fn read(self: Arc<Self>) -> Batches<'static> {
        let rows = Arc::clone(&self);
        let batch = move |message: Message| {
            let rows = Arc::clone(&rows);
            tokio::spawn(async move {
                let (index, block) = message?;
                rows.batch(index, &block)
            })
        };
        let parallelism = std::thread::available_parallelism().map_or(4, usize::from);
        let batches = blocks(Arc::clone(&self)).map(batch).buffered(parallelism);
        let batches = batches.map(|done| done.unwrap_or_else(|error| Err(stopped(&error))));
        let end = futures::stream::once(async move { self.ended.store(true, Ordering::Release) });
        batches.map(Some).chain(end.map(|()| None)).filter_map(async |batch| batch).boxed()
    }

    fn notices(&self) -> Vec<Report> {
        self.reading.notices(self.ended.load(Ordering::Acquire))
    }
}

/// Blocks of whole lines, in order.
fn blocks<R: Reading>(rows: Arc<Rows<R>>) -> impl futures::Stream<Item = Message> {
    let (out, mut blocks) = mpsc::channel(WAITING_BLOCKS);
    async_stream::stream! {
        let thread = tokio::task::spawn_blocking(move || rows.split(&out));
        while let Some(message) = blocks.recv().await {
            yield message;
        }
        if let Err(error) = thread.await {
            yield Err(stopped(&error));
        }
    }
}

fn stopped(error: &tokio::task::JoinError) -> Error {
    let message = format!("reading a file was stopped: {error}");
    Error::refused(Report::error(medley_fdw::SqlState::INTERNAL_ERROR, message))
}

/// The value of a path for so many rows.
fn constant(
    column: &FileColumn,
    text: Option<&str>,
    rows: usize,
    style: &Style,
) -> Result<ArrayRef> {
    let mut builder = ColumnBuilder::new(column.pg_type, rows);
    for _ in 0..rows {
        match text {
            Some(text) => builder.append_text(text, style).map_err(|source| Error::Value {
                source,
                context: Some(format!("column \"{}\" of a file's path", column.name)),
            })?,
            None => builder.append_null(),
        }
    }
    Ok(builder.finish())
}
