//! One value of a row: what kernels compute with.
use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryBuilder, BooleanBuilder, Decimal128Builder,
    FixedSizeBinaryBuilder, PrimitiveArray, PrimitiveBuilder, StringBuilder, new_empty_array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
    UInt32Type,
};
use medley_types::{Form, PgType, Style, arrow_type};

use super::numeric::Numeric;
use crate::error::{Error, Result};

/// A value, by the form of its type.
#[derive(Clone, Debug)]
pub enum Datum<'a> {
    /// NULL of any type.
    Null,
    /// `bool`.
    Bool(bool),
    /// `int2`.
    Int2(i16),
    /// `int4`.
    Int4(i32),
    /// `int8`.
    Int8(i64),
    /// `oid` and its kin.
    Oid(u32),
    /// `float4`.
    Float4(f32),
    /// `float8`.
    Float8(f64),
    /// `numeric`.
    Numeric(Numeric),
    /// Everything whose Arrow form is text.
    Text(Cow<'a, str>),
    /// `bytea`.
    Bytea(Cow<'a, [u8]>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01, with or without a time zone.
    Timestamp(i64),
    /// `interval`.
    Interval(Interval),
    /// `uuid`.
    Uuid([u8; 16]),
    /// The elements of an array.
    List(ArrayRef),
}

/// Months, days and microseconds, apart as PostgreSQL keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Interval {
    /// Years are twelve of these.
    pub months: i32,
    /// Not 24 hours where clocks change.
    pub days: i32,
    /// The rest.
    pub micros: i64,
}

impl Interval {
    /// `infinity`: every field at its greatest.
    pub const INFINITY: Self = Self { months: i32::MAX, days: i32::MAX, micros: i64::MAX };
    /// `-infinity`: every field at its least.
    pub const NEGATIVE_INFINITY: Self = Self { months: i32::MIN, days: i32::MIN, micros: i64::MIN };

    /// Neither of the two.
    pub fn is_finite(self) -> bool {
        self != Self::INFINITY && self != Self::NEGATIVE_INFINITY
    }
}

macro_rules! takers {
    ($($name:ident: $variant:ident($t:ty);)*) => {
        impl Datum<'_> {$(
            #[doc = concat!("The value, which is known to be of `", stringify!($variant), "`.")]
            pub fn $name(&self) -> Result<$t> {
                match self {
                    Self::$variant(value) => Ok(value.clone().into()),
                    other => Err(unexpected(stringify!($variant), other)),
                }
            }
        )*}
    };
}

takers! {
    bool: Bool(bool);
    int2: Int2(i16);
    int4: Int4(i32);
    int8: Int8(i64);
    oid: Oid(u32);
    float4: Float4(f32);
    float8: Float8(f64);
    numeric: Numeric(Numeric);
    date: Date(i32);
    time: Time(i64);
    timestamp: Timestamp(i64);
    interval: Interval(Interval);
    list: List(ArrayRef);
}

fn unexpected(wanted: &str, found: &Datum<'_>) -> Error {
    Error::Internal(format!("a kernel for {wanted} was given {found:?}"))
}

impl<'a> Datum<'a> {
    /// The text of a value that is kept as text.
    pub fn text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(unexpected("Text", other)),
        }
    }

    /// The bytes of a `bytea`.
    pub fn bytes(&self) -> Result<&[u8]> {
        match self {
            Self::Bytea(bytes) => Ok(bytes),
            other => Err(unexpected("Bytea", other)),
        }
    }

    /// A new text.
    pub fn of_text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// The same value, which borrows from nothing.
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Self::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
            Self::Bytea(bytes) => Datum::Bytea(Cow::Owned(bytes.into_owned())),
            Self::Null => Datum::Null,
            Self::Bool(value) => Datum::Bool(value),
            Self::Int2(value) => Datum::Int2(value),
            Self::Int4(value) => Datum::Int4(value),
            Self::Int8(value) => Datum::Int8(value),
            Self::Oid(value) => Datum::Oid(value),
            Self::Float4(value) => Datum::Float4(value),
            Self::Float8(value) => Datum::Float8(value),
            Self::Numeric(value) => Datum::Numeric(value),
            Self::Date(value) => Datum::Date(value),
            Self::Time(value) => Datum::Time(value),
            Self::Timestamp(value) => Datum::Timestamp(value),
            Self::Interval(value) => Datum::Interval(value),
            Self::Uuid(value) => Datum::Uuid(value),
            Self::List(value) => Datum::List(value),
        }
    }

    /// NULL?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Reads a column row by row.
pub struct Reader {
    t: PgType,
    form: Form,
    array: ArrayRef,
}

