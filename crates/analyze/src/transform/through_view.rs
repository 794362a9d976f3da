//! Changes through views, down to the table: PostgreSQL's `rewriteTargetView`. And what is
//! written to columns that the statement does not name.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_catalog::Snapshot;
use medley_catalog::acl::Privileges;
use medley_catalog::objects::{CheckOption, Column as TableColumn, Relation, View};
use medley_diagnostic::{Report, SqlState};
use medley_types::PgType;

use super::assignment::not_default;
use super::change::relation_of;
use super::{Analyser, Context, Parameters};
use crate::error::{Error, Result};
use crate::reads::columns_read;
use crate::stored;
use crate::tree::{
    BoolOp, Change, ChangeKind, ColumnRef, Expr, ExprKind, FromItem, Query, Range, RelationKind,
    Right, Target, ViewCheck, each_in, each_in_query, moved, replace_columns,
};
use crate::updatable;

/// The change as one of the foreign table.
pub(super) fn see_through(context: &Context<'_>, change: &mut Change) -> Result<()> {
    let mut cascaded = false;
    loop {
        let relation = found(context.snapshot, change.relation)?;
        let Some(view) = relation.view() else {
            return complete(context, &relation, change);
        };
        cascaded = step(context, change, &relation, view, cascaded)?;
        change.is_of_view = true;
    }
}

/// From a view to the relation below it. Answers whether the options of views above hold for the
/// next one too.
fn step(
    context: &Context<'_>,
    change: &mut Change,
    relation: &Relation,
    view: &View,
    cascaded: bool,
) -> Result<bool> {
    let query = analyser(context).view_query(relation, view)?;
    let wants_column = change.kind != ChangeKind::Delete;
    if let Some(why) = updatable::not_updatable(&query, wants_column) {
        return Err(not_updatable_view(&relation.name, change.kind, why));
    }
    let base = base_range(&query)?;
    let below = relation_of(&query.ranges[base])?;
    if below.kind == RelationKind::System {
        return Err(Error::unsupported(format_args!(
            "{} through a view of a system relation",
            change.kind.tag()
        )));
    }
    if change.kind == ChangeKind::Insert {
        add_defaults(context, relation, change)?;
    }
    rights_below(change, &query, base, relation)?;
    let numbers =
        change.columns.iter().map(|it| below_column(&query, base, relation, *it, change.kind));
    change.columns = numbers.collect::<Result<_>>()?;
    let targets: Vec<Expr> = query.outputs().map(|target| target.expr.clone()).collect();
    let value = |column: ColumnRef| {
        let index = usize::try_from(column.number).ok()?.checked_sub(1)?;
        targets.get(index).map(|expr| moved(expr, 0, column.range))
    };
    let range = &query.ranges[base];
    if change.kind != ChangeKind::Insert {
        let source = &mut change.source;
        each_in_query(source, 0, &mut |expr, depth| {
            replace_columns((expr, depth), Change::TABLE, &value);
        });
        replace_range(&mut source.ranges[Change::TABLE], range);
        let of_view = query.filter.iter().map(|filter| moved(filter, 0, Change::TABLE));
        source.filter = all_of(source.filter.take().into_iter().chain(of_view).collect());
    }
    if let Some(returning) = &mut change.returning {
        for index in [Change::TABLE, Change::old_row(returning), Change::new_row(returning)] {
            each_in_query(returning, 0, &mut |expr, depth| {
                replace_columns((expr, depth), index, &value);
            });
            replace_range(&mut returning.ranges[index], range);
        }
    }
    for check in &mut change.checks {
        each_in(&mut check.condition, 0, &mut |expr, depth| {
            replace_columns((expr, depth), Change::TABLE, &value);
        });
    }
    let option = view.check_option();
    let cascaded = cascaded || option == Some(CheckOption::Cascaded);
    if let (true, Some(filter)) = (cascaded || option.is_some(), &query.filter) {
        let condition = moved(filter, 0, Change::TABLE);
        change.checks.insert(0, ViewCheck { view: relation.name.clone(), condition });
    }
    change.relation = below.oid;
    change.check_as = below.check_as;
    Ok(cascaded)
}

/// What its owner needs: the same change, and to read what the view reads if it is read.
fn rights_below(
    change: &mut Change,
    query: &Query,
    base: usize,
    relation: &Relation,
) -> Result<()> {
    let below = relation_of(&query.ranges[base])?;
    let of_view = change.rights.iter().filter(|right| right.relation == relation.oid);
    let mut rights = Vec::new();
    for right in of_view {
        let mut columns = BTreeSet::new();
        if right.needs == Privileges::SELECT {
            columns_read(query, &[base], &mut columns);
        } else {
            for number in &right.columns {
                columns.insert(below_column(query, base, relation, *number, change.kind)?);
            }
        }
        let (relation, check_as) = (below.oid, below.check_as);
        rights.push(Right { relation, check_as, needs: right.needs, columns });
    }
    change.rights.extend(rights);
    Ok(())
}

