//! What a statement reads: it stays as it is until the transaction ends.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use medley_analyze::{Reference, Scope};
use medley_catalog::ids::{Class, ObjectAddress, RelationOid};
use medley_catalog::{LockMode, Snapshot};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::{Query, QueryStatement};
use tokio_util::sync::CancellationToken;

use crate::Session;
use crate::session::{Timer, cancel_flag};
use crate::settings::{milliseconds, parse_name_list};

impl Session {
    /// Keeps others from changing or dropping the relations that a query reads, until the
    /// transaction ends. Whoever is doing so is waited for, and then seen.
    pub(crate) fn lock_relations(
        &mut self,
        query: &Query,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        self.lock_named(token, |scope| medley_analyze::relations(&query.ast, scope))
    }

    /// The same of what a change of rows names.
    pub(crate) fn lock_changed(
        &mut self,
        change: &QueryStatement,
        token: &CancellationToken,
    ) -> Result<(), Report> {
        self.lock_named(token, |scope| medley_analyze::relations_of_change(change, scope))
    }

    fn lock_named(
        &mut self,
        token: &CancellationToken,
        named: impl Fn(&Scope<'_>) -> Vec<Reference>,
    ) -> Result<(), Report> {
        let search_path = parse_name_list(self.settings.lock().get("search_path"));
        loop {
            let snapshot = self.snapshot();
            let scope = Scope::new(&snapshot, &search_path, self.identity.current_user());
            for reference in &named(&scope) {
                for relation in reference.address.iter().flat_map(|it| read(&snapshot, *it)) {
                    self.lock_relation(relation, token)
                        .map_err(|report| positioned(report, reference.position))?;
                }
            }
            if Arc::ptr_eq(&snapshot, &self.snapshot()) {
                return Ok(());
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
        let sees_one = matches!(
            self.settings.lock().get("transaction_isolation"),
            "repeatable read" | "serializable"
        );
        let transaction = self.transaction();
        let first = transaction.first_seen.get_or_insert_with(|| Arc::clone(&committed));
        let is_old = sees_one && !Arc::ptr_eq(first, &committed);
        is_old.then(|| transaction.catalog.snapshot_over(first))
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
