//! The text form of each type.
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};
use arrow_schema::DataType;
use bytes::{BufMut, BytesMut};

use super::{Put, array, bytea, datetime, each, each_bytes, each_str, float, interval, numeric};
use crate::arrow::Form;
use crate::error::Result;
use crate::style::ByteaOutput;
use crate::{PgType, Style};

/// How the rows of a normalised array are written as text.
pub(super) fn put(t: PgType, array: &ArrayRef, style: &Style) -> Result<Put> {
    Ok(match Form::of(t) {
        Form::Bool => boolean(array),
        Form::Int2 => each::<Int16Type>(array, integer),
        Form::Int4 => each::<Int32Type>(array, integer),
        Form::Int8 => each::<Int64Type>(array, integer),
        Form::Oid if *array.data_type() == DataType::Utf8 => each_str(array, verbatim),
        Form::Oid => each::<UInt32Type>(array, integer),
        Form::Float4 => float4(array, style.extra_float_digits),
        Form::Float8 => float8(array, style.extra_float_digits),
        Form::Decimal128 { .. } | Form::NumericText => number(array),
        Form::Text | Form::Bpchar | Form::Char | Form::Printed => each_str(array, verbatim),
        Form::Bytea => bytes(array, style.bytea_output),
        Form::Date => {
            let style = style.date_style;
            each::<Date32Type>(array, move |days, out| {
                datetime::date(days, style, out);
                Ok(())
            })
        }
        Form::Time => each::<Time64MicrosecondType>(array, |us, out| {
            datetime::time(us, out);
            Ok(())
        }),
        Form::Timestamp => {
            let style = style.date_style;
            each::<TimestampMicrosecondType>(array, move |us, out| {
                datetime::timestamp(us, style, out);
                Ok(())
            })
        }
        Form::Timestamptz => {
            let style = style.clone();
            each::<TimestampMicrosecondType>(array, move |us, out| {
                datetime::timestamptz(us, style.date_style, &style.time_zone, out);
                Ok(())
            })
        }
        Form::Interval => {
            let style = style.interval_style;
            each::<IntervalMonthDayNanoType>(array, move |value, out| {
                interval::text(value, style, out);
                Ok(())
            })
        }
        Form::Uuid => uuid(array),
        Form::List => array::text(t, array, style)?,
    })
}

fn integer(value: impl itoa::Integer, out: &mut BytesMut) -> Result<()> {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    Ok(())
}

fn verbatim(text: &str, out: &mut BytesMut) -> Result<()> {
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn boolean(array: &ArrayRef) -> Put {
    let array = array.as_boolean().clone();
    Box::new(move |row, out| {
        out.put_u8(if array.value(row) { b't' } else { b'f' });
        Ok(())
    })
}

fn float4(array: &ArrayRef, extra_digits: i32) -> Put {
    each::<Float32Type>(array, move |value, out| {
        float::float4(value, extra_digits, out);
        Ok(())
    })
}

fn float8(array: &ArrayRef, extra_digits: i32) -> Put {
    each::<Float64Type>(array, move |value, out| {
        float::float8(value, extra_digits, out);
        Ok(())
    })
}

fn number(array: &ArrayRef) -> Put {
    let DataType::Decimal128(_, scale) = *array.data_type() else {
        return each_str(array, verbatim);
    };
    each::<Decimal128Type>(array, move |value, out| {
        numeric::text(value, scale, out);
        Ok(())
    })
}

fn bytes(array: &ArrayRef, output: ByteaOutput) -> Put {
    match output {
        ByteaOutput::Hex => each_bytes(array, bytea::hex),
        ByteaOutput::Escape => each_bytes(array, bytea::escape),
    }
}

fn uuid(array: &ArrayRef) -> Put {
    let array = array.as_fixed_size_binary().clone();
    Box::new(move |row, out| {
        bytea::uuid(array.value(row), out);
        Ok(())
    })
}
