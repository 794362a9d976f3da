//! Whether a query may read what it reads.
use medley_analyze::{Read, ReadOf, system};
use medley_catalog::Snapshot;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_diagnostic::SqlState;

use crate::error::{Error, Result};

/// The one place where privileges on relations are checked: before any mapping is resolved.
pub(crate) fn check(snapshot: &Snapshot, reads: &[Read]) -> Result<()> {
    reads.iter().try_for_each(|read| match &read.what {
        ReadOf::Relation(oid) => check_relation(snapshot, *oid, read),
        ReadOf::Restricted(oid) => {
            // A superuser has the privileges of every role.
            if snapshot.actor(read.check_as).has_privileges_of(RoleOid::READ_ALL_DATA) {
                return Ok(());
            }
            let (kind, name) = match system::relation_by_oid(oid.0) {
                Some(relation) if relation.kind == 'v' => ("view", relation.name),
                Some(relation) => ("table", relation.name),
                None => ("table", ""),
            };
            let message = format!("permission denied for {kind} {name}");
            Err(Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None))
        }
    })
}

/// SELECT on the whole, or on every column that is named; without a name, on any column.
fn check_relation(snapshot: &Snapshot, oid: RelationOid, read: &Read) -> Result<()> {
    let actor = snapshot.actor(read.check_as);
    let relation = snapshot.relation(oid).ok_or_else(|| {
        let message = format!("relation with OID {oid} does not exist");
        Error::at(SqlState::UNDEFINED_TABLE, message, None)
    })?;
    let allowed = match read.columns.is_empty() {
        true => actor.has_on_some_column(relation, Privileges::SELECT),
        false => read
            .columns
            .iter()
            .all(|column| actor.has_on_column(relation, *column, Privileges::SELECT)),
    };
    match allowed {
        true => Ok(()),
        false => Err(medley_foreign::Error::from(actor.permission_denied(oid.address())).into()),
    }
}
