//! What is read for a change: the new values, by what each row is found again, and what RETURNING
//! wants besides.
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use medley_analyze::tree::{
    Change, ChangeKind, ColumnRef, Expr, ExprKind, Node, Query, RangeKind, Target, visit_expr,
    visit_query,
};
use medley_catalog::objects::Column;
use medley_types::PgType;

use super::identity::Identity;
use super::table::Table;
use crate::error::Result;

/// A column of another range of the statement, or of the row before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    /// The range of RETURNING that it is a column of.
    pub range: usize,
    pub number: i16,
    pub t: PgType,
}

/// The query that yields a row for each row that is changed: values, keys, and what stands beside.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub query: Query,
    /// Of the values.
    pub values: Vec<PgType>,
    /// Of the keys.
    pub keys: Vec<PgType>,
    pub beside: Vec<Beside>,
}

/// The source of a change whose rows are found again like this; of INSERT by nothing.
pub(super) fn source(change: &Change, identity: Option<&Identity>) -> Source {
    let mut query = change.source.clone();
    let junk: Vec<_> = query.targets.iter().filter(|target| target.junk).cloned().collect();
    let values: Vec<_> = query.outputs().map(|target| target.expr.t).collect();
    query.targets.retain(|target| !target.junk);
    let keys = identity.map(Identity::columns).unwrap_or_default();
    for (number, t) in &keys {
        query.targets.push(column(Change::TABLE, *number, *t));
    }
    let beside = beside(change);
    for it in &beside {
        let is_old = change
            .returning
            .as_ref()
            .is_some_and(|returning| it.range == Change::old_row(returning));
        let range = if is_old { Change::TABLE } else { it.range };
        query.targets.push(column(range, it.number, it.t));
    }
    query.targets.extend(junk);
    let keys = keys.into_iter().map(|(_, t)| t).collect();
    Source { query, values, keys, beside }
}

fn column(range: usize, number: i16, t: PgType) -> Target {
    let column = ColumnRef { levels_up: 0, range, number };
    let expr = Expr::new(ExprKind::Column(column), t, None);
    Target { name: format!("{range}.{number}"), expr, junk: false }
}

/// The columns of RETURNING that are not the changed row's: of other ranges, and of the row before
/// an UPDATE.
fn beside(change: &Change) -> Vec<Beside> {
    let Some(returning) = &change.returning else { return Vec::new() };
    if change.kind == ChangeKind::Insert {
        return Vec::new();
    }
    let (old, new) = (Change::old_row(returning), Change::new_row(returning));
    let is_beside = |range: usize| match range {
        Change::TABLE => false,
        range if range == new => false,
        range if range == old => change.kind == ChangeKind::Update,
        _ => true,
    };
    let mut found: Vec<Beside> = Vec::new();
    for (column, t) in own_columns(returning) {
        let it = Beside { range: column.range, number: column.number, t };
        let is_new =
            !found.iter().any(|known| (known.range, known.number) == (it.range, it.number));
        if is_beside(column.range) && column.number > 0 && is_new {
            found.push(it);
        }
    }
    if found.iter().any(|it| it.range == old) {
        // A virtual column is computed from others.
        add_virtual_dependencies(returning, old, &mut found);
    }
    found
}

/// Where columns of the row before are named, all of them are read if one of them is virtual: it
/// is not known here which are.
fn add_virtual_dependencies(returning: &Query, old: usize, found: &mut Vec<Beside>) {
    let Some(range) = returning.ranges.get(old) else { return };
    for column in &range.columns {
        let known = found.iter().any(|it| it.range == old && it.number == column.number);
        if !known {
            found.push(Beside { range: old, number: column.number, t: column.t });
        }
    }
}

/// The columns of the query's own ranges that it names, those that joins merge or pass on as what
/// they are.
fn own_columns(query: &Query) -> Vec<(ColumnRef, PgType)> {
    let mut found = Vec::new();
    let _: ControlFlow<()> = visit_query(query, &mut |node, around| {
        if let Node::Expr(expr) = node
            && let ExprKind::Column(column) = expr.kind
            && around.len() == column.levels_up + 1
        {
            resolve(query, ColumnRef { levels_up: 0, ..column }, expr.t, &mut found);
        }
        ControlFlow::Continue(())
    });
    found
}

/// The columns of the table that a view's condition names.
fn columns_of(condition: &Expr) -> BTreeSet<i16> {
    let mut numbers = BTreeSet::new();
    let _: ControlFlow<()> = visit_expr(condition, &mut |node, around| {
        if let Node::Expr(Expr { kind: ExprKind::Column(column), .. }) = node
            && column.levels_up == around.len()
            && column.number > 0
        {
            numbers.insert(column.number);
        }
        ControlFlow::Continue(())
    });
    numbers
}

fn resolve(query: &Query, column: ColumnRef, t: PgType, found: &mut Vec<(ColumnRef, PgType)>) {
    let Some(RangeKind::Join(join)) = query.ranges.get(column.range).map(|range| &range.kind)
    else {
        found.push((column, t));
        return;
    };
    let index = usize::try_from(column.number - 1).ok();
    let Some(of_join) = index.and_then(|index| join.columns.get(index)) else { return };
    each_column(&of_join.value, &mut |column, t| resolve(query, column, t, found));
}

fn each_column(expr: &Expr, f: &mut impl FnMut(ColumnRef, PgType)) {
    if let ExprKind::Column(column) = expr.kind {
        f(column, expr.t);
    }
    expr.children().into_iter().for_each(|child| each_column(child, f));
}

/// The columns of the changed row that are asked of the remote: those that RETURNING and views'
/// conditions name, in the table's order.
pub(super) fn returned_columns<'t>(table: &'t Table, change: &Change) -> Result<Vec<&'t Column>> {
    let mut numbers = BTreeSet::new();
    if let Some(returning) = &change.returning {
        let (old, new) = (Change::old_row(returning), Change::new_row(returning));
        for (column, _) in own_columns(returning) {
            let is_its = match column.range {
                Change::TABLE => true,
                range if range == old => change.kind == ChangeKind::Delete,
                range => range == new && change.kind != ChangeKind::Delete,
            };
            if is_its && column.number > 0 {
                numbers.insert(column.number);
            }
        }
    }
    for check in &change.checks {
        numbers.extend(columns_of(&check.condition));
    }
    let columns = || table.relation.live_columns();
    let is_virtual = |column: &&Column| column.virtual_expression().is_some();
    let needs_all = columns().filter(is_virtual).any(|column| numbers.contains(&column.number));
    if needs_all {
        numbers.extend(columns().map(|column| column.number));
    }
    Ok(table.columns(&numbers).into_iter().filter(|column| !is_virtual(column)).collect())
}
