//! A correlated subquery planned once for many rows.
//!
//! The outer values become a relation, [`Outer`], that the one relation is joined with which the
//! subquery begins with; its columns then go along to the end, where the first of them tells which
//! row of outer values a row is for. So conditions on outer values become conditions of a join,
//! functions of them are called for all at once, and aggregates are grouped.
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias,
};

/// Rows of outer values: their number, then a column for each placeholder.
pub(super) struct Outer<'a> {
    /// A name that nothing else in the statement has.
    pub name: String,
    pub ids: &'a [String],
    pub rows: RecordBatch,
}

/// What a row of outer values has of which nothing came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OfNothing {
    /// No rows.
    NoRows,
    /// What an aggregate makes of nothing, the same for all.
    Same,
    /// That, and it depends on the outer values.
    Each,
}

/// A plan whose last column says which row of outer values each row is for.
pub(super) struct AtOnce {
    pub plan: LogicalPlan,
    pub of_nothing: OfNothing,
}

/// The plan for all rows of outer values; none where the subquery has another form.
pub(super) fn at_once(plan: &LogicalPlan, outer: &Outer<'_>) -> PlanResult<Option<AtOnce>> {
    let mut rewriting = Rewriting { outer, of_nothing: OfNothing::NoRows };
    let Some((rewritten, columns)) = rewriting.plan(plan)? else { return Ok(None) };
    let own = plan.schema().columns().into_iter().map(Expr::Column);
    let exprs: Vec<_> = own.chain(columns.into_iter().take(1).map(Expr::Column)).collect();
    let plan = LogicalPlanBuilder::from(rewritten).project(exprs)?.build()?;
    Ok(Some(AtOnce { plan, of_nothing: rewriting.of_nothing }))
}

struct Rewriting<'a> {
    outer: &'a Outer<'a>,
    of_nothing: OfNothing,
}

/// A plan, and what the columns of outer values are called there.
type Rewritten = Option<(LogicalPlan, Vec<Column>)>;

