//! What `information_schema` says of a type.
use medley_types::PgType;

use super::super::functions::format_type::format_type;

/// A type, taken apart as SQL's standard wants it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypeFacts {
    /// `data_type`.
    pub data_type: String,
    /// `udt_name`.
    pub type_name: &'static str,
    /// `character_maximum_length`.
    pub character_length: Option<i32>,
    /// `character_octet_length`.
    pub octet_length: Option<i32>,
    /// `numeric_precision`.
    pub numeric_precision: Option<i32>,
    /// `numeric_precision_radix`.
    pub numeric_radix: Option<i32>,
    /// `numeric_scale`.
    pub numeric_scale: Option<i32>,
    /// `datetime_precision`.
    pub datetime_precision: Option<i32>,
    /// `interval_type`.
    pub interval_type: Option<String>,
}

/// The longest that a text may be.
const MAX_OCTETS: i32 = 1 << 30;
/// The longest that a character of UTF-8 may be.
const MAX_BYTES: i32 = 4;
/// An interval's precision that is none.
const FULL_PRECISION: i32 = 0xffff;

impl TypeFacts {
    /// Of this type.
    pub fn of(t: PgType) -> Self {
        let is_array = t.info().is_some_and(|it| it.element.is_some() && it.length == -1);
        let data_type = match is_array {
            true => "ARRAY".to_owned(),
            false => format_type(t.oid.0, None).unwrap_or_default(),
        };
        Self {
            data_type,
            type_name: t.info().map_or("", |info| info.name),
            character_length: character_length(t),
            octet_length: octet_length(t),
            numeric_precision: numeric_precision(t),
            numeric_radix: numeric_radix(t),
            numeric_scale: numeric_scale(t),
            datetime_precision: datetime_precision(t),
            interval_type: interval_type(t),
        }
    }
}

fn character_length(t: PgType) -> Option<i32> {
    match t.oid.0 {
        1042 | 1043 if t.typmod != -1 => Some(t.typmod - 4),
        1560 | 1562 if t.typmod != -1 => Some(t.typmod),
        _ => None,
    }
}

fn octet_length(t: PgType) -> Option<i32> {
    match t.oid.0 {
        25 | 1042 | 1043 => Some(character_length(t).map_or(MAX_OCTETS, |it| it * MAX_BYTES)),
        _ => None,
    }
}

fn numeric_precision(t: PgType) -> Option<i32> {
    match t.oid.0 {
        21 => Some(16),
        23 => Some(32),
        20 => Some(64),
        700 => Some(24),
        701 => Some(53),
        1700 => t.precision_and_scale().map(|(precision, _)| i32::from(precision)),
        _ => None,
    }
}

fn numeric_radix(t: PgType) -> Option<i32> {
    match t.oid.0 {
        20 | 21 | 23 | 700 | 701 => Some(2),
        1700 => Some(10),
        _ => None,
    }
}

fn numeric_scale(t: PgType) -> Option<i32> {
    match t.oid.0 {
        20 | 21 | 23 => Some(0),
        1700 => t.precision_and_scale().map(|(_, scale)| i32::from(scale) & 2047),
        _ => None,
    }
}

fn datetime_precision(t: PgType) -> Option<i32> {
    match t.oid.0 {
        1082 => Some(0),
        1083 | 1114 | 1184 | 1266 => Some(if t.typmod < 0 { 6 } else { t.typmod }),
        1186 if t.typmod < 0 || t.typmod & FULL_PRECISION == FULL_PRECISION => Some(6),
        1186 => Some(t.typmod & FULL_PRECISION),
        _ => None,
    }
}

fn interval_type(t: PgType) -> Option<String> {
    let printed = (t.oid == PgType::INTERVAL.oid).then(|| t.to_string())?;
    let (_, fields) = printed.split_once(' ')?;
    let fields = fields.split('(').next().unwrap_or(fields);
    Some(fields.to_ascii_uppercase())
}
