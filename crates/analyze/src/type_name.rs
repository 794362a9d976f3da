//! The type that a type name means.
use medley_diagnostic::{Diagnostic, SqlState};
use medley_sql::query_ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, IntervalFields, ObjectName,
    ObjectNamePart, TimezoneInfo,
};
use medley_types::{PgType, TypeOid};

/// Why a name means no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is none of this name.
    #[error("type \"{0}\" does not exist")]
    Unknown(String),
    /// PostgreSQL has it, and we do not.
    #[error("type {0} is not supported")]
    Unsupported(String),
    /// A length, a precision or a scale that the type cannot have.
    #[error("{0}")]
    Modifier(String),
    /// The type has no modifiers of this kind.
    #[error("type modifier is not allowed for type \"{0}\"")]
    NoModifier(PgType),
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Unknown(_) => SqlState::UNDEFINED_OBJECT,
            Self::Unsupported(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::Modifier(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::NoModifier(_) => SqlState::SYNTAX_ERROR,
        }
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Bytes of a varlena's header, which typmods of lengths count.
const HEADER: i32 = 4;

/// The type of this name, with its typmod.
pub fn resolve(name: &DataType) -> Result<PgType> {
    Ok(match name {
        DataType::Character(length) | DataType::Char(length) => {
            PgType::BPCHAR.with_typmod(length_typmod("char", length.as_ref(), Some(1))?)
        }
        DataType::CharacterVarying(length)
        | DataType::CharVarying(length)
        | DataType::Varchar(length) => {
            PgType::VARCHAR.with_typmod(length_typmod("varchar", length.as_ref(), None)?)
        }
        DataType::Uuid => PgType::UUID,
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => numeric(info)?,
        DataType::Float(ExactNumberInfo::Precision(bits)) => float(*bits)?,
        DataType::SmallInt(_) | DataType::Int2(_) => PgType::INT2,
        DataType::Int(_) | DataType::Int4(_) | DataType::Integer(_) => PgType::INT4,
        DataType::BigInt(_) | DataType::Int8(_) => PgType::INT8,
        DataType::Float4 | DataType::Real => PgType::FLOAT4,
        DataType::Float8 | DataType::DoublePrecision | DataType::Float(ExactNumberInfo::None) => {
            PgType::FLOAT8
        }
        DataType::Bool | DataType::Boolean => PgType::BOOL,
        DataType::Date => PgType::DATE,
        DataType::Time(digits, zone) => time(*digits, *zone)?,
        DataType::Timestamp(digits, zone) => timestamp(*digits, *zone)?,
        DataType::Interval { fields, precision } => interval(fields.as_ref(), *precision),
        DataType::JSON => PgType::JSON,
        DataType::JSONB => PgType::JSONB,
        DataType::Regclass => PgType::REGCLASS,
        DataType::Text => PgType::TEXT,
        DataType::Bytea => PgType::BYTEA,
        DataType::TsVector => named("tsvector")?,
        DataType::TsQuery => named("tsquery")?,
        DataType::Bit(_) | DataType::BitVarying(_) | DataType::VarBit(_) => {
            return Err(Error::Unsupported(name.to_string()));
        }
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(element, _)
            | ArrayElemTypeDef::AngleBracket(element)
            | ArrayElemTypeDef::Parenthesis(element),
        ) => array(element)?,
        DataType::Custom(name, modifiers) => custom(name, modifiers)?,
        other => return Err(unknown(&other.to_string().to_ascii_lowercase())),
    })
}

fn unknown(name: &str) -> Error {
    Error::Unknown(name.to_owned())
}

fn named(name: &str) -> Result<PgType> {
    let info = medley_types::by_name(name).ok_or_else(|| unknown(name))?;
    Ok(PgType::plain(info.oid.0))
}

