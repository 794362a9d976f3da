//! The lock table: who holds what until the end of its transaction, and who waits.
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::ids::{Class, DatabaseOid, ObjectAddress};
use crate::unique::UniqueKey;

/// How often a waiting transaction looks whether it was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// What can be locked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockTag {
    /// An object (never a column alone): that it is there, and is called so.
    Object(ObjectAddress),
    /// An object's row.
    Row(ObjectAddress),
    /// Who is a member of what: memberships must not go round, whoever makes them.
    Memberships,
    /// A value that one row may have, whether or not there is a row yet.
    Key(UniqueKey),
}

/// How it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// Something refers to it, or reads it: it must stay as it is.
    Reference,
    /// It goes or changes, or nobody else may even refer to it.
    Exclusive,
}

impl LockMode {
    fn conflicts_with(self, other: Self) -> bool {
        self == Self::Exclusive || other == Self::Exclusive
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Reference => "AccessShareLock",
            Self::Exclusive => "AccessExclusiveLock",
        }
    }
}

/// Names a transaction in the lock table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub(crate) u64);

/// Who asks for locks: the session's side of a transaction.
#[derive(Clone, Debug)]
pub struct Backend {
    /// What error messages call it.
    pub process_id: u32,
    /// Set by a cancel request; whoever sets it also clears it before the next statement.
    pub cancel: Arc<AtomicBool>,
    /// The setting `lock_timeout`; `None` for no limit.
    pub lock_timeout: Option<Duration>,
    /// Told of each wait.
    pub waits: Option<Arc<dyn WaitListener>>,
}

/// Told when somebody begins to wait for a lock, and when the wait is over, in whatever way.
pub trait WaitListener: fmt::Debug + Send + Sync {
    /// It waits from now on.
    fn begins(&self);
    /// It waits no more, and goes on when this returns.
    fn ends(&self);
}

impl Default for Backend {
    fn default() -> Self {
        let (process_id, cancel) = (std::process::id(), Arc::default());
        Self { process_id, cancel, lock_timeout: None, waits: None }
    }
}

/// A lock that somebody has or waits for: a row of `pg_locks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockEntry {
    /// Whose it is.
    pub process_id: u32,
    /// On what.
    pub tag: LockTag,
    /// How.
    pub mode: LockMode,
    /// False for one that is waited for.
    pub granted: bool,
}

/// All locks of a catalog.
#[derive(Default)]
pub(crate) struct LockTable {
    state: Mutex<State>,
    /// Told whenever a lock was released or a waiter went away.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    locks: HashMap<LockTag, Lock>,
    waiting: HashMap<TransactionId, Wait>,
    /// Counts what may have let somebody go on.
    changes: u64,
}

#[derive(Default)]
struct Lock {
    holders: Vec<Holder>,
    /// In the order in which they came.
    queue: Vec<(TransactionId, LockMode)>,
}

/// One grant; a transaction may hold several modes of one lock, each once or more.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Holder {
    transaction: TransactionId,
    process_id: u32,
    mode: LockMode,
}

struct Wait {
    tag: LockTag,
    mode: LockMode,
    process_id: u32,
}

impl LockTable {
    /// Takes a lock if nobody has to be waited for.
    pub(crate) fn try_acquire(
        &self,
        transaction: TransactionId,
        backend: &Backend,
        tag: &LockTag,
        mode: LockMode,
    ) -> bool {
        let holder = Holder { transaction, process_id: backend.process_id, mode };
        self.state.lock().try_grant(holder, tag)
    }

    /// Takes a lock, waiting as long as others hold what conflicts. True if it had to wait.
    pub(crate) fn acquire(
        &self,
        transaction: TransactionId,
        backend: &Backend,
        tag: &LockTag,
        mode: LockMode,
    ) -> Result<bool> {
        let holder = Holder { transaction, process_id: backend.process_id, mode };
        let mut state = self.state.lock();
        if state.try_grant(holder, tag) {
            return Ok(false);
        }
        let queue = &mut state.locks.entry(tag.clone()).or_default().queue;
        queue.push((transaction, mode));
        let wait = Wait { tag: tag.clone(), mode, process_id: backend.process_id };
        state.waiting.insert(transaction, wait);
        let outcome = match state.deadlock(transaction) {
            Some(detail) => Err(Error::Deadlock { detail }),
            None => self.wait_as_told(&mut state, holder, backend, tag),
        };
        state.stop_waiting(transaction, tag);
        self.tell(&mut state);
        drop(state);
        outcome.map(|()| true)
    }

