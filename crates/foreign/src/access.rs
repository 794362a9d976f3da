use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_stream::try_stream;
use futures::StreamExt;
use futures::stream::BoxStream;
use medley_catalog::Snapshot;
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_fdw::{Handler, ImportSchema, Query, TableDef};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::connect::{self, Origin};
use crate::pool::Permit;
use crate::{ConnKey, Connection, Error, Foreign, Lease, Remote, RemoteTransactions, Result};

/// Rows of a remote.
pub type Batches = BoxStream<'static, Result<RecordBatch>>;

/// The person behind a statement, as remotes may be told of them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who logged in.
    pub session_user: RoleOid,
    /// Their name.
    pub session_user_name: Arc<str>,
    /// What their client calls itself.
    pub application_name: Arc<str>,
    /// Tells this session from others in this process.
    pub session: u64,
    /// The same as `log_line_prefix` prints it with `%c`.
    pub session_id: Arc<str>,
}

/// A read of a source that does not speak SQL, owned.
pub struct Scan {
    /// The table's options.
    pub table: medley_fdw::Options,
    /// Options of the wanted columns.
    pub columns: Vec<medley_fdw::Options>,
    /// The wanted columns.
    pub schema: arrow_schema::SchemaRef,
    /// What every wanted row fulfils.
    pub quals: Vec<medley_fdw::Qual>,
    /// How many are needed.
    pub limit: Option<u64>,
}

/// One statement's way to remotes: as one person, in one state of the catalog, within at most one
/// transaction.
pub struct Access {
    foreign: Arc<Foreign>,
    snapshot: Arc<Snapshot>,
    person: Person,
    transaction: Option<Arc<RemoteTransactions>>,
    cancel: CancellationToken,
    reserved: Mutex<HashMap<ConnKey, Reserved>>,
}

/// Connections that a statement may open, or has opened, and not used yet.
#[derive(Default)]
struct Reserved {
    permits: Vec<Permit>,
    /// How many scans of this key the statement has in all.
    scans: usize,
    /// Leases under one snapshot, for the scans to come.
    ready: Vec<Lease>,
}

impl Access {
    /// For one statement. `transaction` is there inside a transaction block.
    pub fn new(
        foreign: Arc<Foreign>,
        snapshot: Arc<Snapshot>,
        person: Person,
        transaction: Option<Arc<RemoteTransactions>>,
        cancel: CancellationToken,
    ) -> Arc<Self> {
        let reserved = Mutex::default();
        Arc::new(Self { foreign, snapshot, person, transaction, cancel, reserved })
    }

    /// The catalog as the statement sees it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The wrapper behind a server; it looks no mapping up.
    pub fn handler(&self, server: ServerOid) -> Result<&Handler> {
        let server = self
            .snapshot
            .server(server)
            .ok_or_else(|| Error::Gone(format!("server {server} was concurrently dropped")))?;
        crate::resolve::handler(&self.foreign, &self.snapshot, server)
    }

    /// What `role` is at `server`: its own mapping, else PUBLIC's, else 42704. To be called at
    /// execution, after local privileges are checked; `role` is the one whose privileges counted.
    pub fn resolve(&self, server: ServerOid, role: RoleOid) -> Result<Remote> {
        crate::resolve::resolve(&self.foreign, &self.snapshot, &self.person, server, role)
    }

    /// Takes the right to a connection for each of the statement's scans, all at once. To be
    /// called once, before the first scan: a statement never waits for a connection while it
    /// holds another.
    pub async fn reserve(&self, scans: &[Remote]) -> Result<()> {
        let mut counts: HashMap<ConnKey, (&Remote, usize)> = HashMap::new();
        for remote in scans {
            counts.entry(*remote.key()).or_insert((remote, 0)).1 += 1;
        }
        // Scans of a pinned connection take turns on it.
        if let Some(transaction) = &self.transaction {
            counts.retain(|key, _| !transaction.has(key));
        }
        let wanted: Vec<_> = counts.into_values().collect();
        let permits = self.or_cancelled(self.foreign.pool.permits(&wanted)).await?;
        let mut reserved = self.reserved.lock();
        for ((remote, scans), permits) in wanted.into_iter().zip(permits) {
            reserved.insert(*remote.key(), Reserved { permits, scans, ready: Vec::new() });
        }
        Ok(())
    }

