//! ALTER FOREIGN TABLE, ALTER VIEW, and ALTER TABLE on either, action by action.
use std::sync::Arc;

use medley_catalog::ids::RelationOid;
use medley_catalog::objects::Relation;
use medley_sql::{AlterTable, AlterTableAction, IdentityChange, Name};

use super::alter_column as column;
use super::alter_constraint as constraint;
use super::generated;
use crate::authorize::{self, Authorized};
use crate::error::{Error, RelationError, Result};
use crate::names::lookup_failed;
use crate::options::{self, Owner};
use crate::view;
use crate::{Context, owner, relation};

pub(crate) use super::alter_constraint::rename as rename_constraint;

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterTable) -> Result<()> {
    let AlterTable { kind, if_exists, name, mut actions, .. } = statement;
    let Some(found) = relation::to_alter(ctx, kind, &name, if_exists)? else { return Ok(()) };
    for action in &actions {
        check_action(found.get(), action)?;
    }
    actions.sort_by_key(pass);
    actions.into_iter().try_for_each(|action| apply(ctx, &found, action))
}

/// PostgreSQL's passes: what goes, goes first, so that its name is free.
fn pass(action: &AlterTableAction) -> u8 {
    match action {
        AlterTableAction::DropColumn { .. }
        | AlterTableAction::DropExpression { .. }
        | AlterTableAction::DropConstraint { .. }
        | AlterTableAction::ColumnDefault { default: None, .. }
        | AlterTableAction::ColumnNotNull { not_null: false, .. } => 0,
        AlterTableAction::ColumnType { .. } => 1,
        AlterTableAction::SetExpression { .. } => 2,
        AlterTableAction::AddColumn { .. } => 3,
        AlterTableAction::AddConstraint(_) => 4,
        AlterTableAction::ColumnNotNull { not_null: true, .. } => 5,
        AlterTableAction::ColumnDefault { default: Some(_), .. } => 6,
        _ => 7,
    }
}

/// Refuses what a relation of this kind does not take.
fn check_action(relation: &Relation, action: &AlterTableAction) -> Result<()> {
    let is_view = relation.view().is_some();
    let fits = match action {
        AlterTableAction::OwnerTo(_) | AlterTableAction::ColumnDefault { .. } => true,
        AlterTableAction::RelationOptions { .. } => is_view,
        AlterTableAction::Other(_) => false,
        _ => !is_view,
    };
    match fits {
        true => Ok(()),
        false => Err(RelationError::Action {
            action: words(action),
            relation: relation.name.clone(),
            kinds: if is_view { "views" } else { "foreign tables" },
        }
        .into()),
    }
}

/// What messages call an action.
fn words(action: &AlterTableAction) -> &'static str {
    match action {
        AlterTableAction::Options(_) => "OPTIONS",
        AlterTableAction::AddColumn { .. } => "ADD COLUMN",
        AlterTableAction::DropColumn { .. } => "DROP COLUMN",
        AlterTableAction::ColumnOptions { .. } => "ALTER COLUMN ... OPTIONS",
        AlterTableAction::ColumnType { .. } => "ALTER COLUMN ... SET DATA TYPE",
        AlterTableAction::ColumnDefault { .. } => "ALTER COLUMN ... SET DEFAULT",
        AlterTableAction::ColumnNotNull { not_null: true, .. } => "ALTER COLUMN ... SET NOT NULL",
        AlterTableAction::ColumnNotNull { .. } => "ALTER COLUMN ... DROP NOT NULL",
        AlterTableAction::ColumnStatistics { .. } => "ALTER COLUMN ... SET STATISTICS",
        AlterTableAction::ColumnAttributes { reset: false, .. } => "ALTER COLUMN ... SET",
        AlterTableAction::ColumnAttributes { .. } => "ALTER COLUMN ... RESET",
        AlterTableAction::ColumnStorage { .. } => "ALTER COLUMN ... SET STORAGE",
        AlterTableAction::StatisticsByNumber => "ALTER COLUMN ... SET STATISTICS",
        AlterTableAction::SetExpression { .. } => "ALTER COLUMN ... SET EXPRESSION",
        AlterTableAction::DropExpression { .. } => "ALTER COLUMN ... DROP EXPRESSION",
        AlterTableAction::Identity { change: IdentityChange::Add, .. } => {
            "ALTER COLUMN ... ADD IDENTITY"
        }
        AlterTableAction::Identity { change: IdentityChange::Set, .. } => "ALTER COLUMN ... SET",
        AlterTableAction::Identity { .. } => "ALTER COLUMN ... DROP IDENTITY",
        AlterTableAction::AddConstraint(_) => "ADD CONSTRAINT",
        AlterTableAction::ValidateConstraint(_) => "VALIDATE CONSTRAINT",
        AlterTableAction::DropConstraint { .. } => "DROP CONSTRAINT",
        AlterTableAction::SetWithoutOids => "SET WITHOUT OIDS",
        AlterTableAction::Trigger { action, .. } | AlterTableAction::Other(action) => action,
        AlterTableAction::Inherit { inherit: true, .. } => "INHERIT",
        AlterTableAction::Inherit { .. } => "NO INHERIT",
        AlterTableAction::OwnerTo(_) => "OWNER TO",
        AlterTableAction::RelationOptions { reset: false, .. } => "SET",
        AlterTableAction::RelationOptions { .. } => "RESET",
    }
}

