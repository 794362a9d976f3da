//! GROUP BY and aggregates: what is computed over groups.
use std::sync::Arc;

use datafusion::common::Column as PlanColumn;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan};
use medley_diagnostic::SqlState;

use super::scope::Scope;
use super::select::Computed;
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::aggregate;
use crate::semantics::key::{is_native, key};

impl Binder<'_> {
    /// The plan under what is computed over groups; without groups and aggregates the same.
    pub(super) fn grouped(
        &self,
        scope: &Scope<'_>,
        plan: LogicalPlan,
        groups: Option<Vec<Typed>>,
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        let mut aggregates = Vec::new();
        for expr in computed.exprs() {
            collect_aggregates(expr, &mut aggregates)?;
        }
        if groups.is_none() && aggregates.is_empty() && computed.having.is_none() {
            return Ok(plan);
        }
        let mut replaced: Vec<(Expr, Expr)> = Vec::new();
        let mut keys = Vec::new();
        for group in groups.unwrap_or_default() {
            // What is constant does not group.
            let name = self.unique("group");
            let column = Expr::Column(PlanColumn::new_unqualified(name.clone()));
            let at = group.position;
            let by = key(group.expr.clone(), group.t, &self.env).map_err(|e| e.or_at(at))?;
            keys.push(by.alias(name));
            if is_native(group.t) {
                replaced.push((group.expr, column));
            } else {
                let first = aggregate::first(group.t, &self.env);
                let args = vec![group.expr.clone()];
                let call = AggregateFunction::new_udf(first, args, false, None, vec![], None);
                let call = Expr::AggregateFunction(call);
                aggregates.push(call.clone());
                replaced.push((group.expr, call));
            }
        }
        let mut calls = Vec::with_capacity(aggregates.len());
        for call in &aggregates {
            let name = self.unique("aggregate");
            let column = Expr::Column(PlanColumn::new_unqualified(name.clone()));
            calls.push(call.clone().alias(name));
            for (_, by) in replaced.iter_mut().filter(|(_, by)| by == call) {
                *by = column.clone();
            }
            replaced.push((call.clone(), column));
        }
        let aggregate = Aggregate::try_new(Arc::new(plan), keys, calls)?;
        let mut plan = LogicalPlan::Aggregate(aggregate);
        for expr in computed.exprs() {
            over_groups(scope, expr, &replaced)?;
        }
        if let Some(having) = computed.having.take() {
            plan = LogicalPlan::Filter(Filter::try_new(having, Arc::new(plan))?);
        }
        Ok(plan)
    }
}

fn collect_aggregates(expr: &Expr, found: &mut Vec<Expr>) -> Result<()> {
    expr.apply(|node| {
        if matches!(node, Expr::AggregateFunction(_)) {
            if !found.contains(node) {
                found.push(node.clone());
            }
            return Ok(TreeNodeRecursion::Jump);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Rewrites an expression over rows to one over groups; what is neither grouped by nor inside an
/// aggregate is 42803.
fn over_groups(scope: &Scope<'_>, expr: &mut Expr, replaced: &[(Expr, Expr)]) -> Result<()> {
    let taken = std::mem::take(expr);
    let rewritten = taken.transform_down(|node| {
        if let Some((_, by)) = replaced.iter().find(|(what, _)| *what == node) {
            return Ok(Transformed::new(by.clone(), true, TreeNodeRecursion::Jump));
        }
        match &node {
            Expr::Column(column) => Err(ungrouped(scope, column).into()),
            _ => Ok(Transformed::no(node)),
        }
    })?;
    *expr = rewritten.data;
    Ok(())
}

fn ungrouped(scope: &Scope<'_>, column: &PlanColumn) -> Error {
    let mentions = scope.mentions.borrow();
    let (name, at) = match mentions.get(column) {
        Some((name, at)) => (name.clone(), *at),
        None => (column.name.clone(), None),
    };
    let message = format!(
        "column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function"
    );
    Error::at(SqlState::GROUPING_ERROR, message, at)
}
