//! Numbers of `numeric` whose scale is known before their values are.
//!
//! A value of `numeric` without a precision is text here, with a scale of its own. But the scale
//! of a sum follows from those of its parts, and that of a product too: what is made of columns of
//! `numeric(p,s)`, integers and constants is computed as Arrow's decimals, and becomes text where
//! somebody wants the form of its type ([`Decimal::widened`]). Whoever does not takes it back
//! ([`narrow`]).
use std::any::Any;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray, Decimal128Array, new_null_array};
use datafusion::arrow::compute::kernels::arity::try_binary;
use datafusion::arrow::datatypes::{Decimal128Type, Int16Type, Int32Type, Int64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use medley_types::{Form, PgType, arrow_type};

use super::call::{Call, Env, Frame, Kernel};
use super::convert::{RELABEL, printed};
use super::key::key;
use super::numeric::Numeric;
use crate::error::{Error, Result};

/// Makes the scale of a decimal greater: the value is the same.
pub const RESCALE: &str = "rescale";
/// Digits that Arrow's decimals hold.
const MAX_PRECISION: u8 = 38;

/// An expression of `numeric(precision, scale)`, whose values have this scale.
#[derive(Clone, Debug)]
pub struct Decimal {
    /// In the form of a decimal.
    pub expr: Expr,
    precision: u8,
    scale: u8,
}

/// An expression of type `t` as a decimal, if its scale is known.
pub fn narrow(expr: &Expr, t: PgType) -> Option<Decimal> {
    if let Some((precision, scale)) = digits(t) {
        return Some(Decimal::new(expr.clone(), precision, scale));
    }
    match expr {
        _ if t.oid != PgType::NUMERIC.oid => None,
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Decimal::constant(&text.parse().ok()?),
        expr => unwidened(expr),
    }
}

/// The decimal that was [`Decimal::widened`].
pub fn unwidened(expr: &Expr) -> Option<Decimal> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let inner: &dyn Any = call.func.inner().as_ref();
    let relabel = inner.downcast_ref::<Call>().filter(|it| it.source() == RELABEL)?;
    if relabel.result() != PgType::NUMERIC {
        return None;
    }
    let (precision, scale) = digits(*relabel.arguments().first()?)?;
    Some(Decimal::new(call.args.first()?.clone(), precision, scale))
}

/// What an expression is sorted and told apart by, among others of the same expression.
pub fn own_key(expr: Expr, t: PgType, env: &Arc<Env>) -> Result<Expr> {
    match unwidened(&expr) {
        Some(number) => Ok(number.expr),
        None => key(expr, t, env),
    }
}

/// Precision and scale of a type whose form is a decimal.
fn digits(t: PgType) -> Option<(u8, u8)> {
    match Form::of(t) {
        Form::Decimal128 { precision, scale } => Some((precision, u8::try_from(scale).ok()?)),
        _ => None,
    }
}

fn power_of_ten(exponent: u8) -> i128 {
    10i128.pow(u32::from(exponent))
}

impl Decimal {
    fn new(expr: Expr, precision: u8, scale: u8) -> Self {
        Self { expr, precision, scale }
    }