impl Reader {
    /// Of values of this type, in the type's form.
    pub fn new(t: PgType, array: ArrayRef) -> Self {
        Self { t, form: Form::of(t), array }
    }

    /// A column of one row is a constant.
    pub fn is_constant(&self) -> bool {
        self.array.len() == 1
    }

    /// The value of a row, or of the constant.
    pub fn get(&self, row: usize) -> Result<Datum<'_>> {
        self.get_at(if self.is_constant() { 0 } else { row })
    }

    /// The value of exactly this row.
    pub fn get_at(&self, row: usize) -> Result<Datum<'_>> {
        let array = self.array.as_ref();
        if array.is_null(row) {
            return Ok(Datum::Null);
        }
        if *array.data_type() == DataType::Null {
            return Ok(Datum::Null);
        }
        Ok(match self.form {
            Form::Bool => Datum::Bool(self.array.as_boolean().value(row)),
            Form::Int2 => Datum::Int2(value::<Int16Type>(array, row)?),
            Form::Int4 => Datum::Int4(value::<Int32Type>(array, row)?),
            Form::Int8 => Datum::Int8(value::<Int64Type>(array, row)?),
            Form::Oid => Datum::Oid(value::<UInt32Type>(array, row)?),
            Form::Float4 => Datum::Float4(value::<Float32Type>(array, row)?),
            Form::Float8 => Datum::Float8(value::<Float64Type>(array, row)?),
            Form::Decimal128 { scale, .. } => {
                Datum::Numeric(Numeric::new(value::<Decimal128Type>(array, row)?, scale as u32))
            }
            Form::NumericText => Datum::Numeric(numeric(text(array, row)?)?),
            Form::Text | Form::Bpchar | Form::Char | Form::Printed => {
                Datum::Text(Cow::Borrowed(text(array, row)?))
            }
            Form::Bytea => Datum::Bytea(Cow::Borrowed(
                array.as_binary_opt::<i32>().ok_or_else(|| wrong_form(self.t, array))?.value(row),
            )),
            Form::Date => Datum::Date(value::<Date32Type>(array, row)?),
            Form::Time => Datum::Time(value::<Time64MicrosecondType>(array, row)?),
            Form::Timestamp | Form::Timestamptz => {
                Datum::Timestamp(value::<TimestampMicrosecondType>(array, row)?)
            }
            Form::Interval => {
                let packed = value::<IntervalMonthDayNanoType>(array, row)?;
                Datum::Interval(unpack(packed))
            }
            Form::Uuid => {
                let bytes = array
                    .as_fixed_size_binary_opt()
                    .ok_or_else(|| wrong_form(self.t, array))?
                    .value(row);
                Datum::Uuid(bytes.try_into().map_err(|_| wrong_form(self.t, array))?)
            }
            Form::List => Datum::List(
                array.as_list_opt::<i32>().ok_or_else(|| wrong_form(self.t, array))?.value(row),
            ),
        })
    }
}

fn value<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Result<T::Native> {
    let array: &PrimitiveArray<T> = array.as_primitive_opt().ok_or_else(|| {
        Error::Internal(format!("{} stands where {} should", array.data_type(), T::DATA_TYPE))
    })?;
    Ok(array.value(row))
}

fn text(array: &dyn Array, row: usize) -> Result<&str> {
    let array = array.as_string_opt::<i32>().ok_or_else(|| wrong_form(PgType::TEXT, array))?;
    Ok(array.value(row))
}

fn numeric(text: &str) -> Result<Numeric> {
    text.parse().map_err(|_| Error::Internal("a numeric is not one".to_owned()))
}

fn wrong_form(t: PgType, array: &dyn Array) -> Error {
    Error::Internal(format!("{} stands where {t} should", array.data_type()))
}

/// Builds a column of one type, value by value.
pub struct Writer {
    t: PgType,
    values: Values,
}

enum Values {
    Bool(BooleanBuilder),
    Int2(PrimitiveBuilder<Int16Type>),
    Int4(PrimitiveBuilder<Int32Type>),
    Int8(PrimitiveBuilder<Int64Type>),
    Oid(PrimitiveBuilder<UInt32Type>),
    Float4(PrimitiveBuilder<Float32Type>),
    Float8(PrimitiveBuilder<Float64Type>),
    Decimal(Decimal128Builder, u8, i8),
    Text(StringBuilder),
    Bytea(BinaryBuilder),
    Date(PrimitiveBuilder<Date32Type>),
    Time(PrimitiveBuilder<Time64MicrosecondType>),
    Timestamp(PrimitiveBuilder<TimestampMicrosecondType>),
    Interval(PrimitiveBuilder<IntervalMonthDayNanoType>),
    Uuid(FixedSizeBinaryBuilder),
    List(Vec<Option<ArrayRef>>),
}

