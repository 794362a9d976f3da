//! Text, in characters.
use std::borrow::Cow;

use medley_diagnostic::SqlState;
use medley_types::Form;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::datum::Datum;

/// The largest text there is, in bytes.
const MAX_BYTES: usize = 0x3fff_ffff;

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("lower", |_, a| text(a[0].text()?.chars().map(lower).collect::<String>())),
    ("upper", |_, a| text(a[0].text()?.chars().map(upper).collect::<String>())),
    ("initcap", |_, a| text(initcap(a[0].text()?))),
    ("textlen", |_, a| count(a[0].text()?.chars().count())),
    ("bpcharlen", |_, a| count(a[0].text()?.trim_end_matches(' ').chars().count())),
    ("textoctetlen", |_, a| count(a[0].text()?.len())),
    ("bpcharoctetlen", |_, a| count(a[0].text()?.len())),
    ("byteaoctetlen", |_, a| count(a[0].bytes()?.len())),
    ("bit_length.sql", |f, a| match (&a[0], Form::of(f.arguments[0])) {
        (Datum::Bytea(bytes), _) => count(8 * bytes.len()),
        (_, Form::Printed) => Err(Error::unsupported("bit_length of bit strings")),
        (value, _) => count(8 * value.text()?.len()),
    }),
    ("textcat", |_, a| text(format!("{}{}", a[0].text()?, a[1].text()?))),
    ("byteacat", |_, a| Ok(Datum::Bytea(Cow::Owned([a[0].bytes()?, a[1].bytes()?].concat())))),
    ("text_substr", |_, a| substring(a[0].text()?, a[1].int4()?, Some(a[2].int4()?))),
    ("text_substr_no_len", |_, a| substring(a[0].text()?, a[1].int4()?, None)),
    ("text_left", |_, a| text(left(a[0].text()?, a[1].int4()?))),
    ("text_right", |_, a| text(right(a[0].text()?, a[1].int4()?))),
    ("text_reverse", |_, a| text(a[0].text()?.chars().rev().collect::<String>())),
    ("btrim", |_, a| { let s = set(&a[1])?; text(a[0].text()?.trim_matches(|c| s.contains(&c))) }),
    ("ltrim", |_, a| { let s = set(&a[1])?; text(a[0].text()?.trim_start_matches(|c| s.contains(&c))) }),
    ("rtrim", |_, a| { let s = set(&a[1])?; text(a[0].text()?.trim_end_matches(|c| s.contains(&c))) }),
    ("btrim1", |_, a| text(a[0].text()?.trim_matches(' '))),
    ("ltrim1", |_, a| text(a[0].text()?.trim_start_matches(' '))),
    ("lpad", |_, a| pad(a[0].text()?, a[1].int4()?, a[2].text()?, true)),
    ("lpad.sql", |_, a| pad(a[0].text()?, a[1].int4()?, " ", true)),
    ("rpad", |_, a| pad(a[0].text()?, a[1].int4()?, a[2].text()?, false)),
    ("rpad.sql", |_, a| pad(a[0].text()?, a[1].int4()?, " ", false)),
    ("replace_text", |_, a| match a[1].text()? {
        "" => Ok(a[0].clone()),
        from => text(a[0].text()?.replace(from, a[2].text()?)),
    }),
    ("translate", |_, a| text(translate(a[0].text()?, a[1].text()?, a[2].text()?))),
    ("split_part", |_, a| split_part(a[0].text()?, a[1].text()?, a[2].int4()?)),
    ("textpos", |_, a| count(position(a[0].text()?, a[1].text()?))),
    ("repeat", |_, a| repeat(a[0].text()?, a[1].int4()?)),
    ("ascii", |_, a| Ok(Datum::Int4(a[0].text()?.chars().next().map_or(0, |c| c as i32)))),
    ("chr", |_, a| chr(a[0].int4()?)),
    ("text_starts_with", |_, a| Ok(Datum::Bool(a[0].text()?.starts_with(a[1].text()?)))),
    ("textoverlay", |_, a| overlay(a[0].text()?, a[1].text()?, a[2].int4()?, a[3].int4()?)),
    ("textoverlay_no_len", |_, a| {
        let length = i32::try_from(a[1].text()?.chars().count()).unwrap_or(i32::MAX);
        overlay(a[0].text()?, a[1].text()?, a[2].int4()?, length)
    }),
];

fn text<'a>(value: impl Into<String>) -> Result<Datum<'a>> {
    let value = value.into();
    if value.len() > MAX_BYTES {
        let state = SqlState::PROGRAM_LIMIT_EXCEEDED;
        return Err(Error::at(state, "requested length too large", None));
    }
    Ok(Datum::Text(Cow::Owned(value)))
}

fn count<'a>(value: usize) -> Result<Datum<'a>> {
    i32::try_from(value).map(Datum::Int4).map_err(|_| Error::out_of_range("integer"))
}

/// Of one character, if that is one character, as `C.UTF-8` maps them.
pub fn lower(c: char) -> char {
    one(c.to_lowercase(), c)
}

