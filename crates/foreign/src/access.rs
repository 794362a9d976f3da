use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_stream::try_stream;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use medley_catalog::Snapshot;
use medley_catalog::ids::{Epoch, RoleOid, ServerOid, UserMappingOid};
use medley_fdw::{Handler, ImportSchema, Query, TableDef};
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use crate::audit::batch_size;
use crate::connect::{self, Origin};
use crate::pool::Permit;
use crate::probe::Probes;
use crate::{
    Audit, Choice, ConnKey, Connection, Error, Foreign, Lease, QueryId, Remote, RemoteTransactions,
    Result,
};

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
    query_id: QueryId,
    ending: Mutex<Vec<Ending>>,
}

/// A mapping that was resolved, and that will be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The mapping, in one state of it.
    pub mapping: (UserMappingOid, Option<Epoch>),
    /// Whose it is.
    pub user: String,
    /// On which server.
    pub server: String,
    /// Microseconds since 1970.
    pub valid_until: i64,
}

/// Connections that a statement may open, or has opened, and not used yet.
#[derive(Default)]
struct Reserved {
    /// One for each scan, until the first scan uses them.
    permits: Vec<Permit>,
    /// Leases under one snapshot, for the scans to come.
    ready: Vec<(Lease, Origin)>,
    /// Scans begin at once: while the first opens connections for all, the others wait.
    turn: Arc<AsyncMutex<()>>,
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
        let query_id = foreign.queries.next();
        let ending = Mutex::default();
        Arc::new(Self {
            foreign,
            snapshot,
            person,
            transaction,
            cancel,
            reserved,
            query_id,
            ending,
        })
    }

    /// What the statement is called in the audit log and at remotes.
    pub fn query_id(&self) -> QueryId {
        self.query_id
    }

    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// Follows a statement that begins now at a remote, for the audit log.
    pub fn audit(&self, remote: &Remote) -> Arc<Audit> {
        Audit::new(&self.foreign, self, remote)
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

    /// What `role` is at `server`, by the mapping that counts, else 42704. To be called at
    /// execution, after local privileges are checked; `role` is the one whose privileges counted.
    pub fn resolve(&self, server: ServerOid, role: RoleOid) -> Result<Remote> {
        let remote = self.resolve_by(server, None, role)?;
        let ending = crate::resolve::ending(&self.snapshot, &remote)?;
        if let Some(ending) = ending {
            let mut known = self.ending.lock();
            if !known.contains(&ending) {
                known.push(ending);
            }
        }
        Ok(remote)
    }

    /// The same by this mapping, whether it counts for the role or not.
    pub(crate) fn resolve_by(
        &self,
        server: ServerOid,
        mapping: Option<UserMappingOid>,
        role: RoleOid,
    ) -> Result<Remote> {
        let Self { foreign, snapshot, person, .. } = self;
        crate::resolve::resolve(foreign, snapshot, person, server, mapping, role)
    }

    /// Which mapping counts for `role` at `server`, whether it may be used or not; none where the
    /// wrapper looks none up.
    pub fn choose(&self, server: ServerOid, role: RoleOid) -> Result<Option<Choice>> {
        crate::resolve::choose_by_oid(&self.foreign, &self.snapshot, server, role)
    }

    /// The mappings that were resolved until now and will be over.
    pub fn ending(&self) -> Vec<Ending> {
        self.ending.lock().clone()
    }

    pub(crate) fn foreign(&self) -> &Arc<Foreign> {
        &self.foreign
    }

    pub(crate) fn probes(&self) -> &Probes {
        &self.foreign.probes
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
        for ((remote, _), permits) in wanted.into_iter().zip(permits) {
            reserved.insert(*remote.key(), Reserved { permits, ..Reserved::default() });
        }
        Ok(())
    }

    /// Runs a query at a remote that speaks SQL.
    pub fn query(self: &Arc<Self>, remote: Remote, query: Query) -> Batches {
        let access = Arc::clone(self);
        let audit = move || {
            let audit = access.audit(&remote);
            let rows = access.query_somewhere(remote, query, Arc::clone(&audit));
            audit.follow(rows, batch_size)
        };
        // Nothing has begun before the first row is asked for.
        stream::once(async move { audit() }).flatten().boxed()
    }

    /// On the connection that the transaction has pinned, else on one of its own.
    fn query_somewhere(
        self: &Arc<Self>,
        remote: Remote,
        query: Query,
        audit: Arc<Audit>,
    ) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let pinned = match access.transaction.clone() {
                Some(transaction) => transaction.query(&access, &remote, &query, &audit).await?,
                None => None,
            };
            let mut rows = pinned.unwrap_or_else(|| access.query_leased(remote, query, audit));
            while let Some(batch) = rows.next().await {
                yield batch?;
            }
        }
        .boxed()
    }

    /// On a connection of its own. One that died while it waited in the pool is silently
    /// replaced, as long as no row has come.
    fn query_leased(self: &Arc<Self>, remote: Remote, query: Query, audit: Arc<Audit>) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let mut retry = true;
            loop {
                let (mut lease, origin) = access.lease(&remote).await?;
                audit.on(&lease);
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
                        access.forget_idle(&remote);
                    }
                }
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
        let audit = self.audit(remote);
        let imported = self.import_audited(remote, wanted, &audit).await;
        audit.ended(&imported);
        imported
    }

    async fn import_audited(
        &self,
        remote: &Remote,
        wanted: &ImportSchema,
        audit: &Audit,
    ) -> Result<Vec<TableDef>> {
        let (mut lease, _) = self.lease(remote).await?;
        audit.on(&lease);
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
        let turn = self.reserved.lock().get(remote.key()).map(|entry| Arc::clone(&entry.turn));
        let turn = turn.unwrap_or_default();
        let _turn = self.or_cancelled(async { Ok(turn.lock().await) }).await?;
        let mut permits = match self.take_reserved(remote.key()) {
            Taken::Ready(lease, origin) => return Ok((lease, origin)),
            Taken::Permits(permits) => permits,
        };
        match permits.len() {
            0 | 1 => self.lease_one(remote, permits.pop()).await,
            _ => self.lease_together(remote, permits).await,
        }
    }

    async fn lease_one(&self, remote: &Remote, permit: Option<Permit>) -> Result<(Lease, Origin)> {
        let permit = match permit {
            Some(permit) => permit,
            None => self.permit(remote).await?,
        };
        let leased = connect::lease(&self.foreign, remote, &self.person, permit);
        let (mut lease, origin) = self.or_cancelled(leased).await?;
        lease.begin_query(self.query_id);
        Ok((lease, origin))
    }

    /// Several connections of one key see one snapshot, where the remote can share one: the first
    /// exports it, the others take it, and wait for their scans.
    async fn lease_together(
        &self,
        remote: &Remote,
        permits: Vec<Permit>,
    ) -> Result<(Lease, Origin)> {
        let mut leases = Vec::with_capacity(permits.len());
        for permit in permits {
            leases.push(self.lease_one(remote, Some(permit)).await?);
        }
        if leases.first_mut().is_some_and(|(leader, _)| shares_snapshots(leader)) {
            leases = self.share_snapshot(remote, leases).await?;
        }
        let leader = leases.swap_remove(0);
        let mut reserved = self.reserved.lock();
        reserved.entry(*remote.key()).or_default().ready = leases;
        Ok(leader)
    }

    /// If one of them died while it waited in the pool, all are opened anew: nothing has been read.
    async fn share_snapshot(
        &self,
        remote: &Remote,
        leases: Vec<(Lease, Origin)>,
    ) -> Result<Vec<(Lease, Origin)>> {
        let pooled = leases.iter().any(|(_, origin)| *origin == Origin::Pool);
        let mut leases: Vec<_> = leases.into_iter().map(|(lease, _)| lease).collect();
        match self.or_cancelled(share_snapshot(&mut leases)).await {
            Err(error) if pooled && error.is_connection_lost() => {
                self.forget_idle(remote);
                let permits = leases.into_iter().filter_map(Lease::close);
                leases = Vec::new();
                for permit in permits {
                    leases.push(self.lease_one(remote, Some(permit)).await?.0);
                }
                self.or_cancelled(share_snapshot(&mut leases)).await?;
            }
            shared => shared?,
        }
        Ok(leases.into_iter().map(|lease| (lease, Origin::New)).collect())
    }

    /// One connection of the pool turned out to be dead, so that its like are not tried.
    pub(crate) fn forget_idle(&self, remote: &Remote) {
        self.foreign.pool.forget(remote.key());
    }

    fn take_reserved(&self, key: &ConnKey) -> Taken {
        let mut reserved = self.reserved.lock();
        let Some(entry) = reserved.get_mut(key) else { return Taken::Permits(Vec::new()) };
        match entry.ready.pop() {
            Some((lease, origin)) => Taken::Ready(lease, origin),
            None => Taken::Permits(std::mem::take(&mut entry.permits)),
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
        match self.take_reserved(remote.key()) {
            Taken::Ready(lease, origin) => Ok((lease, origin)),
            Taken::Permits(mut permits) => self.lease_one(remote, permits.pop()).await,
        }
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

    pub(crate) fn cancel_token(&self) -> &CancellationToken {
        &self.cancel
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
    Ready(Lease, Origin),
    Permits(Vec<Permit>),
}

fn too_many(remote: &Remote) -> Error {
    Error::TooManyConnections(remote.server_name().to_owned())
}

fn shares_snapshots(lease: &mut Lease) -> bool {
    matches!(lease.connection(), Connection::Sql(sql) if sql.facts().can.snapshots)
}

async fn share_snapshot(leases: &mut [Lease]) -> Result<()> {
    let Some((leader, others)) = leases.split_first_mut() else { return Ok(()) };
    leader.begin_snapshot(None).await?;
    let snapshot = leader.sql()?.export_snapshot().await?;
    for other in others {
        other.begin_snapshot(Some(&snapshot)).await?;
    }
    Ok(())
}
