//! The lock table: who holds what until the end of its transaction, and who waits.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::ids::{DatabaseOid, ObjectAddress};
use crate::unique::UniqueKey;

/// How often a waiting transaction looks whether it was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// What can be locked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockTag {
    /// An object (never a column alone).
    Object(ObjectAddress),
    /// A value that one row may have, whether or not there is a row yet.
    Key(UniqueKey),
}

/// How it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// Something refers to it: it must not go.
    Reference,
    /// Its row changes: nobody else may change it.
    Update,
    /// It goes, or nobody else may even refer to it.
    Exclusive,
}

impl LockMode {
    const fn conflicts_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exclusive, _) | (_, Self::Exclusive) | (Self::Update, Self::Update) => true,
            (Self::Reference, _) | (_, Self::Reference) => false,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Reference => "AccessShareLock",
            Self::Update => "RowExclusiveLock",
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
}

impl Default for Backend {
    fn default() -> Self {
        Self { process_id: std::process::id(), cancel: Arc::default(), lock_timeout: None }
    }
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
    mode: LockMode,
}

struct Wait {
    tag: LockTag,
    mode: LockMode,
    process_id: u32,
}

impl LockTable {
    /// Takes a lock, waiting as long as others hold what conflicts. True if it had to wait.
    pub(crate) fn acquire(
        &self,
        transaction: TransactionId,
        backend: &Backend,
        tag: &LockTag,
        mode: LockMode,
    ) -> Result<bool> {
        let mut state = self.state.lock();
        if state.try_grant(transaction, tag, mode) {
            return Ok(false);
        }
        let queue = &mut state.locks.entry(tag.clone()).or_default().queue;
        queue.push((transaction, mode));
        let wait = Wait { tag: tag.clone(), mode, process_id: backend.process_id };
        state.waiting.insert(transaction, wait);
        let outcome = self.wait(&mut state, transaction, backend, tag, mode);
        state.stop_waiting(transaction, tag);
        self.tell(&mut state);
        outcome.map(|()| true)
    }

    fn wait(
        &self,
        state: &mut MutexGuard<'_, State>,
        transaction: TransactionId,
        backend: &Backend,
        tag: &LockTag,
        mode: LockMode,
    ) -> Result<()> {
        if let Some(detail) = state.deadlock(transaction) {
            return Err(Error::Deadlock { detail });
        }
        let deadline = backend.lock_timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let seen = state.changes;
            if state.try_grant(transaction, tag, mode) {
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
            state.release(Holder { transaction, mode: *mode }, tag);
        }
        self.tell(&mut state);
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
    fn try_grant(&mut self, transaction: TransactionId, tag: &LockTag, mode: LockMode) -> bool {
        if self.blockers(transaction, tag, mode).next().is_some() {
            return false;
        }
        let holder = Holder { transaction, mode };
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

    fn release(&mut self, holder: Holder, tag: &LockTag) {
        if let Some(lock) = self.locks.get_mut(tag)
            && let Some(index) = lock.holders.iter().position(|other| *other == holder)
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

/// As PostgreSQL describes it: a key is waited for by way of the transaction that has it.
fn describe(tag: &LockTag, mode: LockMode, blocker: TransactionId) -> String {
    match tag {
        LockTag::Object(address) => format!(
            "{} on object {} of class {} of database {}",
            mode.name(),
            address.oid,
            address.class.oid(),
            DatabaseOid::MEDLEY,
        ),
        LockTag::Key(_) => format!("ShareLock on transaction {}", blocker.0),
    }
}