    /// Waits, and lets the backend's listener know.
    fn wait_as_told(
        &self,
        state: &mut MutexGuard<'_, State>,
        holder: Holder,
        backend: &Backend,
        tag: &LockTag,
    ) -> Result<()> {
        let Some(listener) = &backend.waits else { return self.wait(state, holder, backend, tag) };
        MutexGuard::unlocked(state, || listener.begins());
        let outcome = self.wait(state, holder, backend, tag);
        state.stop_waiting(holder.transaction, tag);
        self.tell(state);
        MutexGuard::unlocked(state, || listener.ends());
        outcome
    }

    fn wait(
        &self,
        state: &mut MutexGuard<'_, State>,
        holder: Holder,
        backend: &Backend,
        tag: &LockTag,
    ) -> Result<()> {
        let deadline = backend.lock_timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let seen = state.changes;
            if state.try_grant(holder, tag) {
                return Ok(());
            }
            // Woken to look for a cancel, most waiters find that nothing else has changed.
            while state.changes == seen {
                if backend.cancel.load(Ordering::Acquire) {
                    return Err(Error::Cancelled);
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Err(Error::LockTimeout);
                }
                self.changed.wait_for(state, CANCEL_CHECK);
            }
        }
    }

    /// Gives back what was taken, once for each time.
    pub(crate) fn release(&self, transaction: TransactionId, locks: &[(LockTag, LockMode)]) {
        if locks.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        for (tag, mode) in locks {
            state.release(transaction, *mode, tag);
        }
        self.tell(&mut state);
    }

    /// All that is held or waited for.
    pub(crate) fn entries(&self) -> Vec<LockEntry> {
        let state = self.state.lock();
        let held = state.locks.iter().flat_map(|(tag, lock)| {
            lock.holders.iter().map(|holder| LockEntry {
                process_id: holder.process_id,
                tag: tag.clone(),
                mode: holder.mode,
                granted: true,
            })
        });
        let awaited = state.waiting.values().map(|wait| LockEntry {
            process_id: wait.process_id,
            tag: wait.tag.clone(),
            mode: wait.mode,
            granted: false,
        });
        held.chain(awaited).collect()
    }

    /// Whom it waits for; nobody if it does not wait, or is about to go on.
    pub(crate) fn blocking(&self, process_id: u32) -> Vec<u32> {
        let state = self.state.lock();
        let waits = state.waiting.iter().filter(|(_, wait)| wait.process_id == process_id);
        let blockers = waits
            .flat_map(|(transaction, wait)| state.blockers(*transaction, &wait.tag, wait.mode));
        let mut blocking: Vec<_> =
            blockers.filter_map(|blocker| state.process_of(blocker)).collect();
        blocking.sort_unstable();
        blocking.dedup();
        blocking
    }

    /// Something may be granted now that was not before.
    fn tell(&self, state: &mut State) {
        state.changes += 1;
        self.changed.notify_all();
    }
}

impl State {
    /// Grants unless another holds what conflicts, or, for who holds nothing of it yet, unless
    /// another that conflicts came first.
    fn try_grant(&mut self, holder: Holder, tag: &LockTag) -> bool {
        if self.blockers(holder.transaction, tag, holder.mode).next().is_some() {
            return false;
        }
        self.locks.entry(tag.clone()).or_default().holders.push(holder);
        true
    }

