//! Kernels of whole columns, for what queries over many rows are made of.
//!
//! The kernels of rows (`kernels`) say what a function means; one of columns computes the same,
//! faster, or nothing: where it does not know its arguments, and where any row is to be an error,
//! the rows are gone through one by one, so that there is one place that makes errors. A test
//! compares the two.
mod dates;
mod numbers;
mod numerics;
mod patterns;
mod repeated;
mod texts;

use std::collections::HashMap;
use std::sync::LazyLock;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};

use super::call::Frame;

/// Computes so many rows of strict arguments, of which a column of one row is a constant; none
/// where the rows are to be gone through one by one.
pub type ColumnFn = fn(&Frame<'_>, &[ArrayRef], usize) -> Option<ArrayRef>;

/// Kernels, each under the names of those of rows that it does the work of.
type Table = &'static [(&'static [&'static str], ColumnFn)];

const TABLES: &[Table] = &[
    dates::KERNELS,
    numbers::KERNELS,
    numerics::KERNELS,
    patterns::KERNELS,
    repeated::KERNELS,
    texts::KERNELS,
];

/// The kernel of columns that does the work of this one of rows, if there is one.
pub fn column_kernel(source: &str) -> Option<ColumnFn> {
    static BY_NAME: LazyLock<HashMap<&'static str, ColumnFn>> =
        LazyLock::new(|| column_kernels().collect());
    BY_NAME.get(source).copied()
}

/// All of them.
pub fn column_kernels() -> impl Iterator<Item = (&'static str, ColumnFn)> {
    let all = TABLES.iter().flat_map(|table| table.iter());
    all.flat_map(|(names, kernel)| names.iter().map(|name| (*name, *kernel)))
}

/// The same for each value; none as soon as one has no answer.
fn each<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    column: &ArrayRef,
    rows: usize,
    function: impl Fn(A::Native) -> Option<B::Native>,
) -> Option<PrimitiveArray<B>> {
    let values = of_rows(column, rows)?.as_primitive_opt::<A>()?;
    values.try_unary(|value| function(value).ok_or(())).ok()
}

/// The constant that a column is.
fn constant<T: ArrowPrimitiveType>(column: &ArrayRef, rows: usize) -> Option<T::Native> {
    let value = column.as_primitive_opt::<T>()?;
    (rows != 1 && value.len() == 1 && value.is_valid(0)).then(|| value.value(0))
}

/// The same of a text.
fn constant_text(column: &ArrayRef, rows: usize) -> Option<&str> {
    let value = column.as_string_opt::<i32>()?;
    (rows != 1 && value.len() == 1 && value.is_valid(0)).then(|| value.value(0))
}

/// A column that is no constant.
fn of_rows(column: &ArrayRef, rows: usize) -> Option<&ArrayRef> {
    (column.len() == rows).then_some(column)
}
