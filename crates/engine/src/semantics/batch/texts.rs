//! Text, in characters.
use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray, BooleanArray, Int32Array, StringArray, StringBuilder,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::Int32Type;

use super::{Table, constant, constant_text, of_rows};
use crate::semantics::kernels::{left, lower, right, upper};
use crate::semantics::key::BPCHAR_KEY;

/// A column of more bytes is gone through row by row.
const MAX_BYTES: usize = 0x3fff_ffff;

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["text_substr"], |_, c, n| {
        substring(c, n, Some(constant::<Int32Type>(c.get(2)?, n)?))
    }),
    (&["text_substr_no_len"], |_, c, n| substring(c, n, None)),
    (&["text_left"], |_, c, n| {
        let count = constant::<Int32Type>(c.get(1)?, n)?;
        parts(c, n, |text| left(text, count))
    }),
    (&["text_right"], |_, c, n| {
        let count = constant::<Int32Type>(c.get(1)?, n)?;
        parts(c, n, |text| right(text, count))
    }),
    (&[BPCHAR_KEY, "rtrim1"], |_, c, n| {
        let has_blanks = texts(c.first()?, n)?.iter().flatten().any(|text| text.ends_with(' '));
        match has_blanks {
            true => parts(c, n, unpadded),
            false => c.first().cloned(),
        }
    }),
    (&["ltrim1"], |_, c, n| parts(c, n, |text| text.trim_start_matches(' '))),
    (&["btrim1"], |_, c, n| parts(c, n, |text| text.trim_matches(' '))),
    (&["ltrim"], |_, c, n| trimmed(c, n, |text, set| text.trim_start_matches(set))),
    (&["rtrim"], |_, c, n| trimmed(c, n, |text, set| text.trim_end_matches(set))),
    (&["btrim"], |_, c, n| trimmed(c, n, |text, set| text.trim_matches(set))),
    (&["textlen"], |_, c, n| counted(c, n, |text| text.chars().count())),
    (&["bpcharlen"], |_, c, n| counted(c, n, |text| unpadded(text).chars().count())),
    (&["textoctetlen", "bpcharoctetlen"], |_, c, n| counted(c, n, str::len)),
    (&["textpos"], |_, c, n| {
        let wanted = constant_text(c.get(1)?, n)?;
        counted(c, n, |text| text.find(wanted).map_or(0, |at| text[..at].chars().count() + 1))
    }),
    (&["lower"], |_, c, n| mapped(c, n, str::make_ascii_lowercase, lower)),
    (&["upper"], |_, c, n| mapped(c, n, str::make_ascii_uppercase, upper)),
    (&["textcat"], |_, c, n| concatenated(c, n)),
    (&["text_starts_with"], |_, c, n| {
        let prefix = constant_text(c.get(1)?, n)?;
        Some(truths(texts(c.first()?, n)?, |text| text.starts_with(prefix)))
    }),
];

/// Without the blanks at the end, byte by byte: no other character has a byte of a blank's.
fn unpadded(text: &str) -> &str {
    let end = text.bytes().rposition(|byte| byte != b' ').map_or(0, |last| last + 1);
    &text[..end]
}

/// A column of texts that is no constant.
pub(super) fn texts(column: &ArrayRef, rows: usize) -> Option<&StringArray> {
    of_rows(column, rows)?.as_string_opt::<i32>()
}

/// What is true of each.
pub(super) fn truths(texts: &StringArray, mut is_true: impl FnMut(&str) -> bool) -> ArrayRef {
    let values = BooleanBuffer::collect_bool(texts.len(), |row| is_true(texts.value(row)));
    Arc::new(BooleanArray::new(values, texts.nulls().cloned()))
}

/// A part of each of the first argument's.
fn parts(columns: &[ArrayRef], rows: usize, part: impl Fn(&str) -> &str) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    let mut parts = StringBuilder::with_capacity(rows, texts.value_data().len().min(16 * rows));
    for text in texts {
        parts.append_option(text.map(&part));
    }
    Some(Arc::new(parts.finish()))
}

/// Characters from a place on that is the same for all.
fn substring(columns: &[ArrayRef], rows: usize, length: Option<i32>) -> Option<ArrayRef> {
    let start = i64::from(constant::<Int32Type>(columns.get(1)?, rows)?);
    let end = match length {
        Some(length) if length < 0 => return None,
        Some(length) => start + i64::from(length),
        None => i64::MAX,
    };
    let first = start.max(1);
    let skipped = usize::try_from(first - 1).ok()?;
    let wanted = usize::try_from(end - first).unwrap_or(0);
    parts(columns, rows, |text| {
        let rest = &text[byte_of(text, skipped)..];
        &rest[..byte_of(rest, wanted)]
    })
}

/// Where the characters begin that come after so many.
fn byte_of(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// Without the characters of a set that is the same for all.
fn trimmed(
    columns: &[ArrayRef],
    rows: usize,
    trim: for<'a> fn(&'a str, &[char]) -> &'a str,
) -> Option<ArrayRef> {
    let set: Vec<char> = constant_text(columns.get(1)?, rows)?.chars().collect();
    parts(columns, rows, |text| trim(text, &set))
}

/// A number of each.
fn counted(columns: &[ArrayRef], rows: usize, count: impl Fn(&str) -> usize) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    let count = |text: &str| i32::try_from(count(text)).unwrap_or(i32::MAX);
    Some(Arc::new(texts.iter().map(|text| text.map(count)).collect::<Int32Array>()))
}

/// Character by character; of ASCII alone at once.
fn mapped(
    columns: &[ArrayRef],
    rows: usize,
    of_ascii: fn(&mut str),
    of_any: fn(char) -> char,
) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    let size = texts.value_data().len();
    if size > MAX_BYTES / 4 {
        return None;
    }
    let mut changed = StringBuilder::with_capacity(rows, size);
    let mut buffer = String::new();
    for text in texts {
        buffer.clear();
        match text {
            Some(text) if text.is_ascii() => {
                buffer.push_str(text);
                of_ascii(&mut buffer);
            }
            text => buffer.extend(text.into_iter().flat_map(str::chars).map(of_any)),
        }
        changed.append_option(text.map(|_| &buffer));
    }
    Some(Arc::new(changed.finish()))
}

/// One text after the other, of which one may be a constant.
fn concatenated(columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let [left, right] = columns else { return None };
    let (left, right) = (left.as_string_opt::<i32>()?, right.as_string_opt::<i32>()?);
    let size = |texts: &StringArray| match texts.len() {
        1 => texts.value_data().len().saturating_mul(rows),
        _ => texts.value_data().len(),
    };
    let size = size(left).saturating_add(size(right));
    if size > MAX_BYTES {
        return None;
    }
    let at = |texts: &StringArray, row: usize| if texts.len() == 1 { 0 } else { row };
    let mut both = StringBuilder::with_capacity(rows, size);
    for row in 0..rows {
        let (a, b) = (at(left, row), at(right, row));
        if left.is_null(a) || right.is_null(b) {
            both.append_null();
            continue;
        }
        both.write_str(left.value(a)).ok()?;
        both.append_value(right.value(b));
    }
    Some(Arc::new(both.finish()))
}
