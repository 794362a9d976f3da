//! The one writer: it makes commits durable, publishes them, and tells who listens.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use medley_secret::{Verifier, WrappedKey};

use crate::bootstrap;
use crate::error::{Error, Result};
use crate::ids::{Class, Epoch, ServerOid, UserMappingOid, WrapperOid};
use crate::locks::{Backend, LockEntry, LockTable, TransactionId};
use crate::objects::{Row, RowKey};
use crate::snapshot::Snapshot;
use crate::store::{Meta, Store};
use crate::transaction::{Change, Transaction};

/// What a new catalog begins with.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The superuser's name.
    pub superuser: String,
    /// What its password is checked against.
    pub password: Option<Verifier>,
    /// The first data key, wrapped.
    pub data_keys: Vec<WrappedKey>,
    /// The wrappers that exist from the start.
    pub wrappers: Vec<BootstrapWrapper>,
}

/// A wrapper that exists from the start, owned by the superuser.
#[derive(Clone, Debug)]
pub struct BootstrapWrapper {
    /// Its name.
    pub name: String,
    /// Its handler function's name.
    pub handler: Option<String>,
    /// Its validator function's name.
    pub validator: Option<String>,
}

/// What a commit changed of what connections are made from: those made from it before are of no
/// use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retired {
    /// The wrapper was changed or dropped.
    Wrapper(WrapperOid),
    /// The server was changed or dropped.
    Server(ServerOid),
    /// The mapping was changed or dropped.
    UserMapping(UserMappingOid),
}

/// Told of each commit, after it is visible and before its statement ends.
pub trait CommitListener: Send + Sync {
    /// The commit that made `version` changed these.
    fn committed(&self, version: u64, retired: &[Retired]);
}

impl<F: Fn(u64, &[Retired]) + Send + Sync> CommitListener for F {
    fn committed(&self, version: u64, retired: &[Retired]) {
        self(version, retired);
    }
}

/// The open catalog.
pub struct Catalog {
    published: RwLock<Arc<Snapshot>>,
    writer: Mutex<Writer>,
    next_oid: Mutex<u32>,
    next_transaction: AtomicU64,
    locks: LockTable,
    listeners: RwLock<Vec<Box<dyn CommitListener>>>,
}

struct Writer {
    store: Store,
    meta: Meta,
}

impl Catalog {
    /// Makes a catalog in a folder, which is made if it is not there, and which must not have one.
    pub fn create(folder: &Path, bootstrap: Bootstrap) -> Result<()> {
        let mut meta = Meta::new(bootstrap.data_keys.clone());
        let mut changes = bootstrap::changes(bootstrap, &mut meta);
        set_epochs(&mut changes, &mut meta.next_epoch);
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        Store::create(folder, &meta, &changes)
    }

    /// Opens the catalog in a folder; nobody else can, until this one is dropped.
    pub fn open(folder: &Path) -> Result<Arc<Self>> {
        let store = Store::open(folder)?;
        let (meta, snapshot) = store.load()?;
        tracing::info!(
            version = meta.version,
            user_mappings = snapshot.mapping_count(),
            "catalog opened"
        );
        let catalog = Self {
            published: RwLock::new(Arc::new(snapshot)),
            next_oid: Mutex::new(meta.next_oid),
            writer: Mutex::new(Writer { store, meta }),
            next_transaction: AtomicU64::new(1),
            locks: LockTable::default(),
            listeners: RwLock::default(),
        };
        let catalog = Arc::new(catalog);
        catalog.drop_temporary()?;
        Ok(catalog)
    }

    /// What sessions have left that could not end as they should.
    fn drop_temporary(self: &Arc<Self>) -> Result<()> {
        let mut transaction = self.begin(Backend::default());
        transaction.drop_temp_schemas()?;
        transaction.commit().map(drop)
    }

