//! LIKE and regular expressions that are constants.
use datafusion::arrow::array::ArrayRef;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

use super::texts::{texts, truths};
use super::{Table, constant_text};
use crate::semantics::kernels::{compiled, folded};

#[rustfmt::skip]
pub(super) const KERNELS: Table = &[
    (&["textlike", "namelike"], |_, c, n| like(c, n, true)),
    (&["textnlike", "namenlike"], |_, c, n| like(c, n, false)),
    (&["texticlike", "nameiclike"], |_, c, n| like_folded(c, n, true)),
    (&["texticnlike", "nameicnlike"], |_, c, n| like_folded(c, n, false)),
    (&["textregexeq", "nameregexeq"], |_, c, n| regex(c, n, false, true)),
    (&["textregexne", "nameregexne"], |_, c, n| regex(c, n, false, false)),
    (&["texticregexeq", "nameicregexeq"], |_, c, n| regex(c, n, true, true)),
    (&["texticregexne", "nameicregexne"], |_, c, n| regex(c, n, true, false)),
];

fn like(columns: &[ArrayRef], rows: usize, expected: bool) -> Option<ArrayRef> {
    let pattern = Pattern::of(constant_text(columns.get(1)?, rows)?)?;
    let texts = texts(columns.first()?, rows)?;
    Some(truths(texts, |text| pattern.is_like(text) == expected))
}

/// Both without the difference of upper and lower case.
fn like_folded(columns: &[ArrayRef], rows: usize, expected: bool) -> Option<ArrayRef> {
    let pattern = constant_text(columns.get(1)?, rows)?;
    let pattern = Pattern::of(&pattern.chars().map(folded).collect::<String>())?;
    let texts = texts(columns.first()?, rows)?;
    let mut lower = String::new();
    Some(truths(texts, |text| {
        lower.clear();
        if text.is_ascii() {
            lower.push_str(text);
            lower.make_ascii_lowercase();
        } else {
            lower.extend(text.chars().map(folded));
        }
        pattern.is_like(&lower) == expected
    }))
}

fn regex(columns: &[ArrayRef], rows: usize, ignore_case: bool, expected: bool) -> Option<ArrayRef> {
    let regex = compiled(constant_text(columns.get(1)?, rows)?, ignore_case).ok()?;
    Some(truths(texts(columns.first()?, rows)?, |text| regex.is_match(text) == expected))
}

/// A pattern of LIKE.
enum Pattern {
    /// It has no `%` and no `_`.
    Whole(String),
    /// What stands between its `%`.
    Parts { first: String, inner: Vec<Finder<'static>>, last: String },
    /// It has a `_`.
    Regex(Regex),
}

impl Pattern {
    /// None for one that ends in an escape, which is an error for some texts.
    fn of(pattern: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut regex = String::from(r"\A");
        let mut has_one = false;
        let mut characters = pattern.chars();
        while let Some(c) = characters.next() {
            let c = match c {
                '%' => {
                    parts.push(String::new());
                    regex.push_str(".*");
                    continue;
                }
                '_' => {
                    has_one = true;
                    regex.push('.');
                    continue;
                }
                '\\' => characters.next()?,
                c => c,
            };
            parts.last_mut()?.push(c);
            regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        }
        regex.push_str(r"\z");
        match has_one {
            true => {
                RegexBuilder::new(&regex).dot_matches_new_line(true).build().ok().map(Self::Regex)
            }
            false => Self::between(parts),
        }
    }

    fn between(mut parts: Vec<String>) -> Option<Self> {
        let last = parts.pop()?;
        if parts.is_empty() {
            return Some(Self::Whole(last));
        }
        let first = parts.remove(0);
        let inner = parts.iter().filter(|part| !part.is_empty());
        let inner = inner.map(|part| Finder::new(part.as_bytes()).into_owned()).collect();
        Some(Self::Parts { first, inner, last })
    }

    fn is_like(&self, text: &str) -> bool {
        let (first, inner, last) = match self {
            Self::Whole(whole) => return text == whole,
            Self::Regex(regex) => return regex.is_match(text),
            Self::Parts { first, inner, last } => (first.as_str(), inner, last.as_str()),
        };
        let between = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
        let found = between.and_then(|text| {
            inner.iter().try_fold(text.as_bytes(), |text, part| {
                part.find(text).map(|at| &text[at + part.needle().len()..])
            })
        });
        found.is_some()
    }
}
