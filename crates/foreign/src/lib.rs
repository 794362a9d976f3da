//! From a name to a live remote session: resolve the mapping, lease a connection, run on it.
//!
//! Here alone a [`ConnKey`] is made, and here alone sealed options are opened, just before a
//! wrapper connects with them. A connection is owned by the stream that reads it, or pinned by
//! the session's transaction; a stream that is dropped early cancels its query at the remote and
//! its connection is not lent again.
//!
//! This crate knows the catalog and the contract with wrappers, not the query engine.
mod access;
mod audit;
mod choice;
mod commit;
mod connect;
mod drift;
mod error;
mod in_doubt;
mod key;
mod known_remotes;
mod lease;
mod machine;
mod names;
mod pool;
mod probe;
mod queue;
mod readers;
mod references;
mod resolve;
mod rotation;
mod survey;
mod transaction;
mod writing;

pub use access::{Access, Batches, Described, Ending, Held, Person, Queries, RawBatches, Scan};
pub use audit::{Audit, Auditor, QueryId, RemoteEvent, RemoteStatement};
pub use choice::{Choice, Why, choose, is_pending, requires_consent, valid_until};
pub use commit::Parted;
pub use error::{Error, Result};
pub use in_doubt::InDoubt;
pub use key::{ConnKey, Principal};
pub use lease::{Connection, Lease};
pub use pool::{Limits, Pool};
pub use probe::Probe;
pub use references::{
    CommandRule, FetchError, LoginSource, ReferenceRules, VaultLogin, VaultRules,
};
pub use resolve::Remote;
pub use survey::{Question, Survey};
pub use transaction::RemoteTransactions;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use audit::QueryIds;
use in_doubt::Doubts;
use known_remotes::KnownRemotes;
use machine::Machine;
use medley_catalog::{Catalog, Retired};
use medley_fdw::local::NotLocal;
use medley_fdw::{Dialer, Network, Registry, TlsRoots};
use medley_secret::Opener;
use names::Names;
use parking_lot::{Mutex, RwLock};
use probe::Probes;
use references::References;
use rotation::Rotations;
use survey::Surveys;

/// What all sessions of a server share in order to reach remotes.
pub struct Foreign {
    catalog: Arc<Catalog>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) opener: Opener,
    pub(crate) pool: Arc<Pool>,
    pub(crate) dialer: Arc<dyn Dialer>,
    pub(crate) tls_roots: TlsRoots,
    pub(crate) connect_timeout: Duration,
    pub(crate) names: Names,
    pub(crate) queries: QueryIds,
    pub(crate) known_tables: access::KnownTables,
    pub(crate) known_remotes: KnownRemotes,
    pub(crate) auditor: OnceLock<Arc<dyn Auditor>>,
    references: RwLock<Arc<References>>,
    /// Those that gave way to others, and give back what was lent to them.
    former: Mutex<Vec<Weak<References>>>,
    /// The runtime's work has begun.
    started: AtomicBool,
    pub(crate) probes: Probes,
    pub(crate) rotations: Rotations,
    keeps_from_local: AtomicBool,
    pub(crate) surveys: Surveys,
    pub(crate) doubts: Arc<Doubts>,
}

impl Foreign {
    /// A connection attempt takes at most this long, unless the server's options say less.
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

    /// Over this catalog, with these wrappers, and the keyring's opener.
    pub fn new(
        catalog: &Arc<Catalog>,
        registry: Arc<Registry>,
        opener: Opener,
        limits: Limits,
        tls_roots: TlsRoots,
    ) -> Arc<Self> {
        let pool = Pool::new(Arc::clone(catalog), limits);
        let references = References::new(catalog, &pool, ReferenceRules::default(), &tls_roots);
        let foreign = Arc::new(Self {
            catalog: Arc::clone(catalog),
            pool,
            registry,
            opener,
            dialer: Arc::new(Network),
            tls_roots,
            connect_timeout: Self::CONNECT_TIMEOUT,
            names: Names::default(),
            queries: QueryIds::new(),
            known_tables: access::KnownTables::default(),
            known_remotes: KnownRemotes::default(),
            auditor: OnceLock::new(),
            references: RwLock::new(references),
            former: Mutex::default(),
            started: AtomicBool::new(false),
            probes: Probes::default(),
            rotations: Rotations::default(),
            keeps_from_local: AtomicBool::new(false),
            surveys: Surveys::default(),
            doubts: Arc::default(),
        });
        retire_at_commit(catalog, &foreign);
        foreign
    }

    /// Says where references to secrets may lead, from the next statement on. What was fetched by
    /// other rules serves nobody any more, nor do connections that wait and logged in with it.
    pub fn refer_by(&self, rules: ReferenceRules) {
        let references = References::new(&self.catalog, &self.pool, rules, &self.tls_roots);
        let is_started = self.started.load(Ordering::Acquire);
        if is_started {
            references.start();
        }
        let former = std::mem::replace(&mut *self.references.write(), references);
        if is_started {
            let mut all = self.former.lock();
            all.retain(|it| it.strong_count() > 0);
            all.push(Arc::downgrade(&former));
            former.give_way();
        }
    }

    pub(crate) fn references(&self) -> Arc<References> {
        Arc::clone(&self.references.read())
    }

    /// Begins the work that goes on beside statements; to be called once, in the runtime.
    pub fn start(self: &Arc<Self>) {
        self.started.store(true, Ordering::Release);
        self.pool.start_reaper();
        self.start_resolver();
        self.references().start();
    }

    /// After the last statement: waits until remotes have heard of what was cancelled, and gives
    /// back what was lent.
    pub async fn stop(&self) {
        self.pool.settled().await;
        let former: Vec<_> = self.former.lock().iter().filter_map(Weak::upgrade).collect();
        for references in former.into_iter().chain([self.references()]) {
            references.stop().await;
        }
    }

    /// The wrappers of this build.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Says who is told of statements at remotes; who is said first counts.
    pub fn audit_to(&self, auditor: Arc<dyn Auditor>) {
        self.auditor.get_or_init(|| auditor);
    }

    /// Whether only servers that a superuser owns lead to local addresses, and local sockets; from
    /// the next statement on.
    pub fn keep_from_local(&self, keeps: bool) {
        self.keeps_from_local.store(keeps, Ordering::Release);
    }

    /// Whether a server of this owner may lead to local addresses.
    pub(crate) fn admits_local(&self, owner_is_superuser: bool) -> bool {
        owner_is_superuser || !self.keeps_from_local.load(Ordering::Acquire)
    }

    fn dialer(&self, remote: &Remote) -> Arc<dyn Dialer> {
        let machine: Arc<dyn Dialer> =
            Arc::new(Machine::new(Arc::clone(&self.dialer), self.references().rules_shared()));
        match remote.key().admits_local() {
            true => machine,
            false => Arc::new(NotLocal(machine)),
        }
    }

    /// The connections that wait to be lent.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}

/// A committed change to what connections are made from closes those that wait to be lent.
fn retire_at_commit(catalog: &Arc<Catalog>, foreign: &Arc<Foreign>) {
    let foreign = Arc::downgrade(foreign);
    catalog.subscribe(move |_: u64, retired: &[Retired]| {
        if let Some(foreign) = foreign.upgrade().filter(|_| !retired.is_empty()) {
            foreign.pool.retire();
            foreign.references().retire();
        }
    });
}
