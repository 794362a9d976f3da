//! GROUP BY and aggregates: what is computed over groups.
use std::sync::Arc;

use datafusion::common::Column as PlanColumn;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan};

use super::select::Computed;
use super::{Lowering, Typed};
use crate::error::{Error, Result};
use crate::semantics::aggregate;
use crate::semantics::key::{is_native, key};

impl Lowering<'_> {
    /// The plan under what is computed over groups; without groups and aggregates the same.
    pub(super) fn grouped(
        &self,
        plan: LogicalPlan,
        groups: Option<Vec<Typed>>,
        has_aggregates: bool,
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        if groups.is_none() && !has_aggregates && computed.having.is_none() {
            return Ok(plan);
        }
        let mut aggregates = Vec::new();
        for expr in computed.exprs() {
            collect_aggregates(expr, &mut aggregates)?;
        }
        let mut replaced: Vec<(Expr, Expr)> = Vec::new();
        let mut keys = Vec::new();
        for group in groups.unwrap_or_default() {
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
            over_groups(expr, &replaced)?;
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

/// Rewrites an expression over rows to one over groups.
fn over_groups(expr: &mut Expr, replaced: &[(Expr, Expr)]) -> Result<()> {
    let taken = std::mem::take(expr);
    let rewritten = taken.transform_down(|node| {
        if let Some((_, by)) = replaced.iter().find(|(what, _)| *what == node) {
            return Ok(Transformed::new(by.clone(), true, TreeNodeRecursion::Jump));
        }
        match &node {
            // Analysis has seen that there are none.
            Expr::Column(_) => Err(Error::Internal("an ungrouped column".to_owned()).into()),
            _ => Ok(Transformed::no(node)),
        }
    })?;
    *expr = rewritten.data;
    Ok(())
}
