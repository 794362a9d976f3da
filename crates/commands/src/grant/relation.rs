//! GRANT and REVOKE on foreign tables and views, and on columns of them.
use std::sync::Arc;

use medley_analyze::system::SystemRelation;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{ObjectAddress, RelationOid};
use medley_catalog::objects::Relation;
use medley_sql::QualifiedName;

use super::acl_change::{AclChange, Label};
use super::privileges::Wanted;
use crate::error::{Error, NameError, Noun, RelationError, Result};
use crate::foreign_table::{SYSTEM_COLUMNS, is_system_column};
use crate::{Context, system};

pub(super) fn apply(
    ctx: &mut Context<'_>,
    oid: RelationOid,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<()> {
    if let Some(system) = system::of_oid(oid) {
        return apply_to_system(ctx, system, wanted, change);
    }
    let Some(old) = ctx.catalog().relation(oid).map(Arc::clone) else { return Ok(()) };
    let by_column = by_column(&old, wanted, change)?;
    let mut relation = Relation::clone(&old);
    if !wanted.whole.is_empty() {
        let label = Label::table(&old.name);
        relation.acl = Some(change.acl_of(ctx, oid.address(), wanted.whole, wanted.all, &label)?);
    }
    if change.revoke && old.view().is_none() {
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

/// The relation that GRANT names, be it the system's.
pub(super) fn address(ctx: &Context<'_>, name: &QualifiedName) -> Result<ObjectAddress> {
    let found = ctx.find_relation(name)?.map(|found| found.oid.address());
    let system = || system::named(ctx, name).map(system::address);
    let missing = || NameError::missing(Noun::Relation, name.to_string());
    Ok(found.or_else(system).ok_or_else(missing)?)
}

/// Privileges on the system's relations are as they are, and nobody but a superuser could
/// change them.
fn apply_to_system(
    ctx: &mut Context<'_>,
    relation: &SystemRelation,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<()> {
    if ctx.is_superuser() {
        return Err(Error::unsupported("GRANT on a relation of the system"));
    }
    if !relation.public {
        return Err(medley_catalog::Error::PermissionDenied("table", relation.name.into()).into());
    }
    change.warn(ctx, "no", &Label::table(relation.name));
    if change.revoke && !(wanted.whole & Privileges::ALL_COLUMN).is_empty() {
        let system = SYSTEM_COLUMNS.iter().filter(|_| !system::is_view(relation));
        let own = relation.columns.iter().map(|column| column.name);
        for column in system.map(|(_, name)| *name).chain(own) {
            change.warn(ctx, "no", &Label::column(relation.name, column));
        }
    }
    Ok(())
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
        if is_system_column(name) && relation.view().is_none() {
            return Err(Error::unsupported("GRANT on a system column"));
        }
        let missing =
            || RelationError::NoColumn { column: name.clone(), relation: relation.name.clone() };
        let number = relation.column(name).ok_or_else(missing)?.number;
        let place = asked.iter_mut().find(|(column, _)| *column == number);
        place.into_iter().for_each(|(_, asked)| *asked = *asked | *privileges);
    }
    asked.retain(|(_, privileges)| !privileges.is_empty());
    Ok(asked)
}