/// See [`lower`].
pub fn upper(c: char) -> char {
    one(c.to_uppercase(), c)
}

fn one(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

fn initcap(value: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        out.push(if inside { lower(c) } else { upper(c) });
        inside = c.is_alphanumeric();
    }
    out
}

fn substring<'a>(value: &str, start: i32, length: Option<i32>) -> Result<Datum<'a>> {
    let start = i64::from(start);
    let end = match length {
        Some(length) if length < 0 => {
            let state = SqlState::from_remote("22011");
            return Err(Error::at(state, "negative substring length not allowed", None));
        }
        Some(length) => start + i64::from(length),
        None => i64::MAX,
    };
    let first = start.max(1);
    let wanted = usize::try_from(end - first).unwrap_or(0);
    text(value.chars().skip((first - 1) as usize).take(wanted).collect::<String>())
}

/// The first so many characters.
pub fn left(value: &str, count: i32) -> &str {
    head(value, kept(value, count))
}

/// The last so many characters. PostgreSQL cannot negate the least of all, and keeps everything.
pub fn right(value: &str, count: i32) -> &str {
    match count {
        i32::MIN => value,
        count => tail(value, kept(value, count)),
    }
}

/// How many characters `left` and `right` keep: a negative count is from the other end.
fn kept(value: &str, count: i32) -> usize {
    match usize::try_from(count) {
        Ok(count) => count,
        Err(_) => value.chars().count().saturating_sub(count.unsigned_abs() as usize),
    }
}

fn head(value: &str, count: usize) -> &str {
    value.char_indices().nth(count).map_or(value, |(end, _)| &value[..end])
}

fn tail(value: &str, count: usize) -> &str {
    let skipped = value.chars().count().saturating_sub(count);
    value.char_indices().nth(skipped).map_or("", |(start, _)| &value[start..])
}

fn set(characters: &Datum<'_>) -> Result<Vec<char>> {
    Ok(characters.text()?.chars().collect())
}

fn pad<'a>(value: &str, length: i32, fill: &str, left: bool) -> Result<Datum<'a>> {
    let length = usize::try_from(length).unwrap_or(0);
    if length > MAX_BYTES {
        let state = SqlState::PROGRAM_LIMIT_EXCEEDED;
        return Err(Error::at(state, "requested length too large", None));
    }
    let missing = length.saturating_sub(value.chars().count());
    let padding: String = fill.chars().cycle().take(missing).collect();
    let value = head(value, length);
    text(if left { format!("{padding}{value}") } else { format!("{value}{padding}") })
}

fn translate(value: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let map = |c| match from.chars().position(|f| f == c) {
        Some(index) => to.get(index).copied(),
        None => Some(c),
    };
    value.chars().filter_map(map).collect()
}

fn split_part<'a>(value: &str, separator: &str, field: i32) -> Result<Datum<'a>> {
    if field == 0 {
        return Err(Error::invalid_parameter("field position must not be zero"));
    }
    let parts: Vec<&str> = match separator {
        "" => vec![value],
        separator => value.split(separator).collect(),
    };
    let index = match usize::try_from(field) {
        Ok(field) => Some(field - 1),
        Err(_) => parts.len().checked_sub(field.unsigned_abs() as usize),
    };
    text(index.and_then(|index| parts.get(index)).copied().unwrap_or_default())
}

/// In characters from 1; 0 if it is not there.
fn position(value: &str, wanted: &str) -> usize {
    value.find(wanted).map_or(0, |at| value[..at].chars().count() + 1)
}

fn repeat<'a>(value: &str, times: i32) -> Result<Datum<'a>> {
    let times = usize::try_from(times).unwrap_or(0);
    if value.len().saturating_mul(times) > MAX_BYTES {
        let state = SqlState::PROGRAM_LIMIT_EXCEEDED;
        return Err(Error::at(state, "requested length too large", None));
    }
    text(value.repeat(times))
}

fn chr<'a>(code: i32) -> Result<Datum<'a>> {
    let too_large = || {
        let message = format!("requested character too large for encoding: {code}");
        Error::at(SqlState::PROGRAM_LIMIT_EXCEEDED, message, None)
    };
    match code {
        0 => Err(Error::at(SqlState::PROGRAM_LIMIT_EXCEEDED, "null character not permitted", None)),
        ..0 => Err(Error::invalid_parameter("character number must be positive")),
        code => text(char::from_u32(code as u32).ok_or_else(too_large)?.to_string()),
    }
}

fn overlay<'a>(value: &str, new: &str, start: i32, length: i32) -> Result<Datum<'a>> {
    if start <= 0 {
        let state = SqlState::from_remote("22011");
        return Err(Error::at(state, "negative substring length not allowed", None));
    }
    let after = i64::from(start) + i64::from(length);
    let before: String = value.chars().take((start - 1) as usize).collect();
    let skipped = usize::try_from(after.max(1) - 1).unwrap_or(0);
    let rest: String = value.chars().skip(skipped).collect();
    text(format!("{before}{new}{rest}"))
}
