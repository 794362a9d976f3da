use std::sync::{Arc, Weak};
use std::time::Duration;

use medley_fdw::{Begin, Canceller, Isolation, ScanConnection, SqlConnection};

use crate::audit::Author;
use crate::pool::{Permit, Pool};
use crate::readers::Readers;
use crate::references::Term;
use crate::{Audit, ConnKey, Error, QueryId, RemoteEvent, Result};

/// How long a remote gets to hear that a query is to stop.
pub(crate) const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// A remote session.
pub enum Connection {
    /// With a server that speaks SQL.
    Sql(Box<dyn SqlConnection>),
    /// With another source.
    Scan(Box<dyn ScanConnection>),
}

impl Connection {
    /// Who it is at the remote.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Sql(connection) => connection.account(),
            Self::Scan(connection) => connection.account(),
        }
    }

    /// The process that serves it at the remote.
    pub(crate) fn remote_pid(&self) -> Option<i32> {
        match self {
            Self::Sql(connection) => connection.remote_pid(),
            Self::Scan(_) => None,
        }
    }

    fn begin_query(&mut self, id: QueryId) {
        if let Self::Sql(connection) = self {
            connection.begin_query(&id.to_string());
        }
    }

    async fn reset(&mut self) -> bool {
        match self {
            Self::Sql(connection) => connection.reset().await,
            Self::Scan(connection) => connection.reset().await,
        }
    }
}

/// A connection in use. Dropped before [`Lease::finish`], what it does is cancelled at the
/// remote, and it is closed.
pub struct Lease {
    connection: Option<Connection>,
    /// How long what it logged in with is good.
    term: Term,
    key: ConnKey,
    /// Opened in a state that is committed, by a server that keeps connections.
    poolable: bool,
    pool: Arc<Pool>,
    /// Counts against the limits until the connection is closed or idle.
    permit: Option<Permit>,
    /// In a transaction that shares its snapshot with others.
    in_snapshot: bool,
    /// Those whose snapshot ends with its transaction.
    exported_for: Weak<Readers>,
    /// For whom what is done on it is done.
    author: Option<Box<Author>>,
}

impl Lease {
    pub(crate) fn new(
        (connection, term): (Connection, Term),
        key: ConnKey,
        poolable: bool,
        pool: Arc<Pool>,
        permit: Permit,
    ) -> Self {
        Self {
            connection: Some(connection),
            term,
            key,
            poolable,
            pool,
            permit: Some(permit),
            in_snapshot: false,
            exported_for: Weak::new(),
            author: None,
        }
    }

    /// Exports the snapshot of its transaction for these readers, who lose it with the lease.
    pub(crate) async fn export_snapshot(&mut self, readers: &Arc<Readers>) -> Result<String> {
        let snapshot = self.sql()?.export_snapshot().await?;
        self.exported_for = Arc::downgrade(readers);
        Ok(snapshot)
    }

    /// What is done on it from now on is told of as this one's.
    pub(crate) fn serve(&mut self, author: Author) {
        self.author = Some(Box::new(author));
    }

    /// Whose it is.
    pub fn key(&self) -> &ConnKey {
        &self.key
    }

    /// Who it is at the remote.
    pub(crate) fn account(&self) -> Option<&str> {
        self.connection.as_ref().and_then(Connection::account)
    }

    /// What comes next is a part of this statement, as the remote is told with it.
    pub(crate) fn remote_pid(&self) -> Option<i32> {
        self.connection.as_ref().and_then(Connection::remote_pid)
    }

    pub(crate) fn begin_query(&mut self, id: QueryId) {
        self.connection().begin_query(id);
        if let Some(author) = &mut self.author {
            author.begin_query(id);
        }
    }

