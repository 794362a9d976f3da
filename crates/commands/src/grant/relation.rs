//! GRANT and REVOKE on foreign tables and views, and on columns of them.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::Relation;

use super::acl_change::{AclChange, Label};
use super::privileges::Wanted;
use crate::Context;
use crate::error::{RelationError, Result};
use crate::foreign_table::SYSTEM_COLUMNS;

pub(super) fn apply(
    ctx: &mut Context<'_>,
    oid: RelationOid,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<()> {
    let Some(old) = ctx.catalog().relation(oid).map(Arc::clone) else { return Ok(()) };
    let by_column = by_column(&old, wanted, change)?;
    let mut relation = Relation::clone(&old);
    if !wanted.whole.is_empty() {
        let label = Label::table(&old.name);
        relation.acl = Some(change.acl_of(ctx, oid.address(), wanted.whole, wanted.all, &label)?);
    }
    if change.revoke {
        revoke_from_system_columns(ctx, &old, wanted.whole & Privileges::ALL_COLUMN, change)?;
    }
    for (number, asked) in by_column {
        let Some(column) = relation.columns.iter_mut().find(|it| it.number == number) else {
            continue;
        };
        let label = Label::column(&old.name, &column.name);
        column.acl = change.acl_of_column(ctx, oid.address().column(number), asked, &label)?;
    }
    ctx.update(&old, relation)
}

/// System columns have no privileges, but what cannot be revoked is said of them too.
fn revoke_from_system_columns(
    ctx: &mut Context<'_>,
    relation: &Relation,
    asked: Privileges,
    change: &AclChange,
) -> Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    for (number, name) in SYSTEM_COLUMNS {
        let label = Label::column(&relation.name, name);
        change.acl_of_column(ctx, relation.oid.address().column(number), asked, &label)?;
    }
    Ok(())
}

/// What is to be done on columns; to revoke from the whole is to revoke from each.
fn by_column(
    relation: &Relation,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<Vec<(i16, Privileges)>> {
    let from_each = match change.revoke {
        true => wanted.whole & Privileges::ALL_COLUMN,
        false => Privileges::NONE,
    };
    let mut asked: Vec<_> =
        relation.live_columns().map(|column| (column.number, from_each)).collect();
    for (name, privileges) in &wanted.columns {
        let missing =
            || RelationError::NoColumn { column: name.clone(), relation: relation.name.clone() };
        let number = relation.column(name).ok_or_else(missing)?.number;
        let place = asked.iter_mut().find(|(column, _)| *column == number);
        place.into_iter().for_each(|(_, asked)| *asked = *asked | *privileges);
    }
    asked.retain(|(_, privileges)| !privileges.is_empty());
    Ok(asked)
}