    fn constant(number: &Numeric) -> Option<Self> {
        let Numeric::Finite { unscaled, scale } = number else { return None };
        let (value, scale) = (i128::try_from(unscaled).ok()?, u8::try_from(*scale).ok()?);
        let needed = value.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1);
        let precision = needed.max(scale);
        let literal = ScalarValue::Decimal128(Some(value), precision, scale as i8);
        (precision <= MAX_PRECISION).then(|| Self::new(lit(literal), precision, scale))
    }

    /// An integer of type `t`.
    pub fn of_integer(expr: &Expr, t: PgType, env: &Arc<Env>) -> Option<Self> {
        let (source, precision) = match Form::of(t) {
            Form::Int2 => ("int2_numeric", 5),
            Form::Int4 => ("int4_numeric", 10),
            Form::Int8 => ("int8_numeric", 19),
            _ => return None,
        };
        let integer = match expr {
            Expr::Literal(ScalarValue::Int16(Some(value)), _) => Some(i64::from(*value)),
            Expr::Literal(ScalarValue::Int32(Some(value)), _) => Some(i64::from(*value)),
            Expr::Literal(ScalarValue::Int64(Some(value)), _) => Some(*value),
            _ => None,
        };
        if let Some(integer) = integer {
            return Self::constant(&Numeric::from(integer));
        }
        let kernel = Kernel::Batch(Arc::new(of_integers));
        let result = PgType::numeric(precision.into(), 0);
        let call = Call::new(source, kernel, vec![t], result, env);
        Some(Self::new(call.on(vec![expr.clone()]), precision, 0))
    }

    /// Another of the same type.
    pub fn with(&self, expr: Expr) -> Self {
        Self { expr, ..*self }
    }

    /// Its type.
    pub fn t(&self) -> PgType {
        PgType::numeric(self.precision.into(), self.scale.into())
    }

    /// In the form of `numeric`.
    pub fn widened(self, env: &Arc<Env>) -> Expr {
        let kernel = Kernel::Batch(Arc::new(printed));
        Call::new(RELABEL, kernel, vec![self.t()], PgType::NUMERIC, env).on(vec![self.expr])
    }

    /// With more digits after the point.
    fn rescaled(self, precision: u8, scale: u8, env: &Arc<Env>) -> Expr {
        if (self.precision, self.scale) == (precision, scale) {
            return self.expr;
        }
        let up = scale - self.scale;
        if let Expr::Literal(ScalarValue::Decimal128(Some(value), ..), _) = self.expr {
            let value = Some(value * power_of_ten(up));
            return lit(ScalarValue::Decimal128(value, precision, scale as i8));
        }
        let kernel = Kernel::Batch(Arc::new(move |frame: &Frame<'_>, columns: &[ArrayRef], _| {
            let factor = power_of_ten(up);
            each(frame, &columns[0], |value| value.checked_mul(factor))
        }));
        let result = PgType::numeric(precision.into(), scale.into());
        Call::new(RESCALE, kernel, vec![self.t()], result, env).on(vec![self.expr])
    }

    /// The sum of as many as there may be; none if that may be too much for a decimal.
    pub fn sum_type(&self) -> Option<PgType> {
        const DIGITS_OF_A_COUNT: u8 = 19;
        let precision = self.precision + DIGITS_OF_A_COUNT;
        (precision <= MAX_PRECISION).then(|| PgType::numeric(precision.into(), self.scale.into()))
    }
}

/// Two decimals in one form, by which they are compared.
pub fn alike(left: Decimal, right: Decimal, env: &Arc<Env>) -> Option<(Expr, Expr)> {
    let scale = left.scale.max(right.scale);
    let precision = whole_digits(&left).max(whole_digits(&right)) + scale;
    (precision <= MAX_PRECISION)
        .then(|| (left.rescaled(precision, scale, env), right.rescaled(precision, scale, env)))
}

fn whole_digits(decimal: &Decimal) -> u8 {
    decimal.precision.saturating_sub(decimal.scale)
}

