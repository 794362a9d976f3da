//! Rows that were read and may be asked for again.
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::execution::SpillFile;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use medley_diagnostic::SqlState;
use medley_fdw::RawBatch;

use crate::error::{Error, Result};
use crate::rows::Batch;

/// Rows in the order in which they came: in memory as far as there is room, the others on disk.
pub struct RowStore {
    runtime: Arc<RuntimeEnv>,
    memory: MemoryReservation,
    chunks: Vec<Chunk>,
    rows: u64,
    spilled: Option<Spilled>,
    /// What was last read from disk, and which chunk that is.
    read: Option<(usize, Batch)>,
}

struct Chunk {
    /// The number of its first row, from 0.
    first: u64,
    place: Place,
}

enum Place {
    Memory(Batch),
    Disk { offset: u64, bytes: usize, form: Form },
}

/// How rows lie on disk.
#[derive(Clone, Copy)]
enum Form {
    Columns,
    Raw { rows: usize },
}

/// The file goes when this does.
struct Spilled {
    _path: Arc<dyn SpillFile>,
    file: File,
    end: u64,
}

impl RowStore {
    pub(crate) fn new(runtime: &Arc<RuntimeEnv>) -> Self {
        let memory = MemoryConsumer::new("rows of a cursor").register(&runtime.memory_pool);
        let runtime = Arc::clone(runtime);
        Self { runtime, memory, chunks: Vec::new(), rows: 0, spilled: None, read: None }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Keeps some more.
    pub fn push(&mut self, batch: Batch) -> Result<()> {
        if batch.rows() == 0 {
            return Ok(());
        }
        let (first, rows) = (self.rows, batch.rows() as u64);
        let place = match self.memory.try_grow(size(&batch)) {
            Ok(()) => Place::Memory(batch),
            Err(_) => self.spill(&batch)?,
        };
        self.chunks.push(Chunk { first, place });
        self.rows += rows;
        Ok(())
    }

    /// At most so many rows from this one on, from 0: at least one, unless there is none.
    pub fn get(&mut self, first: u64, most: usize) -> Result<Option<Batch>> {
        if first >= self.rows {
            return Ok(None);
        }
        let index = self.chunks.partition_point(|chunk| chunk.first <= first) - 1;
        let skipped = (first - self.chunks[index].first) as usize;
        let chunk = self.chunk(index)?;
        let rest = match skipped {
            0 => Some(chunk),
            skipped => chunk.cut(skipped).1,
        };
        Ok(rest.map(|rest| rest.cut(most).0))
    }

    fn chunk(&mut self, index: usize) -> Result<Batch> {
        let (offset, bytes, form) = match &self.chunks[index].place {
            Place::Memory(batch) => return Ok(batch.clone()),
            Place::Disk { offset, bytes, form } => (*offset, *bytes, *form),
        };
        if let Some((_, batch)) = self.read.as_ref().filter(|(read, _)| *read == index) {
            return Ok(batch.clone());
        }
        let spilled = self.spilled.as_mut().ok_or_else(lost)?;
        let mut content = vec![0; bytes];
        spilled.file.seek(SeekFrom::Start(offset)).map_err(|error| unreadable(&error))?;
        spilled.file.read_exact(&mut content).map_err(|error| unreadable(&error))?;
        let batch = decode(content, form)?;
        self.read = Some((index, batch.clone()));
        Ok(batch)
    }

    fn spill(&mut self, batch: &Batch) -> Result<Place> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(Spilled::create(&self.runtime)?),
        };
        let (content, form) = encode(batch)?;
        let (offset, bytes) = (spilled.end, content.len());
        spilled.file.seek(SeekFrom::Start(offset)).map_err(|error| unwritable(&error))?;
        spilled.file.write_all(&content).map_err(|error| unwritable(&error))?;
        spilled.end += bytes as u64;
        Ok(Place::Disk { offset, bytes, form })
    }
}

impl Spilled {
    fn create(runtime: &Arc<RuntimeEnv>) -> Result<Self> {
        let path = runtime.disk_manager.create_tmp_file("rows of a cursor")?;
        let place = path.path().ok_or_else(lost)?;
        let file = File::options().read(true).write(true).open(place);
        Ok(Self { file: file.map_err(|error| unwritable(&error))?, _path: path, end: 0 })
    }
}

fn size(batch: &Batch) -> usize {
    match batch {
        Batch::Columns(batch) => batch.get_array_memory_size(),
        Batch::Raw(batch) => batch.messages.len(),
    }
}

fn encode(batch: &Batch) -> Result<(Vec<u8>, Form)> {
    match batch {
        Batch::Raw(batch) => Ok((batch.messages.to_vec(), Form::Raw { rows: batch.rows })),
        Batch::Columns(batch) => {
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
            writer.write(batch)?;
            Ok((writer.into_inner()?, Form::Columns))
        }
    }
}

fn decode(content: Vec<u8>, form: Form) -> Result<Batch> {
    match form {
        Form::Raw { rows } => Ok(Batch::Raw(RawBatch { rows, messages: Bytes::from(content) })),
        Form::Columns => {
            let mut reader = StreamReader::try_new(content.as_slice(), None)?;
            Ok(Batch::Columns(reader.next().ok_or_else(lost)??))
        }
    }
}

fn lost() -> Error {
    Error::Internal("rows that were kept on disk are not there".to_owned())
}

fn unwritable(error: &std::io::Error) -> Error {
    let message = format!("could not spill to disk: {}", error.kind());
    Error::at(SqlState::IO_ERROR, message, None)
}

fn unreadable(error: &std::io::Error) -> Error {
    let message = format!("could not read what was spilled to disk: {}", error.kind());
    Error::at(SqlState::IO_ERROR, message, None)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::cast::AsArray;
    use datafusion::arrow::array::{ArrayRef, Int32Array, RecordBatch};
    use datafusion::arrow::datatypes::Int32Type;
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;

    use super::*;

    fn numbers(range: std::ops::Range<i32>) -> Batch {
        let array: ArrayRef = Arc::new(Int32Array::from_iter_values(range));
        Batch::Columns(RecordBatch::try_from_iter([("n", array)]).expect("one column"))
    }

    fn check(memory_bytes: usize, spills: bool) {
        let pool = Arc::new(GreedyMemoryPool::new(memory_bytes));
        let runtime =
            RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc().expect("a runtime");
        let mut store = RowStore::new(&runtime);
        for start in [0, 10, 20] {
            store.push(numbers(start..start + 10)).expect("there is room");
        }
        assert_eq!((store.rows(), store.spilled.is_some()), (30, spills));
        for first in [0, 5, 9, 10, 29, 3] {
            let Some(Batch::Columns(batch)) = store.get(first, 2).expect("it is readable") else {
                panic!("there is a row {first}");
            };
            assert_eq!(batch.column(0).as_primitive::<Int32Type>().value(0), first as i32);
        }
        assert!(store.get(30, 1).expect("it is readable").is_none());
    }

    #[test]
    fn rows_are_found_again_in_memory_and_on_disk() {
        check(1 << 20, false);
        check(0, true);
        check(150, true);
    }
}
