//! Subqueries in expressions.
//!
//! A subquery that names no column of the queries around it is a part of the plan. One that does
//! is PostgreSQL's SubPlan, run for the rows' values of those columns: where its form allows it,
//! once for all of them.
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{AggregateFunction, InSubquery};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit,
};
use medley_analyze::tree::{ExprKind, OperatorCall, SubqueryKind, SubqueryLink};
use medley_types::{PgType, arrow_type};

use super::comparison::{compared_as, comparison};
use super::decorrelate::Correlated;
use super::expr::{binary_expr, misplaced};
use super::frame::{Frame, Outer};
use super::{Bound, Lowering, Typed};
use crate::error::{Error, Result};
use crate::scan::{Answer, SubPlan};
use crate::semantics::aggregate::{self, Sorting};
use crate::semantics::{array_compares, array_contains};

impl Lowering<'_> {
    pub(super) fn subquery(
        &self,
        frame: &Frame<'_>,
        link: &SubqueryLink,
        t: PgType,
        negated: bool,
    ) -> Result<Expr> {
        let (bound, outer) = self.query(Some(frame), &link.query, true)?;
        let bound = self.settled(bound)?;
        match link.kind {
            SubqueryKind::Exists => self.exists(bound, outer, negated),
            SubqueryKind::Scalar | SubqueryKind::Array => {
                let value = self.value_of(link.kind, &bound, outer, t)?;
                Ok(if negated { Expr::Not(Box::new(value)) } else { value })
            }
            SubqueryKind::Row => Err(Error::unsupported("comparing a row with a subquery")),
            SubqueryKind::Any | SubqueryKind::All => {
                self.compared(frame, link, bound, outer, negated)
            }
        }
    }

    /// The value of a subquery's one row, or all its values as an array.
    fn value_of(
        &self,
        kind: SubqueryKind,
        bound: &Bound,
        outer: Vec<Outer>,
        t: PgType,
    ) -> Result<Expr> {
        let plan = match kind {
            SubqueryKind::Array => self.collected(bound, t)?,
            _ => self.folded(bound, aggregate::single(t, &self.env))?,
        };
        Ok(match outer.is_empty() {
            true => Expr::ScalarSubquery(planned(plan)),
            false => self.sub_plan(plan, outer, t, Answer::Value),
        })
    }

    /// All values of the one column of a plan, in the order that its ORDER BY says: an aggregate
    /// would be given them in any.
    fn collected(&self, bound: &Bound, array: PgType) -> Result<LogicalPlan> {
        let only = bound.columns.first().ok_or_else(|| misplaced("a subquery's column"))?;
        let value = &only.expr;
        let (value, sort) = match &bound.plan {
            LogicalPlan::Sort(sort) => (value.clone(), Some(sort)),
            LogicalPlan::Projection(projection) => match projection.input.as_ref() {
                LogicalPlan::Sort(sort) => (projection.expr[0].clone().unalias(), Some(sort)),
                _ => (value.clone(), None),
            },
            _ => (value.clone(), None),
        };
        let (input, keys) = match sort {
            Some(sort) => (Arc::clone(&sort.input), sort.expr.as_slice()),
            None => (Arc::new(bound.plan.clone()), [].as_slice()),
        };
        let mut args = vec![value];
        let mut order = Vec::with_capacity(keys.len());
        for key in keys {
            // Keys sort as Arrow's own forms do.
            let t = medley_types::type_of_arrow(&key.expr.get_type(input.schema())?);
            let sorting = Sorting { descending: !key.asc, nulls_first: key.nulls_first };
            order.push((t, sorting));
            args.push(key.expr.clone());
        }
        let collect = aggregate::collect(only.t, array, &order, &self.env);
        let call = AggregateFunction::new_udf(collect, args, false, None, vec![], None);
        let call = Expr::AggregateFunction(call).alias(self.unique("value"));
        Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, vec![], vec![call])?))
    }

    /// The one column of a plan as the one value that an aggregate makes of it.
    fn folded(
        &self,
        bound: &Bound,
        function: Arc<datafusion::logical_expr::AggregateUDF>,
    ) -> Result<LogicalPlan> {
        let args = vec![bound.columns[0].expr.clone()];
        let call = AggregateFunction::new_udf(function, args, false, None, vec![], None);
        let call = Expr::AggregateFunction(call).alias(self.unique("value"));
        let input = Arc::new(bound.plan.clone());
        Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, vec![], vec![call])?))
    }

    fn exists(&self, bound: Bound, outer: Vec<Outer>, negated: bool) -> Result<Expr> {
        if outer.is_empty() {
            return self.has_rows(bound.plan, negated);
        }
        let exists = self.sub_plan(bound.plan, outer, PgType::BOOL, Answer::Exists);
        Ok(if negated { Expr::Not(Box::new(exists)) } else { exists })
    }

    /// Whether a plan has rows, as one value: DataFusion knows EXISTS in WHERE alone.
    fn has_rows(&self, plan: LogicalPlan, negated: bool) -> Result<Expr> {
        let plan = LogicalPlanBuilder::from(plan).limit(0, Some(1))?.build()?;
        let count = datafusion::functions_aggregate::count::count_udaf();
        let call = AggregateFunction::new_udf(count, vec![lit(1i64)], false, None, vec![], None);
        let call = Expr::AggregateFunction(call).alias(self.unique("value"));
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(plan), vec![], vec![call])?);
        let op = if negated { Operator::Eq } else { Operator::Gt };
        Ok(binary_expr(Expr::ScalarSubquery(planned(plan)), op, lit(0i64)))
    }

    /// `IN` among the values of a plan, gathered once: for where there is no join to make of it.
    fn among(&self, wanted: Expr, keys: &Bound, negated: bool) -> Result<Expr> {
        let (t, array, plan) = self.gathered(keys)?;
        let found = array_contains(t, array, &self.env)?;
        let found = found.on(vec![wanted, Expr::ScalarSubquery(planned(plan))]);
        Ok(if negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// A comparison with the values of a subquery: with `= ANY` it is IN, with `<> ALL` NOT IN.
    fn compared(
        &self,
        frame: &Frame<'_>,
        link: &SubqueryLink,
        bound: Bound,
        mut outer: Vec<Outer>,
        negated: bool,
    ) -> Result<Expr> {
        // DataFusion's joins for NOT IN, and for IN as a part of a condition, take NULL for false.
        let may_join = frame.is_condition.take();
        let call = test_of(link)?;
        let op = call.builtin().and_then(|it| comparison(it.name));
        let op =
            op.ok_or_else(|| Error::unsupported("this quantified comparison with a subquery"))?;
        let [left, right] = call.operands.as_slice() else { return Err(misplaced("an operand")) };
        let common = compared_as(left.t, right.t)?;
        let wanted = self.comparable(self.typed(frame, left)?, common)?;
        let column = bound.columns.first().map(|column| column.expr.clone());
        let before = frame.subquery_column.replace(column);
        let found = self.typed(frame, right);
        frame.subquery_column.replace(before);
        let keys = self.comparable(found?, common)?;
        let keys = Typed { expr: keys, t: common, position: None };
        let keys = self.project(bound.plan, vec![("key".to_owned(), keys)])?;
        let negated = match (op, link.kind) {
            (Operator::Eq, SubqueryKind::Any) => negated,
            (Operator::NotEq, SubqueryKind::All) => !negated,
            (op, kind) => {
                let found = self.ranked(wanted, op, kind == SubqueryKind::All, &keys, outer)?;
                return Ok(if negated { Expr::Not(Box::new(found)) } else { found });
            }
        };
        if outer.is_empty() && (negated || !may_join) {
            return self.among(wanted, &keys, negated);
        }
        if outer.is_empty() {
            let subquery = planned(keys.plan);
            return Ok(Expr::InSubquery(InSubquery::new(Box::new(wanted), subquery, negated)));
        }
        // The value is one more that the subquery takes from outside.
        outer.push(Outer { id: self.unique("$outer"), value: wanted });
        let found = self.sub_plan(keys.plan, outer, PgType::BOOL, Answer::In);
        Ok(if negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// A comparison with each of the values of a plan, which are gathered.
    fn ranked(
        &self,
        wanted: Expr,
        op: Operator,
        all: bool,
        keys: &Bound,
        outer: Vec<Outer>,
    ) -> Result<Expr> {
        let (t, array, plan) = self.gathered(keys)?;
        let values = match outer.is_empty() {
            true => Expr::ScalarSubquery(planned(plan)),
            false => self.sub_plan(plan, outer, array, Answer::Value),
        };
        Ok(array_compares(op, all, t, array, &self.env)?.on(vec![wanted, values]))
    }

    /// The one column of a plan as an array, with the types of its elements and of it.
    fn gathered(&self, keys: &Bound) -> Result<(PgType, PgType, LogicalPlan)> {
        let column = keys.columns[0].expr.clone();
        let t = medley_types::type_of_arrow(&column.get_type(keys.plan.schema())?);
        let array = t.array().ok_or_else(|| Error::unsupported("IN of such values"))?;
        let collect = aggregate::collect(t, array, &[], &self.env);
        Ok((t, array, self.folded(keys, collect)?))
    }

    fn sub_plan(&self, plan: LogicalPlan, outer: Vec<Outer>, t: PgType, answer: Answer) -> Expr {
        self.sub_plan_as(plan, outer, arrow_type(t), answer)
    }

    /// A plan that is run anew for each row's values of outer columns.
    pub(super) fn sub_plan_as(
        &self,
        plan: LogicalPlan,
        outer: Vec<Outer>,
        result: DataType,
        answer: Answer,
    ) -> Expr {
        let (ids, values): (Vec<_>, Vec<_>) =
            outer.into_iter().map(|outer| (outer.id, outer.value)).unzip();
        let name = self.unique("SubPlan");
        let correlated = Correlated { plan: plan.clone(), ids: ids.clone(), answer };
        self.sub_plans.borrow_mut().insert(name.clone(), Rc::new(correlated));
        let planner = Arc::clone(&self.planner);
        SubPlan::new(name, plan, ids, values.len(), result, answer, planner).on(values)
    }
}

fn test_of(link: &SubqueryLink) -> Result<&OperatorCall> {
    match link.test.as_ref().map(|test| &test.kind) {
        Some(ExprKind::Operator(call)) => Ok(call),
        _ => Err(Error::unsupported("this quantified comparison with a subquery")),
    }
}

fn planned(plan: LogicalPlan) -> Subquery {
    Subquery { subquery: Arc::new(plan), outer_ref_columns: Vec::new(), spans: Default::default() }
}
