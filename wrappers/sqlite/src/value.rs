//! A value of SQLite's, which has a class of its own, as a value of a column's type.
//!
//! Each type takes the classes whose comparisons in SQLite agree with the type's own here: a
//! number in a text column, say, would be another thing to a condition that is evaluated there.
use medley_fdw::{Error, Report, SqlState};
use medley_types::{ColumnBuilder, Form, PgType};
use rusqlite::types::{Type, ValueRef};

/// Why a value is not one of the column's.
#[derive(Debug, PartialEq)]
pub(crate) enum Misfit {
    /// The type has no values of this class.
    Class(Type, PgType),
    /// It has, but not this one.
    Value(medley_types::Error),
}

impl From<medley_types::Error> for Misfit {
    fn from(error: medley_types::Error) -> Self {
        Self::Value(error)
    }
}

impl Misfit {
    /// The error of a value in this column.
    #[cold]
    pub fn in_column(self, column: &str) -> Error {
        let context = format!("column \"{column}\"");
        match self {
            Self::Value(source) => Error::Value { source, context: Some(context) },
            Self::Class(class, t) => {
                let class = class.to_string().to_lowercase();
                let message = format!("invalid value for type {t}: SQLite value of class {class}");
                let hint = "Declare the column with a type of the values that it holds, \
                            or read a view in the file that casts them.";
                let report = Report::error(SqlState::INVALID_TEXT_REPRESENTATION, message);
                Error::remote(report.with_hint(hint).with_context(context))
            }
        }
    }
}

/// Appends a value.
pub(crate) fn append(column: &mut ColumnBuilder, value: ValueRef<'_>) -> Result<(), Misfit> {
    let t = column.pg_type();
    match (value, Form::of(t)) {
        (ValueRef::Null, _) => column.append_null(),
        (ValueRef::Integer(value @ (0 | 1)), Form::Bool) => column.append_bool(value == 1)?,
        (ValueRef::Integer(value), form) if is_number(form) || is_json(t) => {
            column.append_i64(value)?;
        }
        (ValueRef::Integer(value), Form::Oid) => column.append_i64(value)?,
        (ValueRef::Real(value), form) if is_number(form) || is_json(t) => {
            column.append_f64(value)?;
        }
        (ValueRef::Text(text), form) if is_spelled(form) => {
            append_text(column, form, utf8(text)?)?;
        }
        (ValueRef::Blob(bytes), Form::Bytea) => column.append_bytes(bytes)?,
        (ValueRef::Blob(bytes), Form::Uuid) if bytes.len() == 16 => column.append_bytes(bytes)?,
        (value, _) => return Err(Misfit::Class(value.data_type(), t)),
    }
    Ok(())
}

fn is_number(form: Form) -> bool {
    matches!(
        form,
        Form::Int2
            | Form::Int4
            | Form::Int8
            | Form::Float4
            | Form::Float8
            | Form::Decimal128 { .. }
            | Form::NumericText
    )
}

/// A column declared as JSON keeps a text that looks like a number as that number.
fn is_json(t: PgType) -> bool {
    t.oid == PgType::JSON.oid || t.oid == PgType::JSONB.oid
}

/// Whether SQLite has values of the type as text alone, or as text too.
fn is_spelled(form: Form) -> bool {
    match form {
        Form::Bool
        | Form::Int2
        | Form::Int4
        | Form::Int8
        | Form::Oid
        | Form::Float4
        | Form::Float8
        | Form::Bytea => false,
        Form::Decimal128 { .. }
        | Form::NumericText
        | Form::Text
        | Form::Bpchar
        | Form::Char
        | Form::Date
        | Form::Time
        | Form::Timestamp
        | Form::Timestamptz
        | Form::Interval
        | Form::Uuid
        | Form::Printed
        | Form::List => true,
    }
}

