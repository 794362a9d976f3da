//! Whether a view can be written through: PostgreSQL's automatically updatable views.
use std::ops::ControlFlow;

use crate::builtin;
use crate::tree::{ExprKind, FromItem, Node, Query, RangeKind, Target, visit_expr};

/// Why rows cannot be written through a view with this query, as a sentence; `None` if they can.
/// `some_column` also asks for a column that can be written.
pub fn not_updatable(query: &Query, some_column: bool) -> Option<&'static str> {
    if query.distinct.is_some() {
        return Some("Views containing DISTINCT are not automatically updatable.");
    }
    if query.group_by.is_some() {
        return Some("Views containing GROUP BY are not automatically updatable.");
    }
    if query.having.is_some() {
        return Some("Views containing HAVING are not automatically updatable.");
    }
    if query.set_operation.is_some() {
        return Some(
            "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.",
        );
    }
    if !query.ctes.is_empty() {
        return Some("Views containing WITH are not automatically updatable.");
    }
    if query.limit.is_some() || query.offset.is_some() {
        return Some("Views containing LIMIT or OFFSET are not automatically updatable.");
    }
    if query.has_aggregates {
        return Some("Views that return aggregate functions are not automatically updatable.");
    }
    if query.targets.iter().any(is_windowed) {
        return Some("Views that return window functions are not automatically updatable.");
    }
    if query.targets.iter().any(returns_set) {
        return Some("Views that return set-returning functions are not automatically updatable.");
    }
    if base(query).is_none() {
        return Some(
            "Views that do not select from a single table or view are not automatically updatable.",
        );
    }
    if some_column && updatable_columns(query).is_empty() {
        return Some("Views that have no updatable columns are not automatically updatable.");
    }
    None
}

/// The index of the one relation that the query reads.
fn base(query: &Query) -> Option<usize> {
    let [FromItem::Range(index)] = query.from.as_slice() else { return None };
    matches!(query.ranges.get(*index)?.kind, RangeKind::Relation(_)).then_some(*index)
}

/// Of the query's columns, by index, those that are columns of the one relation that it reads,
/// each of them once, with their numbers there.
pub fn updatable_columns(query: &Query) -> Vec<(usize, i16)> {
    let Some(base) = base(query) else { return Vec::new() };
    let mut found: Vec<(usize, i16)> = Vec::new();
    for (index, target) in query.outputs().enumerate() {
        if let ExprKind::Column(column) = target.expr.kind
            && column.levels_up == 0
            && column.range == base
            && column.number > 0
            && found.iter().all(|(_, number)| *number != column.number)
        {
            found.push((index, column.number));
        }
    }
    found
}

fn is_windowed(target: &Target) -> bool {
    any(target, |kind| matches!(kind, ExprKind::Window(_)))
}

fn returns_set(target: &Target) -> bool {
    any(target, |kind| match kind {
        ExprKind::Function(call) => {
            builtin::function_by_oid(call.function).is_some_and(|function| function.returns_set)
        }
        _ => false,
    })
}

/// Of the target's own query, not of subqueries in it.
fn any(target: &Target, wanted: impl Fn(&ExprKind) -> bool) -> bool {
    let walked: ControlFlow<()> = visit_expr(&target.expr, &mut |node, around| match node {
        Node::Expr(expr) if around.is_empty() && wanted(&expr.kind) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    walked.is_break()
}
