//! The binary form of each type, as its send function makes it.
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::DataType;
use bytes::{BufMut, BytesMut};

use super::{Put, array, each, each_bytes, each_str, network, numeric};
use crate::PgType;
use crate::arrow::Form;
use crate::calendar::{EPOCH_DAYS, EPOCH_US};
use crate::error::{Error, Result};
use crate::interval::{INFINITY, MINUS_INFINITY, microseconds};
use crate::printed::Printed;

/// How the rows of a normalised array are written in binary.
pub(super) fn put(t: PgType, array: &ArrayRef) -> Result<Put> {
    Ok(match Form::of(t) {
        Form::Bool => boolean(array),
        Form::Int2 => fixed::<Int16Type>(array, |value, out| out.put_i16(value)),
        Form::Int4 => fixed::<Int32Type>(array, |value, out| out.put_i32(value)),
        Form::Int8 => fixed::<Int64Type>(array, |value, out| out.put_i64(value)),
        Form::Oid if *array.data_type() == DataType::Utf8 => {
            let (type_name, arrow) = (t.to_string(), array.data_type().to_string());
            return Err(Error::ArrowMismatch { type_name, arrow });
        }
        Form::Oid => fixed::<UInt32Type>(array, |value, out| out.put_u32(value)),
        Form::Float4 => fixed::<Float32Type>(array, |value, out| out.put_f32(value)),
        Form::Float8 => fixed::<Float64Type>(array, |value, out| out.put_f64(value)),
        Form::Decimal128 { .. } | Form::NumericText => number(array),
        Form::Text | Form::Bpchar => each_str(array, verbatim),
        Form::Char => each_str(array, one_byte),
        Form::Bytea => each_bytes(array, |bytes, out| out.extend_from_slice(bytes)),
        Form::Date => each::<Date32Type>(array, date),
        Form::Time => fixed::<Time64MicrosecondType>(array, |value, out| out.put_i64(value)),
        Form::Timestamp => instants(array, "timestamp without time zone"),
        Form::Timestamptz => instants(array, "timestamp with time zone"),
        Form::Interval => fixed::<IntervalMonthDayNanoType>(array, interval),
        Form::Uuid => uuid(array),
        Form::Printed => printed(t, array)?,
        Form::List => array::binary(t, array)?,
    })
}

fn fixed<T: arrow_array::ArrowPrimitiveType>(
    array: &ArrayRef,
    write: impl Fn(T::Native, &mut BytesMut) + Send + Sync + 'static,
) -> Put {
    each::<T>(array, move |value, out| {
        write(value, out);
        Ok(())
    })
}

fn boolean(array: &ArrayRef) -> Put {
    let array = array.as_boolean().clone();
    Box::new(move |row, out| {
        out.put_u8(u8::from(array.value(row)));
        Ok(())
    })
}

fn number(array: &ArrayRef) -> Put {
    match *array.data_type() {
        DataType::Decimal128(_, scale) => {
            fixed::<Decimal128Type>(array, move |value, out| numeric::binary(value, scale, out))
        }
        _ => each_str(array, numeric::binary_of_text),
    }
}

fn verbatim(text: &str, out: &mut BytesMut) -> Result<()> {
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// `"char"`: its text spells a byte beyond ASCII as `\ooo`, and zero as nothing.
fn one_byte(text: &str, out: &mut BytesMut) -> Result<()> {
    out.put_u8(crate::printed::char_byte(text));
    Ok(())
}

fn date(days: i32, out: &mut BytesMut) -> Result<()> {
    let since_2000 = match days {
        i32::MAX | i32::MIN => days,
        _ => days.checked_sub(EPOCH_DAYS).ok_or_else(|| Error::ComputedRange("date".to_owned()))?,
    };
    out.put_i32(since_2000);
    Ok(())
}

fn instants(array: &ArrayRef, type_name: &'static str) -> Put {
    each::<TimestampMicrosecondType>(array, move |microseconds, out| {
        let since_2000 = match microseconds {
            i64::MAX | i64::MIN => microseconds,
            _ => microseconds
                .checked_sub(EPOCH_US)
                .ok_or_else(|| Error::ComputedRange(type_name.to_owned()))?,
        };
        out.put_i64(since_2000);
        Ok(())
    })
}

fn interval(value: IntervalMonthDayNano, out: &mut BytesMut) {
    let time = match value {
        INFINITY | MINUS_INFINITY => value.nanoseconds,
        _ => microseconds(value),
    };
    out.put_i64(time);
    out.put_i32(value.days);
    out.put_i32(value.months);
}

fn uuid(array: &ArrayRef) -> Put {
    let array = array.as_fixed_size_binary().clone();
    Box::new(move |row, out| {
        out.extend_from_slice(array.value(row));
        Ok(())
    })
}

fn printed(t: PgType, array: &ArrayRef) -> Result<Put> {
    Ok(match Printed::of(t) {
        Printed::Text => each_str(array, verbatim),
        Printed::Versioned => each_str(array, |text, out| {
            out.put_u8(crate::printed::VERSION);
            verbatim(text, out)
        }),
        Printed::Network { cidr } => {
            each_str(array, move |text, out| network::binary(text, cidr, out))
        }
        Printed::Opaque => return Err(Error::NoBinaryOutput(t.plain_name())),
    })
}
