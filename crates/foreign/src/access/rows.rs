//! Rows of a remote, on whatever connection there is for them: the one that the transaction has
//! pinned, else one of the statement's own.
use std::sync::Arc;

use async_stream::try_stream;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use medley_fdw::{Query, RawBatch, RawQuery, SqlConnection};
use parking_lot::Mutex;

use super::{Access, Batches, Queries, RawBatches, Scan};
use crate::audit::batch_size;
use crate::connect::Origin;
use crate::{Audit, Error, Remote, RemoteTransactions, Result};

/// What is asked of a remote that speaks SQL, and answered by rows.
pub(super) trait Ask: Clone + Send + Sync + 'static {
    /// How rows come.
    type Rows: Send + 'static;

    /// A connection is of further use after an error, for the remote has answered in full.
    const OUTLIVES_ERRORS: bool;

    /// Asks it on a connection of its own.
    fn on(
        self,
        connection: &mut dyn SqlConnection,
    ) -> BoxStream<'_, medley_fdw::Result<Self::Rows>>;

    /// Asks it on the mapping's connection of a transaction; None where the remote knows none.
    fn within<'a>(
        &'a self,
        transaction: &'a RemoteTransactions,
        access: &'a Arc<Access>,
        remote: &'a Remote,
        audit: &'a Arc<Audit>,
    ) -> BoxFuture<'a, Result<Option<Stream<Self::Rows>>>>;
}

type Stream<T> = BoxStream<'static, Result<T>>;

/// Where further queries come from.
type Next<A> = Arc<dyn Fn() -> Option<A> + Send + Sync>;

impl Ask for Query {
    type Rows = arrow_array::RecordBatch;
    const OUTLIVES_ERRORS: bool = false;

    fn on(self, connection: &mut dyn SqlConnection) -> medley_fdw::Batches<'_> {
        connection.query(self)
    }

    fn within<'a>(
        &'a self,
        transaction: &'a RemoteTransactions,
        access: &'a Arc<Access>,
        remote: &'a Remote,
        audit: &'a Arc<Audit>,
    ) -> BoxFuture<'a, Result<Option<Batches>>> {
        Box::pin(transaction.query(access, remote, self, audit))
    }
}

impl Ask for RawQuery {
    type Rows = RawBatch;
    const OUTLIVES_ERRORS: bool = true;

    fn on(self, connection: &mut dyn SqlConnection) -> medley_fdw::RawRows<'_> {
        connection.raw_query(self)
    }

    fn within<'a>(
        &'a self,
        transaction: &'a RemoteTransactions,
        access: &'a Arc<Access>,
        remote: &'a Remote,
        audit: &'a Arc<Audit>,
    ) -> BoxFuture<'a, Result<Option<RawBatches>>> {
        Box::pin(transaction.raw_query(access, remote, self, audit))
    }
}

impl Access {
    /// Runs a query at a remote that speaks SQL.
    pub fn query(self: &Arc<Self>, remote: Remote, query: Query) -> Batches {
        let query = Mutex::new(Some(query));
        self.read(remote, Arc::new(move || query.lock().take()))
    }

    /// Runs queries at a remote that speaks SQL, one after another, as one of their readers.
    pub fn read(self: &Arc<Self>, remote: Remote, queries: Queries) -> Batches {
        let access = Arc::clone(self);
        let audited = move || match queries() {
            // The other readers have left nothing to do.
            None => stream::once(async move {
                access.pass(&remote).await;
                stream::empty().boxed()
            })
            .flatten()
            .boxed(),
            Some(first) => {
                let audit = access.audit(&remote);
                let rows = access.rows(remote, first, queries, Arc::clone(&audit));
                audit.follow(rows, batch_size)
            }
        };
        // Nothing has begun before the first row is asked for.
        stream::once(async move { audited() }).flatten().boxed()
    }

