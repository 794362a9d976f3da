//! Generated columns name others, which they keep.
use std::sync::Arc;

use medley_catalog::acl::Behavior;
use medley_catalog::objects::{DefaultKind, Relation};
use medley_diagnostic::Report;
use medley_sql::{Expression, IdentityChange};

use super::alter_column;
use super::expression::generated_from;
use crate::Context;
use crate::error::{Error, RelationError, Result};

/// Tells what goes with a column: the columns that are computed from it, and then what was found
/// to depend on any of them. With RESTRICT that is an error, with CASCADE a notice.
pub(super) fn tell_dropped(
    ctx: &mut Context<'_>,
    relation: &Relation,
    number: i16,
    generated: &[i16],
    behavior: Behavior,
    others: Result<Option<Report>>,
) -> Result<()> {
    let needing: Vec<_> = generated.iter().map(|it| describe(ctx, relation, *it)).collect();
    if needing.is_empty() {
        ctx.notices.extend(others?);
        return Ok(());
    }
    if behavior == Behavior::Restrict {
        let needed = describe(ctx, relation, number);
        let lines = needing.iter().map(|it| format!("{it} depends on {needed}")).collect();
        return Err(needed_by(&needed, lines, others));
    }
    let mut lines: Vec<_> = needing.iter().map(|it| format!("drop cascades to {it}")).collect();
    if let Some(notice) = others? {
        let detail = notice.detail.unwrap_or(notice.message);
        lines.extend(detail.lines().map(str::to_owned));
    }
    match lines.as_slice() {
        [one] => ctx.notice(one.clone()),
        many => {
            let notice = format!("drop cascades to {} other objects", many.len());
            ctx.notices.push(Report::notice(notice).with_detail(many.join("\n")));
        }
    }
    Ok(())
}

fn describe(ctx: &Context<'_>, relation: &Relation, number: i16) -> String {
    let column = relation.oid.address().column(number);
    ctx.catalog().describe(column, &ctx.path()).unwrap_or_default()
}

fn needed_by(needed: &str, mut lines: Vec<String>, others: Result<Option<Report>>) -> Error {
    match others {
        Err(Error::Catalog(medley_catalog::Error::DependentsExist { detail, .. })) => {
            lines.extend(detail);
        }
        Err(other) => return other,
        Ok(_) => {}
    }
    medley_catalog::Error::DependentsExist {
        message: format!("cannot drop {needed} because other objects depend on it"),
        detail: Some(lines.join("\n")),
        hint: Some("Use DROP ... CASCADE to drop the dependent objects too.".into()),
    }
    .into()
}

/// Refuses to change the type of a column that a generated one is computed from.
pub(super) fn check_type_is_free(
    ctx: &Context<'_>,
    relation: &Relation,
    column: &str,
    number: i16,
) -> Result<()> {
    let first = generated_from(ctx, relation, number)?.first().copied();
    let generated = first.and_then(|number| relation.column_numbered(number));
    match generated {
        None => Ok(()),
        Some(generated) => {
            let (generated, column) = (generated.name.clone(), column.to_owned());
            Err(RelationError::TypeOfGeneratedFrom { generated, column }.into())
        }
    }
}

/// ALTER COLUMN … DROP EXPRESSION: the column stays, as any other.
pub(super) fn drop_expression(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    if_exists: bool,
) -> Result<()> {
    let number = alter_column::number(old, name, "alter")?;
    let (column, relation) = (name.to_owned(), old.name.clone());
    match kind(old, number) {
        DefaultKind::Stored => {
            alter_column::change(ctx, old, number, |column| column.default = None)
        }
        DefaultKind::Virtual => {
            let (action, tables) = ("DROP EXPRESSION", "");
            Err(RelationError::OfVirtual { action, tables, column, relation }.into())
        }
        DefaultKind::Default => {
            missing(ctx, RelationError::NotGenerated { column, relation }, if_exists)
        }
    }
}

/// ALTER COLUMN … SET EXPRESSION: the same column, computed otherwise from now on.
pub(super) fn set_expression(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    expression: &Expression,
) -> Result<()> {
    let number = alter_column::number(old, name, "alter")?;
    let kind = kind(old, number);
    let (column, relation) = (name.to_owned(), old.name.clone());
    match kind {
        DefaultKind::Default => return Err(RelationError::NotGenerated { column, relation }.into()),
        DefaultKind::Virtual if !old.checks.is_empty() => {
            let (action, tables) = ("SET EXPRESSION", " in tables with check constraints");
            return Err(RelationError::OfVirtual { action, tables, column, relation }.into());
        }
        _ => {}
    }
    let new = alter_column::definition_of(old).default_of(ctx, expression, kind, number);
    let new = new.map_err(Error::without_position)?;
    alter_column::change(ctx, old, number, |column| column.default = new)
}

/// What the column's expression is, if it has one.
pub(super) fn kind(relation: &Relation, number: i16) -> DefaultKind {
    let default = relation.column_numbered(number).and_then(|column| column.default.as_ref());
    default.map_or(DefaultKind::Default, |default| default.kind)
}

/// What is said of the identity of a column; there are none that have one.
pub(super) fn change_identity(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    change: IdentityChange,
) -> Result<()> {
    let number = alter_column::number(old, name, "alter")?;
    let (column, relation) = (name.to_owned(), old.name.clone());
    let is_nullable = old.column_numbered(number).is_none_or(|column| column.not_null.is_none());
    match change {
        IdentityChange::Add if is_nullable => {
            Err(RelationError::IdentityOfNullable { column, relation }.into())
        }
        IdentityChange::Add => Err(Error::unsupported("an identity column")),
        IdentityChange::Set => Err(RelationError::NoIdentity { column, relation }.into()),
        IdentityChange::Drop { if_exists } => {
            missing(ctx, RelationError::NoIdentity { column, relation }, if_exists)
        }
    }
}

fn missing(ctx: &mut Context<'_>, error: RelationError, if_exists: bool) -> Result<()> {
    if !if_exists {
        return Err(error.into());
    }
    ctx.skip_missing(&error.into());
    Ok(())
}
