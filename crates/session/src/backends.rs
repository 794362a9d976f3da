use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use medley_catalog::ids::RoleOid;
use parking_lot::Mutex;

/// The sessions of this server, for `pg_stat_activity`.
#[derive(Clone, Default)]
pub struct Backends(Arc<Mutex<BTreeMap<i32, Arc<Mutex<Activity>>>>>);

/// What a session is doing. Never the text of what it runs: that may hold secrets.
#[derive(Clone, Debug)]
pub struct Activity {
    /// What the client knows the session by.
    pub pid: i32,
    /// Who logged in.
    pub user: RoleOid,
    /// What the client calls itself.
    pub application_name: Arc<str>,
    /// Where the client is.
    pub client: Option<std::net::SocketAddr>,
    /// When it came.
    pub since: SystemTime,
    /// When its transaction began.
    pub transaction_since: Option<SystemTime>,
    /// When its statement began, or its last one.
    pub statement_since: Option<SystemTime>,
    /// When that state began.
    pub state_since: SystemTime,
    /// What it does.
    pub state: State,
}

/// What `pg_stat_activity.state` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Runs a statement.
    Active,
    /// Waits for its client.
    Idle,
    /// Waits for its client, in a transaction.
    IdleInTransaction,
    /// The same, in one that failed.
    IdleInFailedTransaction,
}

impl State {
    /// In PostgreSQL's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
            Self::IdleInTransaction => "idle in transaction",
            Self::IdleInFailedTransaction => "idle in transaction (aborted)",
        }
    }
}

impl Backends {
    /// A session begins; it is listed until the result is dropped.
    pub fn register(&self, activity: Activity) -> Registered {
        let pid = activity.pid;
        let activity = Arc::new(Mutex::new(activity));
        self.0.lock().insert(pid, Arc::clone(&activity));
        Registered { backends: self.clone(), pid, activity }
    }

    /// All sessions, by pid.
    pub fn list(&self) -> Vec<Activity> {
        self.0.lock().values().map(|activity| activity.lock().clone()).collect()
    }
}

/// A session's place in the list.
pub struct Registered {
    backends: Backends,
    pid: i32,
    activity: Arc<Mutex<Activity>>,
}

impl Registered {
    /// Says what the session does now.
    pub fn update(&self, change: impl FnOnce(&mut Activity)) {
        change(&mut self.activity.lock());
    }

    /// What the client knows the session by.
    pub fn pid(&self) -> i32 {
        self.pid
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.backends.0.lock().remove(&self.pid);
    }
}
