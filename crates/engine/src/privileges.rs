//! Whether a query may read what it reads.
use medley_analyze::{Call, Read, ReadOf, builtin, system};
use medley_catalog::Snapshot;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{Class, ObjectAddress, RelationOid, RoleOid};
use medley_diagnostic::SqlState;

use crate::context::QueryContext;
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

/// Whether whoever runs a query may execute the functions that it calls. Inside a view it is that
/// role too, not the view's owner.
pub(crate) fn check_calls(context: &QueryContext, calls: &[Call]) -> Result<()> {
    let actor = context.snapshot.actor(context.role);
    let is_allowed = |call: &&Call| {
        let address = ObjectAddress::new(Class::Function, call.function);
        // What nobody ever changed is for everybody.
        context.snapshot.acl(address).is_none() || actor.has_all(address, Privileges::EXECUTE)
    };
    let Some(denied) = calls.iter().find(|call| !is_allowed(call)) else { return Ok(()) };
    let noun = if denied.aggregate { "aggregate" } else { "function" };
    let name = builtin::function_by_oid(denied.function).map_or("", |function| function.name);
    let message = format!("permission denied for {noun} {name}");
    Err(Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None))
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
