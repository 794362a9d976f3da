//! What each type's input function reads.
use super::values::Values;
use super::{ColumnBuilder, array, bytea, datetime, interval, json, number, numeric};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::printed::{char_byte, char_text};
use crate::{PgType, Style};

/// Appends the value that the text spells.
pub(super) fn append(builder: &mut ColumnBuilder, text: &str, style: &Style) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::Bool(values) => values.append_value(boolean(text)?),
        Values::Int2(values) => values.append_value(number::integer(text, t)?),
        Values::Int4(values) => values.append_value(number::integer(text, t)?),
        Values::Int8(values) => values.append_value(number::integer(text, t)?),
        Values::Oid(values) => values.append_value(number::oid(text, t)?),
        Values::Float4(values) => values.append_value(number::float4(text)?),
        Values::Float8(values) => values.append_value(number::float8(text)?),
        Values::Decimal128 { values, precision, scale } => {
            values.append_value(numeric::decimal128(text, *precision, *scale)?);
        }
        Values::Date(values) => values.append_value(datetime::date(text, style)?),
        Values::Time(values) => values.append_value(datetime::time(text, t, style)?),
        Values::Timestamp(values) => values.append_value(datetime::timestamp(text, t, style)?),
        Values::Timestamptz(values) => values.append_value(datetime::timestamptz(text, t, style)?),
        Values::Interval(values) => {
            values.append_value(interval::parse(text, t, style.interval_style)?);
        }
        Values::Uuid(values) => {
            let bytes = uuid(text)?;
            values.append_value(bytes).map_err(|_| invalid(t, text))?;
        }
        Values::Bytea(values) => {
            let bytes = bytea::parse(text)?;
            builder.varying_bytes += bytes.len();
            values.append_value(bytes);
        }
        Values::List(values) => array::text(values, t, text, style)?,
        Values::NumericText(_)
        | Values::Text(_)
        | Values::Bpchar(_)
        | Values::Char(_)
        | Values::Printed(_) => append_varying(builder, text)?,
    }
    Ok(())
}

/// Appends to a form that is held as text.
pub(super) fn append_varying(builder: &mut ColumnBuilder, text: &str) -> Result<()> {
    let t = builder.t;
    match &mut builder.values {
        Values::NumericText(values) => {
            let text = numeric::normalised(text, t)?;
            builder.varying_bytes += text.len();
            values.append_value(text);
        }
        Values::Text(values) => {
            let text = checked_text(t, text)?;
            builder.varying_bytes += text.len();
            values.append_value(text);
        }
        Values::Bpchar(values) => {
            builder.scratch.clear();
            pad(t, text, &mut builder.scratch)?;
            builder.varying_bytes += builder.scratch.len();
            values.append_value(&builder.scratch);
        }
        Values::Char(values) => {
            builder.scratch.clear();
            char_text(char_byte(text), &mut builder.scratch);
            builder.varying_bytes += builder.scratch.len();
            values.append_value(&builder.scratch);
        }
        Values::Printed(values) => {
            let text = printed(t, text)?;
            builder.varying_bytes += text.len();
            values.append_value(text);
        }
        _ => return Err(invalid(t, text)),
    }
    Ok(())
}

/// `invalid input syntax for type …`.
pub(super) fn invalid(t: PgType, input: &str) -> Error {
    Error::InvalidText { type_name: t.plain_name(), input: input.to_owned() }
}

/// The white space that PostgreSQL skips around many values.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'))
}

/// Beginnings of words for the truth, as long as they are unique.
pub(super) fn boolean(text: &str) -> Result<bool> {
    const WORDS: [(&str, usize, bool); 8] = [
        ("true", 1, true),
        ("false", 1, false),
        ("yes", 1, true),
        ("no", 1, false),
        ("on", 2, true),
        ("off", 2, false),
        ("1", 1, true),
        ("0", 1, false),
    ];
    let word = trim(text);
    let begins = |(whole, least, _): &&(&str, usize, bool)| {
        word.len() >= *least
            && whole.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let found = WORDS.iter().find(begins).map(|(.., value)| *value);
    found.ok_or_else(|| invalid(PgType::BOOL, text))
}

/// Hexadecimal digits with a hyphen after any group of four, in braces or not.
fn uuid(text: &str) -> Result<[u8; 16]> {
    let spelled = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    uuid_digits(spelled.as_bytes()).ok_or_else(|| invalid(PgType::UUID, text))
}

fn uuid_digits(mut rest: &[u8]) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        if let ([b'-', tail @ ..], true) = (rest, index > 0 && index % 2 == 0) {
            rest = tail;
        }
        let [high, low, tail @ ..] = rest else { return None };
        *byte = bytea::hex_digit(*high)? << 4 | bytea::hex_digit(*low)?;
        rest = tail;
    }
    rest.is_empty().then_some(bytes)
}

/// Text as a column of the type takes it.
fn checked_text(t: PgType, text: &str) -> Result<&str> {
    match t {
        _ if t.oid == PgType::VARCHAR.oid => varchar(t, text),
        _ if t.oid == PgType::NAME.oid => Ok(truncate_name(text)),
        _ if t.oid == PgType::JSON.oid => json::check(text).map(|()| text),
        _ => Ok(text),
    }
}

/// Cut to the declared length, if only blanks are lost.
fn varchar(t: PgType, text: &str) -> Result<&str> {
    let Some(limit) = t.declared_length().filter(|limit| text.len() > *limit) else {
        return Ok(text);
    };
    let Some((end, _)) = text.char_indices().nth(limit) else { return Ok(text) };
    match text[end..].bytes().all(|b| b == b' ') {
        true => Ok(&text[..end]),
        false => Err(Error::TooLong(t.to_string())),
    }
}

/// A name keeps 63 bytes.
fn truncate_name(text: &str) -> &str {
    const MAX: usize = 63;
    &text[..text.floor_char_boundary(MAX)]
}

/// Padded with blanks to the declared length.
fn pad(t: PgType, text: &str, padded: &mut String) -> Result<()> {
    let text = varchar(t, text)?;
    padded.push_str(text);
    if let Some(limit) = t.declared_length() {
        let missing = limit.saturating_sub(text.chars().count());
        padded.extend(std::iter::repeat_n(' ', missing));
    }
    Ok(())
}

/// Text of a type that is kept as it prints.
fn printed(t: PgType, text: &str) -> Result<std::borrow::Cow<'_, str>> {
    use crate::printed::Printed;
    match Printed::of(t) {
        Printed::Network { cidr } => Ok(Network::parse(text, cidr)?.to_string().into()),
        Printed::Versioned if t.oid == PgType::JSONB.oid => json::normalise(text).map(Into::into),
        _ => Ok(text.into()),
    }
}
