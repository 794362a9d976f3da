//! Reading a foreign table of files.
//!
//! The wrapper opens them as the mapped account when the first reader begins. It reads the rows by
//! itself where their meaning is PostgreSQL's (csv, text), and one reader hands them on in order;
//! else DataFusion reads the files, and all readers take pieces of them from one list.
mod convert;
mod filter;
mod stored;

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use medley_fdw::{FileRows, FileSource, FileTable};
use medley_foreign::{Access, Batches, Remote};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use stored::Pieces;

/// What is to be read.
#[derive(Clone)]
pub(crate) struct FileWork {
    pub table: FileTable,
    /// The columns that are asked for, in order.
    pub wanted: Vec<String>,
    /// The engine reads the files.
    pub stored: bool,
    /// What EXPLAIN says of them.
    pub explained: Option<(&'static str, String)>,
    /// So many readers there are.
    pub readers: usize,
}

/// One reading of a table, shared by its readers.
#[derive(Clone, Default)]
pub(crate) struct FileReading(Arc<OnceCell<Opened>>);

enum Opened {
    /// One reader has them all.
    Rows(Mutex<Option<Arc<dyn FileRows>>>),
    Pieces(Arc<Pieces>),
}

/// The rows of one reader.
pub(crate) fn read_files(
    access: Arc<Access>,
    remote: Remote,
    work: FileWork,
    schema: SchemaRef,
    reading: FileReading,
) -> Batches {
    let opened = {
        let (access, remote) = (Arc::clone(&access), remote.clone());
        async move { open(&access, &remote, &work, schema, &reading).await }
    };
    access.audited(&remote, stream::once(opened.boxed()).try_flatten().boxed())
}

async fn open(
    access: &Arc<Access>,
    remote: &Remote,
    work: &FileWork,
    schema: SchemaRef,
    reading: &FileReading,
) -> medley_foreign::Result<Batches> {
    let open = async || {
        let pieces = |files| Pieces::new(files, work, schema);
        Ok::<_, medley_foreign::Error>(match access.files(remote, &work.table).await? {
            FileSource::Rows(rows) => Opened::Rows(Mutex::new(Some(rows))),
            FileSource::Stored(files) => Opened::Pieces(Arc::new(pieces(files)?)),
        })
    };
    Ok(match reading.0.get_or_try_init(open).await? {
        Opened::Rows(rows) => match rows.lock().take() {
            Some(rows) => read_rows(Arc::clone(access), rows),
            None => stream::empty().boxed(),
        },
        Opened::Pieces(pieces) => Arc::clone(pieces).read(),
    })
}

/// Rows that the wrapper reads; what it has to tell of them is kept as they come.
fn read_rows(access: Arc<Access>, rows: Arc<dyn FileRows>) -> Batches {
    let told = {
        let (access, rows) = (Arc::clone(&access), Arc::clone(&rows));
        stream::once(async move { access.note(rows.notices()) })
    };
    let noted = Arc::clone(&rows);
    let batches = rows.read().map(move |batch| {
        access.note(noted.notices());
        batch.map_err(medley_foreign::Error::from)
    });
    batches.map(Some).chain(told.map(|()| None)).filter_map(async |batch| batch).boxed()
}
