//! The one Arrow form of each type.
use std::collections::HashMap;

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};

use crate::pg_type::{CollationOid, PgType, TypeOid};

/// The key under which a field says which type it is.
const METADATA_KEY: &str = "pg.type";

/// How values of a type stand in Arrow, and so which code reads and writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `Boolean`.
    Bool,
    /// `Int16`.
    Int2,
    /// `Int32`.
    Int4,
    /// `Int64`.
    Int8,
    /// `UInt32`: oid and xid; the `reg*` types too, whose text needs the catalog.
    Oid,
    /// `Float32`.
    Float4,
    /// `Float64`.
    Float8,
    /// `Decimal128(precision, scale)`; no NaN, no infinity.
    Decimal128 {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// `Utf8` as PostgreSQL prints the number: numeric without a precision, or with more than
    /// `Decimal128` holds.
    NumericText,
    /// `Utf8`: text, varchar, name, json; the text of the value is the value.
    Text,
    /// `Utf8` padded with blanks to its length, as PostgreSQL keeps it.
    Bpchar,
    /// `Utf8` of one byte: `"char"`.
    Char,
    /// `Binary`.
    Bytea,
    /// `Date32`: days since 1970-01-01; `i32::MAX` and `MIN` are infinity and -infinity.
    Date,
    /// `Time64(µs)`: 0 to 86,400,000,000, which is 24:00:00.
    Time,
    /// `Timestamp(µs)`: since 1970-01-01; `i64::MAX` and `MIN` are infinity and -infinity.
    Timestamp,
    /// `Timestamp(µs, "UTC")`, likewise.
    Timestamptz,
    /// `Interval(MonthDayNano)`.
    Interval,
    /// `FixedSizeBinary(16)`.
    Uuid,
    /// `Utf8` with what the type's output function prints: jsonb, inet, and every type that
    /// Medley does not compute with. Such values pass through unchanged; the engine refuses to
    /// compare or compute with them.
    Printed,
    /// `List` of the element's form; one dimension, from 1.
    List,
}

impl Form {
    /// The form of this type.
    pub fn of(t: PgType) -> Self {
        match t.oid.0 {
            16 => Self::Bool,
            17 => Self::Bytea,
            18 => Self::Char,
            20 => Self::Int8,
            21 => Self::Int2,
            23 => Self::Int4,
            24 | 26 | 28 | 2202..=2206 | 4089 | 4096 | 4191 => Self::Oid,
            19 | 25 | 114 | 705 | 1043 | 2275 => Self::Text,
            700 => Self::Float4,
            701 => Self::Float8,
            1042 => Self::Bpchar,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::Timestamp,
            1184 => Self::Timestamptz,
            1186 => Self::Interval,
            1700 => Self::of_numeric(t),
            2950 => Self::Uuid,
            _ if t.element().is_some() => Self::List,
            _ => Self::Printed,
        }
    }

    fn of_numeric(t: PgType) -> Self {
        match t.precision_and_scale() {
            Some((precision @ 1..=38, scale @ 0..)) if scale <= precision as i16 => {
                Self::Decimal128 { precision: precision as u8, scale: scale as i8 }
            }
            _ => Self::NumericText,
        }
    }
}

/// The Arrow type that holds this type's values.
pub fn arrow_type(t: PgType) -> DataType {
    match Form::of(t) {
        Form::Bool => DataType::Boolean,
        Form::Int2 => DataType::Int16,
        Form::Int4 => DataType::Int32,
        Form::Int8 => DataType::Int64,
        Form::Oid => DataType::UInt32,
        Form::Float4 => DataType::Float32,
        Form::Float8 => DataType::Float64,
        Form::Decimal128 { precision, scale } => DataType::Decimal128(precision, scale),
        Form::NumericText | Form::Text | Form::Bpchar | Form::Char | Form::Printed => {
            DataType::Utf8
        }
        Form::Bytea => DataType::Binary,
        Form::Date => DataType::Date32,
        Form::Time => DataType::Time64(TimeUnit::Microsecond),
        Form::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Form::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Form::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        Form::Uuid => DataType::FixedSizeBinary(16),
        Form::List => {
            let element = t.element().expect("only a type with an element has the form List");
            DataType::new_list(arrow_type(element), true)
        }
    }
}

