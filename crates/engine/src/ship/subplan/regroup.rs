//! Inner joins in an order in which tables of one remote meet first.
//!
//! DataFusion joins in the order of FROM. Where a set of inner joins reads several places, what
//! comes of one place and is joined by equalities becomes one unit; units are then joined from the
//! smallest on, each with one that it has an equality with as long as there is one.
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::{Column, NullEquality};
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Expr, Filter, Join, JoinConstraint, JoinType, LogicalPlan, LogicalPlanBuilder, Projection,
};

use super::query::Place;

/// What is to be known of a table or subquery among joined ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Where it is computed, if that is one place.
    pub place: Option<Place>,
    /// How many rows it has, if that is known.
    pub rows: Option<f64>,
}

/// The plan with its inner joins regrouped; the same where that changes nothing.
pub(super) fn regrouped(
    plan: LogicalPlan,
    known: &dyn Fn(&LogicalPlan) -> PlanResult<Known>,
) -> PlanResult<LogicalPlan> {
    if !matches!(&plan, LogicalPlan::Join(join) if is_inner(join)) {
        return Ok(plan);
    }
    let mut set = Set::default();
    set.flatten(&plan);
    let known = set.leaves.iter().map(known).collect::<PlanResult<Vec<_>>>()?;
    let Some(units) = set.units(&known) else { return Ok(plan) };
    let columns = plan.schema().columns();
    let joined = set.joined(units, &columns)?;
    chosen(joined, &columns)
}

/// A plan with these of its columns, in this order.
fn chosen(plan: LogicalPlan, columns: &[Column]) -> PlanResult<LogicalPlan> {
    match plan.schema().columns() == columns {
        true => Ok(plan),
        false => {
            let columns = columns.iter().cloned().map(Expr::Column).collect::<Vec<_>>();
            LogicalPlanBuilder::from(plan).project(columns)?.build()
        }
    }
}

fn is_inner(join: &Join) -> bool {
    join.join_type == JoinType::Inner
        && join.null_equality == NullEquality::NullEqualsNothing
        && join.join_constraint == JoinConstraint::On
}

/// A projection that only leaves columns out.
fn is_choice(it: &Projection) -> bool {
    it.expr.iter().all(|expr| matches!(expr, Expr::Column(_)))
}

/// Joined plans, and what they are joined by.
#[derive(Default)]
struct Set {
    leaves: Vec<LogicalPlan>,
    equalities: Vec<(Expr, Expr)>,
    conditions: Vec<Expr>,
}

/// Leaves that are joined first, and how many rows they may have.
struct Unit {
    leaves: Vec<usize>,
    rows: f64,
}

impl Set {
    fn flatten(&mut self, plan: &LogicalPlan) {
        match plan {
            LogicalPlan::Join(join) if is_inner(join) => {
                self.equalities.extend(join.on.iter().cloned());
                let filter = join.filter.clone();
                for condition in filter.into_iter().flat_map(split_conjunction_owned) {
                    if !self.conditions.contains(&condition) {
                        self.conditions.push(condition);
                    }
                }
                self.flatten(&join.left);
                self.flatten(&join.right);
            }
            LogicalPlan::Projection(it) if is_choice(it) && joins_below(&it.input) => {
                self.flatten(&it.input);
            }
            leaf => self.leaves.push(leaf.clone()),
        }
    }

    /// The leaves in units; none where they are of one place, or no two of one are joined.
    fn units(&self, known: &[Known]) -> Option<Vec<Unit>> {
        let places: HashSet<Option<Place>> = known.iter().map(|it| it.place).collect();
        if places.len() < 2 {
            return None;
        }
        let mut units: Vec<Unit> = Vec::new();
        for leaf in 0..self.leaves.len() {
            let place = known[leaf].place;
            let joins = |unit: &Unit| {
                place.is_some()
                    && unit.leaves.iter().any(|other| {
                        known[*other].place == place && self.are_joined(&[*other], leaf)
                    })
            };
            let (near, mut others): (Vec<_>, Vec<_>) = units.into_iter().partition(joins);
            let rows = known[leaf].rows.unwrap_or(f64::MAX);
            let mut unit = Unit { leaves: Vec::new(), rows };
            for it in near {
                unit.leaves.extend(it.leaves);
                unit.rows = unit.rows.max(it.rows);
            }
            unit.leaves.push(leaf);
            others.push(unit);
            units = others;
        }
        units.iter().any(|unit| unit.leaves.len() > 1).then_some(units)
    }