/// `+`, `-` and `*` of decimals: the function of this code.
pub fn arithmetic(source: &str, arguments: &[(Expr, PgType)], env: &Arc<Env>) -> Option<Decimal> {
    let (source, operation): (_, Operation) = match source {
        "numeric_add" => ("numeric_add", i128::checked_add),
        "numeric_sub" => ("numeric_sub", i128::checked_sub),
        "numeric_mul" => ("numeric_mul", i128::checked_mul),
        _ => return None,
    };
    let [(left, left_type), (right, right_type)] = arguments else { return None };
    let (left, right) = (narrow(left, *left_type)?, narrow(right, *right_type)?);
    let is_product = source == "numeric_mul";
    let scale = match is_product {
        true => left.scale + right.scale,
        false => left.scale.max(right.scale),
    };
    let precision = match is_product {
        true => left.precision + right.precision,
        false => whole_digits(&left).max(whole_digits(&right)) + 1 + scale,
    };
    if precision > MAX_PRECISION {
        return None;
    }
    let factor = |it: &Decimal| if is_product { 1 } else { power_of_ten(scale - it.scale) };
    let (up_left, up_right) = (factor(&left), factor(&right));
    let combined =
        move |a: i128, b: i128| operation(a.checked_mul(up_left)?, b.checked_mul(up_right)?);
    let kernel = Kernel::Batch(Arc::new(move |frame: &Frame<'_>, columns: &[ArrayRef], rows| {
        pairs(frame, columns, rows, combined)
    }));
    let result = PgType::numeric(precision.into(), scale.into());
    let call = Call::new(source, kernel, vec![left.t(), right.t()], result, env);
    Some(Decimal::new(call.on(vec![left.expr, right.expr]), precision, scale))
}

type Operation = fn(i128, i128) -> Option<i128>;

/// Nothing comes to it: precisions are so that every result has its place.
fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("a decimal has more digits than its type".to_owned())
}

fn decimals(column: &ArrayRef) -> Result<&Decimal128Array> {
    let column = column.as_primitive_opt::<Decimal128Type>();
    column.ok_or_else(|| Error::Internal("a decimal that is none".to_owned()))
}

fn typed(frame: &Frame<'_>, values: Decimal128Array) -> ArrayRef {
    Arc::new(values.with_data_type(arrow_type(frame.result)))
}

fn computed(error: &ArrowError) -> Error {
    Error::Internal(error.to_string())
}

fn each(
    frame: &Frame<'_>,
    column: &ArrayRef,
    function: impl Fn(i128) -> Option<i128>,
) -> Result<ArrayRef> {
    let values = decimals(column)?.try_unary(|value| function(value).ok_or_else(overflow));
    Ok(typed(frame, values.map_err(|error| computed(&error))?))
}

fn pairs(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    operation: impl Fn(i128, i128) -> Option<i128>,
) -> Result<ArrayRef> {
    let (left, right) = (&columns[0], &columns[1]);
    // A column of one row is a constant.
    let constant = |column: &ArrayRef| Ok::<_, Error>(decimals(column)?.iter().next().flatten());
    match (left.len() == rows, right.len() == rows) {
        (true, true) => {
            let values = try_binary(decimals(left)?, decimals(right)?, |a, b| {
                operation(a, b).ok_or_else(overflow)
            });
            Ok(typed(frame, values.map_err(|error| computed(&error))?))
        }
        (true, false) => match constant(right)? {
            Some(b) => each(frame, left, |a| operation(a, b)),
            None => Ok(new_null_array(&arrow_type(frame.result), rows)),
        },
        (false, true) => match constant(left)? {
            Some(a) => each(frame, right, |b| operation(a, b)),
            None => Ok(new_null_array(&arrow_type(frame.result), rows)),
        },
        (false, false) => Err(Error::Internal("a batch of constants".to_owned())),
    }
}

fn of_integers(frame: &Frame<'_>, columns: &[ArrayRef], _: usize) -> Result<ArrayRef> {
    let column = &columns[0];
    let values: Option<Decimal128Array> = match Form::of(frame.arguments[0]) {
        Form::Int2 => column.as_primitive_opt::<Int16Type>().map(|it| it.unary(i128::from)),
        Form::Int4 => column.as_primitive_opt::<Int32Type>().map(|it| it.unary(i128::from)),
        _ => column.as_primitive_opt::<Int64Type>().map(|it| it.unary(i128::from)),
    };
    let values = values.ok_or_else(|| Error::Internal("an integer that is none".to_owned()))?;
    Ok(typed(frame, values))
}
