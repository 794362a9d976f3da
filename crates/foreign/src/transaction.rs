use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_stream::try_stream;
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use medley_catalog::ids::ServerOid;
use medley_fdw::{Begin, Facts, Isolation, Query, RawBatch, RawQuery, RemoteTable, TableName};
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use crate::access::{Batches, Held, RawBatches, describe_pinned};
use crate::in_doubt::Participant;
use crate::key::PinnedKey;
use crate::lease::{CANCEL_TIMEOUT, cancel_at_remote};
use crate::{Access, Audit, ConnKey, Connection, Error, Lease, QueryId, Remote, Result};

/// Rows that a cursor is asked for at once.
const FETCH_ROWS: usize = 1000;

/// The remote sides of a session's transaction block: the connection first used for a mapping
/// stays with the transaction, which runs all its queries there, under one snapshot.
pub struct RemoteTransactions {
    isolation: Isolation,
    read_only: bool,
    /// Only connections by which rows are changed are kept, others serve one query each.
    only_written: bool,
    /// Where rows are, or are to be, changed.
    written: Mutex<HashSet<PinnedKey>>,
    /// 1 in the transaction itself, one more in each savepoint.
    pub(crate) level: AtomicUsize,
    pinned: Mutex<HashMap<PinnedKey, Entry>>,
    /// How many were.
    opened: AtomicUsize,
    /// Stops what remotes are doing for the statement that runs.
    stop: Arc<Mutex<CancellationToken>>,
}

/// What there is for a mapping.
#[derive(Clone)]
enum Entry {
    /// A connection in a transaction, and which of the transaction's it is.
    Pinned(Arc<AsyncMutex<Pinned>>, usize),
    /// A remote without transactions: each statement gets a connection of its own.
    Unpinned,
}

pub(crate) struct Pinned {
    lease: Lease,
    server: String,
    participant: Participant,
    /// `two_phase`: it prepares before it commits, where others take part.
    two_phase: bool,
    /// It was told to commit.
    asked: bool,
    /// It has prepared.
    prepared: bool,
    /// How many levels the remote has: the transaction, and its savepoints.
    level: usize,
    cursors: usize,
    /// Cursors whose readers went away.
    abandoned: Arc<Mutex<Vec<String>>>,
    /// Something was asked of it, and the answer not waited for.
    pub(crate) unknown: bool,
}

impl RemoteTransactions {
    /// For a transaction block of this kind.
    pub fn new(isolation: Isolation, read_only: bool) -> Arc<Self> {
        Arc::new(Self::of_kind(isolation, read_only, false))
    }

    /// For statements outside a block that change rows: what they read elsewhere is read as if
    /// each were by itself.
    pub fn for_changes(isolation: Isolation) -> Arc<Self> {
        Arc::new(Self::of_kind(isolation, false, true))
    }

    fn of_kind(isolation: Isolation, read_only: bool, only_written: bool) -> Self {
        let level = AtomicUsize::new(1);
        let (pinned, stop, written) = (Mutex::default(), Arc::default(), Mutex::default());
        Self {
            isolation,
            read_only,
            only_written,
            written,
            level,
            pinned,
            opened: AtomicUsize::new(0),
            stop,
        }
    }

    /// From now on rows are changed there.
    pub(crate) fn will_write(&self, key: &ConnKey) {
        self.written.lock().insert(key.pinned());
    }

    /// Whether what is done there is done on a connection that the transaction keeps.
    pub(crate) fn keeps(&self, key: &ConnKey) -> bool {
        !self.only_written || self.written.lock().contains(&key.pinned())
    }

    /// Whether rows were, or were to be, changed anywhere.
    pub fn has_written(&self) -> bool {
        !self.written.lock().is_empty()
    }

    pub(crate) fn has(&self, key: &ConnKey) -> bool {
        matches!(self.pinned.lock().get(&key.pinned()), Some(Entry::Pinned(..)))
    }

