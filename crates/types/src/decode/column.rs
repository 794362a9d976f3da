//! The values of several rows at once: what a column is, is asked once for all of them.
use arrow_array::ArrowPrimitiveType;
use arrow_array::builder::PrimitiveBuilder;

use super::binary::{self, exact};
use super::values::Values;
use super::{ColumnBuilder, numeric};
use crate::PgType;
use crate::error::Result;

/// Appends the values that the bytes encode.
pub(super) fn append<'a>(
    builder: &mut ColumnBuilder,
    values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
) -> Result<()> {
    let t = builder.t;
    let length = match &mut builder.values {
        Values::Int2(to) => fixed(to, t, values, |it| Ok(i16::from_be_bytes(it)))?,
        Values::Int4(to) => fixed(to, t, values, |it| Ok(i32::from_be_bytes(it)))?,
        Values::Int8(to) => fixed(to, t, values, |it| Ok(i64::from_be_bytes(it)))?,
        Values::Float4(to) => fixed(to, t, values, |it| Ok(f32::from_be_bytes(it)))?,
        Values::Float8(to) => fixed(to, t, values, |it| Ok(f64::from_be_bytes(it)))?,
        Values::Date(to) => fixed(to, t, values, |it| binary::date(i32::from_be_bytes(it)))?,
        Values::Timestamp(to) | Values::Timestamptz(to) => {
            fixed(to, t, values, |it| binary::instant(i64::from_be_bytes(it), t))?
        }
        Values::Decimal128 { values: to, precision, scale } => {
            let (precision, scale) = (*precision, *scale);
            each(to, values, |bytes| numeric::decimal128_of(bytes, precision, scale))?
        }
        Values::Text(_) | Values::Bpchar(_) => return texts(builder, values),
        _ => return one_by_one(builder, values),
    };
    builder.length += length;
    Ok(())
}

/// Values of so many bytes each.
fn fixed<'a, T: ArrowPrimitiveType, const N: usize>(
    to: &mut PrimitiveBuilder<T>,
    t: PgType,
    values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    read: impl Fn([u8; N]) -> Result<T::Native>,
) -> Result<usize> {
    each(to, values, |bytes| read(exact(bytes, t)?))
}

/// Collected first, and appended together where none is NULL.
#[inline]
fn each<'a, T: ArrowPrimitiveType>(
    to: &mut PrimitiveBuilder<T>,
    values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    read: impl Fn(&[u8]) -> Result<T::Native>,
) -> Result<usize> {
    let mut some = Vec::with_capacity(values.size_hint().0);
    for value in values.clone().flatten() {
        some.push(read(value)?);
    }
    let count = values.clone().count();
    if some.len() == count {
        to.append_slice(&some);
        return Ok(count);
    }
    let mut some = some.into_iter();
    for value in values {
        to.append_option(value.and_then(|_| some.next()));
    }
    Ok(count)
}

/// Together if they are what is declared as they are, which needs no look at each of them.
fn texts<'a>(
    builder: &mut ColumnBuilder,
    values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
) -> Result<()> {
    let t = builder.t;
    let appended = match &mut builder.values {
        Values::Text(to) if t.typmod < 0 => to.append_all(values.clone(), false),
        Values::Text(to) if all(&values, |bytes| binary::is_short(t, bytes)) => {
            to.append_all(values.clone(), false)
        }
        Values::Bpchar(to) if all(&values, |bytes| t.declared_length() == Some(bytes.len())) => {
            to.append_all(values.clone(), true)
        }
        _ => None,
    };
    match appended {
        Some(bytes) => {
            builder.varying_bytes += bytes;
            builder.length += values.count();
            Ok(())
        }
        None => one_by_one(builder, values),
    }
}

fn all<'a>(
    values: &(impl Iterator<Item = Option<&'a [u8]>> + Clone),
    is_so: impl Fn(&[u8]) -> bool,
) -> bool {
    values.clone().flatten().all(is_so)
}

fn one_by_one<'a>(
    builder: &mut ColumnBuilder,
    mut values: impl Iterator<Item = Option<&'a [u8]>>,
) -> Result<()> {
    values.try_for_each(|value| match value {
        Some(bytes) => builder.append_binary(bytes),
        None => {
            builder.append_null();
            Ok(())
        }
    })
}
