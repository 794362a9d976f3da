use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_catalog::Catalog;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::lease::CANCEL_TIMEOUT;
use crate::queue::{Queue, Scope, Ticket};
use crate::references::Term;
use crate::{ConnKey, Connection, Error, Remote, Result};

/// How many connections may be open, idle ones included, and how long one may wait for the next
/// statement. Those that were idle longest give way to new ones.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// To one server.
    pub per_server: usize,
    /// Of one mapping; one that serves each role as an account of its own, of one such account.
    pub per_mapping: usize,
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
            per_mapping: 64,
            wait: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

impl Limits {
    pub(crate) fn of(&self, scope: Scope) -> usize {
        match scope {
            Scope::Total => self.total,
            Scope::Server(_) => self.per_server,
            Scope::Account(_) => self.per_mapping,
        }
    }
}

/// The connections of all sessions: those that wait to be lent, and the count of those in use.
pub struct Pool {
    catalog: Arc<Catalog>,
    state: Mutex<State>,
    freed: Notify,
    /// The limits have changed.
    limited: Arc<Notify>,
}

struct State {
    idle: HashMap<ConnKey, Vec<Idle>>,
    /// Those in use, being opened or being cancelled, and who waits for one.
    queue: Queue,
}

struct Idle {
    connection: Connection,
    /// How long what it logged in with is good.
    term: Term,
    since: Instant,
}

/// The right to have one connection of a key open.
pub(crate) struct Permit {
    key: ConnKey,
    pool: Arc<Pool>,
}

impl Pool {
    pub(crate) fn new(catalog: Arc<Catalog>, limits: Limits) -> Arc<Self> {
        let state = State { idle: HashMap::new(), queue: Queue::new(limits) };
        let (freed, limited) = (Notify::new(), Arc::default());
        Arc::new(Self { catalog, state: Mutex::new(state), freed, limited })
    }

    fn limits(&self) -> Limits {
        self.state.lock().queue.limits()
    }

    /// From now on these are the limits: for those who wait too, but for how long they do. What is
    /// idle above them is closed at once, what is in use at the next round of the reaper after it
    /// has come back.
    pub fn limit(&self, limits: Limits) {
        self.state.lock().queue.limit(limits);
        self.reap();
        self.limited.notify_one();
    }

    /// As many permits for each of these remotes as are wanted. All are had at once, and nothing
    /// is held while waiting, so that no two statements wait for each other. Who came first is
    /// served first.
    pub(crate) async fn permits(
        self: &Arc<Self>,
        wanted: &[(&Remote, usize)],
    ) -> Result<Vec<Vec<Permit>>> {
        let none_left = || {
            let server = wanted.first().map(|(remote, _)| remote.server_name().to_owned());
            Error::TooManyConnections(server.unwrap_or_default())
        };
        let (keys, limits) = (keys(wanted), self.limits());
        if !Queue::new(limits).could_serve(&keys) {
            // Not even if nobody else had any.
            return Err(none_left());
        }
        let mut place = self.enter(keys);
        match tokio::time::timeout(limits.wait, &mut place.served).await {
            Ok(Ok(())) => Ok(place.into_permits(wanted)),
            _ => Err(none_left()),
        }
    }

    /// The same without waiting.
    pub(crate) fn try_permits(
        self: &Arc<Self>,
        wanted: &[(&Remote, usize)],
    ) -> Option<Vec<Vec<Permit>>> {
        let mut place = self.enter(keys(wanted));
        place.served.try_recv().ok()?;
        Some(place.into_permits(wanted))
    }

    /// The right to one connection, if nobody has to be waited for.
    pub(crate) fn permit_now(self: &Arc<Self>, remote: &Remote) -> Option<Permit> {
        let key = *remote.key();
        let taken = self.state.lock().queue.take_now(&key);
        taken.then(|| Permit { key, pool: Arc::clone(self) })
    }

    fn enter(self: &Arc<Self>, keys: Vec<ConnKey>) -> Place {
        let (ticket, served) = self.state.lock().queue.enter(keys);
        Place { ticket: Some(ticket), served, pool: Arc::clone(self) }
    }

    /// An idle connection of this key, if its epoch is still the current one, and what it logged in
    /// with still good.
    pub(crate) fn take_idle(&self, key: &ConnKey) -> Option<(Connection, Term)> {
        let mut state = self.state.lock();
        let idle = state.idle.get_mut(key)?;
        let over: Vec<_> = idle.extract_if(.., |idle| idle.term.is_over()).collect();
        let taken = idle.pop();
        if idle.is_empty() {
            state.idle.remove(key);
        }
        drop(state);
        drop(over);
        taken.map(|idle| (idle.connection, idle.term))
    }