impl Rewriting<'_> {
    fn plan(&mut self, plan: &LogicalPlan) -> PlanResult<Rewritten> {
        if !plan_names_outer(plan)? {
            return self.beside(plan).map(Some);
        }
        match plan {
            LogicalPlan::Projection(it) => self.projection(plan, &it.input),
            LogicalPlan::Filter(it) => self.with_input(plan, &it.input),
            LogicalPlan::Sort(it) if it.fetch.is_none() => self.with_input(plan, &it.input),
            LogicalPlan::SubqueryAlias(it) => self.alias(it),
            LogicalPlan::Aggregate(it) => self.aggregate(plan, it),
            LogicalPlan::Join(it) => self.join(plan, it),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let Some((input, columns)) = self.plan(input)? else { return Ok(None) };
                let distinct = LogicalPlan::Distinct(Distinct::All(Arc::new(input)));
                Ok(Some((distinct, columns)))
            }
            LogicalPlan::Unnest(it) => {
                let Some((input, columns)) = self.plan(&it.input)? else { return Ok(None) };
                let plan = LogicalPlanBuilder::from(input)
                    .unnest_columns_with_options(it.exec_columns.clone(), it.options.clone())?
                    .build()?;
                Ok(Some((plan, columns)))
            }
            _ => Ok(None),
        }
    }

    /// Each row of a plan for each row of outer values.
    fn beside(&self, plan: &LogicalPlan) -> PlanResult<(LogicalPlan, Vec<Column>)> {
        let rows = self.outer.rows.clone();
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
        let source = provider_as_source(Arc::new(table));
        let outer = LogicalPlanBuilder::scan(self.outer.name.as_str(), source, None)?;
        let columns = outer.schema().columns();
        let both = match plan {
            LogicalPlan::EmptyRelation(it) if it.produce_one_row => outer,
            plan => outer.cross_join(plan.clone())?,
        };
        Ok((both.build()?, columns))
    }

    fn projection(&mut self, plan: &LogicalPlan, input: &LogicalPlan) -> PlanResult<Rewritten> {
        let Some((input, columns)) = self.plan(input)? else { return Ok(None) };
        let Some(exprs) = self.exprs(plan, &columns)? else { return Ok(None) };
        let exprs = exprs.into_iter().chain(columns.iter().cloned().map(Expr::Column)).collect();
        let projection = Projection::try_new(exprs, Arc::new(input))?;
        Ok(Some((LogicalPlan::Projection(projection), columns)))
    }

    fn with_input(&mut self, plan: &LogicalPlan, input: &LogicalPlan) -> PlanResult<Rewritten> {
        let Some((input, columns)) = self.plan(input)? else { return Ok(None) };
        let Some(exprs) = self.exprs(plan, &columns)? else { return Ok(None) };
        Ok(Some((plan.with_new_exprs(exprs, vec![input])?, columns)))
    }

    fn alias(&mut self, it: &SubqueryAlias) -> PlanResult<Rewritten> {
        let Some((input, columns)) = self.plan(&it.input)? else { return Ok(None) };
        let alias = SubqueryAlias::try_new(Arc::new(input), it.alias.clone())?;
        let requalified =
            columns.into_iter().map(|column| Column::new(Some(it.alias.clone()), column.name));
        Ok(Some((LogicalPlan::SubqueryAlias(alias), requalified.collect())))
    }

    fn aggregate(&mut self, plan: &LogicalPlan, it: &Aggregate) -> PlanResult<Rewritten> {
        if it.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
            return Ok(None);
        }
        let Some((input, columns)) = self.plan(&it.input)? else { return Ok(None) };
        if it.group_expr.is_empty() && self.of_nothing == OfNothing::NoRows {
            self.of_nothing = OfNothing::Same;
        }
        let Some(mut groups) = self.exprs(plan, &columns)? else { return Ok(None) };
        let calls = groups.split_off(it.group_expr.len());
        let groups = columns.iter().cloned().map(Expr::Column).chain(groups).collect();
        let aggregate = Aggregate::try_new(Arc::new(input), groups, calls)?;
        Ok(Some((LogicalPlan::Aggregate(aggregate), columns)))
    }

    /// One side alone goes along with the outer values: the one whose rows an outer join keeps.
    fn join(&mut self, plan: &LogicalPlan, it: &Join) -> PlanResult<Rewritten> {
        let (of_left, of_right) = (plan_names_outer(&it.left)?, plan_names_outer(&it.right)?);
        let with_left = match it.join_type {
            JoinType::Inner => !of_right,
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => true,
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => false,
            _ => return Ok(None),
        };
        let (side, other) = if with_left { (&it.left, of_right) } else { (&it.right, of_left) };
        if other {
            return Ok(None);
        }
        let Some((side, columns)) = self.plan(side)? else { return Ok(None) };
        let Some(exprs) = self.exprs(plan, &columns)? else { return Ok(None) };
        let inputs = match with_left {
            true => vec![side, it.right.as_ref().clone()],
            false => vec![it.left.as_ref().clone(), side],
        };
        Ok(Some((plan.with_new_exprs(exprs, inputs)?, columns)))
    }

    /// A plan's expressions, with columns for the placeholders; none where a subquery has some.
    fn exprs(&mut self, plan: &LogicalPlan, columns: &[Column]) -> PlanResult<Option<Vec<Expr>>> {
        let exprs = plan.expressions();
        let is_condition = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
        if exprs.iter().any(in_subquery) || is_condition && exprs.iter().any(asks_sub_plan) {
            return Ok(None);
        }
        if self.of_nothing == OfNothing::Same && exprs.iter().any(names_outer) {
            self.of_nothing = OfNothing::Each;
        }
        let names = NamePreserver::new(plan);
        let replaced = exprs.into_iter().map(|expr| {
            let name = names.save(&expr);
            let replaced = expr.transform(|expr| Ok(self.column(expr, columns)))?;
            Ok(name.restore(replaced.data))
        });
        replaced.collect::<PlanResult<_>>().map(Some)
    }

    fn column(&self, expr: Expr, columns: &[Column]) -> Transformed<Expr> {
        let place = match &expr {
            Expr::Placeholder(it) => self.outer.ids.iter().position(|id| *id == it.id),
            _ => None,
        };
        // The number of the row is the first.
        match place.and_then(|place| columns.get(place + 1)) {
            Some(column) => Transformed::yes(Expr::Column(column.clone())),
            None => Transformed::no(expr),
        }
    }
}

/// Whether an expression has a placeholder for an outer column.
pub(crate) fn names_outer(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(matches!(expr, Expr::Placeholder(_)))).unwrap_or(true)
}

fn in_subquery(expr: &Expr) -> bool {
    let found = expr.exists(|expr| match expr {
        Expr::ScalarSubquery(it) => plan_names_outer(&it.subquery),
        Expr::InSubquery(it) => plan_names_outer(&it.subquery.subquery),
        Expr::Exists(it) => plan_names_outer(&it.subquery.subquery),
        _ => Ok(false),
    });
    found.unwrap_or(true)
}

/// Such a condition must not become a join's, which cannot wait for what it runs.
pub(crate) fn asks_sub_plan(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(is_sub_plan(expr))).unwrap_or(true)
}

/// The call that runs one.
pub(crate) fn is_sub_plan(expr: &Expr) -> bool {
    sub_plan_name(expr).is_some()
}

/// Its name, and what it takes from outside.
pub(crate) fn sub_plan_name(expr: &Expr) -> Option<(&str, &[Expr])> {
    match expr {
        Expr::ScalarFunction(call) if call.func.as_async().is_some() => {
            Some((call.func.name(), &call.args))
        }
        _ => None,
    }
}

/// Whether something in a plan has one.
pub(crate) fn plan_names_outer(plan: &LogicalPlan) -> PlanResult<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|plan| {
        found |= plan.expressions().iter().any(names_outer);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
