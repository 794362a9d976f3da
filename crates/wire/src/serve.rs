//! Taking connections until it is time to stop.
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{self, UNHEEDED};
use crate::{Cancels, Listener, Server, Tls};

/// After a failed accept (no file descriptors left, say) the next is tried this much later.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The TLS of connections that begin from now on; none where there is none.
#[derive(Clone, Default)]
pub struct TlsSlot(Arc<RwLock<Option<Arc<Tls>>>>);

impl TlsSlot {
    /// Takes the place of what was there. Connections that are open keep what they have.
    pub fn replace(&self, tls: Tls) {
        *self.0.write() = Some(Arc::new(tls));
    }

    pub(crate) fn get(&self) -> Option<Arc<Tls>> {
        self.0.read().clone()
    }
}

/// How connections are served.
#[derive(Clone)]
pub struct Options {
    /// Offered to clients over TCP who ask for TLS.
    pub tls: TlsSlot,
    /// Sessions at one time; the next gets 53300.
    pub max_connections: usize,
    /// From the first byte to the open session.
    pub startup_timeout: Duration,
    /// The longest message taken from a client, in bytes.
    pub message_limit: usize,
    /// How long running statements may go on after a shutdown began.
    pub grace: Duration,
    /// The sessions, for `pg_cancel_backend` and `pg_terminate_backend`.
    pub cancels: Cancels,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: TlsSlot::default(),
            max_connections: 100,
            startup_timeout: Duration::from_secs(60),
            message_limit: 256 << 20,
            grace: Duration::from_secs(10),
            cancels: Cancels::default(),
        }
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) server: Arc<dyn Server>,
    pub(crate) options: Options,
    pub(crate) sessions: Arc<Semaphore>,
    pub(crate) shutdown: CancellationToken,
    connections: Semaphore,
}

/// Serves connections until `shutdown`: then takes no more, ends idle sessions at once, and gives
/// running statements the grace period before it cancels them. Returns when all have ended.
pub async fn serve(
    listeners: Vec<Listener>,
    server: Arc<dyn Server>,
    options: Options,
    shutdown: CancellationToken,
) {
    let grace = options.grace;
    let shared = Arc::new(Shared {
        server,
        sessions: Arc::new(Semaphore::new(options.max_connections)),
        // Besides sessions: those that are not yet one, and cancel requests.
        connections: Semaphore::new(2 * options.max_connections + 16),
        options,
        shutdown,
    });
    let tasks = TaskTracker::new();
    let accepting = listeners.into_iter().map(|listener| accept(listener, &shared, &tasks));
    futures::future::join_all(accepting).await;
    tasks.close();
    if tokio::time::timeout(grace + 3 * UNHEEDED, tasks.wait()).await.is_err() {
        tracing::error!(connections = tasks.len(), "connections did not end");
    }
}

/// Takes connections on one listener until the shutdown, and closes it.
async fn accept(listener: Listener, shared: &Arc<Shared>, tasks: &TaskTracker) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let shared = Arc::clone(shared);
                tasks.spawn(async move {
                    if let Ok(_permit) = shared.connections.try_acquire() {
                        connection::serve(stream, peer, &shared).await;
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%listener, %error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}
