//! What was lent and must be kept, and given back: renewed while it is used, revoked when its
//! mapping is gone or nobody uses it any more.
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::References;
use super::vault::{Vault, VaultLease};
use crate::ConnKey;

/// How many leases are asked about at once.
const AT_ONCE: usize = 16;
/// How soon, and how late, leases are looked at.
const SOON: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_secs(1);
/// How often what was fetched is looked at where nothing is lent.
const SWEEP: Duration = Duration::from_secs(30);
/// How long giving everything back may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What is lent, and the task that looks after it.
#[derive(Default)]
pub(super) struct Leases {
    held: Mutex<Vec<Held>>,
    changed: Notify,
    stop: CancellationToken,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

struct Held {
    lease: VaultLease,
    key: ConnKey,
    /// Not before this moment.
    retry: Instant,
}

/// What is to be done about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    Nothing,
    Renew,
    Revoke,
    /// It has ended by itself.
    Forget,
}

impl Leases {
    pub(super) fn add(&self, key: ConnKey, lease: VaultLease) {
        self.held.lock().push(Held { lease, key, retry: Instant::now() });
        self.changed.notify_one();
    }

    /// Something changed in the catalog.
    pub(super) fn look(&self) {
        self.changed.notify_one();
    }

    /// Looks after leases until the server stops.
    pub(super) fn start(references: &Arc<References>) {
        let leases = &references.leases;
        let stop = leases.stop.clone();
        let task = tokio::spawn(keep(Arc::downgrade(references), stop));
        *leases.keeper.lock() = Some(task);
    }

    /// Looks after what is lent until nobody uses it any more, and then stops.
    pub(super) fn wind_up(references: &Arc<References>) {
        let references = Arc::clone(references);
        tokio::spawn(async move {
            while !references.leases.held.lock().is_empty() {
                references.leases.look();
                tokio::time::sleep(LATE).await;
            }
            references.stop().await;
        });
    }

    /// Gives everything back.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper
            && tokio::time::timeout(STOP_TIMEOUT, keeper).await.is_err()
        {
            tracing::warn!("what Vault lent was not given back in time");
        }
    }
}

async fn keep(references: Weak<References>, stop: CancellationToken) {
    if let Some(vault) = references.upgrade().and_then(|it| it.vault.clone()) {
        vault.look_up_token().await;
    }
    loop {
        let Some(references) = references.upgrade() else { return };
        if stop.is_cancelled() {
            return references.give_all_back().await;
        }
        references.look_after().await;
        let pause = references.pause().await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = references.leases.changed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl References {
    /// Renews, revokes and forgets what it is time for, and closes connections that end with it.
    async fn look_after(&self) {
        self.cache.sweep(|key| crate::resolve::is_current(&self.catalog, key));
        self.pool.close_over();
        let Some(vault) = &self.vault else { return };
        vault.keep_token().await;
        let held = std::mem::take(&mut *self.leases.held.lock());
        let kept: Vec<_> = futures::stream::iter(held)
            .map(|held| self.care_for(vault, held))
            .buffer_unordered(AT_ONCE)
            .filter_map(|held| async { held })
            .collect()
            .await;
        self.leases.held.lock().extend(kept);
        self.pool.close_over();
    }

    /// None when the lease is no more.
    async fn care_for(&self, vault: &Vault, mut held: Held) -> Option<Held> {
        let done = match self.care(&held) {
            Care::Nothing => return Some(held),
            Care::Forget => {
                held.lease.span.end();
                return None;
            }
            Care::Renew => vault.renew(&held.lease).await,
            Care::Revoke => match vault.revoke(&held.lease).await {
                Ok(()) => return None,
                failed => failed,
            },
        };
        match done {
            Ok(()) => {}
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "a lease of Vault's was not renewed or revoked");
                held.retry = Instant::now() + LATE.min(held.lease.span.first() / 20);
            }
            // Vault has forgotten it, or this server may do nothing about it.
            Err(error) => {
                tracing::warn!(%error, "a lease of Vault's cannot be renewed or revoked");
                held.lease.span.end();
                return None;
            }
        }
        Some(held)
    }

    fn care(&self, held: &Held) -> Care {
        let now = Instant::now();
        let VaultLease { renewable, span, token, .. } = &held.lease;
        // The one that is held here is not in use; the cache's is.
        let used = Arc::strong_count(span) > 1;
        if !span.is_lasting(now) || !token.is_lasting(now) {
            return Care::Forget;
        }
        if token.is_over(now) {
            span.end();
        }
        if held.retry > now {
            return Care::Nothing;
        }
        if self.is_dropped(&held.key) || !used {
            span.end();
            return Care::Revoke;
        }
        match *renewable && !span.is_over(now) && now >= span.renews() && self.is_wanted(held) {
            true => Care::Renew,
            false => Care::Nothing,
        }
    }

    /// The mapping that it was lent for is no more.
    fn is_dropped(&self, key: &ConnKey) -> bool {
        let snapshot = self.catalog.snapshot();
        let mapping = key.mapping().is_some_and(|mapping| snapshot.mapping(mapping).is_none());
        key.epoch().is_some() && (mapping || snapshot.server(key.server()).is_none())
    }

    /// Somebody logged in with it since it was last renewed, or is logged in with it.
    fn is_wanted(&self, held: &Held) -> bool {
        Arc::strong_count(&held.lease.span) > 2 || held.lease.span.was_used()
    }

    /// How long nothing needs to be looked at.
    async fn pause(&self) -> Duration {
        let token = match &self.vault {
            Some(vault) => vault.token_renews().await,
            None => None,
        };
        let held = self.leases.held.lock();
        let moments = held.iter().flat_map(|held| {
            let span = &held.lease.span;
            [span.renews().max(held.retry), span.gives_way()]
        });
        let now = Instant::now();
        let next = moments.chain(token).map(|moment| moment.saturating_duration_since(now)).min();
        // Whether a lease is used still is looked at as well.
        let late = if held.is_empty() { SWEEP } else { LATE };
        next.unwrap_or(late).clamp(SOON, late)
    }

    async fn give_all_back(&self) {
        self.cache.clear();
        self.pool.close_over();
        let Some(vault) = &self.vault else { return };
        let held = std::mem::take(&mut *self.leases.held.lock());
        let revoked = futures::stream::iter(held).for_each_concurrent(AT_ONCE, async |held| {
            if let Err(error) = vault.revoke(&held.lease).await {
                tracing::warn!(%error, "a lease of Vault's was not revoked");
            }
        });
        revoked.await;
        vault.log_out().await;
    }
}
