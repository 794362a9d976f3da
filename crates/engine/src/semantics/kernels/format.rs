//! `format`.
use medley_diagnostic::SqlState;

use super::Table;
use super::strings::{print, quote_literal};
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;

pub const KERNELS: Table = &[("text_format", format), ("text_format_nv", format)];

/// One `%` of the format.
#[derive(Default)]
struct Specifier {
    /// `%2$s`
    argument: Option<usize>,
    /// `%-10s`
    left: bool,
    width: usize,
    kind: char,
}

fn format<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let (mut out, mut next) = (String::new(), 1);
    let mut rest = args[0].text()?;
    while let Some((plain, after)) = rest.split_once('%') {
        out.push_str(plain);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (specifier, after) = specifier(after)?;
        let index = specifier.argument.unwrap_or(next);
        next = index + 1;
        if index >= args.len() {
            return Err(Error::invalid_parameter("too few arguments for format()"));
        }
        pad(&mut out, &value(frame, args, index, specifier.kind)?, &specifier);
        rest = after;
    }
    out.push_str(rest);
    Ok(Datum::of_text(out))
}

fn specifier(text: &str) -> Result<(Specifier, &str)> {
    let mut found = Specifier::default();
    let mut rest = text;
    let (number, after) = digits(rest)?;
    if let (Some(number), Some(after)) = (number, after.strip_prefix('$')) {
        if number == 0 {
            let message = "format specifies argument 0, but arguments are numbered from 1";
            return Err(Error::invalid_parameter(message));
        }
        (found.argument, rest) = (Some(number), after);
    }
    while let Some(after) = rest.strip_prefix('-') {
        (found.left, rest) = (true, after);
    }
    if rest.starts_with('*') {
        return Err(Error::unsupported("a width that is an argument of format()"));
    }
    let (width, after) = digits(rest)?;
    found.width = width.unwrap_or(0);
    found.kind = after.chars().next().ok_or_else(unterminated)?;
    if !['s', 'I', 'L'].contains(&found.kind) {
        let message = format!("unrecognized format() type specifier \"{}\"", found.kind);
        return Err(Error::invalid_parameter(message).with_hint(HINT));
    }
    Ok((found, &after[1..]))
}

const HINT: &str = "For a single \"%\" use \"%%\".";

fn unterminated() -> Error {
    Error::invalid_parameter("unterminated format() type specifier").with_hint(HINT)
}

fn digits(text: &str) -> Result<(Option<usize>, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return Ok((None, text));
    }
    let number = text[..end].parse::<i32>().map_err(|_| {
        Error::at(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range", None)
    })?;
    Ok((usize::try_from(number).ok(), &text[end..]))
}

fn value(frame: &Frame<'_>, args: &[Datum<'_>], index: usize, kind: char) -> Result<String> {
    let is_null = args[index].is_null();
    Ok(match kind {
        's' if is_null => String::new(),
        'L' if is_null => "NULL".to_owned(),
        'I' if is_null => {
            let message = "null values cannot be formatted as an SQL identifier";
            return Err(Error::at(SqlState::NULL_VALUE_NOT_ALLOWED, message, None));
        }
        'I' => medley_catalog::quote_identifier(&print(frame, args, index)?).into_owned(),
        'L' => quote_literal(&print(frame, args, index)?),
        _ => print(frame, args, index)?,
    })
}

fn pad(out: &mut String, value: &str, specifier: &Specifier) {
    let blanks = " ".repeat(specifier.width.saturating_sub(value.chars().count()));
    match specifier.left {
        true => out.extend([value, &blanks]),
        false => out.extend([&blanks, value]),
    }
}
