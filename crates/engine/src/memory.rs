//! Memory that statements take, counted for the statement, its role and the process.
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use medley_catalog::ids::RoleOid;
use parking_lot::Mutex;

/// What is taken of so many bytes.
#[derive(Debug)]
struct Meter {
    limit: usize,
    used: AtomicUsize,
}

impl Meter {
    fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicUsize::new(0) })
    }

    fn try_take(&self, bytes: usize) -> bool {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|used| *used <= self.limit)
        });
        taken.is_ok()
    }

    fn take(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The memory of all statements.
#[derive(Debug)]
pub(crate) struct Memory {
    process: Arc<Meter>,
    per_role: usize,
    /// Of roles whose statements run.
    roles: Mutex<HashMap<RoleOid, Weak<Meter>>>,
}

impl Memory {
    pub(crate) fn new(total: usize, per_role: usize) -> Self {
        Self { process: Meter::new(total), per_role, roles: Mutex::default() }
    }

    /// The pool of one statement.
    pub(crate) fn pool(&self, role: RoleOid, limit: Option<usize>) -> Arc<dyn MemoryPool> {
        let most = self.process.limit.min(self.per_role);
        let limit = limit.map_or(most, |limit| limit.min(most));
        let shared = [self.of_role(role), Arc::clone(&self.process)];
        Arc::new(StatementPool { own: FairSpillPool::new(limit), limit, shared })
    }

    fn of_role(&self, role: RoleOid) -> Arc<Meter> {
        let mut roles = self.roles.lock();
        if let Some(meter) = roles.get(&role).and_then(Weak::upgrade) {
            return meter;
        }
        roles.retain(|_, meter| meter.strong_count() > 0);
        let meter = Meter::new(self.per_role);
        roles.insert(role, Arc::downgrade(&meter));
        meter
    }
}

/// A statement's pool: its operators share it fairly, and it takes from what its role and the
/// process have.
#[derive(Debug)]
struct StatementPool {
    own: FairSpillPool,
    limit: usize,
    shared: [Arc<Meter>; 2],
}

impl StatementPool {
    fn try_take(&self, bytes: usize) -> bool {
        let [role, process] = &self.shared;
        if !role.try_take(bytes) {
            return false;
        }
        let taken = process.try_take(bytes);
        if !taken {
            role.give(bytes);
        }
        taken
    }

    fn give(&self, bytes: usize) {
        self.shared.iter().for_each(|meter| meter.give(bytes));
    }
}

impl MemoryPool for StatementPool {
    fn name(&self) -> &str {
        "statement"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.shared.iter().for_each(|meter| meter.take(additional));
        self.own.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        self.give(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> PlanResult<()> {
        if !self.try_take(additional) {
            let message = "the memory of the role or the process is taken".to_owned();
            return Err(DataFusionError::ResourcesExhausted(message));
        }
        self.own.try_grow(reservation, additional).inspect_err(|_| self.give(additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

impl fmt::Display for StatementPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement of {} bytes", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: RoleOid = RoleOid(1);
    const BEN: RoleOid = RoleOid(2);

    fn reservation(memory: &Memory, role: RoleOid, limit: Option<usize>) -> MemoryReservation {
        MemoryConsumer::new("test").register(&memory.pool(role, limit))
    }

    #[test]
    fn a_statement_keeps_within_its_own_limit() {
        let memory = Memory::new(1000, 1000);
        let small = reservation(&memory, ANN, Some(100));
        assert!(small.try_grow(100).is_ok());
        assert!(small.try_grow(1).is_err());
        let large = reservation(&memory, ANN, None);
        assert!(large.try_grow(900).is_ok());
    }

    #[test]
    fn a_role_and_the_process_have_theirs() {
        let memory = Memory::new(1000, 600);
        let (one, two) = (reservation(&memory, ANN, None), reservation(&memory, ANN, None));
        assert!(one.try_grow(500).is_ok());
        assert!(two.try_grow(200).is_err());
        let other = reservation(&memory, BEN, None);
        assert!(other.try_grow(501).is_err());
        assert!(other.try_grow(500).is_ok());
        drop(one);
        assert!(two.try_grow(500).is_ok());
        drop((two, other));
        assert_eq!(memory.process.used.load(Ordering::Relaxed), 0);
    }
}
