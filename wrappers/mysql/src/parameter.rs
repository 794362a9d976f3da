//! Values of parameters: from PostgreSQL's text into what the server takes for it.
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, IntervalMonthDayNanoType};
use bytes::{BufMut, BytesMut};
use medley_fdw::{Error, Report, Result, SqlState};
use medley_types::{
    ColumnBuilder, ColumnWriter, DateFormat, DateStyle, Form, PgType, Style, TimeZone,
};

use crate::decode::kind;
use crate::protocol::put_counted;

/// A value as the server takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parameter {
    Null,
    Integer(i64),
    Float(f32),
    Double(f64),
    /// Read by the server as the column's type has it.
    Text(String),
    Decimal(String),
    Bytes(Vec<u8>),
}

impl Parameter {
    fn kind(&self) -> u8 {
        match self {
            Self::Null => kind::NULL,
            Self::Integer(_) => kind::LONGLONG,
            Self::Float(_) => kind::FLOAT,
            Self::Double(_) => kind::DOUBLE,
            Self::Text(_) => kind::STRING,
            Self::Decimal(_) => kind::NEWDECIMAL,
            Self::Bytes(_) => kind::BLOB,
        }
    }

    fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Null => {}
            Self::Integer(value) => out.put_i64_le(*value),
            Self::Float(value) => out.put_f32_le(*value),
            Self::Double(value) => out.put_f64_le(*value),
            Self::Text(text) | Self::Decimal(text) => put_counted(text.as_bytes(), out),
            Self::Bytes(bytes) => put_counted(bytes, out),
        }
    }
}

/// Writes which are NULL, of which types they are, and what they are.
pub(crate) fn write(values: &[Parameter], out: &mut BytesMut) {
    if values.is_empty() {
        return;
    }
    for eight in values.chunks(8) {
        let bit =
            |(index, value): (usize, &Parameter)| u8::from(*value == Parameter::Null) << index;
        out.put_u8(eight.iter().enumerate().map(bit).sum());
    }
    out.put_u8(1);
    for value in values {
        out.put_u8(value.kind());
        out.put_u8(0);
    }
    values.iter().for_each(|value| value.write(out));
}

/// A value of this type, from its text.
pub(crate) fn value(t: PgType, text: Option<&str>) -> Result<Parameter> {
    let Some(text) = text else { return Ok(Parameter::Null) };
    Ok(match Form::of(t) {
        Form::Bool => Parameter::Integer(read(t, text)?.as_boolean().value(0).into()),
        Form::Int2 | Form::Int4 | Form::Int8 | Form::Oid => {
            let read = read(PgType::INT8, text)?;
            Parameter::Integer(read.as_primitive::<Int64Type>().value(0))
        }
        Form::Float4 => {
            let value = read(t, text)?.as_primitive::<Float32Type>().value(0);
            match value.is_finite() {
                true => Parameter::Float(value),
                false => return Err(no_such(t, text)),
            }
        }
        Form::Float8 => {
            let value = read(t, text)?.as_primitive::<Float64Type>().value(0);
            match value.is_finite() {
                true => Parameter::Double(value),
                false => return Err(no_such(t, text)),
            }
        }
        Form::Decimal128 { .. } | Form::NumericText => match text.parse::<f64>() {
            Ok(value) if value.is_finite() || has_digits(text) => {
                Parameter::Decimal(text.to_owned())
            }
            _ => return Err(no_such(t, text)),
        },
        Form::Bytea => Parameter::Bytes(read(t, text)?.as_binary::<i32>().value(0).to_vec()),
        Form::Date | Form::Timestamp | Form::Timestamptz => Parameter::Text(moment(t, text)?),
        Form::Interval => Parameter::Text(span(t, text)?),
        Form::List => {
            let what = format!("a parameter of type {t} in a statement of a MySQL server");
            return Err(Error::refused(Report::unsupported(format_args!("{what}"))));
        }
        Form::Text | Form::Bpchar | Form::Char | Form::Time | Form::Uuid | Form::Printed => {
            Parameter::Text(text.to_owned())
        }
    })
}

fn has_digits(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The text as the type's input function reads it.
fn read(t: PgType, text: &str) -> Result<ArrayRef> {
    let mut column = ColumnBuilder::new(t, 1);
    column.append_text(text, &utc())?;
    Ok(column.finish())
}

/// ISO, in UTC: what a session's `time_zone` is.
fn utc() -> Style {
    let date_style = DateStyle { format: DateFormat::Iso, ..Style::default().date_style };
    Style { time_zone: TimeZone::default(), date_style, ..Style::default() }
}

/// A date or a moment, printed as the server reads it: without a zone, in years from 1 to 9999.
fn moment(t: PgType, text: &str) -> Result<String> {
    let array = read(t, text)?;
    let style = utc();
    let writer = ColumnWriter::text(t, &array, &style)?;
    let mut printed = BytesMut::new();
    writer.write(0, &mut printed)?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let plain = printed.strip_suffix("+00").unwrap_or(&printed);
    let is_plain = plain.as_bytes().get(4) == Some(&b'-') && !plain.ends_with("BC");
    match is_plain {
        true => Ok(plain.to_owned()),
        false => Err(no_such(t, text)),
    }
}

/// An interval of a fixed length, as a TIME.
fn span(t: PgType, text: &str) -> Result<String> {
    let array = read(t, text)?;
    let value = array.as_primitive::<IntervalMonthDayNanoType>().value(0);
    let micros = (value.days == 0 && value.months == 0).then_some(value.nanoseconds / 1000);
    let micros = micros.ok_or_else(|| no_such(t, text))?;
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) =
        (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Ok(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}.{fraction:06}"))
}

/// A value that no type of the server's has.
fn no_such(t: PgType, text: &str) -> Error {
    let message = format!("value \"{text}\" of type {t} is none of a MySQL server's");
    Error::refused(Report::error(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message))
}
