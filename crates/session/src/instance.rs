use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use medley_catalog::Catalog;
use medley_engine::{Engine, LoginMap, LoginRule};
use medley_fdw::Registry;
use medley_foreign::Foreign;
use medley_secret::{Keyring, Sealer};

use parking_lot::Mutex;

use crate::keys::{Keys, MasterKeys};
use crate::{AuditTrail, Backends};

/// What all sessions of a server share.
pub struct Instance {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) keyring: Keyring,
    pub(crate) sealer: Sealer,
    pub(crate) foreign: Arc<Foreign>,
    pub(crate) engine: Engine,
    pub(crate) backends: Backends,
    pub(crate) started: SystemTime,
    /// What tells this server from others, as long as it runs.
    pub(crate) number: u64,
    sessions: AtomicU64,
    configuration: OnceLock<Arc<dyn Configuration>>,
    signals: OnceLock<Arc<dyn Signals>>,
    trail: OnceLock<Arc<dyn AuditTrail>>,
    master_keys: OnceLock<Arc<dyn MasterKeys>>,
    key_turn: Mutex<()>,
}

/// The files beside the catalog that say how the server is run.
pub trait Configuration: Send + Sync {
    /// The lines that say who may log in, as they are in the file now.
    fn login_rules(&self) -> Vec<LoginRule>;
    /// The lines that map accounts outside to roles, as they are in the file now.
    fn login_maps(&self) -> Vec<LoginMap>;
    /// Lets the server read its files again, soon; `false` if there is no server.
    fn reload(&self) -> bool;
}

/// What can be done to sessions from outside.
pub trait Signals: Send + Sync {
    /// Stops what the session of this pid runs; whether there is one.
    fn cancel(&self, pid: i32) -> bool;
    /// Ends the session of this pid; whether there is one.
    fn terminate(&self, pid: i32) -> bool;
}

impl Instance {
    /// Over one catalog, its wrappers, and the way to remotes.
    pub fn new(
        catalog: Arc<Catalog>,
        registry: Arc<Registry>,
        keyring: Keyring,
        foreign: Arc<Foreign>,
        engine: Engine,
    ) -> Arc<Self> {
        Arc::new(Self {
            catalog,
            registry,
            sealer: keyring.sealer(),
            keyring,
            foreign,
            engine,
            backends: Backends::default(),
            started: SystemTime::now(),
            // Keys of hash tables are chosen by chance.
            number: RandomState::new().build_hasher().finish(),
            sessions: AtomicU64::new(1),
            configuration: OnceLock::new(),
            signals: OnceLock::new(),
            trail: OnceLock::new(),
            master_keys: OnceLock::new(),
            key_turn: Mutex::default(),
        })
    }

    /// Begins the work that goes on beside the sessions; call it once, in the runtime.
    pub fn start(&self) {
        self.foreign.start();
    }

    /// After the last session: waits until remotes have heard of what was cancelled.
    pub async fn stop(&self) {
        self.foreign.stop().await;
    }

    /// The sessions there are.
    pub fn backends(&self) -> &Backends {
        &self.backends
    }

    /// What exists.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Says where its configuration is; what is said first counts.
    pub fn configure(&self, configuration: Arc<dyn Configuration>) {
        self.configuration.get_or_init(|| configuration);
    }

    /// Says where the master key is kept; what is said first counts.
    pub fn master_keys_from(&self, master_keys: Arc<dyn MasterKeys>) {
        self.master_keys.get_or_init(|| master_keys);
    }

    pub(crate) fn keys(&self) -> Keys<'_> {
        Keys {
            catalog: &self.catalog,
            keyring: &self.keyring,
            foreign: &self.foreign,
            master_keys: self.master_keys.get().map(AsRef::as_ref),
            turn: &self.key_turn,
        }
    }

    /// Says where the audit trail is; what is said first counts.
    pub fn audit_to(&self, trail: Arc<dyn AuditTrail>) {
        self.foreign.audit_to(Arc::<dyn AuditTrail>::clone(&trail));
        self.trail.get_or_init(|| trail);
    }

    pub(crate) fn trail(&self) -> Option<&dyn AuditTrail> {
        self.trail.get().map(AsRef::as_ref)
    }

    pub(crate) fn configuration(&self) -> Option<&dyn Configuration> {
        self.configuration.get().map(AsRef::as_ref)
    }

    /// Says how sessions are reached; what is said first counts.
    pub fn signal_by(&self, signals: Arc<dyn Signals>) {
        self.signals.get_or_init(|| signals);
    }

    pub(crate) fn signals(&self) -> Option<&dyn Signals> {
        self.signals.get().map(AsRef::as_ref)
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }
}
