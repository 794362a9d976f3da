//! Correlated subqueries as joins.
//!
//! A subquery whose conditions alone name columns of the query around it needs not be run for
//! rows' values of those: its rows are joined with them. EXISTS and IN become semi joins, NOT
//! EXISTS an anti join, and the value of an aggregate a left join with one row for each group of
//! the subquery's side of the conditions. What has another form is left to `SubPlan`.
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Case, Distinct, Expr, FetchType, JoinType, Limit, LogicalPlan,
    LogicalPlanBuilder, Operator, Projection, SkipType, lit,
};

use super::Lowering;
use super::expr::binary_expr;
use crate::error::Result;
use crate::scan::{Answer, asks_sub_plan, names_outer, plan_names_outer, sub_plan_name};
use crate::semantics::aggregate::{Kind, is_single, shape};

/// A correlated subquery as it was lowered.
#[derive(Debug)]
pub(super) struct Correlated {
    pub plan: LogicalPlan,
    /// The placeholders in it, by the place of what they stand for among the arguments.
    pub ids: Vec<String>,
    pub answer: Answer,
}

/// A condition, after its subqueries have become joins where they could.
pub(super) struct Joined {
    pub plan: LogicalPlan,
    /// What is left of the condition.
    pub rest: Option<Expr>,
}

/// A plan without the conditions that name outer columns, and those: over its columns, with
/// placeholders for the outer ones.
struct Pulled {
    plan: LogicalPlan,
    conditions: Vec<Expr>,
}

/// The value of a subquery that aggregates all rows of its input.
struct Aggregated<'a> {
    aggregate: &'a Aggregate,
    /// Over the aggregate's columns.
    value: Expr,
}

