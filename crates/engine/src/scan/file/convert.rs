//! A file's values as values of the type that the foreign table declares: exactly these, or an
//! error.
use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, TimestampMicrosecondArray, new_null_array,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, TimeUnit, UInt64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_types::{ColumnBuilder, Form, PgType, Style, arrow_type};

type Converted = Result<ArrayRef, Report>;

/// The values as the type's.
pub(super) fn convert(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    let (from, to) = (values.data_type(), arrow_type(t));
    if from == &to && is_held_as_is(t) {
        return Ok(Arc::clone(values));
    }
    match (from, Form::of(t)) {
        (DataType::Null, _) => Ok(new_null_array(&to, values.len())),
        (DataType::Dictionary(_, inner), _) => convert(&cast(values, inner, t)?, t, style),
        (DataType::RunEndEncoded(_, inner), _) => {
            convert(&cast(values, inner.data_type(), t)?, t, style)
        }
        (DataType::Timestamp(unit, zone), Form::Timestamp | Form::Timestamptz) => {
            timestamps(values, *unit, zone.is_some(), t)
        }
        (DataType::Time64(TimeUnit::Nanosecond), Form::Time) => {
            check_whole(values, DataType::Int64, 1000, t)?;
            cast(values, &to, t)
        }
        (DataType::Time32(_) | DataType::Time64(_), Form::Time) => cast(values, &to, t),
        (DataType::Date32 | DataType::Date64, Form::Date) => cast(values, &to, t),
        (from, Form::Int2 | Form::Int4 | Form::Int8 | Form::Oid) if from.is_integer() => {
            cast(values, &to, t)
        }
        (from, Form::Decimal128 { .. } | Form::NumericText) if is_number(from) => {
            numbers(values, t, style)
        }
        (DataType::Float16, Form::Float4 | Form::Float8) | (DataType::Float32, Form::Float8) => {
            cast(values, &to, t)
        }
        (from, Form::Bytea) if is_bytes(from) => cast(values, &to, t),
        (DataType::FixedSizeBinary(16), Form::Uuid) => Ok(Arc::clone(values)),
        (from, _) if is_bytes(from) && is_textual(t) => {
            convert(&cast(values, &DataType::Utf8, t)?, t, style)
        }
        (from, _) if is_text(from) => texts(&cast(values, &DataType::Utf8, t)?, t, style),
        (DataType::LargeList(_) | DataType::FixedSizeList(..) | DataType::List(_), Form::List) => {
            lists(values, t, style)
        }
        (from, _) if from.is_nested() && is_json(t) => json(values, t, style),
        (from, _) => Err(mismatch(from, t)),
    }
}

/// No value of that Arrow type needs a look before it is the type's.
fn is_held_as_is(t: PgType) -> bool {
    match Form::of(t) {
        Form::Text | Form::Bpchar | Form::Char => false,
        Form::NumericText | Form::Printed | Form::List | Form::Interval => false,
        Form::Time => t.typmod < 0,
        Form::Timestamp | Form::Timestamptz => t.typmod < 0,
        _ => true,
    }
}

fn is_number(t: &DataType) -> bool {
    t.is_integer()
        || matches!(
            t,
            DataType::Decimal32(..)
                | DataType::Decimal64(..)
                | DataType::Decimal128(..)
                | DataType::Decimal256(..)
        )
}

fn is_bytes(t: &DataType) -> bool {
    use DataType as T;
    matches!(t, T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_))
}

