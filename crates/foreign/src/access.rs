mod relay;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_stream::try_stream;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use medley_catalog::Snapshot;
use medley_catalog::ids::{Epoch, RoleOid, ServerOid, UserMappingOid};
use medley_fdw::{Handler, ImportSchema, Query, TableDef};
use medley_secret::ScramKeys;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::audit::batch_size;
use crate::connect::{self, Origin};
use crate::pool::Permit;
use crate::probe::Probes;
use crate::readers::{Readers, Shared, shares_snapshots};
use crate::survey::Surveys;
use crate::{
    Audit, Choice, ConnKey, Connection, Error, Foreign, Lease, QueryId, Remote, RemoteTransactions,
    Result,
};
pub use relay::{Described, RawBatches};
pub(crate) use relay::{KnownTables, describe_pinned};

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
    /// What they have proved to have when they logged in by SCRAM.
    pub scram_keys: Option<Arc<ScramKeys>>,
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
    reserved: Mutex<HashMap<ConnKey, Arc<Readers>>>,
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
    /// The same as the mapping says it.
    pub text: String,
}

/// Where a reader takes its queries from, one after another, until there is none: the readers of
/// one table share it, and so read disjoint parts of it at once.
pub type Queries = Arc<dyn Fn() -> Option<Query> + Send + Sync>;

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

    /// Who logged in.
    pub fn session_user(&self) -> RoleOid {
        self.person.session_user
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

    /// Takes the right to as many connections for each of the statement's scans as it can use,
    /// all at once, or fewer where there are not as many, but one for each. To be called once,
    /// before the first scan: a statement never waits for a connection while it holds another.
    ///
    /// Answers how many readers each of the scans has: that many times [`Access::read`] is to be
    /// called for it. Inside a transaction block it is one, for all share a connection.
    ///
    /// `open` says that others will read too, one after another, who reserve nothing: they see
    /// the same snapshot as the statement's scans of their key.
    pub async fn reserve(&self, scans: &[(Remote, usize)], open: bool) -> Result<Vec<usize>> {
        let most = match self.transaction {
            Some(_) => 1,
            None => scans.iter().map(|(_, wanted)| *wanted).max().unwrap_or(1).max(1),
        };
        let shares = std::iter::successors(Some(most), |share| (*share > 1).then(|| share / 2));
        for share in shares {
            let granted: Vec<_> =
                scans.iter().map(|(_, wanted)| (*wanted).clamp(1, share)).collect();
            let remotes = scans.iter().map(|(remote, _)| remote);
            let wanted = self.wanted(remotes.zip(granted.iter().copied()));
            let permits = match share {
                1 => Some(self.or_cancelled(self.foreign.pool.permits(&wanted)).await?),
                _ => self.foreign.pool.try_permits(&wanted),
            };
            if let Some(permits) = permits {
                let mut reserved = self.reserved.lock();
                for ((remote, _), permits) in wanted.into_iter().zip(permits) {
                    reserved.insert(*remote.key(), Readers::new(permits, open));
                }
                return Ok(granted);
            }
        }
        Err(Error::TooManyConnections(String::new()))
    }

    /// How many connections each key needs. Scans of a pinned connection take turns on it.
    fn wanted<'a>(
        &self,
        scans: impl Iterator<Item = (&'a Remote, usize)>,
    ) -> Vec<(&'a Remote, usize)> {
        let mut counts: HashMap<ConnKey, (&Remote, usize)> = HashMap::new();
        for (remote, readers) in scans {
            counts.entry(*remote.key()).or_insert((remote, 0)).1 += readers;
        }
        if let Some(transaction) = &self.transaction {
            counts.retain(|key, _| !transaction.has(key));
        }
        counts.into_values().collect()
    }

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
                let rows = access.read_somewhere(remote, first, queries, Arc::clone(&audit));
                audit.follow(rows, batch_size)
            }
        };
        // Nothing has begun before the first row is asked for.
        stream::once(async move { audited() }).flatten().boxed()
    }

    /// On the connection that the transaction has pinned, else on one of its own.
    fn read_somewhere(
        self: &Arc<Self>,
        remote: Remote,
        first: Query,
        queries: Queries,
        audit: Arc<Audit>,
    ) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let mut next = Some(first);
            while let Some(query) = next.take() {
                let pinned = match access.transaction.clone() {
                    Some(transaction) => {
                        transaction.query(&access, &remote, &query, &audit).await?
                    }
                    None => None,
                };
                let mut rows = match pinned {
                    Some(rows) => {
                        next = queries();
                        rows
                    }
                    None => access.read_leased(
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
    fn read_leased(
        self: &Arc<Self>,
        remote: Remote,
        first: Query,
        queries: Queries,
        audit: Arc<Audit>,
    ) -> Batches {
        let access = Arc::clone(self);
        try_stream! {
            let mut query = first;
            let (mut lease, mut origin) = access.lease(&remote).await?;
            audit.on(&lease);
            loop {
                let mut failure = None;
                {
                    let mut rows = lease.sql()?.query(query.clone());
                    while let Some(batch) = access.next(&mut rows).await? {
                        match batch {
                            Ok(batch) => {
                                origin = Origin::New;
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
                    None => match queries() {
                        Some(next) => (query, origin) = (next, Origin::New),
                        None => {
                            access.give_back(&remote, lease).await;
                            return;
                        }
                    },
                    Some(error) => {
                        let permit = lease.close();
                        if !(origin == Origin::Pool && error.is_connection_lost()) {
                            Err(error)?;
                        }
                        access.forget_idle(&remote);
                        (lease, _) = access.lease_one(&remote, permit).await?;
                        origin = Origin::New;
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
                None => access.give_back(&remote, lease).await,
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
        let readers = self.readers(remote).filter(|readers| !readers.is_over());
        let Some(readers) = readers else {
            return self.lease_one(remote, None).await;
        };
        let leased = match readers.is_shared() {
            true => self.lease_shared(remote, &readers).await,
            false => self.lease_one(remote, readers.take_permit()).await,
        };
        readers.arrived().await;
        leased
    }

    /// Several readers of one key see one snapshot, where the remote can share one: the first
    /// exports it, the others take it.
    async fn lease_shared(&self, remote: &Remote, readers: &Readers) -> Result<(Lease, Origin)> {
        let mut known = self.or_cancelled(async { Ok(readers.snapshot().lock().await) }).await?;
        match known.clone() {
            None => {
                let (leased, shared) = self.lease_first(remote, readers.take_permit()).await?;
                *known = Some(shared);
                Ok(leased)
            }
            Some(shared) => {
                // The others need not wait until this one has its connection.
                drop(known);
                if let Some(lease) = readers.take_ready() {
                    return Ok((lease, Origin::New));
                }
                let permit = readers.take_permit();
                match shared {
                    Shared::Not => self.lease_one(remote, permit).await,
                    Shared::Snapshot(snapshot) => {
                        let lease = self.lease_one(remote, permit).await?;
                        self.begin(remote, lease, Some(&snapshot)).await
                    }
                }
            }
        }
    }

    async fn lease_first(
        &self,
        remote: &Remote,
        permit: Option<Permit>,
    ) -> Result<((Lease, Origin), Shared)> {
        let mut leased = self.lease_one(remote, permit).await?;
        if !shares_snapshots(&mut leased.0) {
            return Ok((leased, Shared::Not));
        }
        let (mut lease, origin) = self.begin(remote, leased, None).await?;
        let exported = async { Ok(lease.sql()?.export_snapshot().await?) };
        let snapshot = self.or_cancelled(exported).await?;
        Ok(((lease, origin), Shared::Snapshot(snapshot.into())))
    }

    /// Begins a transaction under a snapshot. A connection that turns out to have died while it
    /// waited in the pool is replaced.
    async fn begin(
        &self,
        remote: &Remote,
        (mut lease, origin): (Lease, Origin),
        snapshot: Option<&str>,
    ) -> Result<(Lease, Origin)> {
        match self.or_cancelled(lease.begin_snapshot(snapshot)).await {
            Err(error) if origin == Origin::Pool && error.is_connection_lost() => {
                self.forget_idle(remote);
                let permit = lease.close();
                (lease, _) = self.lease_one(remote, permit).await?;
                self.or_cancelled(lease.begin_snapshot(snapshot)).await?;
            }
            begun => begun?,
        }
        Ok((lease, Origin::New))
    }

    fn readers(&self, remote: &Remote) -> Option<Arc<Readers>> {
        self.reserved.lock().get(remote.key()).cloned()
    }

    /// A reader will not begin.
    async fn pass(&self, remote: &Remote) {
        if let Some(readers) = self.readers(remote) {
            readers.arrived().await;
        }
    }

    /// Everything that was asked of the lease has been answered.
    async fn give_back(&self, remote: &Remote, lease: Lease) {
        match self.readers(remote) {
            Some(readers) => readers.give_back(lease).await,
            None => lease.finish().await,
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

    /// One connection of the pool turned out to be dead, so that its like are not tried.
    pub(crate) fn forget_idle(&self, remote: &Remote) {
        self.foreign.pool.forget(remote.key());
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

    /// For what is asked before the statement's scans begin: it is given back at once.
    pub(crate) async fn lease_alone(&self, remote: &Remote) -> Result<Lease> {
        Ok(self.lease_one(remote, None).await?.0)
    }

    pub(crate) fn surveys(&self) -> &Surveys {
        &self.foreign.surveys
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// For a transaction to pin.
    pub(crate) async fn lease_to_pin(&self, remote: &Remote) -> Result<(Lease, Origin)> {
        let permit = self.readers(remote).and_then(|readers| readers.take_permits().pop());
        self.lease_one(remote, permit).await
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

fn too_many(remote: &Remote) -> Error {
    Error::TooManyConnections(remote.server_name().to_owned())
}