impl Writer {
    /// Of values of this type.
    pub fn new(t: PgType, rows: usize) -> Self {
        let values = match Form::of(t) {
            Form::Bool => Values::Bool(BooleanBuilder::with_capacity(rows)),
            Form::Int2 => Values::Int2(PrimitiveBuilder::with_capacity(rows)),
            Form::Int4 => Values::Int4(PrimitiveBuilder::with_capacity(rows)),
            Form::Int8 => Values::Int8(PrimitiveBuilder::with_capacity(rows)),
            Form::Oid => Values::Oid(PrimitiveBuilder::with_capacity(rows)),
            Form::Float4 => Values::Float4(PrimitiveBuilder::with_capacity(rows)),
            Form::Float8 => Values::Float8(PrimitiveBuilder::with_capacity(rows)),
            Form::Decimal128 { precision, scale } => {
                let builder = Decimal128Builder::with_capacity(rows).with_data_type(arrow_type(t));
                Values::Decimal(builder, precision, scale)
            }
            Form::NumericText | Form::Text | Form::Bpchar | Form::Char | Form::Printed => {
                Values::Text(StringBuilder::with_capacity(rows, rows * 8))
            }
            Form::Bytea => Values::Bytea(BinaryBuilder::with_capacity(rows, rows * 8)),
            Form::Date => Values::Date(PrimitiveBuilder::with_capacity(rows)),
            Form::Time => Values::Time(PrimitiveBuilder::with_capacity(rows)),
            Form::Timestamp | Form::Timestamptz => Values::Timestamp(
                PrimitiveBuilder::with_capacity(rows).with_data_type(arrow_type(t)),
            ),
            Form::Interval => Values::Interval(PrimitiveBuilder::with_capacity(rows)),
            Form::Uuid => Values::Uuid(FixedSizeBinaryBuilder::with_capacity(rows, 16)),
            Form::List => Values::List(Vec::with_capacity(rows)),
        };
        Self { t, values }
    }

    /// Adds a value; it must be one of the type, and fit its declaration.
    pub fn push(&mut self, datum: &Datum<'_>) -> Result<()> {
        match (&mut self.values, datum) {
            (values, Datum::Null) => values.push_null(),
            (Values::Bool(b), Datum::Bool(value)) => b.append_value(*value),
            (Values::Int2(b), Datum::Int2(value)) => b.append_value(*value),
            (Values::Int4(b), Datum::Int4(value)) => b.append_value(*value),
            (Values::Int8(b), Datum::Int8(value)) => b.append_value(*value),
            (Values::Oid(b), Datum::Oid(value)) => b.append_value(*value),
            (Values::Float4(b), Datum::Float4(value)) => b.append_value(*value),
            (Values::Float8(b), Datum::Float8(value)) => b.append_value(*value),
            (Values::Decimal(b, precision, scale), Datum::Numeric(value)) => {
                let fitted = value.fit(u16::from(*precision), i16::from(*scale))?;
                let digits = fitted.to_decimal128(*scale as u32).ok_or_else(|| nan(self.t))?;
                b.append_value(digits);
            }
            (Values::Text(b), Datum::Numeric(value)) => b.append_value(value.to_string()),
            (Values::Text(b), Datum::Text(value)) => b.append_value(value),
            (Values::Bytea(b), Datum::Bytea(value)) => b.append_value(value),
            (Values::Date(b), Datum::Date(value)) => b.append_value(*value),
            (Values::Time(b), Datum::Time(value)) => b.append_value(*value),
            (Values::Timestamp(b), Datum::Timestamp(value)) => b.append_value(*value),
            (Values::Interval(b), Datum::Interval(value)) => b.append_value(pack(*value)?),
            (Values::Uuid(b), Datum::Uuid(value)) => {
                b.append_value(value).map_err(|error| Error::Internal(error.to_string()))?;
            }
            (Values::List(values), Datum::List(value)) => values.push(Some(value.clone())),
            (_, other) => return Err(unexpected(&self.t.to_string(), other)),
        }
        Ok(())
    }

    /// The column.
    pub fn finish(self) -> Result<ArrayRef> {
        Ok(match self.values {
            Values::Bool(mut b) => Arc::new(b.finish()),
            Values::Int2(mut b) => Arc::new(b.finish()),
            Values::Int4(mut b) => Arc::new(b.finish()),
            Values::Int8(mut b) => Arc::new(b.finish()),
            Values::Oid(mut b) => Arc::new(b.finish()),
            Values::Float4(mut b) => Arc::new(b.finish()),
            Values::Float8(mut b) => Arc::new(b.finish()),
            Values::Decimal(mut b, ..) => Arc::new(b.finish()),
            Values::Text(mut b) => Arc::new(b.finish()),
            Values::Bytea(mut b) => Arc::new(b.finish()),
            Values::Date(mut b) => Arc::new(b.finish()),
            Values::Time(mut b) => Arc::new(b.finish()),
            Values::Timestamp(mut b) => Arc::new(b.finish()),
            Values::Interval(mut b) => Arc::new(b.finish()),
            Values::Uuid(mut b) => Arc::new(b.finish()),
            Values::List(values) => list_array(self.t, &values)?,
        })
    }
}