fn is_text(t: &DataType) -> bool {
    matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_textual(t: PgType) -> bool {
    matches!(Form::of(t), Form::Text | Form::Bpchar)
}

fn is_json(t: PgType) -> bool {
    matches!(t.oid.0, 114 | 3802)
}

/// Arrow's conversion, where it is an error for a value to have no equal.
fn cast(values: &ArrayRef, to: &DataType, t: PgType) -> Converted {
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(values, to, &exact).map_err(|_| out_of_range(t))
}

/// Microseconds; a value between two of them has no equal.
fn timestamps(values: &ArrayRef, unit: TimeUnit, zoned: bool, t: PgType) -> Converted {
    if zoned != (Form::of(t) == Form::Timestamptz) {
        return Err(mismatch(values.data_type(), t));
    }
    if unit == TimeUnit::Nanosecond {
        check_whole(values, DataType::Int64, 1000, t)?;
    }
    let micros = DataType::Timestamp(TimeUnit::Microsecond, zoned.then(|| "UTC".into()));
    let converted = cast(values, &micros, t)?;
    if let Some(scale @ 0..6) = (t.typmod >= 0).then_some(t.typmod) {
        let unit = 10_i64.pow(6 - scale as u32);
        check_whole(&converted, DataType::Int64, unit, t)?;
    }
    let converted = converted.as_any().downcast_ref::<TimestampMicrosecondArray>();
    let converted = converted.ok_or_else(|| mismatch(values.data_type(), t))?;
    Ok(Arc::new(converted.clone()))
}

/// Each value is a multiple of this one.
fn check_whole(values: &ArrayRef, raw: DataType, of: i64, t: PgType) -> Result<(), Report> {
    let raw = cast(values, &raw, t)?;
    let raw = raw.as_primitive::<Int64Type>();
    match raw.iter().flatten().all(|value| value % of == 0) {
        true => Ok(()),
        false => {
            let message = format!("value is more precise than type {t}");
            Err(Report::error(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message))
        }
    }
}

/// Numbers by their digits; a declared scale below the file's would round.
fn numbers(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    let scale = match values.data_type() {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => i16::from(*scale),
        _ => 0,
    };
    match t.precision_and_scale() {
        Some((_, declared)) if declared < scale => Err(mismatch(values.data_type(), t)),
        Some(_)
            if matches!(values.data_type(), DataType::Decimal128(..))
                && matches!(Form::of(t), Form::Decimal128 { .. }) =>
        {
            cast(values, &arrow_type(t), t)
        }
        _ => printed(values, t, style),
    }
}

/// Through their text, by the type's input function.
fn printed(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options)
        .map_err(|_| mismatch(values.data_type(), t))?;
    let mut builder = ColumnBuilder::new(t, values.len());
    let mut text = String::new();
    for row in 0..values.len() {
        if values.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        write!(text, "{}", formatter.value(row)).map_err(|_| mismatch(values.data_type(), t))?;
        builder.append_text(&text, style).map_err(|error| error.report())?;
    }
    Ok(builder.finish())
}

