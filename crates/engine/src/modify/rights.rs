//! Whether a statement may change what it changes, and read what it reads.
use medley_analyze::tree::{Change, Query, RangeKind, Right, ValuesRange};
use medley_analyze::{calls, reads};
use medley_catalog::acl::Privileges;
use medley_diagnostic::SqlState;

use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::privileges;

/// Everything that a change needs, before any mapping is resolved.
pub(super) fn check(context: &QueryContext, change: &Change) -> Result<()> {
    change.rights.iter().try_for_each(|right| check_right(context, right))?;
    let queries = queries(change);
    for query in &queries {
        privileges::check(&context.snapshot, &reads(query))?;
    }
    queries.iter().try_for_each(|query| privileges::check_calls(context, &calls(query)))
}

/// `ExecCheckOneRelPerms`
fn check_right(context: &QueryContext, right: &Right) -> Result<()> {
    let actor = context.snapshot.actor(right.check_as);
    let relation = context.snapshot.relation(right.relation).ok_or_else(|| {
        let message = format!("relation with OID {} does not exist", right.relation);
        Error::at(SqlState::UNDEFINED_TABLE, message, None)
    })?;
    let allowed = match right.columns.is_empty() {
        true if right.needs == Privileges::DELETE => {
            actor.has_any(relation.oid.address(), right.needs)
        }
        true => actor.has_on_some_column(relation, right.needs),
        false => {
            let mut columns = right.columns.iter();
            columns.all(|column| actor.has_on_column(relation, *column, right.needs))
        }
    };
    match allowed {
        true => Ok(()),
        false => {
            let address = relation.oid.address();
            Err(medley_foreign::Error::from(actor.permission_denied(address)).into())
        }
    }
}

/// What it reads besides the table that it changes, whose rights are told apart.
pub(super) fn queries(change: &Change) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut source = change.source.clone();
    if change.kind != medley_analyze::tree::ChangeKind::Insert {
        forget(&mut source, Change::TABLE);
    }
    queries.push(source);
    if let Some(mut returning) = change.returning.clone() {
        for range in [Change::TABLE, Change::old_row(&returning), Change::new_row(&returning)] {
            forget(&mut returning, range);
        }
        queries.push(returning);
    }
    queries
}

fn forget(query: &mut Query, range: usize) {
    if let Some(range) = query.ranges.get_mut(range) {
        range.kind = RangeKind::Values(ValuesRange { rows: Vec::new() });
    }
}
