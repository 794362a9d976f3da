//! Numerics without a declared scale, which are kept as texts.
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray, BinaryBuilder, StringArray, StringBuilder,
};
use medley_types::{Form, PgType};

use super::{Table, of_rows};
use crate::semantics::call::Frame;
use crate::semantics::key::{BYTES_KEY, push_numeric_key};
use crate::semantics::numeric::FewDigits;

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["numeric_add"], |f, c, n| computed(f, c, n, FewDigits::add)),
    (&["numeric_sub"], |f, c, n| computed(f, c, n, |a, b| a.add(b.negate()?))),
    (&["numeric_mul"], |f, c, n| computed(f, c, n, FewDigits::multiply)),
    (&[BYTES_KEY], keys),
];

fn is_text(t: PgType) -> bool {
    Form::of(t) == Form::NumericText
}

/// As long as there are few digits.
fn computed(
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
    operation: fn(FewDigits, FewDigits) -> Option<FewDigits>,
) -> Option<ArrayRef> {
    let [left, right] = columns else { return None };
    if !frame.arguments.iter().all(|t| is_text(*t)) || !is_text(frame.result) {
        return None;
    }
    let (left, right) = (Numbers::of(left)?, Numbers::of(right)?);
    let mut results = StringBuilder::with_capacity(rows, 16 * rows);
    for row in 0..rows {
        match (left.at(row), right.at(row)) {
            (Some(a), Some(b)) => {
                operation(a?, b?)?.print(&mut results).ok()?;
                results.append_value("");
            }
            _ => results.append_null(),
        }
    }
    Some(Arc::new(results.finish()))
}

/// A column, or a constant that is read once.
enum Numbers<'a> {
    Column(&'a StringArray),
    Constant(Option<FewDigits>),
}

impl<'a> Numbers<'a> {
    fn of(column: &'a ArrayRef) -> Option<Self> {
        let texts = column.as_string_opt::<i32>()?;
        Some(match texts.len() == 1 && texts.is_valid(0) {
            true => Self::Constant(FewDigits::read(texts.value(0))),
            false => Self::Column(texts),
        })
    }

    /// None is NULL, none within it what has too many digits.
    #[inline]
    fn at(&self, row: usize) -> Option<Option<FewDigits>> {
        match self {
            Self::Constant(number) => Some(*number),
            Self::Column(texts) if texts.len() == 1 => None,
            Self::Column(texts) => texts.is_valid(row).then(|| FewDigits::read(texts.value(row))),
        }
    }
}

/// The key of each.
fn keys(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let numbers = of_rows(columns.first()?, rows)?.as_string_opt::<i32>()?;
    if !is_text(frame.arguments[0]) {
        return None;
    }
    let mut keys = BinaryBuilder::with_capacity(rows, 16 * rows);
    let (mut scratch, mut key) = (Vec::new(), Vec::new());
    for number in numbers {
        key.clear();
        keys.append_option(number.map(|number| {
            push_numeric_key(number, &mut scratch, &mut key);
            &key
        }));
    }
    Some(Arc::new(keys.finish()))
}