    /// Keeps a connection for the next statement, unless what it was opened with has changed or
    /// ended.
    pub(crate) fn keep(&self, key: ConnKey, connection: Connection, term: Term) {
        let idle = Idle { connection, term, since: Instant::now() };
        // Looked at under the pool's lock: `retire` runs after the catalog has published a change,
        // so that either this sees the change or `retire` sees the connection.
        let mut state = self.state.lock();
        if crate::resolve::is_current(&self.catalog, &key) && !idle.term.is_over() {
            state.idle.entry(key).or_default().push(idle);
        }
    }

    /// Closes idle connections that logged in with what is not good any more.
    pub(crate) fn close_over(&self) {
        self.close_idle(|idle| idle.term.is_over());
    }

    /// Closes idle connections, those first that were idle longest, until one more of this key is
    /// within the limits. Its permit was given already.
    pub(crate) fn make_room(&self, key: &ConnKey) {
        let closed: Vec<_> = {
            let mut state = self.state.lock();
            key.scopes().into_iter().flat_map(|scope| state.evict(scope)).collect()
        };
        drop(closed);
    }

    /// Closes the idle connections of a key, one of which turned out to be dead: so, then, may be
    /// its like. Whether there were any.
    pub(crate) fn forget(&self, key: &ConnKey) -> bool {
        let forgotten = self.state.lock().idle.remove(key);
        forgotten.is_some()
    }

    /// The idle connections of a key: the process that serves each at the remote.
    pub(crate) fn waiting(&self, key: &ConnKey) -> Vec<Option<i32>> {
        let state = self.state.lock();
        let idle = state.idle.get(key).map_or(&[][..], Vec::as_slice);
        idle.iter().map(|idle| idle.connection.remote_pid()).collect()
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

    /// Closes all that are idle.
    pub fn close_all_idle(&self) {
        self.close_idle(|_| true);
    }

    /// Closes connections that were idle too long, or are above limits that were lowered.
    pub fn reap(&self) {
        if let Some(limit) = Instant::now().checked_sub(self.limits().idle) {
            self.close_idle(|idle| idle.since < limit);
        }
        let evicted = self.state.lock().evict_all();
        drop(evicted);
    }

    fn close_idle(&self, is_wanted: impl Fn(&Idle) -> bool) {
        let mut closed = Vec::new();
        {
            let mut state = self.state.lock();
            state.idle.retain(|_, idle| {
                closed.extend(idle.extract_if(.., |idle| is_wanted(idle)));
                !idle.is_empty()
            });
        }
        drop(closed);
    }

    /// How many connections are idle, and how many are in use.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.idle.values().map(Vec::len).sum(), state.queue.busy())
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
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(pool) = weak.upgrade() {
                pool.reap();
                let pause = (pool.limits().idle / 4).max(Duration::from_secs(1));
                let limited = Arc::clone(&pool.limited);
                drop(pool);
                let _ = tokio::time::timeout(pause, limited.notified()).await;
            }
        });
    }
}

impl State {
    /// Takes out idle connections, the oldest first, until those that count and the busy ones are
    /// no more than the limit.
    fn evict(&mut self, scope: Scope) -> Vec<Idle> {
        let all = self.idle.iter().filter(|(key, _)| key.scopes().contains(&scope));
        let mut ages: Vec<_> =
            all.flat_map(|(key, idle)| idle.iter().map(|idle| (idle.since, *key))).collect();
        ages.sort_by_key(|(since, _)| *since);
        let open = ages.len() + self.queue.busy_in(scope);
        ages.truncate(open.saturating_sub(self.queue.limits().of(scope)));
        ages.into_iter().filter_map(|(_, key)| self.take_oldest(&key)).collect()
    }

    /// The same wherever there are any.
    fn evict_all(&mut self) -> Vec<Idle> {
        let scopes: HashSet<_> = self.idle.keys().flat_map(ConnKey::scopes).collect();
        scopes.into_iter().flat_map(|scope| self.evict(scope)).collect()
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
}

/// Each key as often as it is wanted.
fn keys(wanted: &[(&Remote, usize)]) -> Vec<ConnKey> {
    wanted.iter().flat_map(|(remote, count)| vec![*remote.key(); *count]).collect()
}

/// A place in the queue. Left before its permits are made, what it was given goes to others.
struct Place {
    ticket: Option<Ticket>,
    served: oneshot::Receiver<()>,
    pool: Arc<Pool>,
}

impl Place {
    fn into_permits(mut self, wanted: &[(&Remote, usize)]) -> Vec<Vec<Permit>> {
        self.ticket = None;
        let permit = |remote: &Remote| Permit { key: *remote.key(), pool: Arc::clone(&self.pool) };
        let permits =
            |(remote, count): &(&Remote, usize)| (0..*count).map(|_| permit(remote)).collect();
        wanted.iter().map(permits).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.pool.state.lock().queue.leave(ticket);
            self.pool.freed.notify_waiters();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.pool.state.lock().queue.give_back(&self.key);
        self.pool.freed.notify_waiters();
    }
}
