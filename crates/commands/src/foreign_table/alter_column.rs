//! The actions of ALTER FOREIGN TABLE that are about a column.
use std::sync::Arc;

use medley_catalog::objects::{Column, DefaultKind, Relation};
use medley_diagnostic::SqlState;
use medley_sql::{
    ColumnDefinition, Constraint, ConstraintKind, DropBehavior, Expression, OptionItem,
    QualifiedName, RelationOption, TypeName,
};

use super::definition::{Definition, is_system_column, storage_letter};
use super::{column_type, expression, generated};
use crate::drop::behavior;
use crate::error::{RelationError, Result, ViewError};
use crate::options::{self, Owner};
use crate::relation::view_on;
use crate::rename::check_new_column_name;
use crate::{Context, Error, stored};

/// PostgreSQL's greatest statistics target.
const MOST_STATISTICS: i32 = 10_000;

/// ADD COLUMN.
pub(super) fn add(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    if_not_exists: bool,
    definition: ColumnDefinition,
) -> Result<()> {
    if let Err(taken) = check_new_column_name(old, &definition.name) {
        let exists = old.column(&definition.name).is_some();
        return ctx.already_there(taken, if_not_exists && exists);
    }
    let mut new = definition_of(old);
    new.add_column(ctx, definition)?;
    new.repeat_reduced(ctx);
    new.add_waiting(ctx).map_err(Error::without_position)?;
    let wrapper = ctx.wrapper_of_table(old)?;
    for (number, items) in std::mem::take(&mut new.options) {
        let owner = Owner::Column(old.oid, number);
        let options = options::settle(ctx, &wrapper, owner, &Default::default(), items)?;
        new.column_mut(number).options = options;
    }
    stored::keeping_views(ctx, &[old.oid], |ctx| save(ctx, old, new))
}

/// DROP COLUMN; its checks go with it.
pub(super) fn drop(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    if_exists: bool,
    name: &str,
    how: DropBehavior,
) -> Result<()> {
    let number = match number(old, name, "drop") {
        Err(missing @ Error::Relation(RelationError::NoColumn { .. })) if if_exists => {
            ctx.skip_missing(&missing);
            return Ok(());
        }
        number => number?,
    };
    let generated = expression::generated_from(ctx, old, number)?;
    let gone: Vec<_> = std::iter::once(number).chain(generated.iter().copied()).collect();
    let addresses: Vec<_> = gone.iter().map(|number| old.oid.address().column(*number)).collect();
    stored::keeping_views(ctx, &[old.oid], |ctx| {
        let (path, how) = (ctx.path(), behavior(how));
        let dropped = ctx.change(|tx| tx.drop_objects(&addresses, how, &path));
        let dropped = dropped.map(|dropped| dropped.notice);
        generated::tell_dropped(ctx, old, number, &generated, how, dropped)?;
        let mut relation = Relation::clone(old);
        relation.checks.retain(|check| gone.iter().all(|number| !check.columns.contains(number)));
        gone.iter().for_each(|number| column(&mut relation, *number).mark_dropped());
        ctx.update(old, relation)
    })
}

/// ALTER COLUMN … OPTIONS.
pub(super) fn set_options(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    items: Vec<OptionItem>,
) -> Result<()> {
    let number = number(old, name, "alter")?;
    let wrapper = ctx.wrapper_of_table(old)?;
    let mut relation = Relation::clone(old);
    let column = column(&mut relation, number);
    let owner = Owner::Column(old.oid, number);
    column.options = options::settle(ctx, &wrapper, owner, &column.options, items)?;
    ctx.update(old, relation)
}

/// ALTER COLUMN … TYPE: only the declaration changes.
pub(super) fn set_type(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    data_type: &TypeName,
    collation: Option<&QualifiedName>,
    using: bool,
) -> Result<()> {
    if using {
        return Err(RelationError::NotATable(old.name.clone()).into());
    }
    let number = number(old, name, "alter")?;
    let pg_type = column_type::resolve(ctx, name, data_type, collation)?;
    if let Some(reduced) = column_type::warn_of_precision(ctx, data_type) {
        ctx.warning(SqlState::INVALID_PARAMETER_VALUE, reduced);
    }
    generated::check_type_is_free(ctx, old, name, number)?;
    if let Some(view) = view_on(ctx, old.oid.address().column(number)) {
        return Err(ViewError::ColumnUsed { view, column: name.to_owned() }.into());
    }
    let mut relation = Relation::clone(old);
    column(&mut relation, number).pg_type = pg_type;
    expression::retype(ctx, &mut relation, number)?;
    ctx.update(old, relation)
}

/// ALTER COLUMN … SET DEFAULT, DROP DEFAULT.
pub(super) fn set_default(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    default: Option<&Expression>,
) -> Result<()> {
    let number = number(old, name, "alter")?;
    if old.column_numbered(number).is_some_and(Column::is_generated) {
        let (column, relation) = (name.to_owned(), old.name.clone());
        let instead = match (default, generated::kind(old, number)) {
            (Some(_), _) => Some("SET"),
            (None, DefaultKind::Virtual) => None,
            (None, _) => Some("DROP"),
        };
        return Err(RelationError::IsGenerated { instead, column, relation }.into());
    }
    let definition = definition_of(old);
    let default = match default {
        Some(expression) => definition.default_of(ctx, expression, DefaultKind::Default, number),
        None => Ok(None),
    };
    let default = default.map_err(Error::without_position)?;
    change(ctx, old, number, |column| column.default = default)
}

