//! ALTER … RENAME.
use std::sync::Arc;

use medley_catalog::objects::{Relation, Schema, Server, Wrapper};
use medley_sql::{ObjectKind, Rename, RenameTarget};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Noun, RelationError, Result};
use crate::stored::{self, Expressions};
use crate::{database, foreign_table, relation, role, schema};

pub(crate) fn rename(ctx: &mut Context<'_>, statement: Rename) -> Result<()> {
    match (&statement.target, statement.kind) {
        (RenameTarget::Column(column), _) => rename_column(ctx, &statement, column),
        (RenameTarget::Constraint(name), _) => rename_constraint(ctx, &statement, name),
        (RenameTarget::Object, kind) => match kind {
            ObjectKind::ForeignDataWrapper => rename_wrapper(ctx, statement),
            ObjectKind::Server => rename_server(ctx, statement),
            ObjectKind::Schema => rename_schema(ctx, statement),
            ObjectKind::Role => role::rename(ctx, statement.name.name(), statement.new_name),
            ObjectKind::Database => {
                database::rename(ctx, statement.name.name(), &statement.new_name)
            }
            ObjectKind::Extension => Err(Error::unsupported("ALTER EXTENSION RENAME")),
            ObjectKind::ForeignTable
            | ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Index
            | ObjectKind::Sequence => rename_relation(ctx, statement),
        },
    }
}

fn rename_wrapper(ctx: &mut Context<'_>, statement: Rename) -> Result<()> {
    let name = statement.name.name();
    let wrapper = ctx.lock_resolved(|ctx| authorize::owner(ctx, ctx.wrapper_named(name)?))?;
    if ctx.catalog().wrapper_named(&statement.new_name).is_some() {
        return Err(NameError::exists(Noun::Wrapper, statement.new_name).into());
    }
    let old = wrapper.into_inner();
    ctx.update(&old, Wrapper { name: statement.new_name, ..Wrapper::clone(&old) })
}

fn rename_server(ctx: &mut Context<'_>, statement: Rename) -> Result<()> {
    let name = statement.name.name();
    let server = ctx.lock_resolved(|ctx| authorize::owner(ctx, ctx.server_named(name)?))?;
    if ctx.catalog().server_named(&statement.new_name).is_some() {
        return Err(NameError::exists(Noun::Server, statement.new_name).into());
    }
    let old = server.into_inner();
    ctx.update(&old, Server { name: statement.new_name, ..Server::clone(&old) })
}

/// Of a schema, the new name is looked at before the right to rename.
fn rename_schema(ctx: &mut Context<'_>, statement: Rename) -> Result<()> {
    let found = ctx.schema_named(statement.name.name())?;
    if ctx.catalog().schema_named(&statement.new_name).is_some() {
        return Err(NameError::exists(Noun::Schema, statement.new_name).into());
    }
    let found = authorize::owner(ctx, found)?;
    let found = authorize::create_in_database(ctx, found)?.into_inner();
    schema::check_name(&statement.new_name)?;
    let old = found.into_inner();
    let relations: Vec<_> = ctx.catalog().relations_in(old.oid).map(|it| it.oid).collect();
    stored::keeping_views(ctx, &relations, |ctx| {
        ctx.update(&old, Schema { name: statement.new_name, ..Schema::clone(&old) })
    })
}

fn rename_relation(ctx: &mut Context<'_>, statement: Rename) -> Result<()> {
    let Rename { kind, name, new_name, if_exists, .. } = statement;
    let Some(found) = relation::to_rename(ctx, kind, &name, if_exists)? else { return Ok(()) };
    apply_rename(ctx, found, new_name)
}

fn apply_rename(
    ctx: &mut Context<'_>,
    found: Authorized<Arc<Relation>>,
    new_name: String,
) -> Result<()> {
    let old = found.into_inner();
    if ctx.catalog().relation_named(old.schema, &new_name).is_some() {
        return Err(NameError::exists(Noun::Relation, new_name).into());
    }
    stored::keeping_views(ctx, &[old.oid], |ctx| {
        ctx.update(&old, Relation { name: new_name, ..Relation::clone(&old) })
    })
}

fn rename_column(ctx: &mut Context<'_>, statement: &Rename, column: &str) -> Result<()> {
    let Rename { name, new_name, if_exists, .. } = statement;
    let found = relation::to_rename_column(ctx, name, *if_exists)?;
    let Some(found) = found else { return Ok(()) };
    let old = found.into_inner();
    let number = column_to_rename(&old, column)?;
    check_new_column_name(&old, new_name)?;
    let expressions = Expressions::of(ctx.catalog(), &old)?;
    let mut changed = Relation::clone(&old);
    let renamed = changed.columns.iter_mut().find(|column| column.number == number);
    renamed.into_iter().for_each(|column| column.name.clone_from(new_name));
    expressions.print(ctx.catalog(), &mut changed);
    stored::keeping_views(ctx, &[old.oid], |ctx| ctx.update(&old, changed))
}

fn column_to_rename(relation: &Relation, column: &str) -> Result<i16> {
    if foreign_table::is_system_column(column) && relation.view().is_none() {
        let (action, column) = ("rename", column.to_owned());
        return Err(RelationError::SystemColumn { action, column }.into());
    }
    let missing = || RelationError::NoSuchColumn(column.to_owned());
    Ok(relation.column(column).ok_or_else(missing)?.number)
}

/// Refuses a name that a column has, or that only the system gives.
pub(crate) fn check_new_column_name(relation: &Relation, name: &str) -> Result<()> {
    if foreign_table::is_system_column(name) {
        return Err(RelationError::SystemColumnName(name.to_owned()).into());
    }
    match relation.column(name) {
        None => Ok(()),
        Some(_) => Err(RelationError::ColumnExists {
            column: name.to_owned(),
            relation: relation.name.clone(),
        }
        .into()),
    }
}

fn rename_constraint(ctx: &mut Context<'_>, statement: &Rename, constraint: &str) -> Result<()> {
    let Rename { kind, name, new_name, if_exists, .. } = statement;
    let Some(found) = relation::to_alter(ctx, *kind, name, *if_exists)? else { return Ok(()) };
    let old = found.into_inner();
    let mut changed = Relation::clone(&old);
    foreign_table::rename_constraint(&mut changed, constraint, new_name)?;
    ctx.update(&old, changed)
}