/// The column of the relation below that a view's column is.
fn below_column(
    query: &Query,
    base: usize,
    view: &Relation,
    number: i16,
    kind: ChangeKind,
) -> Result<i16> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let output = index.and_then(|index| query.outputs().nth(index));
    let why = match output.map(|output| &output.expr.kind) {
        Some(ExprKind::Column(column)) if column.levels_up == 0 && column.range == base => {
            match column.number {
                number @ 1.. => return Ok(number),
                0 => "View columns that return whole-row references are not updatable.",
                _ => "View columns that refer to system columns are not updatable.",
            }
        }
        _ => "View columns that are not columns of their base relation are not updatable.",
    };
    let column = view.live_columns().find(|column| column.number == number);
    let doing = if kind == ChangeKind::Insert { "insert into" } else { "update" };
    let message = format!(
        "cannot {doing} column \"{}\" of view \"{}\"",
        column.map_or("", |column| &column.name),
        view.name
    );
    Err(Report::error(SqlState::FEATURE_NOT_SUPPORTED, message).with_detail(why).into())
}

fn base_range(query: &Query) -> Result<usize> {
    match query.from.as_slice() {
        [FromItem::Range(index)] => Ok(*index),
        _ => Err(Error::Internal("a view of several relations".to_owned())),
    }
}

/// The range is what is below from now on, under the name that it had.
fn replace_range(range: &mut Range, below: &Range) {
    range.kind = below.kind.clone();
    range.columns.clone_from(&below.columns);
}

fn all_of(mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Expr::new(ExprKind::Bool(BoolOp::And, conditions), PgType::BOOL, None)),
    }
}

/// The table is found: the columns that INSERT does not name get their defaults, and none of them
/// is one that nobody writes.
fn complete(context: &Context<'_>, table: &Relation, change: &mut Change) -> Result<()> {
    for (index, number) in change.columns.iter().enumerate() {
        let column = table.live_columns().find(|column| column.number == *number);
        let column = column.ok_or_else(|| Error::Internal(format!("no column {number}")))?;
        if column.is_generated() {
            return Err(not_default(change.kind, &column.name));
        }
        if change.columns[..index].contains(number) {
            let message = format!("multiple assignments to same column \"{}\"", column.name);
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
        }
    }
    match change.kind {
        ChangeKind::Insert => add_defaults(context, table, change),
        ChangeKind::Update | ChangeKind::Delete => Ok(()),
    }
}

fn add_defaults(context: &Context<'_>, relation: &Relation, change: &mut Change) -> Result<()> {
    for column in relation.live_columns() {
        if change.columns.contains(&column.number) || column.is_generated() {
            continue;
        }
        if let Some(expr) = own_default(context, relation, column)? {
            change.columns.push(column.number);
            let junk = change.source.targets.iter().position(|target| target.junk);
            let target = Target { name: column.name.clone(), expr, junk: false };
            match junk {
                Some(index) => change.source.targets.insert(index, target),
                None => change.source.targets.push(target),
            }
        }
    }
    Ok(())
}

/// The table's column that a column of a view is, through views; itself for a table's.
pub(super) fn base_column(
    context: &Context<'_>,
    relation: &Relation,
    column: &TableColumn,
) -> Result<(Arc<Relation>, TableColumn)> {
    let mut relation = found(context.snapshot, relation.oid)?;
    let mut column = column.clone();
    while let Some(view) = relation.view() {
        if column.default.is_some() {
            break;
        }
        let query = analyser(context).view_query(&relation, view)?;
        let Some((_, number)) = updatable::updatable_columns(&query)
            .into_iter()
            .find(|(index, _)| i16::try_from(index + 1) == Ok(column.number))
        else {
            break;
        };
        let base = base_range(&query)?;
        let below = relation_of(&query.ranges[base])?.oid;
        let below = found(context.snapshot, below)?;
        let Some(of_below) = below.live_columns().find(|it| it.number == number).cloned() else {
            break;
        };
        column = of_below;
        relation = below;
    }
    Ok((relation, column))
}

/// The default of a column that has one.
pub(super) fn own_default(
    context: &Context<'_>,
    relation: &Relation,
    column: &TableColumn,
) -> Result<Option<Expr>> {
    match &column.default {
        Some(default) if !column.is_generated() => {
            stored::expression(context.snapshot, relation, &default.expression).map(Some)
        }
        _ => Ok(None),
    }
}

/// NULL of a type.
pub(super) fn null(t: PgType) -> Expr {
    Expr::new(ExprKind::Constant(None), t, None)
}

fn analyser<'a>(context: &'a Context<'a>) -> Analyser<'a> {
    Analyser { expands: Some(0), ..Analyser::new(context, Parameters::default()) }
}

fn found(snapshot: &Snapshot, oid: medley_catalog::ids::RelationOid) -> Result<Arc<Relation>> {
    let found = snapshot.relation(oid).cloned();
    found.ok_or_else(|| Error::Internal(format!("relation {oid} is gone")))
}

/// 55000
pub(super) fn not_updatable_view(name: &str, kind: ChangeKind, why: &str) -> Error {
    let (verb, doing) = match kind {
        ChangeKind::Insert => ("insert into", "inserting into"),
        ChangeKind::Update => ("update", "updating"),
        ChangeKind::Delete => ("delete from", "deleting from"),
    };
    let tag = kind.tag();
    let message = format!("cannot {verb} view \"{name}\"");
    Report::error(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        .with_detail(why)
        .with_hint(format!(
            "To enable {doing} the view, provide an INSTEAD OF {tag} trigger or an unconditional \
             ON {tag} DO INSTEAD rule."
        ))
        .into()
}
