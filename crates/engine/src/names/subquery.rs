//! Subqueries in expressions, arrays and their quantifiers.
//!
//! A subquery that names no column of the queries around it is a part of the plan. One that does
//! is run anew for each row's values of those columns, as PostgreSQL's SubPlan is.
use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::expr::{AggregateFunction, InSubquery};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit,
};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, AccessExpr, BinaryOperator};
use medley_types::PgType;

use super::operator::{binary_expr, operator_name};
use super::scope::{Clause, Outer, Scope, Surroundings};
use super::{Binder, Bound, Typed};
use crate::error::{Error, Result};
use crate::scan::{Answer, SubPlan};
use crate::semantics::aggregate::{self, Sorting};
use crate::semantics::key::key;
use crate::semantics::resolve::common_type;

impl Binder<'_> {
    fn subquery(&self, scope: &Scope<'_>, query: &ast::Query) -> Result<(Bound, Vec<Outer>)> {
        let around = Surroundings {
            parent: Some(scope),
            ctes: scope.surroundings.ctes.clone(),
            check_as: scope.surroundings.check_as,
            outer: Rc::default(),
        };
        let bound = self.query(&around, query)?;
        let bound = self.settle_outputs(bound)?;
        let outer = around.outer.take();
        Ok((bound, outer))
    }

    pub(super) fn scalar_subquery(&self, scope: &Scope<'_>, query: &ast::Query) -> Result<Typed> {
        let (bound, outer) = self.subquery(scope, query)?;
        let t = only_column(&bound)?;
        let single = aggregate::single(t, &self.env);
        let plan = self.folded(&bound, single)?;
        Ok(match outer.is_empty() {
            true => Typed::new(Expr::ScalarSubquery(planned(plan)), t, None),
            false => Typed::new(self.sub_plan(plan, outer, t, Answer::Value), t, None),
        })
    }

    pub(super) fn array_subquery(&self, scope: &Scope<'_>, query: &ast::Query) -> Result<Typed> {
        let (bound, outer) = self.subquery(scope, query)?;
        let element = only_column(&bound)?;
        let array = element.array().ok_or_else(|| {
            let message = format!("could not find array type for data type {element}");
            Error::at(SqlState::UNDEFINED_OBJECT, message, None)
        })?;
        let plan = self.collected(&bound, element, array)?;
        Ok(match outer.is_empty() {
            true => Typed::new(Expr::ScalarSubquery(planned(plan)), array, None),
            false => Typed::new(self.sub_plan(plan, outer, array, Answer::Value), array, None),
        })
    }

    /// All values of the one column of a plan, in the order that its ORDER BY says: an aggregate
    /// would be given them in any.
    fn collected(&self, bound: &Bound, element: PgType, array: PgType) -> Result<LogicalPlan> {
        let value = &bound.columns[0].expr;
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
        let collect = aggregate::collect(element, array, &order, &self.env);
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

    pub(super) fn exists(
        &self,
        scope: &Scope<'_>,
        query: &ast::Query,
        negated: bool,
    ) -> Result<Typed> {
        let (bound, outer) = self.subquery(scope, query)?;
        let expr = match outer.is_empty() {
            true => self.has_rows(bound.plan, negated)?,
            false => {
                let exists = self.sub_plan(bound.plan, outer, PgType::BOOL, Answer::Exists);
                if negated { Expr::Not(Box::new(exists)) } else { exists }
            }
        };
        Ok(Typed::new(expr, PgType::BOOL, None))
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
        let column = keys.columns[0].expr.clone();
        let t = medley_types::type_of_arrow(&column.get_type(keys.plan.schema())?);
        let array = t.array().ok_or_else(|| Error::unsupported("IN of such values"))?;
        let collect = aggregate::collect(t, array, &[], &self.env);
        let plan = self.folded(keys, collect)?;
        let found = crate::semantics::array_contains(t, array, &self.env)?;
        let found = found.on(vec![wanted, Expr::ScalarSubquery(planned(plan))]);
        Ok(if negated { Expr::Not(Box::new(found)) } else { found })
    }

    pub(super) fn in_subquery(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        query: &ast::Query,
        negated: bool,
    ) -> Result<Typed> {
        if matches!(value, ast::Expr::Tuple(_)) {
            return Err(Error::unsupported("a row IN (SELECT …)"));
        }
        let value = self.expr(scope, value)?;
        let position = value.position;
        let (bound, mut outer) = self.subquery(scope, query)?;
        let inner = only_column(&bound)?;
        let common = common_type(&[value.t, inner]).ok_or_else(|| {
            let message = format!("operator does not exist: {} = {inner}", value.t);
            Error::at(SqlState::UNDEFINED_FUNCTION, message, position)
        })?;
        let plain = PgType::plain(common.oid.0);
        let bound = self.cast_outputs(bound, &[plain])?;
        let value = self.coerce_to(value, plain, "operand of IN")?;
        let wanted = key(value.expr.clone(), plain, &self.env).map_err(|e| e.or_at(position))?;
        let keys = key(bound.columns[0].expr.clone(), plain, &self.env)?;
        let keys =
            self.project(bound.plan, vec![("key".to_owned(), Typed::new(keys, plain, None))])?;
        if outer.is_empty() && scope.clause != Clause::Where {
            let expr = self.among(wanted, &keys, negated)?;
            return Ok(Typed::new(expr, PgType::BOOL, position));
        }
        if outer.is_empty() {
            let subquery = planned(keys.plan);
            let expr = Expr::InSubquery(InSubquery::new(Box::new(wanted), subquery, negated));
            return Ok(Typed::new(expr, PgType::BOOL, position));
        }
        // The value is one more that the subquery takes from outside.
        let id = self.unique("$outer");
        outer.push(Outer { id, value: Typed::new(wanted, plain, None) });
        let found = self.sub_plan(keys.plan, outer, PgType::BOOL, Answer::In);
        let expr = if negated { Expr::Not(Box::new(found)) } else { found };
        Ok(Typed::new(expr, PgType::BOOL, position))
    }

    fn sub_plan(&self, plan: LogicalPlan, outer: Vec<Outer>, t: PgType, answer: Answer) -> Expr {
        let (ids, values): (Vec<_>, Vec<_>) =
            outer.into_iter().map(|outer| (outer.id, outer.value)).unzip();
        let types = values.iter().map(|value| value.t).collect();
        let values = values.into_iter().map(|value| value.expr).collect();
        let name = self.unique("SubPlan");
        SubPlan::new(name, plan, ids, types, t, answer, Arc::clone(&self.planner)).on(values)
    }

    /// `= ANY (…)`, `<> ALL (…)`: over an array, or over a subquery.
    pub(super) fn quantified(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        all: bool,
    ) -> Result<Typed> {
        let name =
            operator_name(op).ok_or_else(|| Error::unsupported(format_args!("operator {op}")))?;
        if let ast::Expr::Subquery(query) = right {
            return match (name.as_str(), all) {
                ("=", false) => self.in_subquery(scope, left, query, false),
                ("<>" | "!=", true) => self.in_subquery(scope, left, query, true),
                _ => Err(Error::unsupported("this quantified comparison with a subquery")),
            };
        }
        let value = self.expr(scope, left)?;
        let array = self.expr(scope, right)?;
        self.any_all(&name, value, array, all)
    }

    fn any_all(&self, name: &str, value: Typed, array: Typed, all: bool) -> Result<Typed> {
        let position = value.position;
        let array = match array.open {
            None => array,
            Some(_) => {
                let value = self.settle(value.clone())?;
                let wanted = value.t.array().ok_or_else(|| not_an_array(position))?;
                self.coerce_to(array, PgType::plain(wanted.oid.0), "operand")?
            }
        };
        let element = array.t.element().ok_or_else(|| not_an_array(position))?;
        // A constant array is its elements.
        if let Some(elements) = self.constant_elements(&array, element)? {
            let comparisons = elements
                .into_iter()
                .map(|item| Ok(self.operate(name, value.clone(), item)?.expr))
                .collect::<Result<Vec<_>>>()?;
            let joint = if all { Operator::And } else { Operator::Or };
            let expr = comparisons.into_iter().reduce(|a, b| binary_expr(a, joint, b));
            return Ok(Typed::new(expr.unwrap_or_else(|| lit(all)), PgType::BOOL, position));
        }
        if name != "=" || all {
            return Err(Error::unsupported("this comparison with a computed array"));
        }
        let element = PgType::plain(element.oid.0);
        let value = self.coerce_to(value, element, "operand of ANY")?;
        let found = crate::semantics::array_contains(element, array.t, &self.env)?;
        let expr = found.on(vec![value.expr, array.expr]);
        Ok(Typed::new(expr, PgType::BOOL, position))
    }

    fn constant_elements(&self, array: &Typed, element: PgType) -> Result<Option<Vec<Typed>>> {
        let Expr::Literal(value, _) = &array.expr else { return Ok(None) };
        let list = value.to_array()?;
        let datums = crate::semantics::Reader::new(array.t, list);
        let crate::semantics::Datum::List(elements) = datums.get(0)? else { return Ok(None) };
        let element = PgType::plain(element.oid.0);
        let items = (0..elements.len()).map(|index| {
            let expr = super::coerce::scalar(&elements.slice(index, 1))?;
            Ok(Typed::new(expr, element, None))
        });
        items.collect::<Result<_>>().map(Some)
    }

    /// `ARRAY[a, b]`
    pub(super) fn array(&self, scope: &Scope<'_>, array: &ast::Array) -> Result<Typed> {
        let items = array.elem.iter().map(|item| self.expr(scope, item));
        let items = items.collect::<Result<Vec<_>>>()?;
        if items.is_empty() {
            let message = "cannot determine type of empty array";
            return Err(Error::at(SqlState::INDETERMINATE_DATATYPE, message, None));
        }
        let (items, element) = self.to_common(items, "ARRAY")?;
        if element.element().is_some() {
            return Err(Error::unsupported("an array of several dimensions"));
        }
        let t = element.array().ok_or_else(|| {
            let message = format!("could not find array type for data type {element}");
            Error::at(SqlState::UNDEFINED_OBJECT, message, None)
        })?;
        let call = crate::semantics::array_constructor(element, t, items.len(), &self.env);
        let items = items.into_iter().map(|item| item.expr).collect();
        Ok(Typed::new(call.on(items), t, None))
    }

    /// `a[1]`
    pub(super) fn subscript(
        &self,
        scope: &Scope<'_>,
        root: &ast::Expr,
        chain: &[AccessExpr],
    ) -> Result<Typed> {
        let value = self.expr(scope, root)?;
        let [AccessExpr::Subscript(ast::Subscript::Index { index })] = chain else {
            return Err(Error::unsupported("this kind of subscript or field"));
        };
        let element = value.t.element().ok_or_else(|| {
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                value.t
            );
            Error::at(SqlState::DATATYPE_MISMATCH, message, value.position)
        })?;
        let index = self.coerce_to(self.expr(scope, index)?, PgType::INT4, "array subscript")?;
        let call = crate::semantics::array_element(value.t, element, &self.env);
        let position = value.position;
        Ok(Typed::new(call.on(vec![value.expr, index.expr]), element, position))
    }
}

fn planned(plan: LogicalPlan) -> Subquery {
    Subquery { subquery: Arc::new(plan), outer_ref_columns: Vec::new(), spans: Default::default() }
}

fn only_column(bound: &Bound) -> Result<PgType> {
    match bound.columns.as_slice() {
        [only] => Ok(only.t),
        _ => {
            let message = "subquery must return only one column";
            Err(Error::at(SqlState::SYNTAX_ERROR, message, None))
        }
    }
}

fn not_an_array(position: Option<usize>) -> Error {
    let message = "op ANY/ALL (array) requires array on right side";
    Error::at(SqlState::WRONG_OBJECT_TYPE, message, position)
}
