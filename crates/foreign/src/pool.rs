use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_catalog::Catalog;
use medley_catalog::ids::ServerOid;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::lease::CANCEL_TIMEOUT;
use crate::{ConnKey, Connection, Error, Remote, Result};

/// How many connections may be open, idle ones included, and how long one may wait for the next
/// statement. Those that were idle longest give way to new ones.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// To one server.
    pub per_server: usize,
    /// Of one key.
    pub per_key: usize,
    /// How long a statement waits for one.
    pub wait: Duration,
    /// How long an idle one is kept.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 1000,
            per_server: 200,
            per_key: 64,
            wait: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

/// The connections of all sessions: those that wait to be lent, and the count of those in use.
pub struct Pool {
    catalog: Arc<Catalog>,
    limits: Limits,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    idle: HashMap<ConnKey, Vec<Idle>>,
    /// In use, being opened or being cancelled.
    busy: HashMap<ConnKey, usize>,
    busy_per_server: HashMap<ServerOid, usize>,
    busy_total: usize,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// The right to have one connection of a key open.
pub(crate) struct Permit {
    key: ConnKey,
    pool: Arc<Pool>,
}

impl Pool {
    pub(crate) fn new(catalog: Arc<Catalog>, limits: Limits) -> Arc<Self> {
        Arc::new(Self { catalog, limits, state: Mutex::default(), freed: Notify::new() })
    }

    /// As many permits for each of these remotes as are wanted. All are had at once, and nothing
    /// is held while waiting, so that no two statements wait for each other.
    pub(crate) async fn permits(
        self: &Arc<Self>,
        wanted: &[(&Remote, usize)],
    ) -> Result<Vec<Vec<Permit>>> {
        let none_left = || {
            let server = wanted.first().map(|(remote, _)| remote.server_name().to_owned());
            Error::TooManyConnections(server.unwrap_or_default())
        };
        if State::default().take_all(wanted, &self.limits).is_none() {
            // Not even if nobody else had any.
            return Err(none_left());
        }
        let deadline = tokio::time::Instant::now() + self.limits.wait;
        loop {
            // Registered before looking, so that no wake-up between the two is lost.
            let freed = self.freed.notified();
            if let Some(permits) = self.try_permits(wanted) {
                return Ok(permits);
            }
            if tokio::time::timeout_at(deadline, freed).await.is_err() {
                return Err(none_left());
            }
        }
    }

    pub(crate) fn try_permits(
        self: &Arc<Self>,
        wanted: &[(&Remote, usize)],
    ) -> Option<Vec<Vec<Permit>>> {
        let taken = self.state.lock().take_all(wanted, &self.limits)?;
        let permit = |key| Permit { key, pool: Arc::clone(self) };
        Some(taken.into_iter().map(|keys| keys.into_iter().map(permit).collect()).collect())
    }

    /// An idle connection of this key, if its epoch is still the current one.
    pub(crate) fn take_idle(&self, key: &ConnKey) -> Option<Connection> {
        let mut state = self.state.lock();
        let idle = state.idle.get_mut(key)?;
        let taken = idle.pop();
        if idle.is_empty() {
            state.idle.remove(key);
        }
        taken.map(|idle| idle.connection)
    }

    /// Keeps a connection for the next statement, unless what it was opened with has changed.
    pub(crate) fn keep(&self, key: ConnKey, connection: Connection) {
        let idle = Idle { connection, since: Instant::now() };
        // Looked at under the pool's lock: `retire` runs after the catalog has published a change,
        // so that either this sees the change or `retire` sees the connection.
        let mut state = self.state.lock();
        if crate::resolve::is_current(&self.catalog, &key) {
            state.idle.entry(key).or_default().push(idle);
        }
    }

    /// Closes idle connections, those first that were idle longest, until one more of this key is
    /// within the limits. Its permit was given already.
    pub(crate) fn make_room(&self, key: &ConnKey) {
        let closed = {
            let mut state = self.state.lock();
            let Limits { total, per_server, per_key, .. } = self.limits;
            let busy_on_server = state.busy_per_server.get(&key.server).copied();
            let busy_of_key = state.busy.get(key).copied();
            let busy_in_all = state.busy_total;
            let mut closed = state.evict(total, busy_in_all, |_| true);
            closed.extend(state.evict(per_server, busy_on_server.unwrap_or_default(), |other| {
                other.server == key.server
            }));
            closed.extend(
                state.evict(per_key, busy_of_key.unwrap_or_default(), |other| other == key),
            );
            closed
        };
        drop(closed);
    }