fn texts(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    if t.oid.0 == 25 {
        check_text(values)?;
        return Ok(Arc::clone(values));
    }
    // A text is a value of these types only where somebody wrote it to be read as one.
    let mut builder = ColumnBuilder::new(t, values.len());
    for value in values.as_string::<i32>() {
        match value {
            Some(text) => builder.append_text(text, style).map_err(|error| error.report())?,
            None => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

/// No character of a text is zero.
fn check_text(values: &ArrayRef) -> Result<(), Report> {
    let values = values.as_string::<i32>();
    let (from, to) = (values.value_offsets().first(), values.value_offsets().last());
    let range = from.map_or(0, |it| *it as usize)..to.map_or(0, |it| *it as usize);
    match values.value_data().get(range).unwrap_or_default().contains(&0) {
        false => Ok(()),
        true => {
            let message = "invalid byte sequence for encoding \"UTF8\": 0x00";
            Err(Report::error(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
        }
    }
}

/// Arrays of one dimension, from 1.
fn lists(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    let element = t.element().ok_or_else(|| mismatch(values.data_type(), t))?;
    let inner = match values.data_type() {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            field
        }
        other => return Err(mismatch(other, t)),
    };
    let plain = DataType::List(Arc::clone(inner));
    let values = cast(values, &plain, t)?;
    let list = values.as_list::<i32>();
    let elements = convert(list.values(), element, style)?;
    let field = Arc::new(Field::new_list_field(arrow_type(element), true));
    ListArray::try_new(field, list.offsets().clone(), elements, list.nulls().cloned())
        .map(|list| Arc::new(list) as ArrayRef)
        .map_err(|_| mismatch(values.data_type(), t))
}

/// Structures, lists and maps as JSON.
fn json(values: &ArrayRef, t: PgType, style: &Style) -> Converted {
    let mut builder = ColumnBuilder::new(t, values.len());
    let mut text = String::new();
    for row in 0..values.len() {
        if values.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        write_json(values.as_ref(), row, &mut text)
            .ok_or_else(|| mismatch(values.data_type(), t))?;
        builder.append_text(&text, style).map_err(|error| error.report())?;
    }
    Ok(builder.finish())
}

/// One value; None where JSON has no such value.
fn write_json(values: &dyn Array, row: usize, out: &mut String) -> Option<()> {
    if values.is_null(row) {
        out.push_str("null");
        return Some(());
    }
    match values.data_type() {
        DataType::Struct(fields) => {
            let members = fields.iter().zip(values.as_struct().columns());
            write_members(
                members.map(|(field, column)| (field.name().clone(), column.clone(), row)),
                out,
            )
        }
        DataType::Map(..) => {
            let entries = values.as_map().value(row);
            let keys = cast_text(entries.column(0))?;
            let keys = keys.as_string::<i32>();
            let members = (0..entries.len())
                .map(|i| (keys.value(i).to_owned(), entries.column(1).clone(), i));
            write_members(members, out)
        }
        DataType::List(_) => write_elements(&values.as_list::<i32>().value(row), out),
        DataType::LargeList(_) => write_elements(&values.as_list::<i64>().value(row), out),
        DataType::FixedSizeList(..) => write_elements(&values.as_fixed_size_list().value(row), out),
        DataType::Boolean => {
            out.push_str(if values.as_boolean().value(row) { "true" } else { "false" });
            Some(())
        }
        DataType::UInt64 => write!(out, "{}", values.as_primitive::<UInt64Type>().value(row)).ok(),
        t => write_scalar(values, row, is_number(t) || t.is_floating(), out),
    }
}

fn write_scalar(values: &dyn Array, row: usize, is_number: bool, out: &mut String) -> Option<()> {
    if is_bytes(values.data_type()) {
        return None;
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values, &options).ok()?;
    let text = formatter.value(row).to_string();
    let is_finite = !matches!(text.as_str(), "NaN" | "inf" | "-inf");
    match is_number && is_finite {
        true => out.push_str(&text),
        false => write_string(&text, out),
    }
    Some(())
}

fn write_members(
    members: impl Iterator<Item = (String, ArrayRef, usize)>,
    out: &mut String,
) -> Option<()> {
    out.push('{');
    for (index, (name, column, row)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(&name, out);
        out.push(':');
        write_json(column.as_ref(), row, out)?;
    }
    out.push('}');
    Some(())
}

fn write_elements(elements: &ArrayRef, out: &mut String) -> Option<()> {
    out.push('[');
    for row in 0..elements.len() {
        if row > 0 {
            out.push(',');
        }
        write_json(elements.as_ref(), row, out)?;
    }
    out.push(']');
    Some(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn cast_text(values: &ArrayRef) -> Option<ArrayRef> {
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(values, &DataType::Utf8, &exact).ok().filter(|it| it.null_count() == 0)
}

fn mismatch(from: &DataType, t: PgType) -> Report {
    let message = format!("cannot read values of Arrow type {from} as type {t}");
    Report::error(SqlState::FDW_INVALID_DATA_TYPE, message)
}

fn out_of_range(t: PgType) -> Report {
    let message = format!("value is out of range for type {t}");
    Report::error(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message)
}
