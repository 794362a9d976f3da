//! Dates and times from their text.
use crate::error::{Error, Result};
use crate::{PgType, Style};

fn later<T>() -> Result<T> {
    Err(Error::Unsupported("date/time input".to_owned()))
}

pub(super) fn date(_: &str, _: &Style) -> Result<i32> {
    later()
}

pub(super) fn time(_: &str, _: PgType, _: &Style) -> Result<i64> {
    later()
}

pub(super) fn timestamp(_: &str, _: PgType, _: &Style) -> Result<i64> {
    later()
}

pub(super) fn timestamptz(_: &str, _: PgType, _: &Style) -> Result<i64> {
    later()
}