    /// Runs a query at a remote that speaks SQL.
    pub fn query(self: &Arc<Self>, remote: Remote, query: Query) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let pinned = match access.transaction.clone() {
                Some(transaction) => transaction.query(&access, &remote, &query).await?,
                None => None,
            };
            let mut rows = pinned.unwrap_or_else(|| access.query_leased(remote, query));
            while let Some(batch) = rows.next().await {
                yield batch?;
            }
        }
        .boxed()
    }

    /// On a connection of its own. One that died while it waited in the pool is silently
    /// replaced, as long as no row has come.
    fn query_leased(self: &Arc<Self>, remote: Remote, query: Query) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let mut retry = true;
            loop {
                let (mut lease, origin) = access.lease(&remote).await?;
                let mut failure = None;
                {
                    let mut rows = lease.sql()?.query(query.clone());
                    while let Some(batch) = access.next(&mut rows).await? {
                        match batch {
                            Ok(batch) => {
                                retry = false;
                                yield batch;
                            }
                            Err(error) => {
                                failure = Some(error);
                                break;
                            }
                        }
                    }
                }
                match failure {
                    None => {
                        lease.finish().await;
                        return;
                    }
                    Some(error) => {
                        lease.discard();
                        let stale = origin == Origin::Pool && error.is_connection_lost();
                        if !(stale && std::mem::take(&mut retry)) {
                            Err(error)?;
                        }
                    }
                }
            }
        }
        .boxed()
    }

    /// Reads a table of a source that does not speak SQL.
    pub fn scan(self: &Arc<Self>, remote: Remote, scan: Scan) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let (mut lease, _) = access.lease(&remote).await?;
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
                None => lease.finish().await,
                Some(error) => {
                    lease.discard();
                    Err(error)?;
                }
            }
        }
        .boxed()
    }

    /// Describes the remote's tables, for IMPORT FOREIGN SCHEMA.
    pub async fn import(&self, remote: &Remote, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        let (mut lease, _) = self.lease(remote).await?;
        let imported = self
            .or_cancelled(async {
                let imported = match lease.connection() {
                    Connection::Sql(connection) => connection.import(wanted).await,
                    Connection::Scan(connection) => connection.import(wanted).await,
                };
                imported.map_err(|error| match error {
                    medley_fdw::Error::NoImport => {
                        Error::NoImport(remote.wrapper_name().to_owned())
                    }
                    error => error.into(),
                })
            })
            .await;
        match imported {
            Ok(tables) => {
                lease.finish().await;
                Ok(tables)
            }
            Err(error) => {
                lease.discard();
                Err(error)
            }
        }
    }

    /// A connection: one of those reserved, or, for a statement that reserved none, one more.
    async fn lease(&self, remote: &Remote) -> Result<(Lease, Origin)> {
        let (permit, scans) = match self.take_reserved(remote.key()) {
            Taken::Ready(lease) => return Ok((lease, Origin::New)),
            Taken::Permits(mut permits, scans) if scans > 1 && permits.len() == scans => {
                let first = permits.pop();
                let first = first.ok_or_else(|| too_many(remote))?;
                return self.lease_together(remote, first, permits).await;
            }
            Taken::Permits(mut permits, scans) => (permits.pop(), scans),
        };
        debug_assert!(scans <= 1 || permit.is_none(), "scans of one key are leased together");
        let permit = match permit {
            Some(permit) => permit,
            None => self.permit(remote).await?,
        };
        self.or_cancelled(connect::lease(&self.foreign, remote, &self.person, permit)).await
    }

    /// Several connections of one key see one snapshot, where the remote can share one: the first
    /// exports it, the others take it, and wait for their scans.
    async fn lease_together(
        &self,
        remote: &Remote,
        first: Permit,
        others: Vec<Permit>,
    ) -> Result<(Lease, Origin)> {
        let lease = |permit| connect::lease(&self.foreign, remote, &self.person, permit);
        let (mut leader, origin) = self.or_cancelled(lease(first)).await?;
        let mut ready = Vec::with_capacity(others.len());
        for permit in others {
            ready.push(self.or_cancelled(lease(permit)).await?.0);
        }
        if shares_snapshots(&mut leader) {
            self.or_cancelled(share_snapshot(&mut leader, &mut ready)).await?;
        }
        let mut reserved = self.reserved.lock();
        reserved.entry(*remote.key()).or_default().ready = ready;
        Ok((leader, origin))
    }

    fn take_reserved(&self, key: &ConnKey) -> Taken {
        let mut reserved = self.reserved.lock();
        let Some(entry) = reserved.get_mut(key) else { return Taken::Permits(Vec::new(), 0) };
        match entry.ready.pop() {
            Some(lease) => Taken::Ready(lease),
            None => Taken::Permits(std::mem::take(&mut entry.permits), entry.scans),
        }
    }

    /// Without a reservation: at once, or, if the statement holds nothing yet, after waiting.
    pub(crate) async fn permit(&self, remote: &Remote) -> Result<Permit> {
        let holds_others = !self.reserved.lock().is_empty();
        let wanted = [(remote, 1)];
        let mut permits = match self.foreign.pool.try_permits(&wanted) {
            Some(permits) => permits,
            None if holds_others => return Err(too_many(remote)),
            None => self.or_cancelled(self.foreign.pool.permits(&wanted)).await?,
        };
        permits.pop().and_then(|mut permits| permits.pop()).ok_or_else(|| too_many(remote))
    }

    /// For a transaction to pin.
    pub(crate) async fn lease_to_pin(&self, remote: &Remote) -> Result<(Lease, Origin)> {
        let reserved = match self.take_reserved(remote.key()) {
            Taken::Ready(lease) => return Ok((lease, Origin::New)),
            Taken::Permits(mut permits, _) => permits.pop(),
        };
        let permit = match reserved {
            Some(permit) => permit,
            None => self.permit(remote).await?,
        };
        self.or_cancelled(connect::lease(&self.foreign, remote, &self.person, permit)).await
    }

    async fn next<T>(
        &self,
        rows: &mut BoxStream<'_, medley_fdw::Result<T>>,
    ) -> Result<Option<medley_fdw::Result<T>>> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            next = rows.next() => Ok(next),
        }
    }

    pub(crate) async fn or_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            done = work => done,
        }
    }
}

enum Taken {
    Ready(Lease),
    Permits(Vec<Permit>, usize),
}

fn too_many(remote: &Remote) -> Error {
    Error::TooManyConnections(remote.server_name().to_owned())
}

fn shares_snapshots(lease: &mut Lease) -> bool {
    matches!(lease.connection(), Connection::Sql(sql) if sql.facts().can.snapshots)
}

async fn share_snapshot(leader: &mut Lease, others: &mut [Lease]) -> Result<()> {
    leader.begin_snapshot(None).await?;
    let snapshot = leader.sql()?.export_snapshot().await?;
    for other in others {
        other.begin_snapshot(Some(&snapshot)).await?;
    }
    Ok(())
}
