//! Cancelling what a session runs.
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use medley_diagnostic::{Report, SqlState};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// Why a statement must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// Somebody asked for it: a CancelRequest, or `pg_cancel_backend`.
    Requested,
    /// The client went away.
    ClientGone,
    /// The server shuts down, or `pg_terminate_backend`.
    Terminated,
}

impl CancelReason {
    /// What the client is told.
    pub fn report(self) -> Report {
        match self {
            Self::Requested => {
                Report::error(SqlState::QUERY_CANCELED, "canceling statement due to user request")
            }
            Self::ClientGone => {
                Report::fatal(SqlState::CONNECTION_FAILURE, "connection to client lost")
            }
            Self::Terminated => Report::fatal(
                SqlState::ADMIN_SHUTDOWN,
                "terminating connection due to administrator command",
            ),
        }
    }
}

/// A session's view of whether its statement must stop; cheap to clone.
///
/// Each message of the client that runs something has a token of its own, taken back when it is
/// answered: a cancel that comes late finds nothing to stop, and cannot stop what comes next.
#[derive(Clone)]
pub struct CancelHandle(Arc<Backend>);

struct Backend {
    pid: i32,
    secret: Bytes,
    /// The session is to end: at once when idle.
    closing: CancellationToken,
    gone: CancellationToken,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    statement: Option<CancellationToken>,
    reason: Option<CancelReason>,
}

impl CancelHandle {
    /// The number that the client knows the session by.
    pub fn pid(&self) -> i32 {
        self.0.pid
    }

    /// Returns when the statement must stop. Call it while a statement runs; for an idle session
    /// it does not return.
    pub async fn requested(&self) -> CancelReason {
        self.token().cancelled().await;
        self.reason().unwrap_or(CancelReason::Requested)
    }

    /// The statement's token, to hand to what works for it. It is this message's alone: a portal
    /// that a later Execute goes on with is cancelled through the token of that time.
    pub fn token(&self) -> CancellationToken {
        self.0.running.lock().statement.clone().unwrap_or_default()
    }

    /// Why the statement must stop, if it must.
    pub fn reason(&self) -> Option<CancelReason> {
        self.0.running.lock().reason
    }

    /// The error to stop with, if the statement must stop.
    pub fn check(&self) -> Result<(), Report> {
        self.reason().map_or(Ok(()), |reason| Err(reason.report()))
    }

    /// Stops the statement that runs, if one does. The first reason stands, unless a graver one
    /// comes.
    fn interrupt(&self, reason: CancelReason) {
        let mut running = self.0.running.lock();
        if let Some(statement) = running.statement.clone() {
            if running.reason.is_none_or(|present| present == CancelReason::Requested) {
                running.reason = Some(reason);
            }
            drop(running);
            statement.cancel();
        }
    }

    /// A statement begins.
    pub(crate) fn begin(&self) {
        let statement = CancellationToken::new();
        let gone = self.0.gone.is_cancelled();
        if gone {
            statement.cancel();
        }
        let reason = gone.then_some(CancelReason::ClientGone);
        *self.0.running.lock() = Running { statement: Some(statement), reason };
    }

    /// The statement is answered.
    pub(crate) fn finish(&self) {
        *self.0.running.lock() = Running::default();
    }

    /// The client is not there any more.
    pub(crate) fn client_gone(&self) {
        self.0.gone.cancel();
        self.interrupt(CancelReason::ClientGone);
    }

    /// The session is to end, when idle at once.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    pub(crate) fn gone(&self) -> &CancellationToken {
        &self.0.gone
    }

    pub(crate) fn terminate(&self) {
        self.0.closing.cancel();
        self.interrupt(CancelReason::Terminated);
    }

    pub(crate) fn secret(&self) -> &Bytes {
        &self.0.secret
    }
}

/// The sessions that can be cancelled, by pid; cheap to clone.
#[derive(Clone, Default)]
pub struct Cancels(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    last_pid: Option<i32>,
    sessions: HashMap<i32, CancelHandle>,
}

/// Pids are from here on, below what PostgreSQL clients would find odd.
const PIDS: std::ops::Range<i32> = 1_000..4_000_000;

impl Registry {
    /// Counts on from a random start, so that pids of two runs of the server are not the same.
    fn next_pid(&mut self) -> i32 {
        let start = self.last_pid.unwrap_or_else(|| rand::random_range(1_000..65_536));
        let pid = (1..)
            .map(|step| PIDS.start + (start - PIDS.start + step) % (PIDS.end - PIDS.start))
            .find(|pid| !self.sessions.contains_key(pid))
            .expect("there are more pids than connections");
        self.last_pid = Some(pid);
        pid
    }
}