impl Lowering<'_> {
    /// The plan joined with the subqueries that a condition asks.
    pub(super) fn decorrelated(&self, plan: LogicalPlan, condition: Expr) -> Result<Joined> {
        let (asked, negated) = match &condition {
            Expr::Not(asked) => (asked.as_ref(), true),
            asked => (asked, false),
        };
        let semi = match self.correlated(asked) {
            Some((of, arguments)) => self.semi_joined(&plan, &of, arguments, negated)?,
            None => None,
        };
        match semi {
            Some(plan) => Ok(Joined { plan, rest: None }),
            None => {
                let mut exprs = [condition];
                let plan = self.values_joined(plan, exprs.iter_mut())?;
                let [rest] = exprs;
                Ok(Joined { plan, rest: Some(rest) })
            }
        }
    }

    /// The plan with columns for the values of the subqueries that expressions ask, which then
    /// stand for them.
    pub(super) fn values_joined<'e>(
        &self,
        mut plan: LogicalPlan,
        exprs: impl Iterator<Item = &'e mut Expr>,
    ) -> Result<LogicalPlan> {
        for expr in exprs {
            let mut failed = None;
            let replaced = std::mem::take(expr).transform_down(|expr| {
                let value = match (self.correlated(&expr), &failed) {
                    (Some((of, arguments)), None) if of.answer == Answer::Value => {
                        self.value_joined(&mut plan, &of, arguments)
                    }
                    _ => Ok(None),
                };
                Ok(match value {
                    Ok(Some(value)) => Transformed::yes(value),
                    Ok(None) => Transformed::no(expr),
                    Err(error) => {
                        failed = Some(error);
                        Transformed::no(expr)
                    }
                })
            })?;
            *expr = replaced.data;
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(plan)
    }

    /// The subquery that an expression asks, and what it takes from outside.
    fn correlated<'e>(&self, expr: &'e Expr) -> Option<(Rc<Correlated>, &'e [Expr])> {
        let (name, arguments) = sub_plan_name(expr)?;
        let of = self.sub_plans.borrow().get(name).cloned()?;
        Some((of, arguments))
    }

    /// The rows for which EXISTS or IN holds, or NOT EXISTS.
    fn semi_joined(
        &self,
        plan: &LogicalPlan,
        of: &Correlated,
        arguments: &[Expr],
        negated: bool,
    ) -> Result<Option<LogicalPlan>> {
        let (subquery, kind) = match (of.answer, negated) {
            (Answer::Exists, false) => (whether_there_are(&of.plan), JoinType::LeftSemi),
            (Answer::Exists, true) => (whether_there_are(&of.plan), JoinType::LeftAnti),
            // NULL is as good as false in a condition; its negation is not.
            (Answer::In, false) => (&of.plan, JoinType::LeftSemi),
            _ => return Ok(None),
        };
        let Some(Pulled { plan: found, mut conditions }) = self.pulled(subquery)? else {
            return Ok(None);
        };
        if let (Answer::In, Some(wanted)) = (of.answer, arguments.last()) {
            let key = Expr::Column(found.schema().columns().swap_remove(0));
            conditions.push(binary_expr(wanted.clone(), Operator::Eq, key));
        }
        let (found, conditions) = self.only_of(found, conditions)?;
        let outer = outer_values(of, arguments);
        let on: Result<Vec<_>> = conditions.into_iter().map(|it| with_values(it, &outer)).collect();
        let joined = LogicalPlanBuilder::from(plan.clone()).join_on(found, kind, on?)?;
        Ok(Some(joined.build()?))
    }

    /// The value of an aggregate, with a column of the plan for each call.
    fn value_joined(
        &self,
        plan: &mut LogicalPlan,
        of: &Correlated,
        arguments: &[Expr],
    ) -> Result<Option<Expr>> {
        let Some(Aggregated { aggregate, value }) = aggregated(&of.plan)? else { return Ok(None) };
        let Some(pulled) = self.pulled(&aggregate.input)? else { return Ok(None) };
        let Some((keys, on)) = keyed(pulled.conditions)? else { return Ok(None) };
        let calls = aggregate.aggr_expr.clone();
        let grouped = Aggregate::try_new(Arc::new(pulled.plan), keys, calls)?;
        let keys = grouped.group_expr.len();
        let columns = grouped.schema.columns();
        let renamed: Vec<_> = columns.iter().map(|_| self.unique("of")).collect();
        let named = columns.into_iter().zip(&renamed);
        let named = named.map(|(column, name)| Expr::Column(column).alias(name.clone()));
        let found = LogicalPlanBuilder::from(LogicalPlan::Aggregate(grouped))
            .project(named.collect::<Vec<_>>())?
            .build()?;
        let outer = outer_values(of, arguments);
        let on = on.into_iter().map(|it| match it {
            On::Key(key, value) => {
                let key = Expr::Column(Column::new_unqualified(renamed[key].clone()));
                Ok(binary_expr(with_values(value, &outer)?, Operator::Eq, key))
            }
            On::Outer(condition) => with_values(condition, &outer),
        });
        let on = on.collect::<Result<Vec<_>>>()?;
        *plan =
            LogicalPlanBuilder::from(plan.clone()).join_on(found, JoinType::Left, on)?.build()?;
        let calls = aggregate.aggr_expr.iter().zip(&renamed[keys..]).map(|(call, name)| {
            let column = Expr::Column(Column::new_unqualified(name.clone()));
            if counts(call) { or_zero(column) } else { column }
        });
        let calls: Vec<_> = calls.collect();
        replaced_columns(value, &aggregate.schema, &calls).map(Some)
    }

    /// The plan with those columns alone that conditions name, under names that nothing else has.
    fn only_of(
        &self,
        plan: LogicalPlan,
        conditions: Vec<Expr>,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let mut names: HashMap<Column, String> = HashMap::new();
        let mut kept = Vec::new();
        for column in plan.schema().columns() {
            if conditions.iter().any(|it| it.column_refs().contains(&column)) {
                let name = self.unique("of");
                kept.push(Expr::Column(column.clone()).alias(name.clone()));
                names.insert(column, name);
            }
        }
        if kept.is_empty() {
            kept.push(lit(true).alias(self.unique("of")));
        }
        let plan = LogicalPlanBuilder::from(plan).project(kept)?.build()?;
        let renamed = |column: &Column| {
            names.get(column).map(|name| Expr::Column(Column::new_unqualified(name.clone())))
        };
        let conditions = conditions.into_iter().map(|it| replaced(it, renamed));
        Ok((plan, conditions.collect::<Result<_>>()?))
    }

    /// None where something else than a condition of rows names outer columns.
    fn pulled(&self, plan: &LogicalPlan) -> Result<Option<Pulled>> {
        if !plan_names_outer(plan)? {
            return Ok(Some(Pulled { plan: plan.clone(), conditions: Vec::new() }));
        }
        match plan {
            LogicalPlan::Filter(it) => {
                let Some(mut pulled) = self.pulled(&it.input)? else { return Ok(None) };
                let of_both = split_conjunction_owned(it.predicate.clone());
                let Some(own) = pulled.take(of_both) else { return Ok(None) };
                if let Some(own) = conjunction(own) {
                    pulled.plan = LogicalPlanBuilder::from(pulled.plan).filter(own)?.build()?;
                }
                Ok(Some(pulled))
            }
            LogicalPlan::Projection(it) => self.pulled_projection(it),
            LogicalPlan::SubqueryAlias(it) => {
                let Some(pulled) = self.pulled(&it.input)? else { return Ok(None) };
                let before = pulled.plan.schema().columns();
                let plan =
                    LogicalPlanBuilder::from(pulled.plan).alias(it.alias.clone())?.build()?;
                let after = plan.schema().columns();
                let conditions = pulled.conditions.into_iter().map(|condition| {
                    replaced(condition, |column| {
                        let place = before.iter().position(|it| it == column)?;
                        Some(Expr::Column(after[place].clone()))
                    })
                });
                let conditions = conditions.collect::<Result<_>>()?;
                Ok(Some(Pulled { plan, conditions }))
            }
            LogicalPlan::Join(it) if it.join_type == JoinType::Inner => {
                let on = it
                    .on
                    .iter()
                    .map(|(one, two)| binary_expr(one.clone(), Operator::Eq, two.clone()));
                let filter = it.filter.iter().cloned().flat_map(split_conjunction_owned);
                let all: Vec<_> = on.chain(filter).collect();
                let (left, right) = (self.pulled(&it.left)?, self.pulled(&it.right)?);
                let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
                let mut pulled = Pulled { plan: left.plan, conditions: left.conditions };
                pulled.conditions.extend(right.conditions);
                let Some(own) = pulled.take(all) else { return Ok(None) };
                let joined = LogicalPlanBuilder::from(pulled.plan);
                let joined = match own.is_empty() {
                    true => joined.cross_join(right.plan)?,
                    false => joined.join_on(right.plan, JoinType::Inner, own)?,
                };
                Ok(Some(Pulled { plan: joined.build()?, ..pulled }))
            }
            LogicalPlan::Join(it)
                if matches!(
                    it.join_type,
                    JoinType::LeftSemi | JoinType::LeftAnti | JoinType::Left
                ) && !plan_names_outer(&it.right)?
                    && !it.filter.iter().any(names_outer)
                    && !it.on.iter().any(|(one, two)| names_outer(one) || names_outer(two)) =>
            {
                let Some(left) = self.pulled(&it.left)? else { return Ok(None) };
                let inputs = vec![left.plan, it.right.as_ref().clone()];
                let plan = plan.with_new_exprs(plan.expressions(), inputs)?;
                Ok(Some(Pulled { plan, conditions: left.conditions }))
            }
            _ => Ok(None),
        }
    }

    /// What conditions name goes along with the projection's own columns.
    fn pulled_projection(&self, it: &Projection) -> Result<Option<Pulled>> {
        if it.expr.iter().any(names_outer) {
            return Ok(None);
        }
        let Some(pulled) = self.pulled(&it.input)? else { return Ok(None) };
        let mut exprs = it.expr.clone();
        let mut names: HashMap<Column, String> = HashMap::new();
        let named = pulled.conditions.iter().flat_map(Expr::column_refs);
        for column in named {
            if !names.contains_key(column) {
                let name = self.unique("of");
                exprs.push(Expr::Column(column.clone()).alias(name.clone()));
                names.insert(column.clone(), name);
            }
        }
        let plan = LogicalPlanBuilder::from(pulled.plan).project(exprs)?.build()?;
        let renamed = |column: &Column| {
            names.get(column).map(|name| Expr::Column(Column::new_unqualified(name.clone())))
        };
        let conditions = pulled.conditions.into_iter().map(|it| replaced(it, renamed));
        let conditions = conditions.collect::<Result<_>>()?;
        Ok(Some(Pulled { plan, conditions }))
    }
}