    /// Runs a query on the mapping's connection; `None` where the remote knows no transactions.
    pub(crate) async fn query(
        &self,
        access: &Arc<Access>,
        remote: &Remote,
        query: &Query,
        audit: &Arc<Audit>,
    ) -> Result<Option<Batches>> {
        let Some(ask) = self.exchange(access, remote, audit).await? else { return Ok(None) };
        let query = query.clone();
        let level = self.level.load(Ordering::Relaxed);
        let rows = try_stream! {
            if !ask.has_cursors().await? {
                let all = ask.run(move |pinned| pinned.read_all(level, query).boxed()).await?;
                for batch in all {
                    yield batch;
                }
                return;
            }
            let cursor = ask.run(move |pinned| pinned.open(level, query).boxed()).await?;
            loop {
                let name = cursor.name().to_owned();
                let fetched =
                    ask.run(move |pinned| async move { pinned.fetch(&name).await }.boxed());
                match fetched.await? {
                    Some(batch) => yield batch,
                    None => break,
                }
            }
            ask.run(move |pinned| pinned.close(cursor.closed()).boxed()).await?;
        };
        Ok(Some(rows.boxed()))
    }

    /// The same with rows as the remote encodes them.
    pub(crate) async fn raw_query(
        &self,
        access: &Arc<Access>,
        remote: &Remote,
        query: &RawQuery,
        audit: &Arc<Audit>,
    ) -> Result<Option<RawBatches>> {
        let Some(ask) = self.exchange(access, remote, audit).await? else { return Ok(None) };
        let query = query.clone();
        let level = self.level.load(Ordering::Relaxed);
        let rows = try_stream! {
            let cursor = ask.run(move |pinned| pinned.raw_open(level, query).boxed()).await?;
            loop {
                let name = cursor.name().to_owned();
                let fetched =
                    ask.run(move |pinned| async move { pinned.raw_fetch(&name).await }.boxed());
                match fetched.await? {
                    Some(batch) => yield batch,
                    None => break,
                }
            }
            ask.run(move |pinned| pinned.close(cursor.closed()).boxed()).await?;
        };
        Ok(Some(rows.boxed()))
    }

    /// What tables are, by the mapping's connection; `None` where the remote knows no
    /// transactions.
    pub(crate) async fn tables(
        &self,
        access: &Arc<Access>,
        remote: &Remote,
        tables: Vec<TableName>,
        audit: &Arc<Audit>,
    ) -> Result<Option<(Facts, Vec<Option<RemoteTable>>)>> {
        let Some(ask) = self.exchange(access, remote, audit).await? else { return Ok(None) };
        let level = self.level.load(Ordering::Relaxed);
        let asked = ask.run(move |pinned| {
            async move {
                pinned.tidy(level).await?;
                describe_pinned(&mut pinned.lease, tables).await
            }
            .boxed()
        });
        Ok(Some(asked.await?))
    }

    pub(crate) async fn exchange(
        &self,
        access: &Arc<Access>,
        remote: &Remote,
        audit: &Arc<Audit>,
    ) -> Result<Option<Exchange>> {
        let Some(pinned) = self.pinned(access, remote).await? else { return Ok(None) };
        Ok(Some(Exchange {
            pinned,
            server: remote.server_name().to_owned(),
            cancel: access.cancel_token().clone(),
            stop: Arc::clone(&self.stop),
            audit: Arc::clone(audit),
            query_id: access.query_id(),
        }))
    }

    async fn pinned(
        &self,
        access: &Arc<Access>,
        remote: &Remote,
    ) -> Result<Option<Arc<AsyncMutex<Pinned>>>> {
        let key = remote.key().pinned();
        let known = self.pinned.lock().get(&key).cloned();
        match known {
            Some(Entry::Pinned(pinned, _)) => return Ok(Some(pinned)),
            Some(Entry::Unpinned) if !self.written.lock().contains(&key) => return Ok(None),
            Some(Entry::Unpinned) | None => {}
        }
        let opened = self.open(access, remote).await?;
        // Another scan of the same statement may have opened one meanwhile: the first stays.
        let mut pinned = self.pinned.lock();
        if opened.is_some() && matches!(pinned.get(&key), Some(Entry::Unpinned)) {
            pinned.remove(&key);
        }
        let entry = pinned.entry(key).or_insert(match opened {
            Some(opened) => {
                let number = self.opened.fetch_add(1, Ordering::Relaxed);
                Entry::Pinned(Arc::new(AsyncMutex::new(opened)), number)
            }
            None => Entry::Unpinned,
        });
        Ok(match entry {
            Entry::Pinned(pinned, _) => Some(Arc::clone(pinned)),
            Entry::Unpinned => None,
        })
    }

