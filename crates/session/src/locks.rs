//! What a statement reads: it stays as it is until the transaction ends.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use medley_analyze::{Reference, Scope};
use medley_catalog::ids::{Class, ObjectAddress, RelationOid, RoleOid};
use medley_catalog::{LockMode, Snapshot};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::{Query, QueryStatement};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::Session;
use crate::session::{Timer, cancel_flag};
use crate::settings::milliseconds;

impl Session {
    /// Keeps others from changing or dropping the relations that a query reads, until the
    /// transaction ends. Whoever is doing so is waited for, and then seen.
    ///
    /// `known` is what a prepared query was last found to read.
    pub(crate) fn lock_relations(
        &mut self,
        query: &Query,
        known: Option<&KnownReads>,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        if known.is_some_and(|known| self.lock_known(known)) {
            return Ok(());
        }
        let named = |scope: &Scope<'_>| medley_analyze::relations(&query.ast, scope);
        let reads = self.lock_named(token, named)?;
        if let Some((known, sight)) = known.zip(self.sight()) {
            known.set(sight, reads.into());
        }
        Ok(())
    }

    /// Locks what the query is known to read. False if that may be something else by now, or is
    /// being changed.
    fn lock_known(&mut self, known: &KnownReads) -> bool {
        let Some(sight) = self.sight() else { return false };
        let Some(reads) = known.get(&sight) else { return false };
        let catalog = &mut self.transaction().catalog;
        reads.iter().all(|relation| catalog.try_lock_object(*relation))
            && self.sight().as_ref() == Some(&sight)
    }

    /// What names mean by; none where the transaction has changed the catalog.
    fn sight(&mut self) -> Option<Sight> {
        let search_path = Arc::clone(&self.readings().search_path);
        let role = self.identity.current_user();
        let catalog = &mut self.transaction().catalog;
        (!catalog.has_changes()).then(|| Sight {
            catalog: catalog.snapshot().version(),
            role,
            search_path,
        })
    }

    /// The same of what a change of rows names.
    pub(crate) fn lock_changed(
        &mut self,
        change: &QueryStatement,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        let named = |scope: &Scope<'_>| medley_analyze::relations_of_change(change, scope);
        self.lock_named(token, named).map(drop)
    }

    fn lock_named(
        &mut self,
        token: &CancellationToken,
        named: impl Fn(&Scope<'_>) -> Vec<Reference>,
    ) -> Result<Vec<ObjectAddress>, Report> {
        let readings = self.readings();
        loop {
            let mut locked = Vec::new();
            let snapshot = self.snapshot();
            let scope = Scope::new(&snapshot, &readings.search_path, self.identity.current_user());
            for reference in &named(&scope) {
                for relation in reference.address.iter().flat_map(|it| read(&snapshot, *it)) {
                    self.lock_relation(relation, token)
                        .map_err(|report| positioned(report, reference.position))?;
                    locked.push(relation);
                }
            }
            if Arc::ptr_eq(&snapshot, &self.snapshot()) {
                return Ok(locked);
            }
        }
    }

    fn lock_relation(
        &mut self,
        relation: ObjectAddress,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        if self.transaction().catalog.try_lock_object(relation) {
            return Ok(());
        }
        let _watch = self.may_wait(token);
        let catalog = &mut self.transaction().catalog;
        let locked =
            tokio::task::block_in_place(|| catalog.lock_object(relation, LockMode::Reference));
        locked.map_err(|error| error.report())
    }

    /// Tells the transaction what ends its waits, as long as the result lives.
    pub(crate) fn may_wait(&mut self, token: &CancellationToken) -> Timer {
        let (flag, watch) = cancel_flag(token);
        let lock_timeout = milliseconds(self.settings.lock().get("lock_timeout"));
        let backend = self.transaction().catalog.backend_mut();
        backend.cancel = flag;
        backend.lock_timeout = (lock_timeout > 0).then(|| Duration::from_millis(lock_timeout));
        watch
    }

    /// A statement looks at the catalog. Where the transaction sees one state from its first
    /// statement to its last, and that is no more the latest: that state.
    pub(crate) fn see(&mut self) -> Option<Arc<Snapshot>> {
        let committed = self.committed();
        let sees_one = self.readings().sees_one_state;
        let transaction = self.transaction();
        let first = transaction.first_seen.get_or_insert_with(|| Arc::clone(&committed));
        let is_old = sees_one && !Arc::ptr_eq(first, &committed);
        is_old.then(|| transaction.catalog.snapshot_over(first))
    }
}

/// What a prepared query reads, as it was last found.
#[derive(Default)]
pub(crate) struct KnownReads(Mutex<Option<(Sight, Arc<[ObjectAddress]>)>>);

/// What the names in a query mean by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sight {
    catalog: u64,
    role: RoleOid,
    search_path: Arc<[String]>,
}

impl KnownReads {
    fn get(&self, sight: &Sight) -> Option<Arc<[ObjectAddress]>> {
        let known = self.0.lock();
        known.as_ref().filter(|(then, _)| then == sight).map(|(_, reads)| Arc::clone(reads))
    }

    fn set(&self, sight: Sight, reads: Arc<[ObjectAddress]>) {
        *self.0.lock() = Some((sight, reads));
    }
}

/// A relation, and what it reads if it is a view, and so on.
pub(crate) fn read(snapshot: &Snapshot, relation: ObjectAddress) -> Vec<ObjectAddress> {
    let mut found = vec![relation];
    let mut seen = HashSet::from([relation]);
    let mut next = 0;
    while let Some(relation) = found.get(next) {
        next += 1;
        let view = snapshot.relation(RelationOid(relation.oid)).and_then(|it| it.view());
        let read = view.into_iter().flat_map(|view| &view.depends_on).map(|on| on.whole());
        found.extend(read.filter(|on| on.class == Class::Relation && seen.insert(*on)));
    }
    found
}

/// A wait that was not cancelled points at the name that was waited for.
fn positioned(report: Report, position: Option<usize>) -> Report {
    match position {
        Some(position) if report.sqlstate != SqlState::QUERY_CANCELED => report.at(position),
        _ => report,
    }
}