fn append_text(column: &mut ColumnBuilder, form: Form, text: &str) -> medley_types::Result<()> {
    match is_iso(form, text.as_bytes()) {
        true => column.append_str(text),
        false => Err(medley_types::Error::InvalidDatetime {
            type_name: column.pg_type().with_typmod(-1).to_string(),
            input: text.to_owned(),
        }),
    }
}

/// Text as PostgreSQL has it: UTF-8 without a zero.
fn utf8(bytes: &[u8]) -> medley_types::Result<&str> {
    let broken = |at: usize| {
        let byte = bytes.get(at).copied().unwrap_or_default();
        medley_types::Error::InvalidUtf8(format!("0x{byte:02x}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| broken(error.valid_up_to()))?;
    match text.find('\0') {
        Some(at) => Err(broken(at)),
        None => Ok(text),
    }
}

/// Whether a date or a time is written as ISO 8601 has it. Whatever else the type's input
/// function reads depends on settings, on the day (`now`), or loses something.
pub(crate) fn is_iso(form: Form, text: &[u8]) -> bool {
    match form {
        Form::Date => date(text).is_some_and(<[u8]>::is_empty),
        Form::Time => time(text).is_some_and(<[u8]>::is_empty),
        Form::Timestamp => moment(text).is_some_and(<[u8]>::is_empty),
        Form::Timestamptz => moment(text).is_some_and(is_zone),
        _ => true,
    }
}

/// What follows this pattern, in which a 9 is any digit.
fn after<'a>(text: &'a [u8], pattern: &str) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(pattern.len())?;
    let fits = |(byte, wanted): (&u8, u8)| match wanted {
        b'9' => byte.is_ascii_digit(),
        _ => *byte == wanted,
    };
    head.iter().zip(pattern.bytes()).all(fits).then_some(rest)
}

fn date(text: &[u8]) -> Option<&[u8]> {
    after(text, "9999-99-99")
}

fn time(text: &[u8]) -> Option<&[u8]> {
    let rest = after(text, "99:99")?;
    let Some(rest) = after(rest, ":99") else { return Some(rest) };
    let Some(fraction) = after(rest, ".9") else { return Some(rest) };
    let end = fraction.iter().position(|byte| !byte.is_ascii_digit());
    Some(&fraction[end.unwrap_or(fraction.len())..])
}

fn moment(text: &[u8]) -> Option<&[u8]> {
    match date(text)? {
        [b' ' | b'T', rest @ ..] => time(rest),
        rest => Some(rest),
    }
}

/// Nothing is UTC, as for SQLite's own functions.
fn is_zone(text: &[u8]) -> bool {
    match text {
        [] | [b'Z'] => true,
        [b'+' | b'-', offset @ ..] => ["99:99", "9999", "99"]
            .iter()
            .any(|pattern| after(offset, pattern).is_some_and(<[u8]>::is_empty)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_iso_is_read_as_dates_and_times() {
        let check = |form, text: &str, expected| {
            assert_eq!(is_iso(form, text.as_bytes()), expected, "{form:?} {text}");
        };
        check(Form::Date, "2024-02-29", true);
        check(Form::Date, "2024-2-29", false);
        check(Form::Date, "2024-02-29 00:00", false);
        check(Form::Date, "29/02/2024", false);
        check(Form::Date, "now", false);
        check(Form::Time, "23:59", true);
        check(Form::Time, "23:59:59.999999", true);
        check(Form::Time, "23:59:59.", false);
        check(Form::Time, "11 PM", false);
        check(Form::Timestamp, "2024-02-29", true);
        check(Form::Timestamp, "2024-02-29 12:00", true);
        check(Form::Timestamp, "2024-02-29T12:00:00.5", true);
        check(Form::Timestamp, "2024-02-29 12:00:00Z", false);
        check(Form::Timestamptz, "2024-02-29 12:00:00", true);
        check(Form::Timestamptz, "2024-02-29 12:00:00Z", true);
        check(Form::Timestamptz, "2024-02-29 12:00:00+05:30", true);
        check(Form::Timestamptz, "2024-02-29 12:00:00 CEST", false);
        check(Form::Text, "anything", true);
    }
}