/// Several dimensions are one type, as at PostgreSQL.
fn array(element: &DataType) -> Result<PgType> {
    let element = resolve(element)?;
    if element.info().is_some_and(|info| info.category == 'A' && info.name.starts_with('_')) {
        return Ok(element);
    }
    element.array().ok_or_else(|| unknown(&format!("{element}[]")))
}

fn custom(name: &ObjectName, modifiers: &[String]) -> Result<PgType> {
    let parts: Vec<&str> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => ident.value.as_str(),
            ObjectNamePart::Function(function) => function.name.value.as_str(),
        })
        .collect();
    let simple = match parts.as_slice() {
        [name] | ["pg_catalog", name] => *name,
        _ => return Err(unknown(&parts.join("."))),
    };
    // SQL's own words are no names of types in the catalog.
    let quoted_or_qualified = parts.len() > 1;
    let t = match (simple, quoted_or_qualified) {
        ("char", true) => PgType::CHAR,
        _ => by_catalog_name(simple).ok_or_else(|| unknown(&parts.join(".")))?,
    };
    match modifiers {
        [] => Ok(t),
        modifiers => with_modifiers(t, modifiers),
    }
}

fn by_catalog_name(name: &str) -> Option<PgType> {
    if let Some(info) = medley_types::types().iter().find(|info| info.name == name) {
        return Some(PgType::plain(info.oid.0));
    }
    // Domains of information_schema are what they are over.
    medley_types::by_name(name).map(|info| PgType::plain(info.oid.0))
}

fn with_modifiers(t: PgType, modifiers: &[String]) -> Result<PgType> {
    let numbers: Option<Vec<i64>> = modifiers.iter().map(|m| m.trim().parse().ok()).collect();
    match (t.oid, numbers.as_deref()) {
        (oid, Some([length])) if oid == PgType::VARCHAR.oid || oid == PgType::BPCHAR.oid => {
            let name = if oid == PgType::VARCHAR.oid { "varchar" } else { "char" };
            Ok(t.with_typmod(checked_length(name, *length)?))
        }
        (oid, Some([precision])) if oid == PgType::NUMERIC.oid => {
            numeric(&ExactNumberInfo::Precision(*precision as u64))
        }
        (oid, Some([precision, scale])) if oid == PgType::NUMERIC.oid => {
            numeric(&ExactNumberInfo::PrecisionAndScale(*precision as u64, *scale))
        }
        (TypeOid(1083 | 1114 | 1184), Some([digits])) => {
            Ok(t.with_typmod((*digits).clamp(0, 6) as i32))
        }
        _ => Err(Error::NoModifier(t)),
    }
}

fn length_typmod(
    name: &str,
    length: Option<&CharacterLength>,
    default: Option<i64>,
) -> Result<i32> {
    match length {
        Some(CharacterLength::IntegerLength { length, .. }) => {
            checked_length(name, i64::try_from(*length).unwrap_or(i64::MAX))
        }
        Some(CharacterLength::Max) => Err(unknown("max")),
        None => default.map_or(Ok(-1), |length| checked_length(name, length)),
    }
}

fn checked_length(name: &str, length: i64) -> Result<i32> {
    const MAX: i64 = 10 * 1024 * 1024;
    if length < 1 {
        let message = format!("length for type {name} must be at least 1");
        return Err(Error::Modifier(message));
    }
    if length > MAX {
        let message = format!("length for type {name} cannot exceed {MAX}");
        return Err(Error::Modifier(message));
    }
    Ok(length as i32 + HEADER)
}

fn numeric(info: &ExactNumberInfo) -> Result<PgType> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return Ok(PgType::NUMERIC),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let Some(valid) = u16::try_from(precision).ok().filter(|p| (1..=1000).contains(p)) else {
        let message = format!("NUMERIC precision {precision} must be between 1 and 1000");
        return Err(Error::Modifier(message));
    };
    if !(-1000..=1000).contains(&scale) {
        let message = format!("NUMERIC scale {scale} must be between -1000 and 1000");
        return Err(Error::Modifier(message));
    }
    Ok(PgType::numeric(valid, scale as i16))
}

