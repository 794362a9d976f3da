//! Comparisons.
use datafusion::logical_expr::expr::{Case, InList};
use datafusion::logical_expr::{Expr, Operator, lit};
use datafusion::scalar::ScalarValue;
use medley_analyze::tree::{self, ArrayComparison, CastForm, ExprKind, OperatorCall};
use medley_types::{Form, PgType, arrow_type};

use super::expr::{binary_expr, misplaced};
use super::frame::Frame;
use super::literal::scalar;
use super::{Lowering, Typed};
use crate::error::{Error, Result};
use crate::semantics::key::key;
use crate::semantics::resolve::Context;
use crate::semantics::{
    Call, Datum, Kernel, Numeric, Reader, array_compares, array_contains, compared_day, decimal,
    null,
};

/// The comparison that an operator is by its name.
pub(super) fn comparison(name: &str) -> Option<Operator> {
    Some(match name {
        "=" => Operator::Eq,
        "<>" => Operator::NotEq,
        "<" => Operator::Lt,
        "<=" => Operator::LtEq,
        ">" => Operator::Gt,
        ">=" => Operator::GtEq,
        _ => return None,
    })
}

impl Lowering<'_> {
    /// Two operands compared, each by the key of the type that both are.
    pub(super) fn compare(
        &self,
        frame: &Frame<'_>,
        op: Operator,
        left: &tree::Expr,
        right: &tree::Expr,
    ) -> Result<Expr> {
        if let Some(expr) = self.decimal_comparison(frame, op, left, right)? {
            return Ok(expr);
        }
        self.compare_typed(op, self.typed(frame, left)?, self.typed(frame, right)?)
    }

    pub(super) fn compare_typed(&self, op: Operator, left: Typed, right: Typed) -> Result<Expr> {
        let common = compared_as(left.t, right.t)?;
        let decimals =
            decimal::narrow(&left.expr, left.t).zip(decimal::narrow(&right.expr, right.t));
        let (left, right) = match decimals.and_then(|(a, b)| decimal::alike(a, b, &self.env)) {
            Some(decimals) => decimals,
            None => (self.comparable(left, common)?, self.comparable(right, common)?),
        };
        Ok(binary_expr(left, op, right))
    }

    /// What a value is compared by, among others of a type.
    pub(super) fn comparable(&self, value: Typed, common: PgType) -> Result<Expr> {
        let value = match value.t.oid == common.oid {
            true => self.in_form_of(value, common)?,
            false if value.t.oid == PgType::DATE.oid => {
                let kernel = Kernel::Row(compared_day);
                let call = Call::new("compared_day", kernel, vec![PgType::DATE], common, &self.env);
                Typed { expr: call.on(vec![value.expr]), t: common, position: value.position }
            }
            false => self.converted(value, common, Context::Implicit)?,
        };
        key(value.expr, common, &self.env)
    }

    pub(super) fn distinct(
        &self,
        frame: &Frame<'_>,
        call: &OperatorCall,
        op: Operator,
    ) -> Result<Expr> {
        let [left, right] = call.operands.as_slice() else { return Err(misplaced("an operand")) };
        self.compare(frame, op, left, right)
    }

    pub(super) fn null_if(&self, frame: &Frame<'_>, call: &OperatorCall) -> Result<Expr> {
        let [left, right] = call.operands.as_slice() else { return Err(misplaced("an operand")) };
        let equal = self.compare(frame, Operator::Eq, left, right)?;
        let null = scalar(&null(left.t))?;
        let whens = vec![(Box::new(equal), Box::new(null))];
        let otherwise = Some(Box::new(self.expr(frame, left)?));
        Ok(Expr::Case(Case::new(None, whens, otherwise)))
    }

    /// GREATEST and LEAST ignore NULLs.
    pub(super) fn extreme(
        &self,
        frame: &Frame<'_>,
        op: Operator,
        all: &[tree::Expr],
        t: PgType,
    ) -> Result<Expr> {
        let mut all = all.iter().map(|expr| self.expr_as(frame, expr, t));
        let first = all.next().unwrap_or_else(|| Err(misplaced("GREATEST of nothing")))?;
        all.try_fold(first, |best, next| {
            let next = next?;
            let typed = |expr: &Expr| Typed { expr: expr.clone(), t, position: None };
            let better = self.compare_typed(op, typed(&best), typed(&next))?;
            let either = binary_expr(Expr::IsNull(Box::new(next.clone())), Operator::Or, better);
            let whens = vec![(Box::new(either), Box::new(best))];
            Ok(Expr::Case(Case::new(None, whens, Some(Box::new(next)))))
        })
    }

    /// `x op ANY (array)`, `x op ALL (array)`
    pub(super) fn array_comparison(
        &self,
        frame: &Frame<'_>,
        asked: &ArrayComparison,
    ) -> Result<Expr> {
        let ArrayComparison { value, array, all, .. } = asked;
        let name = asked.builtin().map_or("", |operator| operator.name);
        let element = array.t.element().ok_or_else(|| misplaced("an array's type"))?;
        let value = self.typed(frame, value)?;
        let elements = match &array.kind {
            ExprKind::Array(elements, false) => {
                Some(elements.iter().map(|it| self.typed(frame, it)).collect::<Result<_>>()?)
            }
            _ => None,
        };
        let lowered = match elements {
            Some(elements) => return self.with_each(asked, value, elements),
            None => self.expr(frame, array)?,
        };
        if let Some(elements) = constant_elements(&lowered, array.t, element)? {
            return self.with_each(asked, value, elements);
        }
        let op = comparison(name)
            .ok_or_else(|| Error::unsupported("this comparison with a computed array"))?;
        let common = compared_as(value.t, element)?;
        let arrays = common.array().ok_or_else(|| misplaced("an array's type"))?;
        let array = Typed { expr: lowered, t: array.t, position: None };
        let operands = vec![self.as_common(value, common)?, self.as_common(array, arrays)?];
        Ok(match (op, *all) {
            (Operator::Eq, false) => array_contains(common, arrays, &self.env)?.on(operands),
            (Operator::NotEq, true) => {
                Expr::Not(Box::new(array_contains(common, arrays, &self.env)?.on(operands)))
            }
            (op, all) => array_compares(op, all, common, arrays, &self.env)?.on(operands),
        })
    }

    fn as_common(&self, value: Typed, common: PgType) -> Result<Expr> {
        Ok(match value.t.oid == common.oid {
            true => self.in_form_of(value, common)?.expr,
            false => self.converted(value, common, Context::Implicit)?.expr,
        })
    }

    /// A comparison with each of several: IN, if it is equality.
    fn with_each(
        &self,
        comparison: &ArrayComparison,
        value: Typed,
        elements: Vec<Typed>,
    ) -> Result<Expr> {
        let operator = comparison.builtin().ok_or_else(|| misplaced("an operator"))?;
        let Some(first) = elements.first() else { return Ok(lit(comparison.all)) };
        if matches!((operator.name, comparison.all), ("=", false) | ("<>", true)) {
            let common = compared_as(value.t, first.t)?;
            let position = value.position;
            let value = self.comparable(value, common).map_err(|error| error.or_at(position))?;
            let list = elements.into_iter().map(|it| self.comparable(it, common));
            let list = list.collect::<Result<_>>()?;
            return Ok(Expr::InList(InList::new(Box::new(value), list, comparison.all)));
        }
        let each = elements.into_iter().map(|element| {
            let operands = vec![value.clone(), element];
            self.operate(operator, operands, PgType::BOOL)
        });
        let each = each.collect::<Result<Vec<_>>>()?;
        let joint = if comparison.all { Operator::And } else { Operator::Or };
        let all = each.into_iter().reduce(|all, next| binary_expr(all, joint, next));
        all.ok_or_else(|| misplaced("ANY of nothing"))
    }

    /// A column of `numeric(p,s)` with a constant that is exact at its scale, or with its like: as
    /// the integers that they are.
    fn decimal_comparison(
        &self,
        frame: &Frame<'_>,
        op: Operator,
        left: &tree::Expr,
        right: &tree::Expr,
    ) -> Result<Option<Expr>> {
        let is_decimal = |t: PgType| matches!(Form::of(t), Form::Decimal128 { .. });
        if is_decimal(left.t) && arrow_type(left.t) == arrow_type(right.t) {
            let (left, right) = (self.expr(frame, left)?, self.expr(frame, right)?);
            return Ok(Some(binary_expr(left, op, right)));
        }
        if is_decimal(left.t) {
            let Some(constant) = self.decimal_constant(right, left.t)? else { return Ok(None) };
            return Ok(Some(binary_expr(self.expr(frame, left)?, op, constant)));
        }
        if is_decimal(right.t) {
            let Some(constant) = self.decimal_constant(left, right.t)? else { return Ok(None) };
            return Ok(Some(binary_expr(constant, op, self.expr(frame, right)?)));
        }
        Ok(None)
    }

    fn decimal_constant(&self, value: &tree::Expr, t: PgType) -> Result<Option<Expr>> {
        let value = match &value.kind {
            ExprKind::Coerce(coerce) if coerce.form == CastForm::Implicit => &coerce.arg,
            _ => value,
        };
        let types = [PgType::NUMERIC, PgType::INT4, PgType::INT8];
        if types.iter().all(|t| t.oid != value.t.oid) {
            return Ok(None);
        }
        let lowered = match &value.kind {
            ExprKind::Constant(Some(text)) => return Ok(decimal_of(text, t)),
            ExprKind::Parameter(index) => self.parameter(*index, value.t)?,
            _ => return Ok(None),
        };
        Ok(match lowered {
            Expr::Literal(scalar, _) if !scalar.is_null() => decimal_of(&scalar.to_string(), t),
            _ => None,
        })
    }
}

