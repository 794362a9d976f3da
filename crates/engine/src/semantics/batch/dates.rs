//! Dates and timestamps.
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::compute::kernels::arity::try_binary;
use datafusion::arrow::datatypes::{Date32Type, Int32Type, TimestampMicrosecondType};
use medley_types::{PgType, arrow_type};

use super::{Table, constant, each, of_rows};
use crate::semantics::call::Frame;
use crate::semantics::kernels::DAY;

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["date_pli"], |_, c, n| shifted(c, n, Some)),
    (&["date_mii"], |_, c, n| shifted(c, n, i32::checked_neg)),
    (&["date_mi"], difference),
    (&["date_timestamp", "compared_day"], midnight),
    (&["timestamp_date"], day),
];

/// Within these years nothing overflows.
const MAX_DAYS: i32 = 2_000_000;

fn finite_day(days: i32) -> Option<i32> {
    (-MAX_DAYS..MAX_DAYS).contains(&days).then_some(days)
}

fn day_of(timestamp: i64) -> Option<i32> {
    i32::try_from(timestamp.div_euclid(DAY)).ok().and_then(finite_day)
}

/// So many days later, all the same or each its own.
fn shifted(columns: &[ArrayRef], rows: usize, by: fn(i32) -> Option<i32>) -> Option<ArrayRef> {
    let [dates, counts] = columns else { return None };
    let later = |date: i32, count: i32| {
        finite_day(date).zip(by(count).and_then(finite_day)).map(|(date, count)| date + count)
    };
    if let Some(count) = constant::<Int32Type>(counts, rows) {
        let dates = each::<Date32Type, Date32Type>(dates, rows, |date| later(date, count))?;
        return Some(Arc::new(dates));
    }
    let dates = of_rows(dates, rows)?.as_primitive_opt::<Date32Type>()?;
    let counts = of_rows(counts, rows)?.as_primitive_opt::<Int32Type>()?;
    let later = try_binary::<_, _, _, Date32Type>(dates, counts, |date, count| {
        later(date, count).ok_or_else(unknown)
    });
    Some(Arc::new(later.ok()?))
}

fn difference(_: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let [left, right] = columns else { return None };
    let left = of_rows(left, rows)?.as_primitive_opt::<Date32Type>()?;
    let right = of_rows(right, rows)?.as_primitive_opt::<Date32Type>()?;
    let days = try_binary::<_, _, _, Int32Type>(left, right, |a, b| {
        finite_day(a).zip(finite_day(b)).map(|(a, b)| a - b).ok_or_else(unknown)
    });
    Some(Arc::new(days.ok()?))
}

/// Nobody sees it: the rows are gone through one by one.
fn unknown() -> datafusion::arrow::error::ArrowError {
    datafusion::arrow::error::ArrowError::ComputeError(String::new())
}

fn midnight(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    if frame.result.oid != PgType::TIMESTAMP.oid {
        return None;
    }
    let moments = each::<Date32Type, TimestampMicrosecondType>(columns.first()?, rows, |days| {
        finite_day(days).map(|days| i64::from(days) * DAY)
    })?;
    Some(Arc::new(moments.with_data_type(arrow_type(frame.result))))
}

fn day(_: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let days = each::<TimestampMicrosecondType, Date32Type>(columns.first()?, rows, day_of)?;
    Some(Arc::new(days))
}
