//! The actions of ALTER FOREIGN TABLE that are about a constraint.
use std::sync::Arc;

use medley_catalog::objects::{Check, Column, Relation};
use medley_sql::Constraint;

use super::alter_column::{definition_of, save};
use crate::Context;
use crate::error::{Error, RelationError, Result};

/// ADD CONSTRAINT.
pub(super) fn add(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    constraint: Constraint,
) -> Result<()> {
    let mut new = definition_of(old);
    new.add_constraint(ctx, constraint).map_err(Error::without_position)?;
    save(ctx, old, new)
}

/// A constraint where it stands.
enum Found<'a> {
    Check(&'a mut Check),
    NotNull(&'a mut Column),
}

fn find<'a>(relation: &'a mut Relation, name: &str) -> Result<Found<'a>> {
    let missing = RelationError::NoConstraint {
        constraint: name.to_owned(),
        relation: relation.name.clone(),
    };
    if let Some(check) = relation.checks.iter_mut().find(|check| check.name == name) {
        return Ok(Found::Check(check));
    }
    let is_it = |column: &&mut Column| {
        column.not_null.as_ref().is_some_and(|not_null| not_null.name == name)
    };
    let column = relation.columns.iter_mut().find(is_it);
    Ok(Found::NotNull(column.ok_or(missing)?))
}

/// VALIDATE CONSTRAINT: nothing here looks at remote rows.
pub(super) fn validate(ctx: &mut Context<'_>, old: &Arc<Relation>, name: &str) -> Result<()> {
    let mut relation = Relation::clone(old);
    match find(&mut relation, name)? {
        Found::Check(check) if !check.enforced => {
            return Err(RelationError::ValidateNotEnforced.into());
        }
        Found::Check(check) => check.validated = true,
        Found::NotNull(column) => {
            column.not_null.iter_mut().for_each(|not_null| not_null.validated = true);
        }
    }
    ctx.update(old, relation)
}

/// DROP CONSTRAINT.
pub(super) fn drop(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    if_exists: bool,
    name: &str,
) -> Result<()> {
    let mut relation = Relation::clone(old);
    match find(&mut relation, name) {
        Err(missing) if if_exists => {
            ctx.skip_missing(&missing);
            return Ok(());
        }
        found => {
            if let Found::NotNull(column) = found? {
                column.not_null = None;
            }
        }
    }
    relation.checks.retain(|check| check.name != name);
    ctx.update(old, relation)
}

/// RENAME CONSTRAINT.
pub(crate) fn rename(relation: &mut Relation, name: &str, new_name: &str) -> Result<()> {
    let (constraint, table) = (new_name.to_owned(), relation.name.clone());
    let taken = RelationError::ConstraintExists { constraint, relation: table.clone() };
    if find(&mut relation.clone(), name).is_err() {
        let constraint = name.to_owned();
        return Err(RelationError::NoConstraintToRename { constraint, relation: table }.into());
    }
    if find(relation, new_name).is_ok() {
        return Err(taken.into());
    }
    match find(relation, name)? {
        Found::Check(check) => check.name = new_name.to_owned(),
        Found::NotNull(column) => {
            column.not_null.iter_mut().for_each(|it| it.name = new_name.to_owned());
        }
    }
    Ok(())
}
