//! Integers and floats.
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Datum, Float64Array, Int64Array, Scalar};
use datafusion::arrow::compute::kernels::numeric::{add, div, mul, rem, sub};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;
use medley_types::{Form, arrow_type};

use super::{Table, each, of_rows};
use crate::semantics::call::Frame;
use crate::semantics::convert::RELABEL;
use crate::semantics::key::FLOAT_KEY;

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["int2pl", "int4pl", "int8pl", "int24pl", "int42pl", "int28pl", "int82pl", "int48pl", "int84pl"],
        |f, c, n| checked(f, c, n, add)),
    (&["int2mi", "int4mi", "int8mi", "int24mi", "int42mi", "int28mi", "int82mi", "int48mi", "int84mi"],
        |f, c, n| checked(f, c, n, sub)),
    (&["int2mul", "int4mul", "int8mul", "int24mul", "int42mul", "int28mul", "int82mul", "int48mul", "int84mul"],
        |f, c, n| checked(f, c, n, mul)),
    (&["int2div", "int4div", "int8div", "int24div", "int42div", "int28div", "int82div", "int48div", "int84div"],
        |f, c, n| checked(f, c, n, div)),
    (&["int2mod", "int4mod", "int8mod"], |f, c, n| checked(f, c, n, rem)),
    (&["float4pl", "float8pl", "float48pl", "float84pl"],
        |f, c, n| float(f, c, n, add, overflows)),
    (&["float4mi", "float8mi", "float48mi", "float84mi"],
        |f, c, n| float(f, c, n, sub, overflows)),
    (&["float4mul", "float8mul", "float48mul", "float84mul"],
        |f, c, n| float(f, c, n, mul, |a, b, c| overflows(a, b, c) || c == 0.0 && a != 0.0 && b != 0.0)),
    (&["float4div", "float8div", "float48div", "float84div"],
        |f, c, n| float(f, c, n, div, |a, b, c| overflows(a, b, c) || b == 0.0 || c == 0.0 && a != 0.0)),
    (&["i2toi4", "i4toi2", "int28", "int82", "int48", "int84", "i2tof", "i4tof", "i8tof", "i2tod",
       "i4tod", "i8tod", "ftod"], converted),
    (&["int2um", "int4um", "int8um"], |f, c, n| integers(f, c, n, i64::checked_neg)),
    (&["int2abs", "int4abs", "int8abs"], |f, c, n| integers(f, c, n, i64::checked_abs)),
    (&["float4um", "float8um"], |f, c, n| floats(f, c, n, |x| -x)),
    (&["float4abs", "float8abs"], |f, c, n| floats(f, c, n, f64::abs)),
    (&["dround"], |f, c, n| floats(f, c, n, f64::round_ties_even)),
    (&["dtrunc"], |f, c, n| floats(f, c, n, f64::trunc)),
    (&["dfloor"], |f, c, n| floats(f, c, n, f64::floor)),
    (&["dceil"], |f, c, n| floats(f, c, n, f64::ceil)),
    (&["ftoi2", "ftoi4", "ftoi8", "dtoi2", "dtoi4", "dtoi8"], rounded),
    (&["int2_numeric", "int4_numeric", "int8_numeric"], printed),
    (&[RELABEL], |f, c, n| match Form::of(f.arguments[0]) {
        Form::Decimal128 { .. } => printed(f, c, n),
        _ => None,
    }),
    (&[FLOAT_KEY], key),
];

/// Of integers of any width; none as soon as one has no result of that width.
fn integers(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    function: fn(i64) -> Option<i64>,
) -> Option<ArrayRef> {
    let wide = cast(columns.first()?, &DataType::Int64).ok()?;
    let results: Int64Array = each::<Int64Type, Int64Type>(&wide, rows, function)?;
    strictly(&results, frame)
}

