//! Values of a source that has types of its own, one to a value.
use super::number::out_of_range;
use super::values::Values;
use super::{ColumnBuilder, binary, text};
use crate::encode::shortest_f64;
use crate::error::{Error, Result};
use crate::{PgType, Style};

pub(super) fn append_bool(builder: &mut ColumnBuilder, value: bool) -> Result<()> {
    match &mut builder.values {
        Values::Bool(values) => values.append_value(value),
        Values::Int2(_) | Values::Int4(_) | Values::Int8(_) => {
            return append_i64(builder, value.into());
        }
        _ => return spelled(builder, if value { "true" } else { "false" }),
    }
    Ok(())
}

pub(super) fn append_i64(builder: &mut ColumnBuilder, value: i64) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::Bool(values) => values.append_value(value != 0),
        Values::Int2(values) => values.append_value(narrow(value, t)?),
        Values::Int4(values) => values.append_value(narrow(value, t)?),
        Values::Int8(values) => values.append_value(value),
        Values::Oid(values) => values.append_value(narrow(value, t)?),
        Values::Float4(values) => values.append_value(value as f32),
        Values::Float8(values) => values.append_value(value as f64),
        _ => return spelled(builder, itoa::Buffer::new().format(value)),
    }
    Ok(())
}

fn narrow<T: TryFrom<i64>>(value: i64, t: PgType) -> Result<T> {
    T::try_from(value).map_err(|_| out_of_range(t, itoa::Buffer::new().format(value)))
}

pub(super) fn append_f64(builder: &mut ColumnBuilder, value: f64) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::Float8(values) => values.append_value(value),
        Values::Float4(values) => values.append_value(float4(value)?),
        Values::Int2(_) | Values::Int4(_) | Values::Int8(_) | Values::Oid(_) => {
            let whole = whole(value).ok_or_else(|| text::invalid(t, &shortest_f64(value)))?;
            return append_i64(builder, whole);
        }
        _ => return spelled(builder, &shortest_f64(value)),
    }
    Ok(())
}

fn float4(value: f64) -> Result<f32> {
    let narrow = value as f32;
    let lost = (narrow.is_infinite() && value.is_finite()) || (narrow == 0.0 && value != 0.0);
    match lost {
        true => Err(Error::FloatRange { type_name: "real".into(), input: shortest_f64(value) }),
        false => Ok(narrow),
    }
}

/// The integer that a float is, if it is one.
fn whole(value: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    (value.fract() == 0.0 && (-END..END).contains(&value)).then_some(value as i64)
}

/// Through the type's input function.
fn spelled(builder: &mut ColumnBuilder, spelling: &str) -> Result<()> {
    text::append(builder, spelling, &Style::default())
}

pub(super) fn append_bytes(builder: &mut ColumnBuilder, value: &[u8]) -> Result<()> {
    match &mut builder.values {
        Values::Bytea(_) => binary::append(builder, value),
        Values::Uuid(values) if value.len() == 16 => {
            values.append_value(value).map_err(|_| binary::invalid(PgType::UUID))
        }
        _ => spelled(builder, binary::utf8(value)?),
    }
}