    /// Closes the idle connections of a key, one of which turned out to be dead: so, then, may be
    /// its like.
    pub(crate) fn forget(&self, key: &ConnKey) {
        let forgotten = self.state.lock().idle.remove(key);
        drop(forgotten);
    }

    /// Closes idle connections whose server or mapping has changed. To be called after each
    /// commit that touches one.
    pub fn retire(&self) {
        let catalog = &self.catalog;
        let retired: Vec<_> = {
            let mut state = self.state.lock();
            state.idle.extract_if(|key, _| !crate::resolve::is_current(catalog, key)).collect()
        };
        drop(retired);
    }

    /// Closes connections that were idle too long.
    pub fn reap(&self) {
        let Some(limit) = Instant::now().checked_sub(self.limits.idle) else { return };
        let mut reaped = Vec::new();
        {
            let mut state = self.state.lock();
            state.idle.retain(|_, idle| {
                reaped.extend(idle.extract_if(.., |idle| idle.since < limit));
                !idle.is_empty()
            });
        }
        drop(reaped);
    }

    /// How many connections are idle, and how many are in use.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.idle.values().map(Vec::len).sum(), state.busy_total)
    }

    /// Waits until no connection is in use or being cancelled, as long as a cancelled one may take.
    pub async fn settled(&self) {
        let deadline = tokio::time::Instant::now() + 2 * CANCEL_TIMEOUT;
        loop {
            // Registered before looking, so that no wake-up between the two is lost.
            let freed = self.freed.notified();
            if self.counts().1 == 0 || tokio::time::timeout_at(deadline, freed).await.is_err() {
                return;
            }
        }
    }

    /// Reaps now and then until the pool is gone.
    pub fn start_reaper(self: &Arc<Self>) {
        let pool = Arc::downgrade(self);
        let pause = (self.limits.idle / 4).max(Duration::from_secs(1));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                match pool.upgrade() {
                    Some(pool) => pool.reap(),
                    None => return,
                }
            }
        });
    }
}

impl State {
    /// For each remote its key as often as wanted, or nothing if that is too often.
    fn take_all(
        &mut self,
        wanted: &[(&Remote, usize)],
        limits: &Limits,
    ) -> Option<Vec<Vec<ConnKey>>> {
        let keys = || wanted.iter().flat_map(|(remote, count)| vec![*remote.key(); *count]);
        let free = keys().take_while(|key| self.take(*key, limits)).count();
        if free < keys().count() {
            keys().take(free).for_each(|key| self.give_back(&key));
            return None;
        }
        Some(wanted.iter().map(|(remote, count)| vec![*remote.key(); *count]).collect())
    }

    /// Takes out idle connections, the oldest first, until those that count and the busy ones are
    /// no more than the limit.
    fn evict(&mut self, limit: usize, busy: usize, counts: impl Fn(&ConnKey) -> bool) -> Vec<Idle> {
        let all = self.idle.iter().filter(|(key, _)| counts(key));
        let mut ages: Vec<_> =
            all.flat_map(|(key, idle)| idle.iter().map(|idle| (idle.since, *key))).collect();
        ages.sort_by_key(|(since, _)| *since);
        let too_many = (ages.len() + busy).saturating_sub(limit);
        ages.truncate(too_many);
        ages.into_iter().filter_map(|(_, key)| self.take_oldest(&key)).collect()
    }

    fn take_oldest(&mut self, key: &ConnKey) -> Option<Idle> {
        let idle = self.idle.get_mut(key)?;
        // The last one kept is the first one lent, so that the oldest stands first.
        let oldest = (!idle.is_empty()).then(|| idle.remove(0));
        if idle.is_empty() {
            self.idle.remove(key);
        }
        oldest
    }

    fn take(&mut self, key: ConnKey, limits: &Limits) -> bool {
        let busy = self.busy.get(&key).copied().unwrap_or_default();
        let on_server = self.busy_per_server.get(&key.server).copied().unwrap_or_default();
        let free = self.busy_total < limits.total
            && on_server < limits.per_server
            && busy < limits.per_key;
        if free {
            *self.busy.entry(key).or_default() += 1;
            *self.busy_per_server.entry(key.server).or_default() += 1;
            self.busy_total += 1;
        }
        free
    }

    fn give_back(&mut self, key: &ConnKey) {
        decrement(&mut self.busy, key);
        decrement(&mut self.busy_per_server, &key.server);
        self.busy_total -= 1;
    }
}

fn decrement<K: Copy + Eq + std::hash::Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.pool.state.lock().give_back(&self.key);
        self.pool.freed.notify_waiters();
    }
}