    async fn open(&self, access: &Arc<Access>, remote: &Remote) -> Result<Option<Pinned>> {
        let (mut lease, origin) = access.lease_to_pin(remote).await?;
        let writes = self.written.lock().contains(&remote.key().pinned());
        let begun = access.or_cancelled(self.begin(&mut lease, writes)).await;
        let begun = match begun {
            // It had died in the pool.
            Err(error) if origin == crate::connect::Origin::Pool && error.is_connection_lost() => {
                lease.discard();
                access.forget_idle(remote);
                (lease, _) = access.lease_to_pin(remote).await?;
                access.or_cancelled(self.begin(&mut lease, writes)).await?
            }
            begun => begun?,
        };
        if !begun {
            lease.finish().await;
            return Ok(None);
        }
        Ok(Some(Pinned {
            lease,
            server: remote.server_name().to_owned(),
            participant: Participant::new(access, remote),
            two_phase: remote.is_two_phase(),
            asked: false,
            prepared: false,
            level: 1,
            cursors: 0,
            abandoned: Arc::default(),
            unknown: false,
        }))
    }

    /// Begins the remote's transaction; false where it knows none, or none that reads take turns
    /// in, as long as nothing is written.
    async fn begin(&self, lease: &mut Lease, writes: bool) -> Result<bool> {
        let Connection::Sql(connection) = lease.connection() else { return Ok(false) };
        let can = connection.facts().can;
        if !(can.transactions && (can.cursors || writes)) {
            return Ok(false);
        }
        let begin = Begin { isolation: self.isolation, read_only: self.read_only, snapshot: None };
        lease.begin(begin).await?;
        Ok(true)
    }

    /// The statement that runs has failed: what remotes still do for it is stopped.
    pub fn stop(&self) {
        std::mem::take(&mut *self.stop.lock()).cancel();
    }

    fn connections(&self) -> Vec<Arc<AsyncMutex<Pinned>>> {
        let pinned = self.pinned.lock();
        let connection = |entry: &Entry| match entry {
            Entry::Pinned(pinned, _) => Some(Arc::clone(pinned)),
            Entry::Unpinned => None,
        };
        pinned.values().filter_map(connection).collect()
    }

    /// A savepoint is set: the remotes hear of it when they are next used.
    pub fn savepoint(&self) {
        self.level.fetch_add(1, Ordering::Relaxed);
    }

    /// Savepoints are released, down to this level.
    pub async fn release(&self, level: usize) -> Result<()> {
        self.level.store(level, Ordering::Relaxed);
        for pinned in self.connections() {
            pinned.lock().await.release(level).await?;
        }
        Ok(())
    }

    /// What came after the savepoint of this level is undone; the savepoint stays.
    pub async fn rollback_to(&self, level: usize) {
        self.stop();
        self.level.store(level, Ordering::Relaxed);
        for pinned in self.connections() {
            pinned.lock().await.rollback_to(level).await;
        }
    }

    /// Undoes everything at each remote.
    pub async fn rollback(&self) {
        self.stop();
        for (_, pinned) in self.take() {
            let mut pinned = pinned.lock_owned().await;
            pinned.rollback().await;
            pinned.give_back().await;
        }
    }

    /// The connections that it holds at a server.
    pub(crate) fn held(&self, server: ServerOid) -> Vec<Held> {
        let pinned = self.pinned.lock();
        let here = pinned.iter().filter(|(key, _)| key.server == server);
        let held = here.filter_map(|(key, entry)| match entry {
            Entry::Pinned(pinned, _) => Some(Held {
                mapping: key.mapping,
                in_transaction: true,
                remote_pid: pinned.try_lock().ok().and_then(|it| it.lease.remote_pid()),
            }),
            Entry::Unpinned => None,
        });
        held.collect()
    }

    /// Those there are, and whether rows were changed there, in the order of their first use.
    pub(crate) fn take(&self) -> Vec<(bool, Arc<AsyncMutex<Pinned>>)> {
        let written = self.written.lock();
        let entries = std::mem::take(&mut *self.pinned.lock());
        let mut taken: Vec<_> = entries
            .into_iter()
            .filter_map(|(key, entry)| match entry {
                Entry::Pinned(pinned, number) => Some((number, written.contains(&key), pinned)),
                Entry::Unpinned => None,
            })
            .collect();
        taken.sort_by_key(|(number, ..)| *number);
        taken.into_iter().map(|(_, wrote, pinned)| (wrote, pinned)).collect()
    }
}