fn float(bits: u64) -> Result<PgType> {
    match bits {
        0 => Err(Error::Modifier("precision for type float must be at least 1 bit".to_owned())),
        1..=24 => Ok(PgType::FLOAT4),
        25..=53 => Ok(PgType::FLOAT8),
        _ => Err(Error::Modifier("precision for type float must be less than 54 bits".to_owned())),
    }
}

fn digits_typmod(digits: Option<u64>) -> i32 {
    digits.map_or(-1, |digits| digits.min(6) as i32)
}

fn time(digits: Option<u64>, zone: TimezoneInfo) -> Result<PgType> {
    match zone {
        TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => {
            Ok(PgType::TIME.with_typmod(digits_typmod(digits)))
        }
        TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => {
            Ok(named("timetz")?.with_typmod(digits_typmod(digits)))
        }
    }
}

fn timestamp(digits: Option<u64>, zone: TimezoneInfo) -> Result<PgType> {
    let t = match zone {
        TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => PgType::TIMESTAMP,
        TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => PgType::TIMESTAMPTZ,
    };
    Ok(t.with_typmod(digits_typmod(digits)))
}

fn interval(fields: Option<&IntervalFields>, precision: Option<u64>) -> PgType {
    const FULL_PRECISION: i32 = 0xffff;
    const ALL_FIELDS: i32 = 0x7fff;
    if fields.is_none() && precision.is_none() {
        return PgType::INTERVAL;
    }
    let mask = fields.map_or(ALL_FIELDS, interval_mask);
    let digits = precision.map_or(FULL_PRECISION, |digits| digits.min(6) as i32);
    PgType::INTERVAL.with_typmod(mask << 16 | digits)
}

fn interval_mask(fields: &IntervalFields) -> i32 {
    match fields {
        IntervalFields::Year => 4,
        IntervalFields::Month => 2,
        IntervalFields::Day => 8,
        IntervalFields::Hour => 1024,
        IntervalFields::Minute => 2048,
        IntervalFields::Second => 4096,
        IntervalFields::YearToMonth => 6,
        IntervalFields::DayToHour => 1032,
        IntervalFields::DayToMinute => 3080,
        IntervalFields::DayToSecond => 7176,
        IntervalFields::HourToMinute => 3072,
        IntervalFields::HourToSecond => 7168,
        IntervalFields::MinuteToSecond => 6144,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expected: &str) {
        let sql = format!("SELECT NULL::{written}");
        let query = medley_sql::parse_query(&sql).expect(written);
        let mut types = Vec::new();
        let _ = medley_sql::query_ast::visit_expressions(&query.ast, |expr| {
            if let medley_sql::query_ast::Expr::Cast { data_type, .. } = expr {
                types.push(data_type.clone());
            }
            std::ops::ControlFlow::<()>::Continue(())
        });
        let answer = match resolve(&types[0]) {
            Ok(t) => t.to_string(),
            Err(error) => format!("{} {error}", error.sqlstate()),
        };
        assert_eq!(answer, expected, "{written}");
    }

    #[test]
    fn names_mean_what_they_mean_at_postgresql() {
        check("int", "integer");
        check("pg_catalog.int8", "bigint");
        check("float(24)", "real");
        check("float(25)", "double precision");
        check("numeric(10, 2)", "numeric(10,2)");
        check("char", "character(1)");
        check("varchar(5)[]", "character varying(5)[]");
        check("timestamp(3) with time zone", "timestamp(3) with time zone");
        check("int4[][]", "integer[]");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        check("nosuch", "42704 type \"nosuch\" does not exist");
        check("varchar(0)", "22023 length for type varchar must be at least 1");
        check("numeric(2000)", "22023 NUMERIC precision 2000 must be between 1 and 1000");
    }
}
