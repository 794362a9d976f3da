//! Functions of any type's text, and of text as SQL.
use std::borrow::Cow;

use datafusion::arrow::array::Array as _;
use medley_types::PgType;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::{Datum, Reader, Writer, output};

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("textanycat.sql", |f, a| joined(f, a)),
    ("anytextcat.sql", |f, a| joined(f, a)),
    ("text_concat", |f, a| concat(f, a, 0, "")),
    ("text_concat_ws", concat_with),
    ("quote_ident", |_, a| Ok(Datum::of_text(medley_catalog::quote_identifier(a[0].text()?)))),
    ("quote_literal", |_, a| Ok(Datum::of_text(quote_literal(a[0].text()?)))),
    ("quote_literal.sql", |f, a| Ok(Datum::of_text(quote_literal(&print(f, a, 0)?)))),
    ("quote_nullable", |_, a| Ok(Datum::of_text(match &a[0] {
        Datum::Null => "NULL".to_owned(),
        value => quote_literal(value.text()?),
    }))),
    ("quote_nullable.sql", |f, a| Ok(Datum::of_text(match a[0].is_null() {
        true => "NULL".to_owned(),
        false => quote_literal(&print(f, a, 0)?),
    }))),
    ("array_to_text", |f, a| array_text(f, &a[0], a[1].text()?, None)),
    ("array_to_text_null", |f, a| match (&a[0], &a[1]) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(Datum::Null),
        (list, separator) => {
            let null = match &a[2] { Datum::Null => None, value => Some(value.text()?) };
            array_text(f, list, separator.text()?, null)
        }
    }),
    ("text_to_array", |f, a| split(f, a, None)),
    ("text_to_array_null", |f, a| split(f, a, match &a[2] { Datum::Null => None, value => Some(value.text()?) })),
    ("pg_num_nulls", |_, a| Ok(Datum::Int4(a.iter().filter(|value| value.is_null()).count() as i32))),
    ("pg_num_nonnulls", |_, a| Ok(Datum::Int4(a.iter().filter(|value| !value.is_null()).count() as i32))),
    ("binary_encode", |_, a| encode(a[0].bytes()?, a[1].text()?)),
    ("binary_decode", |_, a| decode(a[0].text()?, a[1].text()?)),
];

/// What the output function of an argument's type prints.
pub(super) fn print(frame: &Frame<'_>, args: &[Datum<'_>], index: usize) -> Result<String> {
    print_value(frame, frame.arguments[index], &args[index])
}

fn print_value(frame: &Frame<'_>, t: PgType, value: &Datum<'_>) -> Result<String> {
    if let Datum::Text(text) = value {
        return Ok(text.clone().into_owned());
    }
    if crate::semantics::convert::needs_catalog(t.oid) {
        return print_name(frame, t, value);
    }
    let mut writer = Writer::new(t, 1);
    writer.push(value)?;
    let text = output(t, &writer.finish()?, 0, &frame.env.style)?;
    Ok(text.unwrap_or_default())
}

/// `regclass` and its like, whose text is a name of the catalog.
fn print_name(frame: &Frame<'_>, t: PgType, value: &Datum<'_>) -> Result<String> {
    let print = super::registered_output(t.oid)
        .ok_or_else(|| Error::unsupported(format_args!("the text of type {t} here")))?;
    let frame = Frame { env: frame.env, arguments: &[t], result: PgType::TEXT };
    let value = [value.clone()];
    Ok(print(&frame, &value)?.text()?.to_owned())
}

/// `||` casts what is no text to text, as an assignment would: `true`, not `t`.
fn joined<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let side = |index: usize| match &args[index] {
        Datum::Bool(value) => Ok(value.to_string()),
        Datum::Text(text) if frame.arguments[index].oid == PgType::BPCHAR.oid => {
            Ok(text.trim_end_matches(' ').to_owned())
        }
        _ => print(frame, args, index),
    };
    Ok(Datum::of_text(format!("{}{}", side(0)?, side(1)?)))
}

fn concat<'a>(
    frame: &Frame<'_>,
    args: &[Datum<'a>],
    from: usize,
    separator: &str,
) -> Result<Datum<'a>> {
    let printed = (from..args.len()).filter(|index| !args[*index].is_null());
    let printed = printed.map(|index| print(frame, args, index)).collect::<Result<Vec<_>>>()?;
    Ok(Datum::of_text(printed.join(separator)))
}

fn concat_with<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    match &args[0] {
        Datum::Null => Ok(Datum::Null),
        separator => concat(frame, args, 1, separator.text()?),
    }
}

pub(super) fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match doubled.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

fn array_text<'a>(
    frame: &Frame<'_>,
    list: &Datum<'_>,
    separator: &str,
    null: Option<&str>,
) -> Result<Datum<'a>> {
    let t = frame.arguments[0]
        .element()
        .ok_or_else(|| Error::Internal("array_to_string of what is no array".to_owned()))?;
    let list = list.list()?;
    let reader = Reader::new(t, list.clone());
    let mut parts = Vec::with_capacity(list.len());
    for row in 0..list.len() {
        match (reader.get_at(row)?, null) {
            (Datum::Null, None) => {}
            (Datum::Null, Some(null)) => parts.push(null.to_owned()),
            (value, _) => parts.push(print_value(frame, t, &value)?),
        }
    }
    Ok(Datum::of_text(parts.join(separator)))
}

fn split<'a>(frame: &Frame<'_>, args: &[Datum<'a>], null: Option<&str>) -> Result<Datum<'a>> {
    let Datum::Text(text) = &args[0] else { return Ok(Datum::Null) };
    let parts: Vec<String> = match &args[1] {
        _ if text.is_empty() => Vec::new(),
        Datum::Null => text.chars().map(String::from).collect(),
        separator if separator.text()?.is_empty() => vec![text.clone().into_owned()],
        separator => text.split(separator.text()?).map(str::to_owned).collect(),
    };
    let element = frame.result.element().unwrap_or(PgType::TEXT);
    let mut writer = Writer::new(element, parts.len());
    for part in parts {
        match null == Some(part.as_str()) {
            true => writer.push(&Datum::Null)?,
            false => writer.push(&Datum::of_text(part))?,
        }
    }
    Ok(Datum::List(writer.finish()?))
}

fn encode<'a>(bytes: &[u8], format: &str) -> Result<Datum<'a>> {
    match format.to_ascii_lowercase().as_str() {
        "hex" => Ok(Datum::of_text(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())),
        _ => Err(Error::unsupported(format_args!("the encoding \"{format}\""))),
    }
}

fn decode<'a>(text: &str, format: &str) -> Result<Datum<'a>> {
    if !format.eq_ignore_ascii_case("hex") {
        return Err(Error::unsupported(format_args!("the encoding \"{format}\"")));
    }
    let digit = |c: char| {
        c.to_digit(16)
            .ok_or_else(|| Error::invalid_parameter(format!("invalid hexadecimal digit: \"{c}\"")))
    };
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars();
    // White space stands between bytes, not in them.
    while let Some(first) = chars.find(|c| !matches!(c, ' ' | '\n' | '\t' | '\r')) {
        let first = digit(first)?;
        let second = chars.next().ok_or_else(|| {
            Error::invalid_parameter("invalid hexadecimal data: odd number of digits")
        })?;
        bytes.push((first * 16 + digit(second)?) as u8);
    }
    Ok(Datum::Bytea(Cow::Owned(bytes)))
}