/// Of floats of either width: both have the same result.
fn floats(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    function: fn(f64) -> f64,
) -> Option<ArrayRef> {
    let wide = cast(columns.first()?, &DataType::Float64).ok()?;
    let results = each::<Float64Type, Float64Type>(&wide, rows, |value| Some(function(value)))?;
    strictly(&results, frame)
}

/// Floats to integers, half to even.
fn rounded(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    let wide = cast(columns.first()?, &DataType::Float64).ok()?;
    let integer = |value: f64| Some(value.round_ties_even()).filter(|it| (-END..END).contains(it));
    let integers =
        each::<Float64Type, Int64Type>(&wide, rows, |value| Some(integer(value)? as i64))?;
    strictly(&integers, frame)
}

/// In the form of the result, which holds each value.
fn strictly(column: &dyn Array, frame: &Frame<'_>) -> Option<ArrayRef> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, &arrow_type(frame.result), &strict).ok()
}

/// Numbers as texts, which numerics without a declared scale are.
fn printed(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let is_text = Form::of(frame.result) == Form::NumericText;
    is_text.then(|| strictly(of_rows(columns.first()?, rows)?, frame))?
}

type Arithmetic = fn(&dyn Datum, &dyn Datum) -> Result<ArrayRef, ArrowError>;

/// Both sides as what comes out, which holds each of them.
fn widened(frame: &Frame<'_>, columns: &[ArrayRef]) -> Option<[ArrayRef; 2]> {
    let wide = arrow_type(frame.result);
    let [left, right] = columns else { return None };
    Some([cast(left, &wide).ok()?, cast(right, &wide).ok()?])
}

/// What is an error for Arrow is one.
fn checked(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    operation: Arithmetic,
) -> Option<ArrayRef> {
    let [left, right] = widened(frame, columns)?;
    computed(&left, &right, rows, operation)
}

fn computed(
    left: &ArrayRef,
    right: &ArrayRef,
    rows: usize,
    operation: Arithmetic,
) -> Option<ArrayRef> {
    match (left.len() == rows, right.len() == rows) {
        (true, true) => operation(left, right).ok(),
        (true, false) => operation(left, &Scalar::new(Arc::clone(right))).ok(),
        (false, true) => operation(&Scalar::new(Arc::clone(left)), right).ok(),
        (false, false) => None,
    }
}

fn overflows(a: f64, b: f64, result: f64) -> bool {
    result.is_infinite() && !a.is_infinite() && !b.is_infinite()
}

/// Arrow sees no error in floats: each row is looked at.
fn float(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    operation: Arithmetic,
    is_suspect: impl Fn(f64, f64, f64) -> bool,
) -> Option<ArrayRef> {
    let [left, right] = widened(frame, columns)?;
    let result = computed(&left, &right, rows, operation)?;
    let (a, b, c) = (doubles(&left)?, doubles(&right)?, doubles(&result)?);
    let at =
        |column: &Float64Array, row: usize| column.value(if column.len() == 1 { 0 } else { row });
    let suspect =
        (0..rows).any(|row| c.is_valid(row) && is_suspect(at(&a, row), at(&b, row), c.value(row)));
    (!suspect).then_some(result)
}

fn doubles(column: &ArrayRef) -> Option<Float64Array> {
    let column = cast(column, &DataType::Float64).ok()?;
    column.as_primitive_opt::<Float64Type>().cloned()
}

/// Another number of the same value, or the nearest float.
fn converted(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    strictly(of_rows(columns.first()?, rows)?, frame)
}

fn key(_: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let column = columns.first()?;
    if *column.data_type() == DataType::Float32 {
        let key = |value: f32| if value.is_nan() { f32::NAN.abs() } else { value + 0.0 };
        let keys = each::<Float32Type, Float32Type>(column, rows, |value| Some(key(value)))?;
        return Some(Arc::new(keys));
    }
    let key = |value: f64| if value.is_nan() { f64::NAN.abs() } else { value + 0.0 };
    let keys = each::<Float64Type, Float64Type>(column, rows, |value| Some(key(value)))?;
    Some(Arc::new(keys))
}
