//! What values are compared, sorted and grouped by.
//!
//! Arrow compares most forms as PostgreSQL compares their types. The others are compared by a
//! key that sorts as they do: `-0` is `0`, blanks at the end of a `char(n)` do not count, `1.0` is
//! `1.00`, a month is thirty days.
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use medley_types::{Form, PgType};

use super::call::{Call, Env, Frame, Kernel};
use super::datum::{Datum, Interval, Reader};
use super::numeric::push_sort_key;
use crate::error::{Error, Result};

/// The key of a float, which is a float.
pub const FLOAT_KEY: &str = "float_key";
/// The key of `char(n)`, which is text.
pub const BPCHAR_KEY: &str = "bpchar_key";
/// The key of all others, which is bytes.
pub const BYTES_KEY: &str = "bytes_key";

/// How values of a type are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As Arrow does.
    Native,
    /// By a key of this name.
    Keyed(&'static str),
    /// PostgreSQL itself has no way.
    None,
    /// Not here.
    Unsupported,
}

/// How values of this type are compared.
pub fn comparison(t: PgType) -> Comparison {
    match Form::of(t) {
        Form::Text if matches!(t.oid.0, 114 | 142) => Comparison::None,
        Form::Bool
        | Form::Int2
        | Form::Int4
        | Form::Int8
        | Form::Oid
        | Form::Text
        | Form::Char
        | Form::Bytea
        | Form::Date
        | Form::Time
        | Form::Timestamp
        | Form::Timestamptz
        | Form::Uuid
        | Form::Decimal128 { .. } => Comparison::Native,
        Form::Float4 | Form::Float8 => Comparison::Keyed(FLOAT_KEY),
        Form::Bpchar => Comparison::Keyed(BPCHAR_KEY),
        Form::NumericText | Form::Interval => Comparison::Keyed(BYTES_KEY),
        Form::List => match t.element().map(comparison) {
            Some(Comparison::Native | Comparison::Keyed(_)) => Comparison::Keyed(BYTES_KEY),
            Some(other) => other,
            None => Comparison::Unsupported,
        },
        Form::Printed => Comparison::Unsupported,
    }
}

/// What an expression is compared by.
pub fn key(expr: Expr, t: PgType, env: &Arc<Env>) -> Result<Expr> {
    let (kernel, result): (super::call::RowFn, _) = match comparison(t) {
        Comparison::Native => return Ok(expr),
        Comparison::Keyed(FLOAT_KEY) => (float_key, t),
        Comparison::Keyed(BPCHAR_KEY) => (bpchar_key, PgType::TEXT),
        Comparison::Keyed(_) => (bytes_key, PgType::BYTEA),
        Comparison::None => {
            let message = format!("could not identify an ordering operator for type {t}");
            return Err(Error::at(medley_diagnostic::SqlState::UNDEFINED_FUNCTION, message, None));
        }
        Comparison::Unsupported => {
            return Err(Error::unsupported(format_args!("comparing values of type {t}")));
        }
    };
    let source = match comparison(t) {
        Comparison::Keyed(source) => source,
        _ => BYTES_KEY,
    };
    Ok(Call::new(source, Kernel::Row(kernel), vec![t], result, env).on(vec![expr]))
}

/// Whether an expression is its own key.
pub fn is_native(t: PgType) -> bool {
    comparison(t) == Comparison::Native
}

/// What a float is compared by: all NaN are one, and both zeros.
pub fn float_key<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(match &args[0] {
        Datum::Float4(value) if value.is_nan() => Datum::Float4(f32::NAN.abs()),
        Datum::Float4(value) => Datum::Float4(value + 0.0),
        value => {
            let value = value.float8()?;
            Datum::Float8(if value.is_nan() { f64::NAN.abs() } else { value + 0.0 })
        }
    })
}

/// What a `char(n)` is compared by: blanks at the end do not count.
pub fn bpchar_key<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::of_text(args[0].text()?.trim_end_matches(' ')))
}

/// Bytes that sort as the values do.
pub fn bytes_key<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let mut key = Vec::new();
    push_key(frame.arguments[0], &args[0], &mut key)?;
    Ok(Datum::Bytea(key.into()))
}

/// Appends bytes that sort as the values of the type do; NULL sorts last.
pub fn push_key(t: PgType, datum: &Datum<'_>, out: &mut Vec<u8>) -> Result<()> {
    match datum {
        Datum::Null => out.push(2),
        value => {
            out.push(1);
            push_value(t, value, out)?;
        }
    }
    Ok(())
}

fn push_value(t: PgType, datum: &Datum<'_>, out: &mut Vec<u8>) -> Result<()> {
    match datum {
        Datum::Null => {}
        Datum::Bool(value) => out.push(u8::from(*value)),
        Datum::Int2(value) => signed(i128::from(*value), out),
        Datum::Int4(value) | Datum::Date(value) => signed(i128::from(*value), out),
        Datum::Int8(value) | Datum::Time(value) | Datum::Timestamp(value) => {
            signed(i128::from(*value), out);
        }
        Datum::Oid(value) => out.extend(value.to_be_bytes()),
        Datum::Float4(value) => float(f64::from(*value), out),
        Datum::Float8(value) => float(*value, out),
        Datum::Numeric(value) => ended(&value.sort_key(), out),
        Datum::Text(text) if Form::of(t) == Form::Bpchar => {
            ended(text.trim_end_matches(' ').as_bytes(), out);
        }
        Datum::Text(text) => ended(text.as_bytes(), out),
        Datum::Bytea(bytes) => ended(bytes, out),
        Datum::Interval(value) => signed(interval_span(*value), out),
        Datum::Uuid(value) => out.extend(value),
        Datum::List(list) => {
            let element = t.element().ok_or_else(|| Error::Internal(format!("{t} is no array")))?;
            let reader = Reader::new(element, Arc::clone(list));
            for row in 0..list.len() {
                push_key(element, &reader.get_at(row)?, out)?;
            }
            out.push(0);
        }
    }
    Ok(())
}

/// Microseconds, with months of thirty days of 24 hours.
pub fn interval_span(value: Interval) -> i128 {
    const DAY: i128 = 86_400_000_000;
    (i128::from(value.months) * 30 + i128::from(value.days)) * DAY + i128::from(value.micros)
}

fn signed(value: i128, out: &mut Vec<u8>) {
    out.extend((value ^ i128::MIN).to_be_bytes());
}

/// The bits of a double sort as it does once the sign is seen to.
fn float(value: f64, out: &mut Vec<u8>) {
    let bits = if value.is_nan() { f64::NAN.abs().to_bits() } else { (value + 0.0).to_bits() };
    let sortable = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    out.extend(sortable.to_be_bytes());
}

/// Appends the [`BYTES_KEY`] of a number that is printed so.
pub(super) fn push_numeric_key(printed: &str, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    push_sort_key(printed, scratch);
    out.push(1);
    ended(scratch, out);
}

/// Zeros are escaped, so that what is shorter sorts first.
fn ended(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend([0, 0]);
}