/// ALTER COLUMN … SET NOT NULL, DROP NOT NULL.
pub(super) fn set_not_null(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    not_null: bool,
) -> Result<()> {
    let number = number(old, name, "alter")?;
    if !not_null {
        return change(ctx, old, number, |column| column.not_null = None);
    }
    let mut new = definition_of(old);
    let constraint = Constraint {
        name: None,
        kind: ConstraintKind::NotNull(Some(name.to_owned())),
        deferrable: None,
        deferrable_position: None,
        initially_deferred: None,
        not_valid: false,
        no_inherit: false,
        enforced: None,
        position: 0,
    };
    new.add_constraint(ctx, constraint)?;
    save(ctx, old, new)
}

/// ALTER COLUMN … SET STATISTICS.
pub(super) fn set_statistics(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    target: Option<i32>,
) -> Result<()> {
    let target = match target {
        None | Some(-1) => None,
        Some(target) if target < -1 => return Err(RelationError::StatisticsTarget(target).into()),
        Some(target) if target > MOST_STATISTICS => {
            let warning = format!("lowering statistics target to {MOST_STATISTICS}");
            ctx.warning(SqlState::INVALID_PARAMETER_VALUE, warning);
            Some(MOST_STATISTICS)
        }
        target => target,
    };
    let number = number(old, name, "alter")?;
    if generated::kind(old, number) == DefaultKind::Virtual {
        return Err(RelationError::StatisticsOfVirtual(name.to_owned()).into());
    }
    change(ctx, old, number, |column| column.statistics_target = target)
}

/// ALTER COLUMN … SET (…), RESET (…).
pub(super) fn set_attributes(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    reset: bool,
    attributes: &[RelationOption],
) -> Result<()> {
    let number = number(old, name, "alter")?;
    for attribute in attributes {
        check_attribute(attribute, reset)?;
    }
    change(ctx, old, number, |column| {
        let kept = &mut column.attribute_options;
        kept.retain(|(name, _)| attributes.iter().all(|attribute| attribute.name != *name));
        if !reset {
            let value = |it: &RelationOption| it.value.clone().unwrap_or_default();
            kept.extend(attributes.iter().map(|it| (it.name.clone(), value(it))));
        }
    })
}

fn check_attribute(attribute: &RelationOption, reset: bool) -> Result<()> {
    if !matches!(attribute.name.as_str(), "n_distinct" | "n_distinct_inherited") {
        return Err(ViewError::UnknownOption(attribute.name.clone()).into());
    }
    let (option, value) = (attribute.name.clone(), attribute.value.clone().unwrap_or_default());
    match value.trim().parse::<f64>() {
        _ if reset => Ok(()),
        Err(_) => Err(RelationError::NotAFloatingPoint { option, value }.into()),
        Ok(number) if number < -1.0 => Err(RelationError::NDistinct { option, value }.into()),
        Ok(_) => Ok(()),
    }
}

/// ALTER COLUMN … SET STORAGE.
pub(super) fn set_storage(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    name: &str,
    storage: &str,
) -> Result<()> {
    let number = number(old, name, "alter")?;
    let pg_type = old.column_numbered(number).map(|column| column.pg_type);
    let letter = pg_type.map(|pg_type| storage_letter(storage, pg_type)).transpose()?;
    change(ctx, old, number, |column| column.storage = letter.flatten())
}

/// The number of a column that may be changed.
pub(super) fn number(relation: &Relation, name: &str, action: &'static str) -> Result<i16> {
    if is_system_column(name) {
        let column = name.to_owned();
        return Err(RelationError::SystemColumn { action, column }.into());
    }
    let (column, relation_name) = (name.to_owned(), relation.name.clone());
    let missing = RelationError::NoColumn { column, relation: relation_name };
    Ok(relation.column(name).ok_or(missing)?.number)
}

fn column(relation: &mut Relation, number: i16) -> &mut Column {
    let found = relation.columns.iter_mut().find(|column| column.number == number);
    found.expect("the number was just found in this relation")
}

/// Changes one column of it.
pub(super) fn change(
    ctx: &mut Context<'_>,
    old: &Arc<Relation>,
    number: i16,
    change: impl FnOnce(&mut Column),
) -> Result<()> {
    let mut relation = Relation::clone(old);
    change(column(&mut relation, number));
    ctx.update(old, relation)
}

/// What the relation has, to add to.
pub(super) fn definition_of(relation: &Relation) -> Definition<'_> {
    Definition::of(relation.oid, &relation.name, relation.columns.clone(), relation.checks.clone())
}

/// Puts what was added in the relation's place.
pub(super) fn save(ctx: &mut Context<'_>, old: &Arc<Relation>, new: Definition<'_>) -> Result<()> {
    let Definition { columns, checks, .. } = new;
    ctx.update(old, Relation { columns, checks, ..Relation::clone(old) })
}
