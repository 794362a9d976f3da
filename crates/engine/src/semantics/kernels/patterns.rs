//! LIKE and regular expressions.
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

use medley_diagnostic::SqlState;
use regex::{Regex, RegexBuilder};

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::datum::Datum;

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("textlike", |_, a| matched(like(a[0].text()?, a[1].text()?, false)?)),
    ("textnlike", |_, a| matched(!like(a[0].text()?, a[1].text()?, false)?)),
    ("namelike", |_, a| matched(like(a[0].text()?, a[1].text()?, false)?)),
    ("namenlike", |_, a| matched(!like(a[0].text()?, a[1].text()?, false)?)),
    ("texticlike", |_, a| matched(like(a[0].text()?, a[1].text()?, true)?)),
    ("texticnlike", |_, a| matched(!like(a[0].text()?, a[1].text()?, true)?)),
    ("nameiclike", |_, a| matched(like(a[0].text()?, a[1].text()?, true)?)),
    ("nameicnlike", |_, a| matched(!like(a[0].text()?, a[1].text()?, true)?)),
    ("like_escape", |_, a| like_escape(a[0].text()?, a[1].text()?)),
    ("textregexeq", |_, a| matched(is_match(a, false)?)),
    ("textregexne", |_, a| matched(!is_match(a, false)?)),
    ("nameregexeq", |_, a| matched(is_match(a, false)?)),
    ("nameregexne", |_, a| matched(!is_match(a, false)?)),
    ("texticregexeq", |_, a| matched(is_match(a, true)?)),
    ("texticregexne", |_, a| matched(!is_match(a, true)?)),
    ("nameicregexeq", |_, a| matched(is_match(a, true)?)),
    ("nameicregexne", |_, a| matched(!is_match(a, true)?)),
];

fn matched<'a>(value: bool) -> Result<Datum<'a>> {
    Ok(Datum::Bool(value))
}

/// An element of a LIKE pattern.
enum Part {
    Any,
    One,
    Character(char),
    /// An escape that nothing follows. PostgreSQL complains of it where it comes to it.
    Unfinished {
        /// A `%` stands before it, with nothing but `%` and `_` between.
        after_any: bool,
    },
}

/// Whether the whole text is like the pattern; a backslash escapes.
fn like(text: &str, pattern: &str, ignore_case: bool) -> Result<bool> {
    let fold = |c: char| if ignore_case { folded(c) } else { c };
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        parts.push(match c {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => match characters.next() {
                Some(escaped) => Part::Character(fold(escaped)),
                None => {
                    let wild = |part: &&Part| matches!(part, Part::Any | Part::One);
                    let mut run = parts.iter().rev().take_while(wild);
                    Part::Unfinished { after_any: run.any(|part| matches!(part, Part::Any)) }
                }
            },
            c => Part::Character(fold(c)),
        });
    }
    let text: Vec<char> = text.chars().map(fold).collect();
    like_parts(&text, &parts)
}

/// What upper and lower case have in common.
pub fn folded(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn unfinished() -> Error {
    let state = SqlState::from_remote("22025");
    Error::at(state, "LIKE pattern must not end with escape character", None)
}

/// Goes back only to the last `%`, so that time is bounded by both lengths multiplied.
fn like_parts(text: &[char], parts: &[Part]) -> Result<bool> {
    let (mut at, mut part) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match parts.get(part) {
            Some(Part::Any) if at == text.len() => {
                let mut rest = parts[part..].iter();
                return Ok(rest.all(|it| matches!(it, Part::Any)));
            }
            Some(Part::Unfinished { after_any }) if at < text.len() || *after_any => {
                return Err(unfinished());
            }
            Some(Part::Any) => {
                retry = Some((part + 1, at));
                part += 1;
                continue;
            }
            Some(Part::One) if at < text.len() => {
                (at, part) = (at + 1, part + 1);
                continue;
            }
            Some(Part::Character(c)) if text.get(at) == Some(c) => {
                (at, part) = (at + 1, part + 1);
                continue;
            }
            None if at == text.len() => return Ok(true),
            // What is left of the pattern wants more text, and going back finds no more.
            Some(_) if at == text.len() => return Ok(false),
            _ => {}
        }
        match retry {
            Some((next, from)) if from < text.len() => {
                retry = Some((next, from + 1));
                (at, part) = (from + 1, next);
            }
            _ => return Ok(false),
        }
    }
}

