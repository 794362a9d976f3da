//! Expressions.
use datafusion::functions::core::expr_fn as core;
use datafusion::logical_expr::expr::Case as PlanCase;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use medley_analyze::tree::{self, BoolOp, Case, Coerce, ExprKind, TruthTest};
use medley_types::{PgType, arrow_type};

use super::frame::Frame;
use super::{Lowering, Typed};
use crate::error::{Error, Result};
use crate::semantics::convert;
use crate::semantics::resolve::Context;

impl Lowering<'_> {
    /// An expression in the form of its type.
    pub(super) fn expr(&self, frame: &Frame<'_>, expr: &tree::Expr) -> Result<Expr> {
        self.lowered(frame, expr).map_err(|error| error.or_at(expr.position))
    }

    pub(super) fn typed(&self, frame: &Frame<'_>, expr: &tree::Expr) -> Result<Typed> {
        Ok(Typed { expr: self.expr(frame, expr)?, t: known(expr.t), position: expr.position })
    }

    fn lowered(&self, frame: &Frame<'_>, expr: &tree::Expr) -> Result<Expr> {
        let t = known(expr.t);
        let boxed = |inner| Ok::<_, Error>(Box::new(self.expr(frame, inner)?));
        Ok(match &expr.kind {
            ExprKind::Column(column) => self.column(frame, *column, t)?,
            ExprKind::Constant(text) => self.constant(text.as_deref(), t)?,
            ExprKind::Parameter(index) => self.parameter(*index, t)?,
            ExprKind::Function(call) => self.function(frame, call, t)?,
            ExprKind::Operator(call) => self.operator(frame, call, t)?,
            ExprKind::ArrayComparison(it) => self.array_comparison(frame, it)?,
            ExprKind::Bool(BoolOp::Not, of) => self.not(frame, &of[0])?,
            ExprKind::Bool(op, all) => self.joined(frame, *op, all)?,
            ExprKind::NullTest(of, false) => Expr::IsNull(boxed(of)?),
            ExprKind::NullTest(of, true) => Expr::IsNotNull(boxed(of)?),
            ExprKind::TruthTest(test, of) => truth_test(*test)(boxed(of)?),
            ExprKind::Distinct(call) => self.distinct(frame, call, Operator::IsDistinctFrom)?,
            ExprKind::NullIf(call) => self.null_if(frame, call)?,
            ExprKind::Case(case) => self.case(frame, case, t)?,
            ExprKind::CaseOperand => {
                let operands = frame.case_operands.borrow();
                operands.last().cloned().ok_or_else(|| misplaced("CASE's operand"))?
            }
            ExprKind::Coalesce(all) => core::coalesce(self.all_as(frame, all, t)?),
            ExprKind::Greatest(all) => self.extreme(frame, Operator::GtEq, all, t)?,
            ExprKind::Least(all) => self.extreme(frame, Operator::LtEq, all, t)?,
            ExprKind::Array(elements, false) => self.array(frame, elements, t)?,
            ExprKind::Array(_, true) => {
                return Err(Error::unsupported("an array of several dimensions"));
            }
            ExprKind::Subscript(array, indexes) => self.subscript(frame, array, indexes, t)?,
            ExprKind::Slice(..) => return Err(Error::unsupported("a slice of an array")),
            ExprKind::Row(_) => return Err(Error::unsupported("a row constructor here")),
            ExprKind::Field(row, number, _) => self.field(frame, row, *number, t)?,
            ExprKind::RowComparison(_) => return Err(Error::unsupported("ordering rows")),
            ExprKind::Grouping(args) => self.grouping(frame, args)?,
            ExprKind::Subquery(link) => self.subquery(frame, link, t, false)?,
            ExprKind::SubqueryColumn(_) => {
                let column = frame.subquery_column.borrow();
                column.clone().ok_or_else(|| misplaced("a subquery's column"))?
            }
            ExprKind::Aggregate(call) => self.aggregate(frame, call, t)?,
            ExprKind::Window(call) => self.window(frame, call, t)?,
            ExprKind::SqlValue(value) => self.sql_value(*value, t)?,
            ExprKind::Collate(of, ..) => self.expr(frame, of)?,
            ExprKind::Coerce(coerce) => self.coerce(frame, coerce, t)?,
        })
    }

    /// An expression as a type that it is but for the typmod.
    pub(super) fn expr_as(&self, frame: &Frame<'_>, expr: &tree::Expr, t: PgType) -> Result<Expr> {
        let value = self.typed(frame, expr)?;
        Ok(self.in_form_of(value, t)?.expr)
    }

    fn all_as(&self, frame: &Frame<'_>, all: &[tree::Expr], t: PgType) -> Result<Vec<Expr>> {
        all.iter().map(|expr| self.expr_as(frame, expr, t)).collect()
    }

    /// Of `numeric(p,s)` and `numeric` only the form differs, and it does not where typmods agree.
    pub(super) fn in_form_of(&self, value: Typed, t: PgType) -> Result<Typed> {
        if arrow_type(value.t) == arrow_type(t) {
            return Ok(Typed { t, ..value });
        }
        self.converted(value, t, Context::Implicit)
    }

    /// The value as another type, which it can be.
    pub(super) fn converted(&self, value: Typed, to: PgType, context: Context) -> Result<Typed> {
        let Typed { expr, t: from, position } = value;
        let converted = convert::convert(expr, from, to, context, &self.env)
            .map_err(|error| error.or_at(position))?;
        let expr = converted
            .ok_or_else(|| Error::Internal(format!("there is no cast from {from} to {to}")))?;
        Ok(Typed { expr, t: to, position })
    }

    fn coerce(&self, frame: &Frame<'_>, coerce: &Coerce, t: PgType) -> Result<Expr> {
        let value = self.typed(frame, &coerce.arg)?;
        Ok(self.converted(value, t, coerce.context)?.expr)
    }

    /// AND, OR.
    fn joined(&self, frame: &Frame<'_>, op: BoolOp, all: &[tree::Expr]) -> Result<Expr> {
        let op = if op == BoolOp::And { Operator::And } else { Operator::Or };
        let all = all.iter().map(|expr| self.expr(frame, expr)).collect::<Result<Vec<_>>>()?;
        let joined = all.into_iter().reduce(|all, next| binary_expr(all, op, next));
        joined.ok_or_else(|| misplaced("AND of nothing"))
    }

    /// NOT IN, NOT EXISTS and IS NOT DISTINCT FROM are plans of their own.
    fn not(&self, frame: &Frame<'_>, of: &tree::Expr) -> Result<Expr> {
        match &of.kind {
            ExprKind::Subquery(link) => self.subquery(frame, link, of.t, true),
            ExprKind::Distinct(call) => self.distinct(frame, call, Operator::IsNotDistinctFrom),
            _ => Ok(Expr::Not(Box::new(self.expr(frame, of)?))),
        }
    }

    fn case(&self, frame: &Frame<'_>, case: &Case, t: PgType) -> Result<Expr> {
        let operand = case.operand.as_ref().map(|it| self.expr(frame, it)).transpose()?;
        let has_operand = operand.is_some();
        frame.case_operands.borrow_mut().extend(operand);
        let whens = case.whens.iter().map(|when| {
            let condition = self.expr(frame, &when.condition)?;
            Ok((Box::new(condition), &when.result))
        });
        let whens = whens.collect::<Result<Vec<_>>>();
        if has_operand {
            frame.case_operands.borrow_mut().pop();
        }
        let whens = whens?
            .into_iter()
            .map(|(condition, result)| Ok((condition, Box::new(self.expr_as(frame, result, t)?))));
        let whens = whens.collect::<Result<_>>()?;
        let otherwise = Box::new(self.expr_as(frame, &case.otherwise, t)?);
        Ok(Expr::Case(PlanCase::new(None, whens, Some(otherwise))))
    }

    fn array(&self, frame: &Frame<'_>, elements: &[tree::Expr], t: PgType) -> Result<Expr> {
        if elements.is_empty() {
            return self.constant(Some("{}"), t);
        }
        let element = t.element().ok_or_else(|| misplaced("an array's type"))?;
        let call = crate::semantics::array_constructor(element, t, elements.len(), &self.env);
        Ok(call.on(self.all_as(frame, elements, element)?))
    }

    fn subscript(
        &self,
        frame: &Frame<'_>,
        array: &tree::Expr,
        indexes: &[tree::Expr],
        t: PgType,
    ) -> Result<Expr> {
        let [index] = indexes else {
            return Err(Error::unsupported("a subscript of several dimensions"));
        };
        let call = crate::semantics::array_element(array.t, t, &self.env);
        Ok(call.on(vec![self.expr(frame, array)?, self.expr(frame, index)?]))
    }
}

/// A literal of unknown type is text to whoever takes any type.
pub(super) fn known(t: PgType) -> PgType {
    if t.oid == PgType::UNKNOWN.oid { PgType::TEXT } else { t }
}

fn truth_test(test: TruthTest) -> fn(Box<Expr>) -> Expr {
    match test {
        TruthTest::True => Expr::IsTrue,
        TruthTest::NotTrue => Expr::IsNotTrue,
        TruthTest::False => Expr::IsFalse,
        TruthTest::NotFalse => Expr::IsNotFalse,
        TruthTest::Unknown => Expr::IsUnknown,
        TruthTest::NotUnknown => Expr::IsNotUnknown,
    }
}

pub(super) fn misplaced(what: &str) -> Error {
    Error::Internal(format!("{what} is where it cannot be"))
}

pub(super) fn binary_expr(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}