impl Pulled {
    /// Takes the conditions that name outer columns, and answers the others; none where one of
    /// them asks a subquery.
    fn take(&mut self, conditions: Vec<Expr>) -> Option<Vec<Expr>> {
        let (outer, own): (Vec<_>, Vec<_>) = conditions.into_iter().partition(names_outer);
        if outer.iter().any(|it| asks_sub_plan(it) || has_subquery(it)) {
            return None;
        }
        self.conditions.extend(outer);
        Some(own)
    }
}

/// One of the conditions of a left join.
enum On {
    /// The key of this number is what is computed of outer columns.
    Key(usize, Expr),
    /// Of outer columns alone.
    Outer(Expr),
}

/// What the rows of a subquery are grouped by, so that a row outside has one group; none where a
/// condition is none of equality.
fn keyed(conditions: Vec<Expr>) -> Result<Option<(Vec<Expr>, Vec<On>)>> {
    let mut keys: Vec<Expr> = Vec::new();
    let mut on = Vec::new();
    for condition in conditions {
        if condition.column_refs().is_empty() {
            on.push(On::Outer(condition));
            continue;
        }
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else {
            return Ok(None);
        };
        let (key, value) = match (is_key(&left), is_key(&right)) {
            (true, false) => (*left, *right),
            (false, true) => (*right, *left),
            _ => return Ok(None),
        };
        if !value.column_refs().is_empty() {
            return Ok(None);
        }
        let number = keys.iter().position(|it| *it == key).unwrap_or_else(|| {
            keys.push(key);
            keys.len() - 1
        });
        on.push(On::Key(number, value));
    }
    Ok((!keys.is_empty()).then_some((keys, on)))
}

