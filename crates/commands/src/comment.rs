//! COMMENT ON, and SECURITY LABEL.
use medley_catalog::ids::ObjectAddress;
use medley_diagnostic::SqlState;
use medley_sql::{Comment, CommentObject, ObjectKind, QualifiedName, SecurityLabel};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Noun, RelationError, Result};
use crate::foreign_table::SYSTEM_COLUMNS;
use crate::relation;

pub(crate) fn comment(ctx: &mut Context<'_>, statement: Comment) -> Result<()> {
    let on = match &statement.object {
        CommentObject::Object { kind: ObjectKind::Database, name }
            if ctx.catalog().database_named(name.name()).is_none() =>
        {
            // As PostgreSQL, so that dumps of other databases replay.
            let missing = NameError::missing(Noun::Database, name.name()).to_string();
            ctx.warning(SqlState::INVALID_CATALOG_NAME, missing);
            return Ok(());
        }
        CommentObject::Object { kind, name } => {
            ctx.keep_resolved(|ctx| resolve(ctx, *kind, name))?
        }
        CommentObject::Column { relation, column } => {
            ctx.keep_resolved(|ctx| resolve_column(ctx, relation, column))?
        }
        CommentObject::Constraint { name, relation } => resolve_constraint(ctx, name, relation)?,
        CommentObject::Other(kind) => return Err(Error::unsupported(format!("COMMENT ON {kind}"))),
    };
    apply(ctx, on, &statement.text.unwrap_or_default())
}

/// SECURITY LABEL: nothing here provides labels, which is told before the object is looked for.
pub(crate) fn security_label(statement: &SecurityLabel) -> Result<()> {
    Err(match &statement.provider {
        Some(provider) => NameError::NoLabelProvider(provider.clone()),
        None => NameError::NoLabelProviders,
    }
    .into())
}

fn resolve(
    ctx: &Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
) -> Result<Authorized<ObjectAddress>> {
    let address = match kind {
        ObjectKind::ForeignDataWrapper => ctx.wrapper_named(name.name())?.oid.address(),
        ObjectKind::Server => ctx.server_named(name.name())?.oid.address(),
        ObjectKind::Schema => ctx.schema_named(name.name())?.oid.address(),
        ObjectKind::Extension => ctx.catalog().find_extension(name.name())?.oid.address(),
        ObjectKind::Database => ctx.database_named(name.name())?.oid.address(),
        ObjectKind::Role => {
            return authorize::role::comment(ctx, ctx.catalog().find_role(name.name())?);
        }
        ObjectKind::ForeignTable
        | ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::MaterializedView
        | ObjectKind::Index
        | ObjectKind::Sequence => resolve_relation(ctx, kind, name)?,
    };
    authorize::owner(ctx, address)
}

/// Here TABLE means nothing but a table.
fn resolve_relation(
    ctx: &Context<'_>,
    kind: ObjectKind,
    name: &QualifiedName,
) -> Result<ObjectAddress> {
    let found = ctx.relation(name)?;
    if kind == ObjectKind::Table {
        return Err(relation::wrong_kind(kind, &found, None));
    }
    relation::check_kind(kind, &found)?;
    Ok(found.oid.address())
}

fn resolve_column(
    ctx: &Context<'_>,
    name: &QualifiedName,
    column: &str,
) -> Result<Authorized<ObjectAddress>> {
    let found = ctx.relation(name)?;
    let system = || SYSTEM_COLUMNS.iter().find(|(_, name)| *name == column);
    let system = system().filter(|_| found.view().is_none()).map(|(number, _)| *number);
    let number = found.column(column).map(|column| column.number).or(system);
    let missing =
        || RelationError::NoColumn { column: column.to_owned(), relation: name.parts.join(".") };
    let number = number.ok_or_else(missing)?;
    authorize::column_owner(ctx, &found, number)
}

/// Its relation's row is locked, for the constraint is a part of that.
fn resolve_constraint(
    ctx: &mut Context<'_>,
    constraint: &str,
    name: &QualifiedName,
) -> Result<Authorized<ObjectAddress>> {
    let found = ctx.relation(name)?;
    let authorized = authorize::constraint_owner(ctx, &found, constraint)?;
    ctx.change(|tx| tx.lock_for_update(&found))?;
    Ok(authorized)
}

fn apply(ctx: &mut Context<'_>, on: Authorized<ObjectAddress>, text: &str) -> Result<()> {
    ctx.change(|tx| tx.set_comment(on.into_inner(), text))
}