/// The pattern with a backslash in place of the escape character.
fn like_escape<'a>(pattern: &str, escape: &str) -> Result<Datum<'a>> {
    let mut characters = escape.chars();
    let (escape, more) = (characters.next(), characters.next());
    if more.is_some() {
        let state = SqlState::from_remote("22025");
        let report = medley_diagnostic::Report::error(state, "invalid escape string")
            .with_hint("Escape string must be empty or one character.");
        return Err(report.into());
    }
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        if !escaped && Some(c) == escape {
            out.push('\\');
            escaped = true;
            continue;
        }
        if c == '\\' && !escaped {
            out.push('\\');
        }
        out.push(c);
        escaped = false;
    }
    Ok(Datum::of_text(out))
}

fn is_match(args: &[Datum<'_>], ignore_case: bool) -> Result<bool> {
    Ok(compiled(args[1].text()?, ignore_case)?.is_match(args[0].text()?))
}

thread_local! {
    /// The patterns of the last calls: a statement has few of them.
    static COMPILED: RefCell<Vec<(String, bool, Rc<Regex>)>> = const { RefCell::new(Vec::new()) };
}
/// How many are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(32).expect("32 is not 0");

/// A regular expression, kept for the next call.
pub fn compiled(pattern: &str, ignore_case: bool) -> Result<Rc<Regex>> {
    let known = COMPILED.with_borrow(|all| {
        let found = all.iter().find(|(p, i, _)| p == pattern && *i == ignore_case);
        found.map(|(_, _, regex)| Rc::clone(regex))
    });
    if let Some(regex) = known {
        return Ok(regex);
    }
    let regex = Rc::new(compile(pattern, ignore_case)?);
    COMPILED.with_borrow_mut(|all| {
        all.truncate(KEPT.get() - 1);
        all.insert(0, (pattern.to_owned(), ignore_case, Rc::clone(&regex)));
    });
    Ok(regex)
}

/// Whether text matches is the same question for both kinds of engine, as long as the pattern
/// means the same to both; what may not is refused.
fn compile(pattern: &str, ignore_case: bool) -> Result<Regex> {
    let translated = translate(pattern)?;
    let regex = RegexBuilder::new(&translated)
        .case_insensitive(ignore_case)
        // A dot matches a line feed there, and `^` and `$` only the ends.
        .dot_matches_new_line(true)
        .build();
    regex.map_err(|error| {
        let detail = error.to_string();
        let reason = if detail.contains("unclosed group") || detail.contains("unopened group") {
            "parentheses () not balanced"
        } else if detail.contains("unclosed character class") {
            "brackets [] not balanced"
        } else if detail.contains("repetition operator missing") {
            "quantifier operand invalid"
        } else {
            return Error::unsupported("this regular expression");
        };
        let message = format!("invalid regular expression: {reason}");
        Error::at(SqlState::INVALID_REGULAR_EXPRESSION, message, None)
    })
}

/// The same in the other syntax.
fn translate(pattern: &str) -> Result<String> {
    let refuse = || Error::unsupported("this kind of regular expression");
    if pattern.starts_with("***")
        || pattern.contains("(?")
        || pattern.contains("[.")
        || pattern.contains("[=")
        || pattern.contains("&&")
        || pattern.contains("--")
        || pattern.contains("~~")
        || pattern.contains("[[:<:]]")
        || pattern.contains("[[:>:]]")
    {
        return Err(refuse());
    }
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_brackets = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next().ok_or_else(|| {
                    let message = "invalid regular expression: invalid escape \\ sequence";
                    Error::at(SqlState::INVALID_REGULAR_EXPRESSION, message, None)
                })?;
                match escaped {
                    'd' | 'D' | 'w' | 'W' | 's' | 'S' if in_brackets => return Err(refuse()),
                    // Unicode's digits and letters there are those of the locale.
                    'd' => out.push_str("[0-9]"),
                    'D' => out.push_str("[^0-9]"),
                    's' => out.push_str("\\s"),
                    'S' => out.push_str("\\S"),
                    'w' => out.push_str("\\w"),
                    'W' => out.push_str("\\W"),
                    'n' | 't' | 'r' => {
                        out.push('\\');
                        out.push(escaped);
                    }
                    c if c.is_ascii_punctuation() => out.push_str(&regex::escape(&c.to_string())),
                    _ => return Err(refuse()),
                }
            }
            '[' if in_brackets => match characters.peek() {
                Some(':') => out.push('['),
                _ => out.push_str("\\["),
            },
            '[' => {
                in_brackets = true;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    out.extend(characters.next());
                }
                // A bracket that stands first is one of the characters.
                if characters.peek() == Some(&']') {
                    characters.next();
                    out.push_str("\\]");
                }
            }
            ':' if in_brackets && out.ends_with('[') => {
                // [:class:] to its end.
                out.push(':');
                for c in characters.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            ']' if in_brackets => {
                in_brackets = false;
                out.push(']');
            }
            c => out.push(c),
        }
    }
    Ok(out)
}