impl Values {
    fn push_null(&mut self) {
        match self {
            Self::Bool(b) => b.append_null(),
            Self::Int2(b) => b.append_null(),
            Self::Int4(b) => b.append_null(),
            Self::Int8(b) => b.append_null(),
            Self::Oid(b) => b.append_null(),
            Self::Float4(b) => b.append_null(),
            Self::Float8(b) => b.append_null(),
            Self::Decimal(b, ..) => b.append_null(),
            Self::Text(b) => b.append_null(),
            Self::Bytea(b) => b.append_null(),
            Self::Date(b) => b.append_null(),
            Self::Time(b) => b.append_null(),
            Self::Timestamp(b) => b.append_null(),
            Self::Interval(b) => b.append_null(),
            Self::Uuid(b) => b.append_null(),
            Self::List(values) => values.push(None),
        }
    }
}

fn nan(t: PgType) -> Error {
    medley_types::Error::Unrepresentable { type_name: t.to_string(), value: "NaN".to_owned() }
        .into()
}

type Packed = <IntervalMonthDayNanoType as ArrowPrimitiveType>::Native;

/// An infinite one has every field at its limit in either form.
fn unpack(packed: Packed) -> Interval {
    let micros = match packed.nanoseconds {
        i64::MAX if packed.months == i32::MAX && packed.days == i32::MAX => i64::MAX,
        i64::MIN if packed.months == i32::MIN && packed.days == i32::MIN => i64::MIN,
        nanoseconds => nanoseconds / 1000,
    };
    Interval { months: packed.months, days: packed.days, micros }
}

fn pack(value: Interval) -> Result<Packed> {
    if !value.is_finite() {
        let Interval { months, days, micros } = value;
        return Ok(IntervalMonthDayNanoType::make_value(months, days, micros));
    }
    let nanoseconds =
        value.micros.checked_mul(1000).ok_or_else(|| medley_types::Error::Unrepresentable {
            type_name: "interval".to_owned(),
            value: format!("{} microseconds", value.micros),
        })?;
    Ok(IntervalMonthDayNanoType::make_value(value.months, value.days, nanoseconds))
}

/// Lists of this array type, each of its own elements.
pub fn list_array(t: PgType, lists: &[Option<ArrayRef>]) -> Result<ArrayRef> {
    let DataType::List(field) = arrow_type(t) else {
        return Err(Error::Internal(format!("{t} is no array")));
    };
    let parts: Vec<&dyn Array> = lists.iter().flatten().map(AsRef::as_ref).collect();
    let internal = |error: datafusion::arrow::error::ArrowError| Error::Internal(error.to_string());
    let elements = match parts.as_slice() {
        [] => new_empty_array(field.data_type()),
        parts => concat(parts).map_err(internal)?,
    };
    let lengths = lists.iter().map(|list| list.as_ref().map_or(0, |list| list.len()));
    let nulls = NullBuffer::from(lists.iter().map(Option::is_some).collect::<Vec<_>>());
    let field: Arc<Field> = field;
    let list = datafusion::arrow::array::ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        elements,
        Some(nulls),
    );
    Ok(Arc::new(list.map_err(internal)?))
}

/// Reads text as the type's input function does.
pub fn input(t: PgType, text: &str, style: &Style) -> Result<ArrayRef> {
    let mut builder = medley_types::ColumnBuilder::new(t, 1);
    builder.append_text(text, style)?;
    Ok(builder.finish())
}

/// A column of one NULL.
pub fn null(t: PgType) -> ArrayRef {
    datafusion::arrow::array::new_null_array(&arrow_type(t), 1)
}

/// What the type's output function prints of the one value in a column.
pub fn output(t: PgType, array: &ArrayRef, row: usize, style: &Style) -> Result<Option<String>> {
    let writer = medley_types::ColumnWriter::text(t, array, style)?;
    if writer.is_null(row) {
        return Ok(None);
    }
    let mut out = bytes::BytesMut::new();
    writer.write(row, &mut out)?;
    let text = String::from_utf8(out.to_vec());
    text.map(Some).map_err(|_| Error::Internal("an output function wrote no text".to_owned()))
}
