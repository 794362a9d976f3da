//! Who did what at which remote: one [`RemoteStatement`] for each statement that ran there.
//!
//! It is made where rows come in, whatever way the statement took, and told when the statement
//! has ended, also when its reader went away. It holds no statement's text and no value.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use arrow_array::{Array, RecordBatch};
use async_stream::try_stream;
use futures::StreamExt;
use futures::stream::BoxStream;
use medley_catalog::ids::{RoleOid, RoleOrPublic, ServerOid, UserMappingOid};
use medley_diagnostic::{Diagnostic, SqlState};
use parking_lot::Mutex;

use crate::{Access, Error, Foreign, Lease, Remote, Result};

/// Takes note of what runs at remotes.
pub trait Auditor: Send + Sync {
    /// A statement at a remote has ended. Called on the way of the rows: it must be quick.
    fn record(&self, statement: RemoteStatement);
}

/// What is done at a remote, or to a mapping because of what a remote said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteEvent {
    /// What a statement wants of a remote: rows, or changes.
    Statement,
    /// The remote is asked what its tables are.
    Describe,
    /// The remote is asked how big its tables are, or what it expects of a query.
    Statistics,
    /// Its tables are described for IMPORT FOREIGN SCHEMA.
    Import,
    /// A login that somebody wanted tried.
    Login,
    /// A transaction begins there.
    Begin,
    /// A savepoint is set there.
    Savepoint,
    /// A savepoint is released there.
    Release,
    /// What came after a savepoint is undone there.
    RollbackTo,
    /// A transaction is prepared there, to be committed or not.
    Prepare,
    /// A transaction is committed there.
    Commit,
    /// A transaction is undone there.
    Rollback,
    /// A mapping's next password has logged in, and is its password from now on.
    Rotate,
}

impl RemoteEvent {
    /// As the audit log calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "REMOTE",
            Self::Describe => "REMOTE DESCRIBE",
            Self::Statistics => "REMOTE STATISTICS",
            Self::Import => "REMOTE IMPORT",
            Self::Login => "REMOTE LOGIN",
            Self::Begin => "REMOTE BEGIN",
            Self::Savepoint => "REMOTE SAVEPOINT",
            Self::Release => "REMOTE RELEASE",
            Self::RollbackTo => "REMOTE ROLLBACK TO",
            Self::Prepare => "REMOTE PREPARE",
            Self::Commit => "REMOTE COMMIT",
            Self::Rollback => "REMOTE ROLLBACK",
            Self::Rotate => "ROTATE USER MAPPING",
        }
    }
}

/// One statement at one remote, after its end.
#[derive(Clone, Debug)]
pub struct RemoteStatement {
    /// What was done.
    pub event: RemoteEvent,
    /// When it began.
    pub began: SystemTime,
    /// Which of our statements it is a part of; its `application_name` at the remote says so too.
    pub query: QueryId,
    /// Who logged in here.
    pub session_user: (RoleOid, Arc<str>),
    /// The role whose privileges, and whose mapping, counted.
    pub role: (RoleOid, Arc<str>),
    /// The mapping, and whether it is PUBLIC's; None where the wrapper looks none up.
    pub mapping: Option<(UserMappingOid, RoleOrPublic)>,
    /// The foreign server.
    pub server: (ServerOid, Arc<str>),
    /// The account at the remote; None where nobody logs in.
    pub remote_user: Option<Arc<str>>,
    /// The foreign tables that it reads, with their schemas.
    pub tables: Arc<[String]>,
    /// Rows that came.
    pub rows: u64,
    /// Bytes of these rows' values, in the form that they are handed on in.
    pub bytes: u64,
    /// From asking for a connection to the end.
    pub elapsed: Duration,
    /// `00000`, or why it ended; `57014` where its rows were not wanted any more.
    pub outcome: SqlState,
}

/// What a statement is called in the audit log, and at the remotes that serve it. No other
/// statement has it, also not of another run of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryId(u64);

impl fmt::Display for QueryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Counts statements, from a number that depends on when the server was started.
pub(crate) struct QueryIds(AtomicU64);