fn is_key(expr: &Expr) -> bool {
    !names_outer(expr) && !expr.column_refs().is_empty()
}

/// What EXISTS asks: neither columns nor order nor doubles matter to it.
fn whether_there_are(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Projection(it) if !it.expr.iter().any(asks_sub_plan) => {
            whether_there_are(&it.input)
        }
        LogicalPlan::Distinct(Distinct::All(input)) => whether_there_are(input),
        LogicalPlan::Sort(it) if it.fetch.is_none() => whether_there_are(&it.input),
        LogicalPlan::Limit(it) if leaves_some(it) => whether_there_are(&it.input),
        plan => plan,
    }
}

fn leaves_some(limit: &Limit) -> bool {
    matches!(limit.get_skip_type(), Ok(SkipType::Literal(0)))
        && match limit.get_fetch_type() {
            Ok(FetchType::Literal(fetch)) => fetch != Some(0),
            _ => false,
        }
}

/// What a scalar subquery comes to, if that is computed of an aggregate's one row.
fn aggregated(plan: &LogicalPlan) -> Result<Option<Aggregated<'_>>> {
    let LogicalPlan::Aggregate(top) = plan else { return Ok(None) };
    let (true, [Expr::Alias(call)]) = (top.group_expr.is_empty(), top.aggr_expr.as_slice()) else {
        return Ok(None);
    };
    let Expr::AggregateFunction(call) = call.expr.as_ref() else { return Ok(None) };
    let (true, [value]) = (is_single(&call.func), call.params.args.as_slice()) else {
        return Ok(None);
    };
    let (mut value, mut plan) = (value.clone(), top.input.as_ref());
    loop {
        let of_input = match plan {
            LogicalPlan::Projection(it) => {
                (it.expr.iter().map(|it| it.clone().unalias()).collect::<Vec<_>>(), &it.input)
            }
            LogicalPlan::SubqueryAlias(it) => {
                (it.input.schema().columns().into_iter().map(Expr::Column).collect(), &it.input)
            }
            LogicalPlan::Aggregate(it) if it.group_expr.is_empty() => {
                let is_plain = !names_outer(&value) && !asks_sub_plan(&value);
                let calls = &it.aggr_expr;
                let are_plain = !calls.iter().any(|it| names_outer(it) || is_never_null(it));
                let found = Aggregated { aggregate: it, value };
                return Ok((is_plain && are_plain).then_some(found));
            }
            _ => return Ok(None),
        };
        value = replaced_columns(value, plan.schema(), &of_input.0)?;
        plan = of_input.1;
    }
}