    /// On the connection that the transaction has pinned, else on one of its own.
    pub(super) fn rows<A: Ask>(
        self: &Arc<Self>,
        remote: Remote,
        first: A,
        queries: Next<A>,
        audit: Arc<Audit>,
    ) -> Stream<A::Rows> {
        let access = Arc::clone(self);
        try_stream! {
            let mut next = Some(first);
            while let Some(query) = next.take() {
                let pinned = match access.transaction_at(&remote) {
                    Some(transaction) => query.within(transaction, &access, &remote, &audit).await?,
                    None => None,
                };
                let mut rows = match pinned {
                    Some(rows) => {
                        next = queries();
                        rows
                    }
                    None => access.rows_leased(
                        remote.clone(),
                        query,
                        Arc::clone(&queries),
                        Arc::clone(&audit),
                    ),
                };
                while let Some(batch) = rows.next().await {
                    yield batch?;
                }
            }
        }
        .boxed()
    }

    /// On a connection of its own. One that died while it waited in the pool is silently
    /// replaced, as long as no row has come.
    pub(super) fn rows_leased<A: Ask>(
        self: &Arc<Self>,
        remote: Remote,
        first: A,
        queries: Next<A>,
        audit: Arc<Audit>,
    ) -> Stream<A::Rows> {
        let access = Arc::clone(self);
        try_stream! {
            let mut query = first;
            let (mut lease, mut origin) = access.lease(&remote).await?;
            audit.on(&lease);
            loop {
                let mut failure = None;
                {
                    let mut rows = query.clone().on(lease.sql()?);
                    while let Some(batch) = access.next(&mut rows).await? {
                        match batch {
                            Ok(batch) => {
                                origin = Origin::New;
                                yield batch;
                            }
                            Err(error) => {
                                failure = Some(Error::from(error));
                                break;
                            }
                        }
                    }
                }
                let Some(error) = failure else {
                    match queries() {
                        Some(next) => (query, origin) = (next, Origin::New),
                        None => return access.give_back(&remote, lease).await,
                    }
                    continue;
                };
                if A::OUTLIVES_ERRORS && !error.is_connection_lost() {
                    access.give_back(&remote, lease).await;
                    Err(error)?;
                    return;
                }
                lease = Box::pin(access.replace(&remote, lease, origin, error)).await?;
                origin = Origin::New;
            }
        }
        .boxed()
    }

    /// Reads a table of a source that does not speak SQL.
    pub fn scan(self: &Arc<Self>, remote: Remote, scan: Scan) -> Batches {
        let access = Arc::clone(self);
        let audit = move || {
            let audit = access.audit(&remote);
            let rows = access.scan_leased(remote, scan, Arc::clone(&audit));
            audit.follow(rows, batch_size)
        };
        stream::once(async move { audit() }).flatten().boxed()
    }

    fn scan_leased(self: &Arc<Self>, remote: Remote, scan: Scan, audit: Arc<Audit>) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let (mut lease, _) = access.lease(&remote).await?;
            audit.on(&lease);
            let mut failure = None;
            {
                let mut rows = lease.scan()?.scan(medley_fdw::Scan {
                    table: &scan.table,
                    columns: &scan.columns,
                    schema: scan.schema.clone(),
                    quals: &scan.quals,
                    limit: scan.limit,
                });
                while let Some(batch) = access.next(&mut rows).await? {
                    match batch {
                        Ok(batch) => yield batch,
                        Err(error) => {
                            failure = Some(error);
                            break;
                        }
                    }
                }
            }
            match failure {
                None => access.give_back(&remote, lease).await,
                Some(error) => {
                    lease.discard();
                    Err(error)?;
                }
            }
        }
        .boxed()
    }

    pub(super) async fn next<T>(
        &self,
        rows: &mut BoxStream<'_, medley_fdw::Result<T>>,
    ) -> Result<Option<medley_fdw::Result<T>>> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            next = rows.next() => Ok(next),
        }
    }
}
