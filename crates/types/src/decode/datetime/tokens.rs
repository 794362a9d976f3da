//! From text to tokens.
use crate::time_zone::TimeZone;

/// A piece of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Digits, perhaps with a fraction.
    Number(&'a str),
    /// Parts joined by `-`, `/` or `.`: `2024-01-31`, `31.1.2024`, `Jan-31-2024`.
    Date(&'a str),
    /// `04:05:06.789`.
    Time(&'a str),
    /// `+05:30`.
    Offset(&'a str),
    /// A month, a zone, `BC` and so on.
    Word(&'a str),
}

/// Splits the text; `None` if it has a character that no date has.
pub(super) fn split(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::with_capacity(6);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| matches!(c, ' ' | ',' | '\t'..='\r'));
        let Some(first) = rest.bytes().next() else { return Some(tokens) };
        let (token, length) = match first {
            b'0'..=b'9' => from_digit(rest),
            b'+' | b'-' => from_sign(rest)?,
            b'A'..=b'Z' | b'a'..=b'z' => from_letter(rest),
            _ => return None,
        };
        tokens.push(token);
        rest = &rest[length..];
    }
}

/// How many bytes from `start` on are of a kind.
fn run(text: &str, start: usize, of_kind: impl Fn(u8) -> bool) -> usize {
    start + text.as_bytes()[start..].iter().take_while(|b| of_kind(**b)).count()
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_time(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b':' | b'.')
}

fn from_digit(text: &str) -> (Token<'_>, usize) {
    let digits = run(text, 0, is_digit);
    let separator = text.as_bytes().get(digits).copied();
    match separator {
        Some(b':') => {
            let end = run(text, 0, is_time);
            (Token::Time(&text[..end]), end)
        }
        Some(separator @ (b'-' | b'/' | b'.')) => date(text, digits, separator),
        _ => (Token::Number(&text[..digits]), digits),
    }
}

/// Digits, a separator, and what may follow: with one point and digits it is a number.
fn date(text: &str, digits: usize, separator: u8) -> (Token<'_>, usize) {
    let second = run(text, digits + 1, is_digit);
    if second == digits + 1 {
        let end = run(text, digits, |b| b.is_ascii_alphanumeric() || b == separator);
        return (Token::Date(&text[..end]), end);
    }
    if text.as_bytes().get(second) == Some(&separator) {
        let end = run(text, second, |b| b.is_ascii_digit() || b == separator);
        return (Token::Date(&text[..end]), end);
    }
    match separator {
        b'.' => (Token::Number(&text[..second]), second),
        _ => (Token::Date(&text[..second]), second),
    }
}

fn from_sign(text: &str) -> Option<(Token<'_>, usize)> {
    match text.as_bytes().get(1)? {
        b'0'..=b'9' => {
            let end = run(text, 1, is_time);
            Some((Token::Offset(&text[..end]), end))
        }
        b'A'..=b'Z' | b'a'..=b'z' => {
            let end = run(text, 1, |b| b.is_ascii_alphabetic());
            Some((Token::Word(&text[..end]), end))
        }
        _ => None,
    }
}

fn from_letter(text: &str) -> (Token<'_>, usize) {
    let letters = run(text, 0, |b| b.is_ascii_alphabetic());
    let end_of_zone = || {
        run(text, letters, |b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'+' | b'-'))
    };
    let next = |at: usize| text.as_bytes().get(at).copied();
    match (next(letters), next(letters + 1)) {
        (Some(separator @ (b'-' | b'.' | b'/')), Some(b'0'..=b'9'))
            if super::words::is_month(&text[..letters]) =>
        {
            let second = run(text, letters + 1, is_digit);
            let end = match next(second) == Some(separator) {
                true => run(text, second + 1, is_digit),
                false => second,
            };
            (Token::Date(&text[..end]), end)
        }
        (Some(b'/' | b'_'), _) => (Token::Word(&text[..end_of_zone()]), end_of_zone()),
        // `PST8PDT`, but not `T040506`.
        (Some(b'0'..=b'9'), _) if TimeZone::named(&text[..end_of_zone()]).is_some() => {
            (Token::Word(&text[..end_of_zone()]), end_of_zone())
        }
        // `am+02`: the word says something by itself.
        (Some(b'+'), _) if super::words::is_field(&text[..letters]) => {
            (Token::Word(&text[..letters]), letters)
        }
        // POSIX's `UTC+3`.
        (Some(b'+' | b'-'), Some(b'0'..=b'9')) => {
            let end = run(text, letters + 1, is_time);
            (Token::Word(&text[..end]), end)
        }
        _ => (Token::Word(&text[..letters]), letters),
    }
}