fn counts(call: &Expr) -> bool {
    kind(call, |name, shape| name == "count" || shape == Some(Kind::Count))
}

/// What gathers rows makes an empty array of none.
fn is_never_null(call: &Expr) -> bool {
    kind(call, |_, shape| shape == Some(Kind::Collect))
}

fn kind(call: &Expr, is: impl Fn(&str, Option<Kind>) -> bool) -> bool {
    match call {
        Expr::Alias(it) => kind(&it.expr, is),
        Expr::AggregateFunction(it) => is(it.func.name(), shape(&it.func).map(|it| it.kind)),
        _ => false,
    }
}

/// A count of nothing.
fn or_zero(count: Expr) -> Expr {
    let none = Box::new(Expr::IsNull(Box::new(count.clone())));
    let zero = Box::new(lit(0i64));
    Expr::Case(Case::new(None, vec![(none, zero)], Some(Box::new(count))))
}

fn has_subquery(expr: &Expr) -> bool {
    let is_one = |expr: &Expr| {
        Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)))
    };
    expr.exists(is_one).unwrap_or(true)
}

/// The outer values under their placeholders.
fn outer_values<'a>(of: &'a Correlated, arguments: &'a [Expr]) -> HashMap<&'a str, &'a Expr> {
    of.ids.iter().map(String::as_str).zip(arguments).collect()
}

fn with_values(expr: Expr, outer: &HashMap<&str, &Expr>) -> Result<Expr> {
    let value = |expr: Expr| {
        let known = match &expr {
            Expr::Placeholder(it) => outer.get(it.id.as_str()).copied().cloned(),
            _ => None,
        };
        Ok(known.map_or_else(|| Transformed::no(expr), Transformed::yes))
    };
    // From the bottom: what is put in may have placeholders of its own.
    Ok(expr.transform_up(value)?.data)
}

fn replaced(expr: Expr, by: impl Fn(&Column) -> Option<Expr>) -> Result<Expr> {
    let column = |expr: Expr| {
        let known = match &expr {
            Expr::Column(column) => by(column),
            _ => None,
        };
        Ok(known.map_or_else(|| Transformed::no(expr), Transformed::yes))
    };
    Ok(expr.transform_up(column)?.data)
}

/// An expression over a plan's columns with what those are computed by.
fn replaced_columns(expr: Expr, schema: &DFSchema, by: &[Expr]) -> Result<Expr> {
    replaced(expr, |column| by.get(schema.maybe_index_of_column(column)?).cloned())
}
