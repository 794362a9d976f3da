//! What may stand beside groups: `parseCheckAggregates`.
use std::ops::ControlFlow;

use medley_diagnostic::SqlState;

use crate::error::{Error, Result};
use crate::tree::{ColumnRef, Expr, ExprKind, Node, Query, visit_query};

/// Every column of a grouped query is grouped by, or inside an aggregate.
pub(super) fn check(query: &Query) -> Result<()> {
    if query.group_by.is_none() && !query.has_aggregates && query.having.is_none() {
        return Ok(());
    }
    let groups = query.group_by.iter().flatten().map(|index| &query.targets[*index].expr);
    let groups = Groups { query, exprs: groups.collect() };
    let targets = query.targets.iter().map(|target| &target.expr);
    targets.chain(&query.having).try_for_each(|expr| groups.check(expr))
}

struct Groups<'a> {
    query: &'a Query,
    exprs: Vec<&'a Expr>,
}

impl Groups<'_> {
    fn check(&self, expr: &Expr) -> Result<()> {
        if self.exprs.contains(&expr) {
            return Ok(());
        }
        match &expr.kind {
            ExprKind::Aggregate(_) => Ok(()),
            ExprKind::Grouping(args) => match args.iter().find(|it| !self.exprs.contains(it)) {
                None => Ok(()),
                Some(other) => {
                    let message = "arguments to GROUPING must be grouping expressions of the \
                                   associated query level";
                    Err(Error::at(SqlState::GROUPING_ERROR, message, other.position))
                }
            },
            ExprKind::Column(column) if column.levels_up == 0 => {
                Err(self.ungrouped(*column, expr.position, |name| {
                    format!(
                        "column \"{name}\" must appear in the GROUP BY clause or be used in an \
                         aggregate function"
                    )
                }))
            }
            ExprKind::Subquery(link) => {
                link.test.iter().try_for_each(|test| self.check(test))?;
                self.check_subquery(&link.query)
            }
            _ => expr.children().into_iter().try_for_each(|child| self.check(child)),
        }
    }

    /// A subquery may name what is grouped by.
    fn check_subquery(&self, query: &Query) -> Result<()> {
        let found = visit_query(query, &mut |node, around| {
            let Node::Expr(expr) = node else { return ControlFlow::Continue(()) };
            let ExprKind::Column(column) = expr.kind else { return ControlFlow::Continue(()) };
            if column.levels_up != around.len() {
                return ControlFlow::Continue(());
            }
            let own = ColumnRef { levels_up: 0, ..column };
            let is_group = self.exprs.iter().any(|group| group.kind == ExprKind::Column(own));
            match is_group {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break((own, expr.position)),
            }
        });
        match found {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break((column, at)) => Err(self.ungrouped(column, at, |name| {
                format!("subquery uses ungrouped column \"{name}\" from outer query")
            })),
        }
    }

    fn ungrouped(
        &self,
        column: ColumnRef,
        at: Option<usize>,
        message: impl Fn(&str) -> String,
    ) -> Error {
        let range = self.query.ranges.get(column.range);
        let table = range.and_then(|range| range.name.as_deref());
        let name = range.and_then(|range| range.column(column.number));
        let name = name.map_or("tableoid", |column| &column.name);
        let shown = match table {
            Some(table) => format!("{table}.{name}"),
            None => format!("{}.{name}", range.map_or("", |range| range.kind.unnamed())),
        };
        Error::at(SqlState::GROUPING_ERROR, message(&shown), at)
    }
}