    /// Whether an equality is between a leaf and some others.
    fn are_joined(&self, some: &[usize], leaf: usize) -> bool {
        let in_some = |expr: &Expr| some.iter().any(|it| self.has_all(*it, expr));
        self.equalities.iter().any(|(left, right)| {
            in_some(left) && self.has_all(leaf, right) || in_some(right) && self.has_all(leaf, left)
        })
    }

    fn has_all(&self, leaf: usize, expr: &Expr) -> bool {
        has_all(&self.leaves[leaf], expr)
    }

    fn joined(mut self, mut units: Vec<Unit>, wanted: &[Column]) -> PlanResult<LogicalPlan> {
        units.sort_by(|one, two| one.rows.total_cmp(&two.rows));
        let mut plan: Option<(LogicalPlan, Vec<usize>)> = None;
        while !units.is_empty() {
            let next = units.iter().position(|unit| match &plan {
                Some((_, there)) => unit.leaves.iter().any(|leaf| self.are_joined(there, *leaf)),
                None => true,
            });
            let Unit { leaves, .. } = units.remove(next.unwrap_or(0));
            let unit = self.unit(&leaves, wanted)?;
            plan = Some(match plan {
                None => (unit, leaves),
                Some((plan, mut there)) => {
                    there.extend(leaves);
                    (self.join(plan, unit)?, there)
                }
            });
        }
        let nothing = || DataFusionError::Plan("a join of nothing".to_owned());
        let plan = plan.map(|(plan, _)| plan).ok_or_else(nothing)?;
        // What is about no column, or one side of an equality about several units.
        let equalities = self.equalities.into_iter().map(|(one, two)| one.eq(two));
        match conjunction(self.conditions.into_iter().chain(equalities)) {
            Some(rest) => Ok(LogicalPlan::Filter(Filter::try_new(rest, Arc::new(plan))?)),
            None => Ok(plan),
        }
    }

    /// The leaves of a unit, joined; of its columns those that are wanted above.
    fn unit(&mut self, leaves: &[usize], wanted: &[Column]) -> PlanResult<LogicalPlan> {
        let mut left: Vec<usize> = leaves.to_vec();
        let first = left.remove(0);
        let mut there = vec![first];
        let mut plan = self.leaves[first].clone();
        while !left.is_empty() {
            let next = left.iter().position(|leaf| self.are_joined(&there, *leaf)).unwrap_or(0);
            let leaf = left.remove(next);
            there.push(leaf);
            plan = self.join(plan, self.leaves[leaf].clone())?;
        }
        let sides = self.equalities.iter().flat_map(|(one, two)| [one, two]);
        let asked: HashSet<&Column> =
            sides.chain(&self.conditions).flat_map(Expr::column_refs).chain(wanted).collect();
        let mut columns = plan.schema().columns();
        columns.retain(|column| asked.contains(column));
        chosen(plan, &columns)
    }

    /// Two plans joined by all that is about both.
    fn join(&mut self, left: LogicalPlan, right: LogicalPlan) -> PlanResult<LogicalPlan> {
        let (mut on, mut rest) = (Vec::new(), Vec::new());
        for (one, two) in std::mem::take(&mut self.equalities) {
            if has_all(&left, &one) && has_all(&right, &two) {
                on.push((one, two));
            } else if has_all(&left, &two) && has_all(&right, &one) {
                on.push((two, one));
            } else {
                rest.push((one, two));
            }
        }
        self.equalities = rest;
        let is_of_both = |expr: &Expr| {
            let refs = expr.column_refs();
            let has = |it: &Column| left.schema().has_column(it) || right.schema().has_column(it);
            !refs.is_empty() && refs.into_iter().all(has)
        };
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.conditions).into_iter().partition(is_of_both);
        self.conditions = later;
        let join = Join::try_new(
            Arc::new(left),
            Arc::new(right),
            on,
            conjunction(now),
            JoinType::Inner,
            JoinConstraint::On,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok(LogicalPlan::Join(join))
    }
}

fn joins_below(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Join(join) => is_inner(join),
        LogicalPlan::Projection(it) => is_choice(it) && joins_below(&it.input),
        _ => false,
    }
}

/// Whether an expression is about columns of this plan, and of no other.
fn has_all(plan: &LogicalPlan, expr: &Expr) -> bool {
    let refs: HashSet<&Column> = expr.column_refs();
    !refs.is_empty() && refs.into_iter().all(|column| plan.schema().has_column(column))
}
