//! Subqueries in expressions, arrays and their quantifiers.
//!
//! A subquery that names no column of the queries around it is a part of the plan. One that does
//! is run anew for each row's values of those columns, as PostgreSQL's SubPlan is.
use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::expr::{AggregateFunction, Exists, InSubquery};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Operator, Subquery, lit};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, AccessExpr, BinaryOperator};
use medley_types::PgType;

use super::operator::{binary_expr, operator_name};
use super::scope::{Outer, Scope, Surroundings};
use super::{Binder, Bound, Typed};
use crate::error::{Error, Result};
use crate::scan::{Answer, SubPlan};
use crate::semantics::aggregate;
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
        // What an ORDER BY put in order stays so: the plan below is read in its order.
        let collect = aggregate::collect(element, array, &[], &self.env);
        let plan = self.folded(&bound, collect)?;
        Ok(match outer.is_empty() {
            true => Typed::new(Expr::ScalarSubquery(planned(plan)), array, None),
            false => Typed::new(self.sub_plan(plan, outer, array, Answer::Value), array, None),
        })
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
            true => Expr::Exists(Exists::new(planned(bound.plan), negated)),
            false => {
                let exists = self.sub_plan(bound.plan, outer, PgType::BOOL, Answer::Exists);
                if negated { Expr::Not(Box::new(exists)) } else { exists }
            }
        };
        Ok(Typed::new(expr, PgType::BOOL, None))
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