    /// Whom it must wait for.
    fn blockers(
        &self,
        transaction: TransactionId,
        tag: &LockTag,
        mode: LockMode,
    ) -> impl Iterator<Item = TransactionId> {
        let lock = self.locks.get(tag);
        let holders = lock.into_iter().flat_map(|lock| &lock.holders);
        let holds = holders.clone().any(|holder| holder.transaction == transaction);
        let holding = holders
            .filter(move |holder| {
                holder.transaction != transaction && holder.mode.conflicts_with(mode)
            })
            .map(|holder| holder.transaction);
        let before = lock
            .into_iter()
            .flat_map(|lock| &lock.queue)
            .take_while(move |(waiter, _)| !holds && *waiter != transaction)
            .filter(move |(_, waiting)| waiting.conflicts_with(mode))
            .map(|(waiter, _)| *waiter);
        holding.chain(before)
    }

    fn stop_waiting(&mut self, transaction: TransactionId, tag: &LockTag) {
        self.waiting.remove(&transaction);
        if let Some(lock) = self.locks.get_mut(tag) {
            lock.queue.retain(|(waiter, _)| *waiter != transaction);
        }
        self.forget_if_free(tag);
    }

    fn release(&mut self, transaction: TransactionId, mode: LockMode, tag: &LockTag) {
        let is_it = |it: &Holder| it.transaction == transaction && it.mode == mode;
        if let Some(lock) = self.locks.get_mut(tag)
            && let Some(index) = lock.holders.iter().position(is_it)
        {
            lock.holders.swap_remove(index);
        }
        self.forget_if_free(tag);
    }

    fn forget_if_free(&mut self, tag: &LockTag) {
        if self.locks.get(tag).is_some_and(|lock| lock.holders.is_empty() && lock.queue.is_empty())
        {
            self.locks.remove(tag);
        }
    }

    fn process_of(&self, transaction: TransactionId) -> Option<u32> {
        let waits = self.waiting.get(&transaction).map(|wait| wait.process_id);
        waits.or_else(|| {
            let mut holders = self.locks.values().flat_map(|lock| &lock.holders);
            holders.find(|it| it.transaction == transaction).map(|it| it.process_id)
        })
    }

    /// If `start` waits for somebody who waits, through others, for `start`: who for what.
    fn deadlock(&self, start: TransactionId) -> Option<String> {
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        self.reaches(start, start, &mut path, &mut seen).then(|| self.deadlock_detail(&path))
    }

    fn reaches(
        &self,
        from: TransactionId,
        goal: TransactionId,
        path: &mut Vec<(TransactionId, TransactionId)>,
        seen: &mut HashSet<TransactionId>,
    ) -> bool {
        let Some(wait) = self.waiting.get(&from) else { return false };
        for blocker in self.blockers(from, &wait.tag, wait.mode) {
            path.push((from, blocker));
            if blocker == goal || seen.insert(blocker) && self.reaches(blocker, goal, path, seen) {
                return true;
            }
            path.pop();
        }
        false
    }

    fn deadlock_detail(&self, path: &[(TransactionId, TransactionId)]) -> String {
        let line = |(waiter, blocker): &(TransactionId, TransactionId)| {
            let wait = self.waiting.get(waiter)?;
            let blocker_id = self.waiting.get(blocker)?.process_id;
            Some(format!(
                "Process {} waits for {}; blocked by process {blocker_id}.",
                wait.process_id,
                describe(&wait.tag, wait.mode, *blocker),
            ))
        };
        path.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }
}

/// As PostgreSQL describes it: a row or a key is waited for by way of the transaction that has it.
fn describe(tag: &LockTag, mode: LockMode, blocker: TransactionId) -> String {
    let (mode, database) = (mode.name(), DatabaseOid::MEDLEY);
    match tag {
        LockTag::Object(ObjectAddress { class: Class::Relation, oid, .. }) => {
            format!("{mode} on relation {oid} of database {database}")
        }
        LockTag::Object(ObjectAddress { class, oid, .. }) => {
            // Roles are of no database.
            let database = if *class == Class::Role { 0 } else { database.0 };
            format!("{mode} on object {oid} of class {} of database {database}", class.oid())
        }
        LockTag::Memberships => {
            let catalog = Class::Membership.oid();
            format!("{mode} on relation {catalog} of database 0")
        }
        LockTag::Row(_) | LockTag::Key(_) => format!("ShareLock on transaction {}", blocker.0),
    }
}