    /// The connection, of whatever kind.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a lease has its connection until it is finished")
    }

    /// The connection of a wrapper that speaks SQL.
    pub fn sql(&mut self) -> Result<&mut dyn SqlConnection> {
        match self.connection() {
            Connection::Sql(connection) => Ok(connection.as_mut()),
            Connection::Scan(_) => Err(Error::Wrapper(medley_fdw::Error::Unsupported("SQL"))),
        }
    }

    /// The connection of a wrapper that does not.
    pub fn scan(&mut self) -> Result<&mut dyn ScanConnection> {
        match self.connection() {
            Connection::Scan(connection) => Ok(connection.as_mut()),
            Connection::Sql(_) => Err(Error::Wrapper(medley_fdw::Error::Unsupported("scans"))),
        }
    }

    /// Begins a read-only transaction under a snapshot, which ends when the lease is finished.
    pub(crate) async fn begin_snapshot(&mut self, snapshot: Option<&str>) -> Result<()> {
        let begin = Begin { isolation: Isolation::RepeatableRead, read_only: true, snapshot };
        self.begin(begin).await?;
        self.in_snapshot = true;
        Ok(())
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self, begin: Begin<'_>) -> Result<()> {
        let audit = self.control(RemoteEvent::Begin);
        told(audit, self.sql()?.begin(begin).await)
    }

    /// Sets a savepoint.
    pub(crate) async fn savepoint(&mut self, name: &str) -> Result<()> {
        let audit = self.control(RemoteEvent::Savepoint);
        told(audit, self.sql()?.savepoint(name).await)
    }

    /// Releases a savepoint.
    pub(crate) async fn release(&mut self, name: &str) -> Result<()> {
        let audit = self.control(RemoteEvent::Release);
        told(audit, self.sql()?.release(name).await)
    }

    /// Undoes what came after a savepoint.
    pub(crate) async fn rollback_to(&mut self, name: &str) -> Result<()> {
        let audit = self.control(RemoteEvent::RollbackTo);
        told(audit, self.sql()?.rollback_to(name).await)
    }

    /// Commits the transaction.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        let audit = self.control(RemoteEvent::Commit);
        told(audit, self.sql()?.commit().await)
    }

    /// Undoes the transaction.
    pub(crate) async fn rollback(&mut self) -> Result<()> {
        let audit = self.control(RemoteEvent::Rollback);
        told(audit, self.sql()?.rollback().await)
    }

    /// The first phase of a commit.
    pub(crate) async fn prepare_transaction(&mut self, name: &str) -> Result<()> {
        let audit = self.control(RemoteEvent::Prepare);
        told(audit, self.sql()?.prepare_transaction(name).await)
    }

    /// The second.
    pub(crate) async fn finish_prepared(&mut self, name: &str, commit: bool) -> Result<()> {
        let event = if commit { RemoteEvent::Commit } else { RemoteEvent::Rollback };
        let audit = self.control(event);
        told(audit, self.sql()?.finish_prepared(name, commit).await)
    }

    /// What is done to transactions is told of: whoever is told of a change must be able to know
    /// whether it was committed.
    fn control(&self, event: RemoteEvent) -> Option<Arc<Audit>> {
        Some(self.author.as_ref()?.audit_of_control(event, self.account()))
    }

    /// Gives the connection back: everything that was asked of it has been answered.
    pub async fn finish(mut self) {
        self.give_back().await;
    }

    pub(crate) async fn give_back(&mut self) {
        if self.in_snapshot && Box::pin(self.end_snapshot()).await.is_err() {
            self.poolable = false;
        }
        let Some(mut connection) = self.connection.take() else { return };
        if self.poolable && connection.reset().await {
            self.pool.keep(self.key, connection, std::mem::take(&mut self.term));
        }
        self.permit.take();
    }

    async fn end_snapshot(&mut self) -> Result<()> {
        self.in_snapshot = false;
        self.commit().await
    }

    /// Closes the connection: it has failed.
    pub fn discard(self) {
        drop(self.close());
    }

    /// The same, and the right to open another.
    pub(crate) fn close(mut self) -> Option<Permit> {
        self.connection.take();
        self.permit.take()
    }
}

fn told(audit: Option<Arc<Audit>>, done: medley_fdw::Result<()>) -> Result<()> {
    let done = done.map_err(Error::from);
    if let Some(audit) = audit {
        audit.ended(&done);
    }
    done
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(connection), Some(permit)) = (self.connection.take(), self.permit.take()) else {
            return;
        };
        let abandoned = Abandoned { held: Some((connection, permit)) };
        if let Some(readers) = self.exported_for.upgrade() {
            readers.outlast(abandoned);
        }
    }
}

/// A connection that nobody listens to any more. When it is dropped, what it does is cancelled at
/// the remote, and it is closed.
pub(crate) struct Abandoned {
    held: Option<(Connection, Permit)>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some((connection, permit)) = self.held.take() else { return };
        let canceller = match &connection {
            Connection::Sql(sql) => sql.canceller(),
            Connection::Scan(_) => None,
        };
        let (Some(canceller), Ok(runtime)) = (canceller, tokio::runtime::Handle::try_current())
        else {
            return;
        };
        // The connection counts, and stays open, until the remote has heard.
        runtime.spawn(async move {
            cancel_at_remote(&*canceller).await;
            drop(connection);
            drop(permit);
        });
    }
}

/// Asks the remote to stop what a connection is doing.
pub(crate) async fn cancel_at_remote(canceller: &dyn Canceller) {
    match tokio::time::timeout(CANCEL_TIMEOUT, canceller.cancel()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "cancelling at the remote failed"),
        Err(_) => tracing::debug!("cancelling at the remote timed out"),
    }
}