impl Cancels {
    /// `pg_cancel_backend`: stops what the session of this pid runs. Whether there is one.
    pub fn cancel(&self, pid: i32) -> bool {
        let session = self.find(pid);
        session.as_ref().inspect(|session| session.interrupt(CancelReason::Requested)).is_some()
    }

    /// `pg_terminate_backend`: ends the session of this pid. Whether there is one.
    pub fn terminate(&self, pid: i32) -> bool {
        let session = self.find(pid);
        session.as_ref().inspect(|session| session.terminate()).is_some()
    }

    /// A CancelRequest: obeyed if the secret is that of the session.
    pub(crate) fn request(&self, pid: i32, secret: &[u8]) {
        let session = self.find(pid).filter(|session| same(session.secret(), secret));
        match session {
            Some(session) => session.interrupt(CancelReason::Requested),
            None => tracing::info!(pid, "cancel request for no session, or with a wrong key"),
        }
    }

    /// A new session, cancelled with the secret of this length.
    pub(crate) fn register(&self, secret_bytes: usize, closing: CancellationToken) -> Registered {
        let secret: Vec<u8> = rand::random_iter().take(secret_bytes).collect();
        let mut registry = self.0.lock();
        let backend = Backend {
            pid: registry.next_pid(),
            secret: secret.into(),
            closing,
            gone: CancellationToken::new(),
            running: Mutex::default(),
        };
        let handle = CancelHandle(Arc::new(backend));
        registry.sessions.insert(handle.pid(), handle.clone());
        Registered { cancels: self.clone(), handle }
    }

    fn find(&self, pid: i32) -> Option<CancelHandle> {
        self.0.lock().sessions.get(&pid).cloned()
    }
}

/// Compares in a time that tells nothing of where the two differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// A session's place among those that can be cancelled, left when dropped.
pub(crate) struct Registered {
    cancels: Cancels,
    pub(crate) handle: CancelHandle,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.cancels.0.lock().sessions.remove(&self.handle.pid());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(cancels: &Cancels) -> Registered {
        cancels.register(32, CancellationToken::new())
    }

    #[test]
    fn a_cancel_stops_the_statement_that_runs() {
        let cancels = Cancels::default();
        let session = registered(&cancels);
        let handle = &session.handle;
        handle.begin();
        cancels.request(handle.pid(), handle.secret());
        assert!(handle.token().is_cancelled());
        assert_eq!(handle.reason(), Some(CancelReason::Requested));
    }

    #[test]
    fn a_late_cancel_does_not_stop_the_next_statement() {
        let cancels = Cancels::default();
        let session = registered(&cancels);
        let handle = &session.handle;
        handle.begin();
        let first = handle.token();
        handle.finish();
        assert!(cancels.cancel(handle.pid()));
        handle.begin();
        assert!(!first.is_cancelled());
        assert!(!handle.token().is_cancelled());
        assert_eq!(handle.check(), Ok(()));
    }

    #[test]
    fn a_wrong_secret_cancels_nothing() {
        let cancels = Cancels::default();
        let session = registered(&cancels);
        let handle = &session.handle;
        handle.begin();
        for wrong in [&handle.secret()[..4], &[0; 32], &[]] {
            cancels.request(handle.pid(), wrong);
        }
        assert!(!handle.token().is_cancelled());
    }

    #[test]
    fn what_begins_after_the_client_has_gone_is_cancelled() {
        let cancels = Cancels::default();
        let session = registered(&cancels);
        session.handle.client_gone();
        session.handle.begin();
        assert!(session.handle.token().is_cancelled());
        assert_eq!(session.handle.reason(), Some(CancelReason::ClientGone));
    }

    #[test]
    fn a_graver_reason_stands() {
        let cancels = Cancels::default();
        let session = registered(&cancels);
        session.handle.begin();
        assert!(cancels.cancel(session.handle.pid()));
        assert!(cancels.terminate(session.handle.pid()));
        assert!(cancels.cancel(session.handle.pid()));
        assert_eq!(session.handle.reason(), Some(CancelReason::Terminated));
    }

    #[test]
    fn pids_are_unique_and_leave_with_their_session() {
        let cancels = Cancels::default();
        let sessions: Vec<_> = (0..1000).map(|_| registered(&cancels)).collect();
        let pids: std::collections::HashSet<_> = sessions.iter().map(|s| s.handle.pid()).collect();
        assert_eq!(pids.len(), 1000);
        drop(sessions);
        assert!(pids.into_iter().all(|pid| !cancels.cancel(pid)));
    }
}
