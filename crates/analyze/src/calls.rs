//! The functions that a query calls, which whoever runs it must be allowed to execute.
use std::ops::ControlFlow;

use crate::builtin;
use crate::tree::{Conversion, Expr, ExprKind, Node, Query, RangeKind, visit_query};

/// A function that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `pg_proc.oid`.
    pub function: u32,
    /// As an aggregate.
    pub aggregate: bool,
}

/// The functions that a query calls, by operators and casts too, and inside its expanded views;
/// some more than once.
pub fn calls(query: &Query) -> Vec<Call> {
    let mut found = Vec::new();
    collect(query, &mut found);
    found
}

fn collect(query: &Query, found: &mut Vec<Call>) {
    let _: ControlFlow<()> = visit_query(query, &mut |node, _| {
        match node {
            Node::Query(query) => views(query).for_each(|view| collect(view, found)),
            Node::Expr(expr) => found.extend(call(expr)),
        }
        ControlFlow::Continue(())
    });
}

fn views(query: &Query) -> impl Iterator<Item = &Query> {
    query.ranges.iter().filter_map(|range| match &range.kind {
        RangeKind::Relation(relation) => relation.view.as_deref(),
        _ => None,
    })
}

fn call(expr: &Expr) -> Option<Call> {
    let of_operator = |oid: u32| Some(builtin::operator_by_oid(oid)?.function);
    let function = match &expr.kind {
        ExprKind::Function(call) => Some(call.function),
        ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
            of_operator(call.operator)
        }
        ExprKind::ArrayComparison(comparison) => of_operator(comparison.operator),
        ExprKind::Window(call) => Some(call.function),
        ExprKind::Coerce(coerce) => match coerce.conversion {
            Conversion::Function(function) => Some(function),
            _ => None,
        },
        ExprKind::Aggregate(call) => {
            return Some(Call { function: call.function, aggregate: true });
        }
        _ => None,
    };
    Some(Call { function: function?, aggregate: false })
}