impl Pinned {
    /// Makes it ready for the next query: abandoned cursors are closed, savepoints caught up.
    pub(crate) async fn tidy(&mut self, level: usize) -> Result<()> {
        self.check()?;
        let abandoned = std::mem::take(&mut *self.abandoned.lock());
        for cursor in abandoned {
            self.close(cursor).await?;
        }
        while self.level < level {
            let name = savepoint(self.level + 1);
            self.lease.savepoint(&name).await?;
            self.level += 1;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match self.unknown {
            true => Err(Error::TransactionLost(self.server.clone())),
            false => Ok(()),
        }
    }

    /// The connection, to change rows by.
    pub(crate) fn writer(&mut self) -> Result<&mut dyn medley_fdw::SqlConnection> {
        self.lease.sql()
    }

    /// All rows of a query, where there are no cursors to take turns with.
    async fn read_all(
        &mut self,
        level: usize,
        query: Query,
    ) -> Result<Vec<arrow_array::RecordBatch>> {
        self.tidy(level).await?;
        self.unknown = true;
        let batches: Vec<_> = self.lease.sql()?.query(query).collect().await;
        let read: medley_fdw::Result<Vec<_>> = batches.into_iter().collect();
        self.unknown = read.as_ref().is_err_and(medley_fdw::Error::is_connection_lost);
        Ok(read?)
    }

    /// Opens a cursor.
    async fn open(&mut self, level: usize, query: Query) -> Result<OpenCursor> {
        self.tidy(level).await?;
        let name = self.declare(query).await?;
        Ok(OpenCursor { name: Some(name), abandoned: Arc::clone(&self.abandoned) })
    }

    /// Opens a cursor whose rows are relayed.
    async fn raw_open(&mut self, level: usize, query: RawQuery) -> Result<OpenCursor> {
        self.tidy(level).await?;
        self.cursors += 1;
        let name = format!("c{}", self.cursors);
        self.unknown = true;
        let declared = self.lease.sql()?.raw_declare(&name, query).await;
        self.unknown = declared.as_ref().is_err_and(medley_fdw::Error::is_connection_lost);
        declared?;
        Ok(OpenCursor { name: Some(name), abandoned: Arc::clone(&self.abandoned) })
    }

    async fn raw_fetch(&mut self, cursor: &str) -> Result<Option<RawBatch>> {
        self.check()?;
        self.unknown = true;
        let fetched = self.lease.sql()?.raw_fetch(cursor, FETCH_ROWS).await;
        self.unknown = fetched.as_ref().is_err_and(medley_fdw::Error::is_connection_lost);
        Ok(fetched?)
    }

    /// Until the answer is there, the connection's state is unknown.
    async fn declare(&mut self, query: Query) -> Result<String> {
        self.cursors += 1;
        let name = format!("c{}", self.cursors);
        self.unknown = true;
        let declared = self.lease.sql()?.declare(&name, query).await;
        self.unknown = declared.as_ref().is_err_and(medley_fdw::Error::is_connection_lost);
        declared?;
        Ok(name)
    }

    async fn fetch(&mut self, cursor: &str) -> Result<Option<arrow_array::RecordBatch>> {
        self.check()?;
        self.unknown = true;
        let fetched = self.lease.sql()?.fetch(cursor, FETCH_ROWS).await;
        self.unknown = fetched.as_ref().is_err_and(medley_fdw::Error::is_connection_lost);
        Ok(fetched?)
    }

    async fn close(&mut self, cursor: String) -> Result<()> {
        self.check()?;
        Ok(self.lease.sql()?.close(&cursor).await?)
    }

    async fn release(&mut self, level: usize) -> Result<()> {
        self.check()?;
        while self.level > level {
            self.lease.release(&savepoint(self.level)).await?;
            self.level -= 1;
        }
        Ok(())
    }

    /// A remote that was first used after the savepoint has nothing to keep, and keeps its
    /// snapshot. One in an unknown state stays unusable until the transaction ends.
    async fn rollback_to(&mut self, level: usize) {
        self.abandoned.lock().clear();
        if self.level < level || self.unknown {
            return;
        }
        let name = savepoint(level);
        let undone = async {
            self.lease.rollback_to(&name).await?;
            self.lease.release(&name).await
        };
        match undone.await {
            Ok(()) => self.level = level - 1,
            Err(_) => self.unknown = true,
        }
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    pub(crate) fn participant(&self) -> &Participant {
        &self.participant
    }

    pub(crate) fn is_two_phase(&self) -> bool {
        self.two_phase
    }

    /// Whether it was told to commit.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked
    }

    /// The first of two phases. Where its answer did not come, what is kept of it is looked at
    /// again.
    pub(crate) async fn prepare(&mut self, name: &str) -> Result<()> {
        self.check()?;
        self.unknown = true;
        let prepared = self.lease.prepare_transaction(name).await;
        self.unknown = prepared.as_ref().is_err_and(Error::is_connection_lost);
        self.prepared = prepared.is_ok();
        prepared
    }

    /// The second; whether the remote has heard it. One that has not prepared has nothing to end
    /// but its transaction, unless nobody knows whether it has.
    pub(crate) async fn finish_prepared(&mut self, name: &str, commit: bool) -> bool {
        if !self.prepared {
            let is_known = !self.unknown;
            self.rollback().await;
            return is_known;
        }
        self.unknown = true;
        self.unknown = self.lease.finish_prepared(name, commit).await.is_err();
        !self.unknown
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        self.check()?;
        self.unknown = true;
        self.asked = true;
        let committed = self.lease.commit().await;
        self.unknown = committed.as_ref().is_err_and(Error::is_connection_lost);
        committed
    }

    pub(crate) async fn rollback(&mut self) {
        if self.unknown {
            return;
        }
        self.unknown = true;
        self.unknown = self.lease.rollback().await.is_err();
    }

    pub(crate) async fn give_back(&mut self) {
        if !self.unknown {
            self.lease.give_back().await;
        }
        // Otherwise dropping the lease cancels what runs, and closes it.
    }
}

/// Asks something of a pinned connection.
pub(crate) struct Exchange {
    pinned: Arc<AsyncMutex<Pinned>>,
    server: String,
    /// The statement is cancelled.
    cancel: CancellationToken,
    /// Cancelled when a statement fails: a cursor may see several.
    stop: Arc<Mutex<CancellationToken>>,
    audit: Arc<Audit>,
    query_id: QueryId,
}

impl Exchange {
    async fn has_cursors(&self) -> Result<bool> {
        self.run(|pinned| async move { Ok(pinned.lease.sql()?.facts().can.cursors) }.boxed()).await
    }