impl QueryIds {
    /// Between two starts of the server, a second apart, there is room for so many statements.
    const BITS: u32 = 28;

    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(AtomicU64::new(now.as_secs() << Self::BITS))
    }

    pub(crate) fn next(&self) -> QueryId {
        QueryId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Who makes a remote do something, and by which mapping: what all of their events say.
#[derive(Clone)]
pub(crate) struct Author {
    foreign: Arc<Foreign>,
    statement: RemoteStatement,
}

impl Author {
    pub(crate) fn new(foreign: &Arc<Foreign>, access: &Access, remote: &Remote) -> Self {
        let (person, names) = (access.person(), remote.names());
        let statement = RemoteStatement {
            event: RemoteEvent::Statement,
            began: SystemTime::now(),
            query: access.query_id(),
            session_user: (person.session_user, Arc::clone(&person.session_user_name)),
            role: (remote.role().oid, Arc::clone(&names.role)),
            mapping: remote.mapping().map(|mapping| (mapping.oid, mapping.user)),
            server: (remote.server().oid, Arc::clone(&names.server)),
            remote_user: None,
            tables: Arc::clone(remote.tables()),
            rows: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
            outcome: SqlState::QUERY_CANCELED,
        };
        Self { foreign: Arc::clone(foreign), statement }
    }

    /// What comes is a part of this statement.
    pub(crate) fn begin_query(&mut self, query: QueryId) {
        self.statement.query = query;
    }

    /// Something that begins now.
    pub(crate) fn audit(&self, event: RemoteEvent) -> Arc<Audit> {
        let statement =
            RemoteStatement { event, began: SystemTime::now(), ..self.statement.clone() };
        Arc::new(Audit {
            foreign: Arc::clone(&self.foreign),
            since: Instant::now(),
            statement: Mutex::new(statement),
        })
    }

    /// Something about the transaction on a connection, by this account: no table is read.
    pub(crate) fn audit_of_control(&self, event: RemoteEvent, account: Option<&str>) -> Arc<Audit> {
        let audit = self.audit(event);
        let mut statement = audit.statement.lock();
        statement.tables = Arc::default();
        statement.remote_user = account.map(Arc::from);
        drop(statement);
        audit
    }
}

/// Follows one statement at a remote. What becomes of it is told when this is dropped.
pub struct Audit {
    foreign: Arc<Foreign>,
    since: Instant,
    statement: Mutex<RemoteStatement>,
}

impl Audit {
    /// It runs on this connection.
    pub(crate) fn on(&self, lease: &Lease) {
        self.by(lease.account());
    }

    /// It is done by this account.
    pub(crate) fn by(&self, account: Option<&str>) {
        let mut statement = self.statement.lock();
        if statement.remote_user.is_none() {
            statement.remote_user = account.map(Arc::from);
        }
    }

    /// So many rows of so many bytes have come.
    pub fn count(&self, rows: u64, bytes: u64) {
        let mut statement = self.statement.lock();
        statement.rows += rows;
        statement.bytes += bytes;
    }

    /// It turns out to be this.
    pub(crate) fn is(&self, event: RemoteEvent) {
        self.statement.lock().event = event;
    }

    /// It has come to its end.
    pub fn ended<T>(&self, outcome: &Result<T>) {
        match outcome {
            Ok(_) => self.succeeded(),
            Err(error) => self.failed(error),
        }
    }

    pub(crate) fn succeeded(&self) {
        self.statement.lock().outcome = SqlState::SUCCESSFUL_COMPLETION;
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.statement.lock().outcome = error.sqlstate();
    }

    /// Counts what comes of a stream, to its end.
    pub fn follow<T: Send + 'static>(
        self: Arc<Self>,
        mut items: BoxStream<'static, Result<T>>,
        size: impl Fn(&T) -> (u64, u64) + Send + 'static,
    ) -> BoxStream<'static, Result<T>> {
        try_stream! {
            while let Some(item) = items.next().await {
                match &item {
                    Ok(item) => {
                        let (rows, bytes) = size(item);
                        self.count(rows, bytes);
                    }
                    Err(_) => self.ended(&item),
                }
                yield item?;
            }
            self.ended(&Ok(()));
        }
        .boxed()
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        let Some(auditor) = self.foreign.auditor.get() else { return };
        let mut statement = self.statement.lock().clone();
        statement.elapsed = self.since.elapsed();
        auditor.record(statement);
    }
}

/// Rows of a batch, and the bytes of their values.
pub(crate) fn batch_size(batch: &RecordBatch) -> (u64, u64) {
    let bytes = |column: &dyn Array| column.to_data().get_slice_memory_size().unwrap_or_default();
    let bytes: usize = batch.columns().iter().map(|column| bytes(column.as_ref())).sum();
    (batch.num_rows() as u64, bytes as u64)
}
