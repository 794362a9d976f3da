//! The Arrow builder behind each form.
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder,
    Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder,
    IntervalMonthDayNanoBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
    UInt32Builder,
};
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::Field;

use super::ColumnBuilder;
use super::texts::Texts;
use crate::PgType;
use crate::arrow::{Form, arrow_type};

/// How many bytes a value of varying length is thought to have.
const EXPECTED_LENGTH: usize = 16;

/// The values, in the builder of their form.
pub(super) enum Values {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Oid(UInt32Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Decimal128 { values: Decimal128Builder, precision: u8, scale: i8 },
    NumericText(Texts),
    Text(Texts),
    Bpchar(Texts),
    Char(Texts),
    Printed(Texts),
    Bytea(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Timestamptz(TimestampMicrosecondBuilder),
    Interval(IntervalMonthDayNanoBuilder),
    Uuid(FixedSizeBinaryBuilder),
    List(Box<ListValues>),
}

/// Lists: their elements, one after the other, and where each list begins.
pub(super) struct ListValues {
    pub(super) elements: ColumnBuilder,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl ListValues {
    fn new(element: PgType, capacity: usize) -> Self {
        Self {
            elements: ColumnBuilder::new(element, capacity),
            offsets: vec![0],
            nulls: NullBufferBuilder::new(capacity),
        }
    }

    /// Ends a list with the elements appended since the last.
    pub(super) fn end(&mut self, valid: bool) {
        self.offsets.push(self.elements.len() as i32);
        self.nulls.append(valid);
    }

    fn finish(&mut self) -> ArrayRef {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let element = Field::new_list_field(arrow_type(self.elements.pg_type()), true);
        Arc::new(ListArray::new(
            Arc::new(element),
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            self.elements.finish(),
            self.nulls.finish(),
        ))
    }
}

impl Values {
    pub(super) fn new(t: PgType, capacity: usize) -> Self {
        Self::with_room(t, capacity, capacity * EXPECTED_LENGTH)
    }

    /// With room for so many values, and so many bytes of those of varying length.
    pub(super) fn with_room(t: PgType, capacity: usize, bytes: usize) -> Self {
        let text = || Texts::with_capacity(capacity, bytes);
        match Form::of(t) {
            Form::Bool => Self::Bool(BooleanBuilder::with_capacity(capacity)),
            Form::Int2 => Self::Int2(Int16Builder::with_capacity(capacity)),
            Form::Int4 => Self::Int4(Int32Builder::with_capacity(capacity)),
            Form::Int8 => Self::Int8(Int64Builder::with_capacity(capacity)),
            Form::Oid => Self::Oid(UInt32Builder::with_capacity(capacity)),
            Form::Float4 => Self::Float4(Float32Builder::with_capacity(capacity)),
            Form::Float8 => Self::Float8(Float64Builder::with_capacity(capacity)),
            Form::Decimal128 { precision, scale } => {
                let values = Decimal128Builder::with_capacity(capacity);
                let values = values.with_data_type(arrow_type(t));
                Self::Decimal128 { values, precision, scale }
            }
            Form::NumericText => Self::NumericText(text()),
            Form::Text => Self::Text(text()),
            Form::Bpchar => Self::Bpchar(text()),
            Form::Char => Self::Char(text()),
            Form::Printed => Self::Printed(text()),
            Form::Bytea => Self::Bytea(BinaryBuilder::with_capacity(capacity, bytes)),
            Form::Date => Self::Date(Date32Builder::with_capacity(capacity)),
            Form::Time => Self::Time(Time64MicrosecondBuilder::with_capacity(capacity)),
            Form::Timestamp => {
                Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(capacity))
            }
            Form::Timestamptz => {
                let values = TimestampMicrosecondBuilder::with_capacity(capacity);
                Self::Timestamptz(values.with_data_type(arrow_type(t)))
            }
            Form::Interval => Self::Interval(IntervalMonthDayNanoBuilder::with_capacity(capacity)),
            Form::Uuid => Self::Uuid(FixedSizeBinaryBuilder::with_capacity(capacity, 16)),
            Form::List => {
                let element = t.element().expect("only a type with an element has the form List");
                Self::List(Box::new(ListValues::new(element, capacity)))
            }
        }
    }

    pub(super) fn append_null(&mut self) {
        match self {
            Self::Bool(values) => values.append_null(),
            Self::Int2(values) => values.append_null(),
            Self::Int4(values) => values.append_null(),
            Self::Int8(values) => values.append_null(),
            Self::Oid(values) => values.append_null(),
            Self::Float4(values) => values.append_null(),
            Self::Float8(values) => values.append_null(),
            Self::Decimal128 { values, .. } => values.append_null(),
            Self::NumericText(values)
            | Self::Text(values)
            | Self::Bpchar(values)
            | Self::Char(values)
            | Self::Printed(values) => values.append_null(),
            Self::Bytea(values) => values.append_null(),
            Self::Date(values) => values.append_null(),
            Self::Time(values) => values.append_null(),
            Self::Timestamp(values) | Self::Timestamptz(values) => values.append_null(),
            Self::Interval(values) => values.append_null(),
            Self::Uuid(values) => values.append_null(),
            Self::List(values) => values.end(false),
        }
    }

    /// Bytes that each value takes, without what varies.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Bool(_) => 1,
            Self::Int2(_) => 2,
            Self::Int4(_) | Self::Oid(_) | Self::Float4(_) | Self::Date(_) => 4,
            Self::Int8(_)
            | Self::Float8(_)
            | Self::Time(_)
            | Self::Timestamp(_)
            | Self::Timestamptz(_) => 8,
            Self::Decimal128 { .. } | Self::Interval(_) | Self::Uuid(_) => 16,
            // An offset each.
            Self::NumericText(_)
            | Self::Text(_)
            | Self::Bpchar(_)
            | Self::Char(_)
            | Self::Printed(_)
            | Self::Bytea(_)
            | Self::List(_) => 4,
        }
    }

    pub(super) fn element_bytes(&self) -> usize {
        match self {
            Self::List(values) => values.elements.byte_size(),
            _ => 0,
        }
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Int2(values) => Arc::new(values.finish()),
            Self::Int4(values) => Arc::new(values.finish()),
            Self::Int8(values) => Arc::new(values.finish()),
            Self::Oid(values) => Arc::new(values.finish()),
            Self::Float4(values) => Arc::new(values.finish()),
            Self::Float8(values) => Arc::new(values.finish()),
            Self::Decimal128 { values, .. } => Arc::new(values.finish()),
            Self::NumericText(values)
            | Self::Text(values)
            | Self::Bpchar(values)
            | Self::Char(values)
            | Self::Printed(values) => values.finish(),
            Self::Bytea(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Time(values) => Arc::new(values.finish()),
            Self::Timestamp(values) | Self::Timestamptz(values) => Arc::new(values.finish()),
            Self::Interval(values) => Arc::new(values.finish()),
            Self::Uuid(values) => Arc::new(values.finish()),
            Self::List(values) => values.finish(),
        }
    }
}
