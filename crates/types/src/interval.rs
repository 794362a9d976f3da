//! What PostgreSQL's interval and Arrow's have in common, and what not.
use arrow_buffer::IntervalMonthDayNano;

/// `infinity`: every field at its greatest.
pub(crate) const INFINITY: IntervalMonthDayNano =
    IntervalMonthDayNano { months: i32::MAX, days: i32::MAX, nanoseconds: i64::MAX };

/// `-infinity`: every field at its least.
pub(crate) const MINUS_INFINITY: IntervalMonthDayNano =
    IntervalMonthDayNano { months: i32::MIN, days: i32::MIN, nanoseconds: i64::MIN };

/// The time of an interval, rounded to microseconds.
pub(crate) fn microseconds(value: IntervalMonthDayNano) -> i64 {
    let (whole, rest) = (value.nanoseconds / 1000, value.nanoseconds % 1000);
    match rest {
        500.. => whole + 1,
        ..=-500 => whole - 1,
        _ => whole,
    }
}