    /// What the last commit left.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.published.read())
    }

    /// Begins a transaction.
    pub fn begin(self: &Arc<Self>, backend: Backend) -> Transaction {
        let id = TransactionId(self.next_transaction.fetch_add(1, Ordering::Relaxed));
        Transaction::new(Arc::clone(self), id, backend)
    }

    /// The locks that transactions hold or wait for: `pg_locks`.
    pub fn lock_entries(&self) -> Vec<LockEntry> {
        self.locks.entries()
    }

    /// `pg_blocking_pids`: whom a process waits for, who hold what it wants or came before it.
    pub fn blocking(&self, process_id: u32) -> Vec<u32> {
        self.locks.blocking(process_id)
    }

    /// Has this told of every commit from now on.
    pub fn subscribe(&self, listener: impl CommitListener + 'static) {
        self.listeners.write().push(Box::new(listener));
    }

    /// Random, made with the catalog: tells one installation from another. Clients are not told,
    /// for what a login as nobody meets is derived from it.
    pub fn instance(&self) -> [u8; 16] {
        self.writer.lock().meta.instance
    }

    /// The data keys, wrapped by the master key, the newest last.
    pub fn data_keys(&self) -> Vec<WrappedKey> {
        self.writer.lock().meta.data_keys.clone()
    }

    /// Replaces the data keys: a new one was added, or a new master key wraps them.
    pub fn set_data_keys(&self, data_keys: Vec<WrappedKey>) -> Result<()> {
        let mut writer = self.writer.lock();
        let version = writer.meta.version + 1;
        let meta = Meta { version, data_keys, ..writer.meta.clone() };
        writer.store.commit(&meta, &[])?;
        writer.meta = meta;
        Ok(())
    }

    /// What is kept of transactions that several remotes prepare, by transaction.
    pub fn decisions(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.writer.lock().store.decisions()
    }

    /// Keeps it, or forgets it; when this returns, it is on disk.
    pub fn decide(&self, transaction: &str, value: Option<&[u8]>) -> Result<()> {
        self.writer.lock().store.decide(transaction, value)
    }

    pub(crate) fn locks(&self) -> &LockTable {
        &self.locks
    }

    pub(crate) fn allocate_oid(&self) -> Result<u32> {
        let mut next = self.next_oid.lock();
        let oid = *next;
        *next = oid.checked_add(1).ok_or(Error::OutOfOids)?;
        Ok(oid)
    }

    /// Makes changes durable and visible. Their transaction's locks keep others from making
    /// conflicting ones; that they do is checked all the same.
    pub(crate) fn commit(&self, mut changes: Vec<Change>) -> Result<u64> {
        let mut writer = self.writer.lock();
        let mut meta = writer.meta.clone();
        meta.version += 1;
        meta.next_oid = *self.next_oid.lock();
        set_epochs(&mut changes, &mut meta.next_epoch);
        let mut snapshot = Snapshot::clone(&self.published.read());
        changes.iter().cloned().for_each(|change| snapshot.apply(change));
        snapshot.check(changes.iter().map(|change| change.key))?;
        writer.store.commit(&meta, &changes)?;
        snapshot.publish(meta.version, writer.store.view()?);
        let version = meta.version;
        writer.meta = meta;
        *self.published.write() = Arc::new(snapshot);
        drop(writer);
        self.tell(version, &changes);
        Ok(version)
    }

    fn tell(&self, version: u64, changes: &[Change]) {
        let retired: Vec<Retired> = changes.iter().filter_map(retired_by).collect();
        for listener in &*self.listeners.read() {
            listener.committed(version, &retired);
        }
    }
}

/// Gives each changed wrapper, server and mapping an epoch of its own.
fn set_epochs(changes: &mut [Change], next: &mut Epoch) {
    let rows = changes.iter_mut().filter_map(|change| change.row.as_mut());
    for epoch in rows.filter_map(Row::epoch_mut) {
        *epoch = Some(*next);
        *next = next.next();
    }
}

fn retired_by(change: &Change) -> Option<Retired> {
    let RowKey::Object(address) = change.key else { return None };
    match address.class {
        Class::Wrapper => Some(Retired::Wrapper(WrapperOid(address.oid))),
        Class::Server => Some(Retired::Server(ServerOid(address.oid))),
        Class::UserMapping => Some(Retired::UserMapping(UserMappingOid(address.oid))),
        _ => None,
    }
}
