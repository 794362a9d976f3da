//! GROUP BY and aggregates: what is computed over groups.
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Column as PlanColumn;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, Expr, GroupingSet, LogicalPlan, LogicalPlanBuilder, Operator, cast, lit,
};
use medley_analyze::tree::{self, Query};
use medley_diagnostic::SqlState;

use super::expr::{binary_expr, misplaced};
use super::frame::Frame;
use super::select::Computed;
use super::{Lowering, Typed};
use crate::error::{Error, Result};
use crate::semantics::key::{is_native, key};
use crate::semantics::{aggregate, decimal};

impl Lowering<'_> {
    /// GROUPING: a mark until the groups are known.
    pub(super) fn grouping(&self, frame: &Frame<'_>, args: &[tree::Expr]) -> Result<Expr> {
        let groups = frame.query.group_by.as_deref().unwrap_or_default();
        let index = |arg: &tree::Expr| {
            groups.iter().position(|group| frame.query.targets[*group].expr == *arg)
        };
        let groups = args.iter().map(index).collect::<Option<Vec<_>>>();
        let groups = groups.ok_or_else(|| misplaced("GROUPING"))?;
        let mark = Expr::Column(PlanColumn::new_unqualified(self.unique("grouping")));
        frame.groupings.borrow_mut().push((mark.clone(), groups));
        Ok(mark)
    }

    /// The plan under what is computed over groups; without groups and aggregates the same.
    pub(super) fn grouped(
        &self,
        frame: &Frame<'_>,
        mut plan: LogicalPlan,
        groups: Option<Vec<Typed>>,
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        if groups.is_none() && !frame.query.has_aggregates && computed.having.is_none() {
            return Ok(plan);
        }
        let sets = grouping_sets(frame.query)?;
        let mut aggregates = Vec::new();
        for expr in computed.exprs() {
            collect_aggregates(expr, &mut aggregates)?;
        }
        let mut replaced: Vec<(Expr, Expr)> = Vec::new();
        let mut keys = Vec::new();
        for group in groups.unwrap_or_default() {
            let group = match decimal::unwidened(&group.expr) {
                Some(number) => Typed { t: number.t(), expr: number.expr, ..group },
                None => group,
            };
            let name = self.unique("group");
            let column = Expr::Column(PlanColumn::new_unqualified(name.clone()));
            let at = group.position;
            let by = key(group.expr.clone(), group.t, &self.env).map_err(|e| e.or_at(at))?;
            keys.push(by.alias(name));
            if sets.is_some() && !is_native(group.t) {
                return Err(Error::unsupported("GROUPING SETS of values of such types").or_at(at));
            }
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
        replaced.extend(groupings(frame, sets.as_deref()));
        plan = self.asked_below(plan, keys.iter_mut().chain(&mut calls))?;
        if let Some(sets) = &sets {
            (plan, keys) = of_sets(plan, keys, sets)?;
        }
        let aggregate = Aggregate::try_new(Arc::new(plan), keys, calls)?;
        let mut plan = LogicalPlan::Aggregate(aggregate);
        for expr in computed.exprs() {
            over_groups(expr, &replaced)?;
        }
        if let Some(having) = computed.having.take() {
            plan = self.filtered(plan, having)?;
        }
        Ok(plan)
    }
}

/// The grouping sets of a query, as indexes of what it is grouped by; none if it has none.
fn grouping_sets(query: &Query) -> Result<Option<Vec<Vec<usize>>>> {
    const MOST: usize = 4096;
    if query.grouping_sets.is_empty() {
        return Ok(None);
    }
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for part in &query.grouping_sets {
        let parts = part.expanded();
        if sets.len() * parts.len() > MOST {
            let message = format!("too many grouping sets present (maximum {MOST})");
            return Err(Error::at(SqlState::STATEMENT_TOO_COMPLEX, message, None));
        }
        sets = sets.iter().flat_map(|set| parts.iter().map(|it| joined(set, it))).collect();
    }
    if query.group_distinct {
        let all = std::mem::take(&mut sets);
        let same =
            |a: &[usize], b: &[usize]| a.len() == b.len() && a.iter().all(|it| b.contains(it));
        for set in all {
            if !sets.iter().any(|known| same(known, &set)) {
                sets.push(set);
            }
        }
    }
    let groups = query.group_by.as_deref().unwrap_or_default();
    let index = |target: &usize| groups.iter().position(|it| it == target);
    let sets = sets.iter().map(|set| set.iter().map(index).collect::<Option<Vec<_>>>());
    sets.collect::<Option<_>>().map(Some).ok_or_else(|| misplaced("a grouping set"))
}

/// Both, each target once.
fn joined(set: &[usize], other: &[usize]) -> Vec<usize> {
    let mut joined = set.to_vec();
    for target in other {
        if !joined.contains(target) {
            joined.push(*target);
        }
    }
    joined
}

/// The plan with the keys as columns, and the sets of them.
fn of_sets(
    plan: LogicalPlan,
    keys: Vec<Expr>,
    sets: &[Vec<usize>],
) -> Result<(LogicalPlan, Vec<Expr>)> {
    let names: Vec<_> = keys.iter().map(|key| key.schema_name().to_string()).collect();
    let columns = plan.schema().iter().map(PlanColumn::from).map(Expr::Column);
    let exprs: Vec<_> = columns.chain(keys).collect();
    let plan = LogicalPlanBuilder::from(plan).project(exprs)?.build()?;
    let column = |index: &usize| Expr::Column(PlanColumn::new_unqualified(names[*index].clone()));
    let sets = sets.iter().map(|set| set.iter().map(column).collect());
    Ok((plan, vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets.collect()))]))
}

/// What GROUPING is over groups: a bit for each argument that its row's set does not have.
/// DataFusion numbers the sets so, with a bit for each key in the order in which sets name them.
fn groupings(frame: &Frame<'_>, sets: Option<&[Vec<usize>]>) -> Vec<(Expr, Expr)> {
    let mut order: Vec<usize> = Vec::new();
    for index in sets.into_iter().flatten().flatten() {
        if !order.contains(index) {
            order.push(*index);
        }
    }
    let id = Expr::Column(PlanColumn::new_unqualified(Aggregate::INTERNAL_GROUPING_ID));
    let id = cast(id, DataType::Int64);
    let bit = |group: &usize| {
        let place = order.iter().position(|it| it == group).unwrap_or_default();
        let shift = order.len().saturating_sub(1 + place) as i64;
        let shifted = binary_expr(id.clone(), Operator::BitwiseShiftRight, lit(shift));
        binary_expr(shifted, Operator::BitwiseAnd, lit(1i64))
    };
    let value = |groups: &[usize]| {
        let bits = groups.iter().fold(lit(0i64), |before, group| {
            let before = binary_expr(before, Operator::BitwiseShiftLeft, lit(1i64));
            binary_expr(before, Operator::BitwiseOr, bit(group))
        });
        cast(bits, DataType::Int32)
    };
    let known = frame.groupings.borrow();
    let valued = known.iter().map(|(mark, groups)| match sets {
        Some(_) => (mark.clone(), value(groups)),
        None => (mark.clone(), lit(0i32)),
    });
    valued.collect()
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
