//! Conditions on a table's columns as conditions on a file's.
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
};
use datafusion::physical_expr::{PhysicalExpr, conjunction_opt};
use datafusion::scalar::ScalarValue;
use medley_fdw::{Op, Qual};

type Physical = Arc<dyn PhysicalExpr>;

/// What every wanted row of a file fulfils, as far as it can be said of the file's own values.
/// `place` tells where a column is in the file.
pub(super) fn predicate(
    quals: &[Qual],
    schema: &Schema,
    place: impl Fn(&str) -> Option<usize>,
) -> Option<Physical> {
    let said = quals.iter().filter_map(|qual| {
        let index = place(&qual.column)?;
        let field = schema.field(index);
        condition(&qual.op, Arc::new(Column::new(field.name(), index)), field.data_type(), schema)
    });
    conjunction_opt(said)
}

fn condition(op: &Op, column: Physical, t: &DataType, schema: &Schema) -> Option<Physical> {
    let compare = |operator, value: &ArrayRef| {
        let value: Physical = Arc::new(Literal::new(values(value, t)?.pop()?));
        let compared: Physical = Arc::new(BinaryExpr::new(Arc::clone(&column), operator, value));
        Some(compared)
    };
    match op {
        Op::Eq(value) => compare(Operator::Eq, value),
        Op::NotEq(value) => compare(Operator::NotEq, value),
        Op::Lt(value) => compare(Operator::Lt, value),
        Op::LtEq(value) => compare(Operator::LtEq, value),
        Op::Gt(value) => compare(Operator::Gt, value),
        Op::GtEq(value) => compare(Operator::GtEq, value),
        Op::Range { low, high } => {
            let (low, high) = (compare(Operator::GtEq, low)?, compare(Operator::LtEq, high)?);
            Some(Arc::new(BinaryExpr::new(low, Operator::And, high)))
        }
        Op::In(list) => {
            let literal = |value| -> Physical { Arc::new(Literal::new(value)) };
            let list = values(list, t)?.into_iter().map(literal).collect();
            let within = InListExpr::try_new(column, list, false, schema).ok()?;
            Some(Arc::new(within))
        }
        Op::IsNull => Some(Arc::new(IsNullExpr::new(column))),
        Op::IsNotNull => Some(Arc::new(IsNotNullExpr::new(column))),
    }
}

/// Values as the file would hold them, if it holds these very values and orders them as we do.
fn values(ours: &ArrayRef, t: &DataType) -> Option<Vec<ScalarValue>> {
    if !is_ordered_alike(ours.data_type(), t) {
        return None;
    }
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    let there = cast_with_options(ours, t, &exact).ok()?;
    let back = cast_with_options(&there, ours.data_type(), &exact).ok()?;
    if back.to_data() != ours.to_data() || there.null_count() > 0 {
        return None;
    }
    (0..there.len()).map(|row| ScalarValue::try_from_array(&there, row).ok()).collect()
}

fn is_ordered_alike(ours: &DataType, theirs: &DataType) -> bool {
    use DataType as T;
    let is_text = |t: &DataType| matches!(t, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    match (ours, theirs) {
        // NaN is not told in statistics, and stands elsewhere in the order.
        (T::Float32 | T::Float64, _) | (_, T::Float16 | T::Float32 | T::Float64) => false,
        (a, b) if a.is_integer() && b.is_integer() => true,
        (T::Decimal128(..), T::Decimal128(..)) => true,
        (T::Date32, T::Date32) | (T::Boolean, T::Boolean) => true,
        (T::Timestamp(_, None), T::Timestamp(_, None)) => true,
        (T::Timestamp(_, Some(_)), T::Timestamp(_, Some(_))) => true,
        (a, b) => is_text(a) && is_text(b),
    }
}

/// Whether a value that a path has may be that of a wanted row.
pub(super) fn admits(qual: &Qual, value: &ArrayRef) -> bool {
    let row = |array: &ArrayRef, row| ScalarValue::try_from_array(array, row).ok();
    let Some(value) = row(value, 0) else { return true };
    if value.is_null() || matches!(qual.op, Op::IsNull) {
        return value.is_null() == matches!(qual.op, Op::IsNull);
    }
    let order = |other: &ArrayRef| row(other, 0).and_then(|other| value.partial_cmp(&other));
    let is =
        |other: &ArrayRef, holds: fn(std::cmp::Ordering) -> bool| order(other).is_none_or(holds);
    match &qual.op {
        Op::Eq(other) => is(other, std::cmp::Ordering::is_eq),
        Op::NotEq(other) => is(other, std::cmp::Ordering::is_ne),
        Op::Lt(other) => is(other, std::cmp::Ordering::is_lt),
        Op::LtEq(other) => is(other, std::cmp::Ordering::is_le),
        Op::Gt(other) => is(other, std::cmp::Ordering::is_gt),
        Op::GtEq(other) => is(other, std::cmp::Ordering::is_ge),
        Op::Range { low, high } => {
            is(low, std::cmp::Ordering::is_ge) && is(high, std::cmp::Ordering::is_le)
        }
        Op::In(list) => (0..list.len()).any(|at| row(list, at).is_none_or(|it| it == value)),
        Op::IsNull => false,
        Op::IsNotNull => true,
    }
}
