//! Intervals from their text.
use arrow_buffer::IntervalMonthDayNano;

use crate::PgType;
use crate::error::{Error, Result};
use crate::style::IntervalStyle;

pub(super) fn parse(_: &str, _: PgType, _: IntervalStyle) -> Result<IntervalMonthDayNano> {
    Err(Error::Unsupported("interval input".to_owned()))
}
