//! From whatever Arrow type a computation hands out to the one that a type's values have.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, new_null_array};
use arrow_buffer::OffsetBuffer;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, TimeUnit};

use crate::arrow::{Form, arrow_type};
use crate::error::{Error, Result};
use crate::pg_type::PgType;

/// The same values in the Arrow type of `t`. Numbers for a `numeric` of any scale stay decimals.
pub(super) fn normalise(t: PgType, array: &ArrayRef) -> Result<ArrayRef> {
    let wanted = arrow_type(t);
    match array.data_type() {
        actual if *actual == wanted => Ok(array.clone()),
        DataType::Null => Ok(new_null_array(&wanted, array.len())),
        DataType::Dictionary(_, values) => normalise(t, &cast(t, array, values)?),
        DataType::RunEndEncoded(_, values) => normalise(t, &cast(t, array, values.data_type())?),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            normalise_list(t, array)
        }
        DataType::Decimal128(..) if Form::of(t) == Form::NumericText => Ok(array.clone()),
        // Names of `reg*` types, which only the catalog could tell: already printed.
        DataType::Utf8 if Form::of(t) == Form::Oid => Ok(array.clone()),
        DataType::Timestamp(_, zone) if Kind::of(&wanted) == Some(Kind::Timestamp) => {
            // The instant counts, whatever zone it is labelled with.
            let exact = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            Ok(relabelled(&cast(t, array, &exact)?, &wanted))
        }
        actual if castable(actual, &wanted, Form::of(t)) => cast(t, array, &wanted),
        _ => Err(mismatch(t, array)),
    }
}

fn cast(t: PgType, array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, ..Default::default() };
    cast_with_options(array, to, &options).map_err(|_| Error::ComputedRange(t.plain_name()))
}

/// Microseconds under the zone of the type.
fn relabelled(array: &ArrayRef, wanted: &DataType) -> ArrayRef {
    let values = array.as_primitive::<TimestampMicrosecondType>().clone();
    match wanted {
        DataType::Timestamp(_, zone) => Arc::new(values.with_timezone_opt(zone.clone())),
        _ => Arc::new(values),
    }
}

fn mismatch(t: PgType, array: &ArrayRef) -> Error {
    Error::ArrowMismatch { type_name: t.plain_name(), arrow: array.data_type().to_string() }
}

/// Kinds of Arrow types within which a cast keeps the value, or fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Decimal,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    Interval,
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            t if t.is_integer() => Kind::Integer,
            t if t.is_floating() => Kind::Float,
            t if t.is_decimal() => Kind::Decimal,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Kind::Bytes,
            DataType::Date32 | DataType::Date64 => Kind::Date,
            DataType::Time32(_) | DataType::Time64(_) => Kind::Time,
            DataType::Timestamp(..) => Kind::Timestamp,
            DataType::Interval(_) | DataType::Duration(_) => Kind::Interval,
            _ => return None,
        })
    }
}

fn castable(from: &DataType, to: &DataType, form: Form) -> bool {
    match (Kind::of(from), Kind::of(to)) {
        (Some(Kind::Integer), Some(Kind::Float | Kind::Decimal)) => true,
        // The text of a number is what numeric prints.
        (Some(Kind::Integer | Kind::Decimal), Some(Kind::Text)) => form == Form::NumericText,
        (Some(from), Some(to)) => from == to,
        _ => false,
    }
}

fn normalise_list(t: PgType, array: &ArrayRef) -> Result<ArrayRef> {
    let (Form::List, Some(element)) = (Form::of(t), t.element()) else {
        return Err(mismatch(t, array));
    };
    let (offsets, values) = parts(array).ok_or_else(|| mismatch(t, array))?;
    let values = normalise(element, &values)?;
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let list = ListArray::try_new(field, offsets, values, array.nulls().cloned());
    list.map(|list| Arc::new(list) as ArrayRef).map_err(|_| mismatch(t, array))
}

fn parts(array: &ArrayRef) -> Option<(OffsetBuffer<i32>, ArrayRef)> {
    if let Some(list) = array.as_any().downcast_ref::<ListArray>() {
        return Some((list.offsets().clone(), list.values().clone()));
    }
    if let Some(list) = array.as_any().downcast_ref::<LargeListArray>() {
        let offsets = list.offsets().iter().map(|o| i32::try_from(*o).ok());
        let offsets = offsets.collect::<Option<Vec<i32>>>()?;
        return Some((OffsetBuffer::new(offsets.into()), list.values().clone()));
    }
    let list: &FixedSizeListArray = array.as_fixed_size_list_opt()?;
    let lengths = std::iter::repeat_n(usize::try_from(list.value_length()).ok()?, list.len());
    Some((OffsetBuffer::from_lengths(lengths), list.values().clone()))
}
