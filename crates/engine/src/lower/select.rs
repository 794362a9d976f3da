//! SELECT and VALUES.
use std::sync::Arc;

use datafusion::common::Column as PlanColumn;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, lit};
use medley_analyze::tree::{self, BoolOp, Distinct, ExprKind, Query, Target};

use super::expr::{binary_expr, misplaced};
use super::frame::Frame;
use super::query::sorting;
use super::{Bound, Lowering, Typed};
use crate::error::Result;
use crate::scan::asks_sub_plan;
use crate::semantics::aggregate::Sorting;
use crate::semantics::decimal::own_key;

/// The expressions that are computed over groups, or over rows if there is no grouping.
pub(super) struct Computed {
    /// Of each target that comes out or that ORDER BY names.
    pub targets: Vec<Option<Typed>>,
    pub having: Option<Expr>,
}

impl Computed {
    /// Each of them, to be rewritten.
    pub fn exprs(&mut self) -> impl Iterator<Item = &mut Expr> {
        let targets = self.targets.iter_mut().flatten().map(|value| &mut value.expr);
        targets.chain(&mut self.having)
    }
}

impl Lowering<'_> {
    pub(super) fn select(&self, frame: &Frame<'_>) -> Result<Bound> {
        let query = frame.query;
        let mut plan = self.from(frame)?;
        if let Some(filter) = &query.filter {
            let conditions = conjuncts(filter).into_iter().map(|condition| {
                frame.is_condition.set(matches!(condition.kind, ExprKind::Subquery(_)));
                let lowered = self.expr(frame, condition);
                frame.is_condition.set(false);
                lowered
            });
            if let Some(condition) = conjunction(conditions.collect::<Result<Vec<_>>>()?) {
                plan = self.filtered(plan, condition)?;
            }
        }
        let groups = query.group_by.as_ref().map(|groups| {
            groups.iter().map(|group| self.typed(frame, &query.targets[*group].expr)).collect()
        });
        let groups = groups.transpose()?;
        let mut sets = Vec::new();
        let targets = query.targets.iter().enumerate().map(|(index, target)| {
            let wanted = !target.junk || is_kept(query, index);
            match wanted {
                true if returns_set(target) => {
                    sets.push(index);
                    self.set_target(frame, &target.expr).map(Some)
                }
                true => self.typed(frame, &target.expr).map(Some),
                false => Ok(None),
            }
        });
        let targets = targets.collect::<Result<_>>()?;
        let having = query.having.as_ref().map(|it| self.expr(frame, it)).transpose()?;
        let mut computed = Computed { targets, having };
        plan = self.grouped(frame, plan, groups, &mut computed)?;
        plan = self.windowed(plan, &mut computed)?;
        if !sets.is_empty() {
            plan = self.expanded_sets(plan, &sets, &mut computed)?;
        }
        self.finish_select(frame, plan, computed)
    }

    /// The rows that conditions hold for. What asks a subquery that is no join is computed beside
    /// them first: the planner would else make it a condition of the join below, which cannot wait
    /// for it.
    pub(super) fn filtered(&self, plan: LogicalPlan, condition: Expr) -> Result<LogicalPlan> {
        let (asking, plain): (Vec<_>, Vec<_>) =
            split_conjunction_owned(condition).into_iter().partition(asks_sub_plan);
        let mut plan = only_where(plan, plain)?;
        if asking.is_empty() {
            return Ok(plan);
        }
        let columns: Vec<_> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let mut rest = Vec::with_capacity(asking.len());
        for condition in asking {
            let joined = self.decorrelated(plan, condition)?;
            plan = joined.plan;
            rest.extend(joined.rest);
        }
        let (asking, plain): (Vec<_>, Vec<_>) = rest.into_iter().partition(asks_sub_plan);
        plan = only_where(plan, plain)?;
        let mut builder = LogicalPlanBuilder::from(plan);
        if let Some(asking) = conjunction(asking) {
            let holds = self.unique("holds");
            let computed = columns.iter().cloned().chain([asking.alias(holds.clone())]);
            builder = builder
                .project(computed.collect::<Vec<_>>())?
                .filter(Expr::Column(PlanColumn::new_unqualified(holds)))?;
        }
        if builder.schema().fields().len() > columns.len() {
            builder = builder.project(columns)?;
        }
        Ok(builder.build()?)
    }

    fn finish_select(
        &self,
        frame: &Frame<'_>,
        plan: LogicalPlan,
        computed: Computed,
    ) -> Result<Bound> {
        let bound = self.project_targets(frame, plan, computed)?;
        let bound = match &frame.query.distinct {
            None => bound,
            Some(Distinct::Rows) => self.distinct_rows(bound)?,
            Some(Distinct::On(on)) => self.first_of_each(frame, on, bound)?,
        };
        self.sorted(frame, bound)
    }

    /// What comes out, and after it the sort keys that do not.
    fn project_targets(
        &self,
        frame: &Frame<'_>,
        plan: LogicalPlan,
        mut computed: Computed,
    ) -> Result<Bound> {
        let plan = self.values_joined(plan, computed.exprs())?;
        let targets = frame.query.targets.iter().zip(computed.targets);
        let (outputs, junk): (Vec<_>, Vec<_>) = targets
            .filter_map(|(target, value)| Some((target, value?)))
            .partition(|(target, _)| !target.junk);
        let named = |name: &str, value| (name.to_owned(), value);
        let outputs = outputs.into_iter().map(|(target, value)| named(&target.name, value));
        let junk = junk.into_iter().map(|(_, value)| named("sort", value));
        self.project(plan, outputs.chain(junk).collect())
    }

    /// DISTINCT ON: of the rows with equal keys the one that comes first by ORDER BY.
    fn first_of_each(&self, frame: &Frame<'_>, on: &[usize], bound: Bound) -> Result<Bound> {
        let column = |target: usize| {
            let index = self.column_of_target(frame, target);
            bound.columns.get(index).ok_or_else(|| misplaced("a key of DISTINCT ON"))
        };
        let keys = on.iter().map(|target| {
            let column = column(*target)?;
            own_key(column.expr.clone(), column.t, &self.env)
        });
        let keys = keys.collect::<Result<_>>()?;
        let order = frame.query.order_by.iter();
        let order = order.map(|key| Ok((column(key.target)?.typed(), sorting(key))));
        let order = self.sort_exprs(order.collect::<Result<_>>()?)?;
        let (plan, number) = self.numbered(bound.plan.clone(), keys, order)?;
        let first = binary_expr(number, Operator::Eq, lit(1u64));
        let plan = LogicalPlan::Filter(Filter::try_new(first, Arc::new(plan))?);
        let kept = bound.columns.iter();
        self.project(plan, kept.map(|it| (it.name.clone(), it.typed())).collect())
    }

    /// Sorts, and drops the keys that do not come out.
    fn sorted(&self, frame: &Frame<'_>, bound: Bound) -> Result<Bound> {
        let query = frame.query;
        let visible = query.outputs().count();
        let mut keys: Vec<(Typed, Sorting)> = Vec::with_capacity(query.order_by.len());
        for key in &query.order_by {
            let index = self.column_of_target(frame, key.target);
            let column = bound.columns.get(index).ok_or_else(|| misplaced("a sort key"))?;
            let position = query.targets[key.target].expr.position;
            keys.push((Typed { position, ..column.typed() }, sorting(key)));
        }
        let plan = self.sort(bound.plan.clone(), keys)?;
        if bound.columns.len() == visible {
            return Ok(Bound { plan, ..bound });
        }
        let kept = bound.columns.iter().take(visible);
        let kept = kept.map(|column| (column.name.clone(), column.typed())).collect();
        self.project(plan, kept)
    }

    /// Where a target is among the columns: what comes out, then other keys of ORDER BY.
    fn column_of_target(&self, frame: &Frame<'_>, target: usize) -> usize {
        let query = frame.query;
        let before = query.targets.iter().take(target).enumerate();
        if !query.targets[target].junk {
            return before.filter(|(_, it)| !it.junk).count();
        }
        let keys = before.filter(|(index, it)| it.junk && is_kept(query, *index)).count();
        query.outputs().count() + keys
    }
}

fn only_where(plan: LogicalPlan, conditions: Vec<Expr>) -> Result<LogicalPlan> {
    Ok(match conjunction(conditions) {
        Some(condition) => LogicalPlan::Filter(Filter::try_new(condition, Arc::new(plan))?),
        None => plan,
    })
}

/// What AND joins, each for itself.
fn conjuncts(condition: &tree::Expr) -> Vec<&tree::Expr> {
    match &condition.kind {
        ExprKind::Bool(BoolOp::And, all) => all.iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}

/// Whether rows are sorted or told apart by a target, be it that it does not come out.
fn is_kept(query: &Query, index: usize) -> bool {
    let told_apart = match &query.distinct {
        Some(Distinct::On(on)) => on.contains(&index),
        Some(Distinct::Rows) | None => false,
    };
    told_apart || query.order_by.iter().any(|key| key.target == index)
}

fn returns_set(target: &Target) -> bool {
    let called = match &target.expr.kind {
        ExprKind::Field(row, ..) => &row.kind,
        kind => kind,
    };
    match called {
        ExprKind::Function(call) => call.builtin().is_some_and(|function| function.returns_set),
        _ => false,
    }
}