/// Each action finds the relation as the one before left it.
fn apply(
    ctx: &mut Context<'_>,
    authorized: &Authorized<Arc<Relation>>,
    action: AlterTableAction,
) -> Result<()> {
    let old = current(ctx, authorized.get().oid)?;
    match action {
        AlterTableAction::Options(items) => table_options(ctx, &old, items),
        AlterTableAction::AddColumn { if_not_exists, column: new } => {
            column::add(ctx, &old, if_not_exists, *new)
        }
        AlterTableAction::DropColumn { if_exists, column: name, behavior } => {
            column::drop(ctx, &old, if_exists, &name, behavior)
        }
        AlterTableAction::ColumnOptions { column: name, options } => {
            column::set_options(ctx, &old, &name, options)
        }
        AlterTableAction::ColumnType { column: name, data_type, collation, using } => {
            let using = using.is_some();
            column::set_type(ctx, &old, &name, &data_type, collation.as_ref(), using)
        }
        AlterTableAction::ColumnDefault { column: name, default } => {
            column::set_default(ctx, &old, &name, default.as_ref())
        }
        AlterTableAction::ColumnNotNull { column: name, not_null } => {
            column::set_not_null(ctx, &old, &name, not_null)
        }
        AlterTableAction::ColumnStatistics { column: name, target } => {
            column::set_statistics(ctx, &old, &name, target)
        }
        AlterTableAction::ColumnAttributes { column: name, reset, attributes } => {
            column::set_attributes(ctx, &old, &name, reset, &attributes)
        }
        AlterTableAction::ColumnStorage { column: name, storage } => {
            column::set_storage(ctx, &old, &name, &storage)
        }
        AlterTableAction::StatisticsByNumber => Err(RelationError::ColumnByNumber.into()),
        AlterTableAction::SetExpression { column: name, expression } => {
            generated::set_expression(ctx, &old, &name, &expression)
        }
        AlterTableAction::DropExpression { column: name, if_exists } => {
            generated::drop_expression(ctx, &old, &name, if_exists)
        }
        AlterTableAction::Identity { column: name, change } => {
            generated::change_identity(ctx, &old, &name, change)
        }
        AlterTableAction::AddConstraint(new) => constraint::add(ctx, &old, new),
        AlterTableAction::ValidateConstraint(name) => constraint::validate(ctx, &old, &name),
        AlterTableAction::DropConstraint { if_exists, name, .. } => {
            constraint::drop(ctx, &old, if_exists, &name)
        }
        AlterTableAction::SetWithoutOids => Ok(()),
        AlterTableAction::Trigger { name, .. } => trigger(&old, name),
        AlterTableAction::Inherit { .. } => Err(Error::unsupported("INHERIT")),
        AlterTableAction::OwnerTo(to) => {
            let to = ctx.role(&to)?;
            let gift = authorize::give_relation(ctx, old, to)?;
            owner::give_relation(ctx, gift)
        }
        AlterTableAction::RelationOptions { reset, options } => {
            view::set_options(ctx, &old, reset, &options)
        }
        // `check_action` lets none through.
        AlterTableAction::Other(words) => Err(Error::unsupported(words)),
    }
}

fn current(ctx: &Context<'_>, oid: RelationOid) -> Result<Arc<Relation>> {
    ctx.catalog().relation(oid).cloned().ok_or_else(|| lookup_failed(oid.address()))
}

fn table_options(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    items: Vec<medley_sql::OptionItem>,
) -> Result<()> {
    let wrapper = ctx.wrapper_of_table(old)?;
    let mut relation = Relation::clone(old);
    if let medley_catalog::objects::RelationKind::ForeignTable(table) = &mut relation.kind {
        let owner = Owner::Table(old.oid);
        table.options = options::settle(ctx, &wrapper, owner, &table.options, items)?;
    }
    ctx.update(old, relation)
}

/// There are no triggers; ALL of none is done at once.
fn trigger(relation: &Relation, name: Option<Name>) -> Result<()> {
    match name {
        None => Ok(()),
        Some(trigger) => {
            Err(RelationError::NoTrigger { trigger, relation: relation.name.clone() }.into())
        }
    }
}
