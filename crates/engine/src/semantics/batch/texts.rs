//! Text, in characters.
use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray, BooleanArray, Int32Array, StringArray, StringBuilder,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::Int32Type;
use memchr::memmem::Finder;

use super::{Table, constant, constant_text, of_rows};
use crate::semantics::call::Frame;
use crate::semantics::key::BPCHAR_KEY;

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["textlike", "namelike"], |_, c, n| like(c, n, true)),
    (&["textnlike", "namenlike"], |_, c, n| like(c, n, false)),
    (&["text_substr"], |_, c, n| {
        substring(c, n, Some(constant::<Int32Type>(c.get(2)?, n)?))
    }),
    (&["text_substr_no_len"], |_, c, n| substring(c, n, None)),
    (&[BPCHAR_KEY, "rtrim1"], trimmed),
    (&["textlen"], |_, c, n| counted(c, n, |text| text)),
    (&["bpcharlen"], |_, c, n| counted(c, n, |text| text.trim_end_matches(' '))),
    (&["lower"], |_, c, n| in_ascii(c, n, str::to_ascii_lowercase)),
    (&["upper"], |_, c, n| in_ascii(c, n, str::to_ascii_uppercase)),
    (&["text_starts_with"], |_, c, n| {
        let prefix = constant_text(c.get(1)?, n)?;
        Some(truths(texts(c.first()?, n)?, |text| text.starts_with(prefix)))
    }),
];

fn texts(column: &ArrayRef, rows: usize) -> Option<&StringArray> {
    of_rows(column, rows)?.as_string_opt::<i32>()
}

fn truths(texts: &StringArray, is_true: impl Fn(&str) -> bool) -> ArrayRef {
    let values = BooleanBuffer::collect_bool(texts.len(), |row| is_true(texts.value(row)));
    Arc::new(BooleanArray::new(values, texts.nulls().cloned()))
}

/// LIKE a constant that knows `%` alone.
fn like(columns: &[ArrayRef], rows: usize, expected: bool) -> Option<ArrayRef> {
    let pattern = Pieces::of(constant_text(columns.get(1)?, rows)?)?;
    let texts = texts(columns.first()?, rows)?;
    Some(truths(texts, |text| pattern.is_like(text.as_bytes()) == expected))
}

/// What stands between the `%` of a pattern.
enum Pieces<'a> {
    /// There is none.
    Whole(&'a [u8]),
    Parts {
        first: &'a [u8],
        inner: Vec<Finder<'a>>,
        last: &'a [u8],
    },
}

impl<'a> Pieces<'a> {
    fn of(pattern: &'a str) -> Option<Self> {
        if pattern.contains(['_', '\\']) {
            return None;
        }
        let Some((first, rest)) = pattern.split_once('%') else {
            return Some(Self::Whole(pattern.as_bytes()));
        };
        let (inner, last) = rest.rsplit_once('%').unwrap_or(("", rest));
        let inner = inner.split('%').filter(|piece| !piece.is_empty());
        let inner = inner.map(|piece| Finder::new(piece.as_bytes())).collect();
        Some(Self::Parts { first: first.as_bytes(), inner, last: last.as_bytes() })
    }

    fn is_like(&self, text: &[u8]) -> bool {
        let (first, inner, last) = match self {
            Self::Whole(whole) => return text == *whole,
            Self::Parts { first, inner, last } => (first, inner, last),
        };
        let between = text.strip_prefix(*first).and_then(|rest| rest.strip_suffix(*last));
        let found = between.and_then(|text| {
            inner.iter().try_fold(text, |text, piece| {
                piece.find(text).map(|at| &text[at + piece.needle().len()..])
            })
        });
        found.is_some()
    }
}

/// Characters from a place on that is the same for all.
fn substring(columns: &[ArrayRef], rows: usize, length: Option<i32>) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    let start = i64::from(constant::<Int32Type>(columns.get(1)?, rows)?);
    let end = match length {
        Some(length) if length < 0 => return None,
        Some(length) => start + i64::from(length),
        None => i64::MAX,
    };
    let first = start.max(1);
    let skipped = usize::try_from(first - 1).ok()?;
    let wanted = usize::try_from(end - first).unwrap_or(0);
    let mut parts = StringBuilder::with_capacity(rows, texts.value_data().len().min(16 * rows));
    for text in texts {
        parts.append_option(text.map(|text| part(text, skipped, wanted)));
    }
    Some(Arc::new(parts.finish()))
}

fn part(text: &str, skipped: usize, wanted: usize) -> &str {
    let from = byte_of(text, skipped);
    let rest = &text[from..];
    &rest[..byte_of(rest, wanted)]
}

/// Where the characters begin that come after so many.
fn byte_of(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// Without the blanks at the end.
fn trimmed(_: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Option<ArrayRef> {
    let column = columns.first()?;
    let texts = texts(column, rows)?;
    if !texts.iter().flatten().any(|text| text.ends_with(' ')) {
        return Some(Arc::clone(column));
    }
    let mut parts = StringBuilder::with_capacity(rows, texts.value_data().len());
    for text in texts {
        parts.append_option(text.map(|text| text.trim_end_matches(' ')));
    }
    Some(Arc::new(parts.finish()))
}

/// How many characters.
fn counted(columns: &[ArrayRef], rows: usize, counts: fn(&str) -> &str) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    let count = |text: &str| i32::try_from(counts(text).chars().count()).unwrap_or(i32::MAX);
    Some(Arc::new(texts.iter().map(|text| text.map(count)).collect::<Int32Array>()))
}

/// Beyond ASCII a character's other case may have another length.
fn in_ascii(columns: &[ArrayRef], rows: usize, other: fn(&str) -> String) -> Option<ArrayRef> {
    let texts = texts(columns.first()?, rows)?;
    if !texts.is_ascii() {
        return None;
    }
    let mut changed = StringBuilder::with_capacity(rows, texts.value_data().len());
    for text in texts {
        changed.append_option(text.map(other));
    }
    Some(Arc::new(changed.finish()))
}