fn decimal_of(text: &str, t: PgType) -> Option<Expr> {
    let Form::Decimal128 { precision, scale } = Form::of(t) else { return None };
    let number: Numeric = text.parse().ok()?;
    let rounded = number.round(i32::from(scale)).ok()?;
    let digits = number.to_decimal128(scale as u32).filter(|_| rounded.compare(&number).is_eq())?;
    let fits = digits.unsigned_abs() < 10u128.pow(u32::from(precision));
    fits.then(|| lit(ScalarValue::Decimal128(Some(digits), precision, scale)))
}

fn constant_elements(array: &Expr, t: PgType, element: PgType) -> Result<Option<Vec<Typed>>> {
    let Expr::Literal(value, _) = array else { return Ok(None) };
    let datums = Reader::new(t, value.to_array()?);
    let Datum::List(elements) = datums.get(0)? else { return Ok(None) };
    let items = (0..elements.len()).map(|index| {
        let expr = scalar(&elements.slice(index, 1))?;
        Ok(Typed { expr, t: PgType::plain(element.oid.0), position: None })
    });
    items.collect::<Result<_>>().map(Some)
}

/// The type that values of two types are compared as.
pub(super) fn compared_as(left: PgType, right: PgType) -> Result<PgType> {
    let plain = |t: PgType| PgType::plain(t.oid.0);
    if left.oid == right.oid {
        return Ok(plain(left));
    }
    let rank = |t: PgType| match Form::of(plain(t)) {
        Form::Int2 => 1,
        Form::Int4 => 2,
        Form::Int8 => 3,
        Form::Float4 => 11,
        Form::Float8 => 12,
        Form::Text => 21,
        _ => 0,
    };
    let (a, b) = (rank(left), rank(right));
    match a / 10 == b / 10 && a > 0 && b > 0 {
        true if a / 10 == 2 => Ok(PgType::TEXT),
        true => Ok(if a > b { plain(left) } else { plain(right) }),
        false => temporal(left, right).ok_or_else(|| {
            Error::unsupported(format_args!("comparing values of types {left} and {right}"))
        }),
    }
}

/// Dates are compared with timestamps as timestamps.
fn temporal(left: PgType, right: PgType) -> Option<PgType> {
    let rank = |t: PgType| match Form::of(t) {
        Form::Date => Some(1),
        Form::Timestamp => Some(2),
        Form::Timestamptz => Some(3),
        _ => None,
    };
    let t = |rank| match rank {
        1 => PgType::DATE,
        2 => PgType::TIMESTAMP,
        _ => PgType::TIMESTAMPTZ,
    };
    Some(t(rank(left)?.max(rank(right)?)))
}