    /// A task of its own carries the exchange to its end, so that whoever waits may go away and the
    /// connection's state stays known. What is to stop is cancelled at the remote, and its answer
    /// waited for.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl for<'a> FnOnce(&'a mut Pinned) -> BoxFuture<'a, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let pinned = Arc::clone(&self.pinned);
        let (cancel, stop) = (self.cancel.clone(), self.stop.lock().clone());
        let (audit, query_id) = (Arc::clone(&self.audit), self.query_id);
        let exchange = tokio::spawn(async move {
            let stopped = async {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = stop.cancelled() => {}
                }
            };
            tokio::pin!(stopped);
            let mut pinned = tokio::select! {
                biased;
                () = &mut stopped => return Err(Error::Cancelled),
                pinned = pinned.lock_owned() => pinned,
            };
            audit.on(&pinned.lease);
            pinned.lease.begin_query(query_id);
            let canceller = pinned.lease.sql()?.canceller();
            let mut answer = work(&mut pinned);
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = &mut stopped => {}
            }
            if let Some(canceller) = canceller {
                cancel_at_remote(&*canceller).await;
            }
            // Where no answer comes, the state is unknown, and the connection of no use.
            let _ = tokio::time::timeout(CANCEL_TIMEOUT, answer).await;
            Err(Error::Cancelled)
        });
        exchange.await.unwrap_or_else(|_| Err(Error::TransactionLost(self.server.clone())))
    }
}

fn savepoint(level: usize) -> String {
    format!("s{level}")
}

/// A cursor that is closed by the connection's next user if its reader goes away.
struct OpenCursor {
    name: Option<String>,
    abandoned: Arc<Mutex<Vec<String>>>,
}

impl OpenCursor {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn closed(mut self) -> String {
        self.name.take().unwrap_or_default()
    }
}

impl Drop for OpenCursor {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.abandoned.lock().push(name);
        }
    }
}
