//! The readers of one key within a statement: how many connections they may have, and the one
//! snapshot that all of them see.
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use crate::lease::Abandoned;
use crate::pool::Permit;
use crate::{Connection, Lease};

/// What a statement has reserved for the readers of one key.
pub(crate) struct Readers {
    state: Mutex<State>,
    /// Whether there are several: then they see one snapshot, where the remote can share one.
    shared: bool,
    /// What the first reader found out; the others wait for it.
    snapshot: AsyncMutex<Option<Shared>>,
}

struct State {
    permits: Vec<Permit>,
    /// Leases whose readers have ended, for those to come.
    ready: Vec<Lease>,
    /// Exported the snapshot, and was dropped in the middle of its query.
    exporter: Option<Abandoned>,
    /// Readers that have neither begun nor said that they will not.
    to_come: usize,
    /// Others may come until the statement ends.
    open: bool,
}

/// How the readers of one key see the same rows.
#[derive(Clone)]
pub(crate) enum Shared {
    /// Each is in a transaction under this snapshot. It lives as long as the transaction that
    /// exported it, whose lease is kept until no reader is to come.
    Snapshot(Arc<str>),
    /// The remote cannot.
    Not,
}

impl Readers {
    /// One for each permit; if it is open, others that reserved nothing may come too.
    pub fn new(permits: Vec<Permit>, open: bool) -> Arc<Self> {
        let to_come = permits.len();
        let state = Mutex::new(State { permits, ready: Vec::new(), exporter: None, to_come, open });
        Arc::new(Self { state, shared: open || to_come > 1, snapshot: AsyncMutex::default() })
    }

    /// Whether nobody is to come any more, so that the snapshot may be gone.
    pub fn is_over(&self) -> bool {
        self.state.lock().is_over()
    }

    /// Whether they are several.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// To be held by the reader that finds it out.
    pub fn snapshot(&self) -> &AsyncMutex<Option<Shared>> {
        &self.snapshot
    }

    /// The lease of a reader that has ended.
    pub fn take_ready(&self) -> Option<Lease> {
        self.state.lock().ready.pop()
    }

    /// The right to open a connection.
    pub fn take_permit(&self) -> Option<Permit> {
        self.state.lock().permits.pop()
    }

    /// All of them: a transaction pins one connection for all readers.
    pub fn take_permits(&self) -> Vec<Permit> {
        std::mem::take(&mut self.state.lock().permits)
    }

    /// A reader has begun, or will not: when it was the last, nobody needs what was kept.
    pub async fn arrived(&self) {
        let (unneeded, exporter) = {
            let mut state = self.state.lock();
            state.to_come = state.to_come.saturating_sub(1);
            match state.is_over() {
                true => (std::mem::take(&mut state.ready), state.exporter.take()),
                false => (Vec::new(), None),
            }
        };
        drop(exporter);
        for lease in unneeded {
            lease.finish().await;
        }
    }

    /// Keeps the transaction that exported the snapshot open as long as somebody may need it.
    pub fn outlast(&self, exporter: Abandoned) {
        let mut state = self.state.lock();
        if !state.is_over() {
            state.exporter = Some(exporter);
        }
    }

    /// A reader has ended: its lease is for those to come.
    pub async fn give_back(&self, lease: Lease) {
        if let Some(lease) = self.keep(lease) {
            lease.finish().await;
        }
    }

    /// Keeps the lease if somebody may need it, or the snapshot that it holds open.
    fn keep(&self, lease: Lease) -> Option<Lease> {
        let mut state = self.state.lock();
        if state.is_over() || !self.shared {
            return Some(lease);
        }
        state.ready.push(lease);
        None
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.to_come == 0 && !self.open
    }
}

impl Drop for Readers {
    /// Leases that wait are idle, and good for other statements.
    fn drop(&mut self) {
        let ready = std::mem::take(&mut self.state.get_mut().ready);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !ready.is_empty() {
            runtime.spawn(async move {
                for lease in ready {
                    lease.finish().await;
                }
            });
        }
    }
}

/// Whether the remote lets several sessions see one snapshot.
pub(crate) fn shares_snapshots(lease: &mut Lease) -> bool {
    matches!(lease.connection(), Connection::Sql(sql) if sql.facts().can.snapshots)
}
