//! What each type's receive function reads. COPY BINARY comes through here, value by value.
use arrow_buffer::IntervalMonthDayNano;

use super::values::Values;
use super::{ColumnBuilder, array, numeric, text};
use crate::PgType;
use crate::calendar::{DAY_US, EPOCH_DAYS, EPOCH_US};
use crate::error::{Error, Result};
use crate::interval::{INFINITY, MINUS_INFINITY};
use crate::network::Network;
use crate::printed::{Printed, VERSION, char_text};

/// Appends the value that the bytes encode.
#[inline]
pub(super) fn append(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::Bool(values) => match bytes {
            [byte] => values.append_value(*byte != 0),
            _ => return Err(invalid(t)),
        },
        Values::Int2(values) => values.append_value(i16::from_be_bytes(exact(bytes, t)?)),
        Values::Int4(values) => values.append_value(i32::from_be_bytes(exact(bytes, t)?)),
        Values::Int8(values) => values.append_value(i64::from_be_bytes(exact(bytes, t)?)),
        Values::Oid(values) => values.append_value(u32::from_be_bytes(exact(bytes, t)?)),
        Values::Float4(values) => values.append_value(f32::from_be_bytes(exact(bytes, t)?)),
        Values::Float8(values) => values.append_value(f64::from_be_bytes(exact(bytes, t)?)),
        Values::Decimal128 { values, precision, scale } => {
            values.append_value(numeric::decimal128_of(bytes, *precision, *scale)?);
        }
        Values::Date(values) => values.append_value(date(i32::from_be_bytes(exact(bytes, t)?))?),
        Values::Time(values) => {
            let microseconds = i64::from_be_bytes(exact(bytes, t)?);
            match microseconds {
                0..=DAY_US => values.append_value(microseconds),
                _ => return Err(Error::ComputedRange("time".to_owned())),
            }
        }
        Values::Timestamp(values) | Values::Timestamptz(values) => {
            values.append_value(instant(i64::from_be_bytes(exact(bytes, t)?), t)?);
        }
        Values::Interval(values) => values.append_value(interval(exact(bytes, t)?)?),
        Values::Uuid(values) => values.append_value(bytes).map_err(|_| invalid(t))?,
        Values::Bytea(values) => {
            builder.varying_bytes += bytes.len();
            values.append_value(bytes);
        }
        Values::Text(values) if t.typmod < 0 || is_short(t, bytes) => {
            let text = utf8(bytes)?;
            builder.varying_bytes += text.len();
            values.append_value(text);
        }
        Values::Bpchar(values) if is_full(t, bytes) => {
            let text = utf8(bytes)?;
            builder.varying_bytes += text.len();
            values.append_value(text);
        }
        Values::List(values) => array::binary(values, t, bytes)?,
        Values::NumericText(_)
        | Values::Text(_)
        | Values::Bpchar(_)
        | Values::Char(_)
        | Values::Printed(_) => varying(builder, bytes)?,
    }
    Ok(())
}

pub(super) fn invalid(t: PgType) -> Error {
    Error::InvalidBinary(t.plain_name())
}

#[inline]
pub(super) fn exact<const N: usize>(bytes: &[u8], t: PgType) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| invalid(t))
}

/// A `varchar(n)` that has no more bytes than it may have characters.
pub(super) fn is_short(t: PgType, bytes: &[u8]) -> bool {
    t.oid == PgType::VARCHAR.oid && t.declared_length().is_some_and(|limit| bytes.len() <= limit)
}

/// A `char(n)` as it is stored: nothing is to be padded or cut.
fn is_full(t: PgType, bytes: &[u8]) -> bool {
    t.declared_length() == Some(bytes.len()) && bytes.is_ascii()
}

/// Text, which has no zero byte.
#[inline]
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    let broken = |at: usize| {
        let shown = bytes[at..].iter().take(1).map(|b| format!("0x{b:02x}"));
        Error::InvalidUtf8(shown.collect())
    };
    let text = std::str::from_utf8(bytes).map_err(|error| broken(error.valid_up_to()))?;
    match bytes.contains(&0) {
        true => Err(broken(bytes.iter().position(|b| *b == 0).unwrap_or_default())),
        false => Ok(text),
    }
}

pub(super) fn date(since_2000: i32) -> Result<i32> {
    match since_2000 {
        i32::MAX | i32::MIN => Ok(since_2000),
        _ => since_2000.checked_add(EPOCH_DAYS).ok_or_else(|| Error::ComputedRange("date".into())),
    }
}

/// Microseconds since 2000 to those since 1970; the last thirty years before the end of time
/// have none.
pub(super) fn instant(since_2000: i64, t: PgType) -> Result<i64> {
    match since_2000 {
        i64::MAX | i64::MIN => Ok(since_2000),
        _ => since_2000.checked_add(EPOCH_US).filter(|us| *us != i64::MAX).ok_or_else(|| {
            Error::Unrepresentable {
                type_name: t.plain_name(),
                value: format!("{since_2000} microseconds after 2000-01-01"),
            }
        }),
    }
}

fn interval(bytes: [u8; 16]) -> Result<IntervalMonthDayNano> {
    let value = u128::from_be_bytes(bytes);
    let (time, days, months) = ((value >> 64) as i64, (value >> 32) as i32, value as i32);
    match (time, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => return Ok(INFINITY),
        (i64::MIN, i32::MIN, i32::MIN) => return Ok(MINUS_INFINITY),
        _ => (),
    }
    let nanoseconds = time.checked_mul(1000).ok_or_else(|| Error::Unrepresentable {
        type_name: "interval".to_owned(),
        value: format!("{months} months {days} days {time} microseconds"),
    })?;
    Ok(IntervalMonthDayNano { months, days, nanoseconds })
}

/// A form that is held as text.
fn varying(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::NumericText(values) if t.typmod < 0 => {
            let packed = numeric::Packed::read(bytes).ok_or_else(|| invalid(t))?;
            builder.scratch.clear();
            packed.text(&mut builder.scratch);
            builder.varying_bytes += builder.scratch.len();
            values.append_value(&builder.scratch);
            Ok(())
        }
        Values::NumericText(_) => {
            let packed = numeric::Packed::read(bytes).ok_or_else(|| invalid(t))?;
            let mut spelled = String::new();
            packed.text(&mut spelled);
            text::append_varying(builder, &spelled)
        }
        Values::Char(values) => {
            let [byte] = bytes else { return Err(invalid(t)) };
            builder.scratch.clear();
            char_text(*byte, &mut builder.scratch);
            builder.varying_bytes += builder.scratch.len();
            values.append_value(&builder.scratch);
            Ok(())
        }
        Values::Printed(_) => printed(builder, bytes),
        _ => text::append_varying(builder, utf8(bytes)?),
    }
}

/// Kept exactly as the sender prints it.
fn printed(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<()> {
    let t = builder.t;
    let Values::Printed(values) = &mut builder.values else { return Err(invalid(t)) };
    let text = match (Printed::of(t), bytes) {
        (Printed::Text, _) => utf8(bytes)?,
        (Printed::Versioned, [VERSION, text @ ..]) => utf8(text)?,
        (Printed::Network { cidr }, _) => {
            let network = Network::from_binary(bytes, cidr).ok_or_else(|| invalid(t))?;
            builder.scratch.clear();
            std::fmt::Write::write_fmt(&mut builder.scratch, format_args!("{network}"))
                .map_err(|_| invalid(t))?;
            &builder.scratch
        }
        (Printed::Versioned | Printed::Opaque, _) => return Err(invalid(t)),
    };
    builder.varying_bytes += text.len();
    values.append_value(text);
    Ok(())
}