/// An Arrow field of this type, which says so in its metadata.
pub fn field(name: impl Into<String>, t: PgType, nullable: bool) -> Field {
    Field::new(name, arrow_type(t), nullable).with_metadata(metadata(t))
}

/// What [`field`] adds to a field.
pub fn metadata(t: PgType) -> HashMap<String, String> {
    let value = format!("{},{},{}", t.oid.0, t.typmod, t.collation.0);
    HashMap::from([(METADATA_KEY.to_owned(), value)])
}

/// The type that a field says it is; without a word of its own, the plain type of its Arrow form.
pub fn type_of_field(field: &Field) -> PgType {
    let stated = field.metadata().get(METADATA_KEY).and_then(|text| parse(text));
    // An expression may carry its input's metadata on to a result of another form.
    match stated {
        Some(t) if arrow_type(t).equals_datatype(field.data_type()) => t,
        _ => type_of_arrow(field.data_type()),
    }
}

fn parse(text: &str) -> Option<PgType> {
    let mut parts = text.split(',');
    let oid = TypeOid(parts.next()?.parse().ok()?);
    let typmod = parts.next()?.parse().ok()?;
    let collation = CollationOid(parts.next()?.parse().ok()?);
    Some(PgType { oid, typmod, collation })
}

/// The type whose values an Arrow type computed by the engine holds.
pub fn type_of_arrow(data_type: &DataType) -> PgType {
    match data_type {
        DataType::Boolean => PgType::BOOL,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => PgType::INT2,
        DataType::Int32 | DataType::UInt16 => PgType::INT4,
        DataType::Int64 | DataType::UInt64 => PgType::INT8,
        DataType::UInt32 => PgType::OID,
        DataType::Float16 | DataType::Float32 => PgType::FLOAT4,
        DataType::Float64 => PgType::FLOAT8,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
            PgType::numeric(u16::from(*p), i16::from(*s))
        }
        DataType::Decimal256(p, s) => PgType::numeric(u16::from(*p), i16::from(*s)),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => PgType::BYTEA,
        DataType::FixedSizeBinary(16) => PgType::UUID,
        DataType::FixedSizeBinary(_) => PgType::BYTEA,
        DataType::Date32 | DataType::Date64 => PgType::DATE,
        DataType::Time32(_) | DataType::Time64(_) => PgType::TIME,
        DataType::Timestamp(_, None) => PgType::TIMESTAMP,
        DataType::Timestamp(_, Some(_)) => PgType::TIMESTAMPTZ,
        DataType::Interval(_) | DataType::Duration(_) => PgType::INTERVAL,
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => {
            type_of_field(element).array().unwrap_or(PgType::TEXT_ARRAY)
        }
        _ => PgType::TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_remembers_its_type() {
        for t in [
            PgType::INT4,
            PgType::numeric(12, 2),
            PgType::varchar(10),
            PgType::JSONB,
            PgType::TEXT_ARRAY,
            PgType::TEXT.with_collation(CollationOid::C),
        ] {
            assert_eq!(type_of_field(&field("c", t, true)), t);
        }
    }

    #[test]
    fn types_print_as_format_type_prints_them() {
        let check = |t: PgType, text: &str| assert_eq!(t.to_string(), text);
        check(PgType::numeric(12, 2), "numeric(12,2)");
        check(PgType::numeric(3, -2), "numeric(3,-2)");
        check(PgType::varchar(10), "character varying(10)");
        check(PgType::BPCHAR, "bpchar");
        check(PgType::bpchar(3), "character(3)");
        check(PgType::TIMESTAMPTZ.with_typmod(3), "timestamp(3) with time zone");
        check(PgType::TIMESTAMP, "timestamp without time zone");
        check(PgType::CHAR, "\"char\"");
        check(PgType::VARCHAR_ARRAY, "character varying[]");
        check(PgType::INTERVAL.with_typmod((6 << 16) | 0xffff), "interval year to month");
    }

    #[test]
    fn names_are_found_as_sql_and_as_the_catalog_write_them() {
        for (name, t) in [("int4", PgType::INT4), ("integer", PgType::INT4), ("int", PgType::INT4)]
        {
            assert_eq!(crate::by_name(name).map(|info| info.oid), Some(t.oid));
        }
        assert!(crate::by_name("nosuch").is_none());
    }
}
