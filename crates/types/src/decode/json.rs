//! `json` and `jsonb`, as far as Medley itself reads them.
use crate::PgType;
use crate::error::{Error, Result};

use super::numeric;

/// Deeper nesting is refused: printing it takes a stack frame a level.
const MAX_DEPTH: usize = 2000;

/// Checks that the text is JSON.
pub(super) fn check(text: &str) -> Result<()> {
    Parser { text, at: 0, kind: Kind::Json }.document().map(drop)
}

/// The text that `jsonb` prints for it.
pub(super) fn normalise(text: &str) -> Result<String> {
    let value = Parser { text, at: 0, kind: Kind::Jsonb }.document()?;
    let mut printed = String::with_capacity(text.len());
    value.print(&mut printed);
    Ok(printed)
}

/// For which type the text is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Jsonb,
}

/// A value as `jsonb` keeps it.
enum Value {
    /// `null`, `true`, `false` or a number, as it prints.
    Plain(String),
    String(String),
    Array(Vec<Value>),
    /// By length of key, then by its bytes; each key once.
    Object(Vec<(String, Value)>),
}

impl Value {
    fn print(&self, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::String(text) => quote(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    element.print(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    quote(key, out);
                    out.push_str(": ");
                    value.print(out);
                }
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ..' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// The last of equal keys counts.
fn object(mut members: Vec<(String, Value)>) -> Value {
    members.reverse();
    members.sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
    members.dedup_by(|(later, _), (kept, _)| later == kept);
    Value::Object(members)
}

/// An array or an object that has not ended; the latter waits for the value of a key.
enum Open {
    Array(Vec<Value>),
    Object(Vec<(String, Value)>, String),
}

impl Open {
    /// What is missing if the first value does not come.
    fn first_value(&self) -> &'static str {
        match self {
            Self::Array(_) => "Expected array element or \"]\"",
            Self::Object(..) => "Expected JSON value",
        }
    }
}

/// What a token begins or is.
enum Step {
    Open(Open),
    Value(Value),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    kind: Kind,
}

/// A token, and where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    end: usize,
}

impl<'a> Parser<'a> {
    fn document(mut self) -> Result<Value> {
        let value = self.value()?;
        let token = self.token()?;
        match token.text {
            "" => Ok(value),
            _ => Err(self.expected("Expected end of input", token)),
        }
    }

    fn error(&self, detail: String, end: usize) -> Error {
        const SHOWN: usize = 49;
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let cut = self.text.floor_char_boundary(end.saturating_sub(SHOWN)).max(start);
        // An ellipsis for so little would be no shorter.
        let cut = if cut - start <= 3 { start } else { cut };
        let prefix = if cut > start { "..." } else { "" };
        let rest = &self.text[end..];
        let suffix = if rest.is_empty() || rest.starts_with(['\n', '\r']) { "" } else { "..." };
        let shown = &self.text[cut..end];
        let context = format!("JSON data, line {line}: {prefix}{shown}{suffix}");
        // The parser is one for both types, and names the first.
        Error::InvalidJson { type_name: "json", detail, context }
    }

    fn expected(&self, what: &str, found: Token<'_>) -> Error {
        let detail = match found.text {
            "" => "The input string ended unexpectedly.".to_owned(),
            text => format!("{what}, but found \"{text}\"."),
        };
        self.error(detail, found.end)
    }

    /// The next token, which is not consumed; empty at the end.
    fn token(&mut self) -> Result<Token<'a>> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        let rest = &self.text[self.at..];
        let length = match rest.bytes().next() {
            None => 0,
            Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => 1,
            Some(b'"') => self.string_length(rest)?,
            Some(_) => self.word_length(rest)?,
        };
        Ok(Token { text: &rest[..length], end: self.at + length })
    }

    fn take(&mut self, token: Token<'_>) {
        self.at = token.end;
    }

    fn word_length(&self, rest: &str) -> Result<usize> {
        let (length, legal) = match rest.as_bytes() {
            [b'-' | b'0'..=b'9', ..] => number_length(rest),
            _ => {
                let length = words(rest, 0);
                (length, matches!(&rest[..length], "null" | "true" | "false"))
            }
        };
        if legal {
            return Ok(length);
        }
        let length = match length {
            0 => rest.chars().next().map_or(0, char::len_utf8),
            _ => length,
        };
        let detail = format!("Token \"{}\" is invalid.", &rest[..length]);
        Err(self.error(detail, self.at + length))
    }

    /// Finds the end of a string, and checks its escapes.
    fn string_length(&self, rest: &str) -> Result<usize> {
        let bytes = rest.as_bytes();
        let mut at = 1;
        loop {
            match bytes.get(at) {
                None => {
                    let detail = format!("Token \"{rest}\" is invalid.");
                    return Err(self.error(detail, self.text.len()));
                }
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at += self.escape_length(rest, at)?,
                Some(control @ ..b' ') => {
                    let detail = format!("Character with value 0x{control:02x} must be escaped.");
                    return Err(self.error(detail, self.at + at));
                }
                Some(_) => at += 1,
            }
        }
    }

    fn escape_length(&self, rest: &str, at: usize) -> Result<usize> {
        match rest[at + 1..].chars().next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Ok(2),
            Some('u') => {
                let digits = rest.as_bytes()[at + 2..].iter().take(4);
                match digits.take_while(|b| b.is_ascii_hexdigit()).count() {
                    4 => Ok(6),
                    found => {
                        let detail = "\"\\u\" must be followed by four hexadecimal digits.";
                        let end = self.text.floor_char_boundary(self.at + at + 3 + found);
                        Err(self.error(detail.to_owned(), end))
                    }
                }
            }
            Some(c) => {
                let detail = format!("Escape sequence \"\\{c}\" is invalid.");
                Err(self.error(detail, self.at + at + 1 + c.len_utf8()))
            }
            None => {
                let detail = format!("Token \"{rest}\" is invalid.");
                Err(self.error(detail, self.text.len()))
            }
        }
    }

    /// Reads one value, with all that is in it, without recursion.
    fn value(&mut self) -> Result<Value> {
        let mut open: Vec<Open> = Vec::new();
        let mut expected = "Expected JSON value";
        loop {
            if open.len() > MAX_DEPTH {
                return Err(Error::TooDeep);
            }
            let token = self.token()?;
            let value = match token.text.bytes().next() {
                Some(b'[') => self.open_array(token)?,
                Some(b'{') => self.open_object(token)?,
                _ => Step::Value(self.scalar(token, expected)?),
            };
            match value {
                Step::Open(container) => {
                    expected = container.first_value();
                    open.push(container);
                }
                Step::Value(value) => match self.close(value, &mut open)? {
                    Some(whole) => return Ok(whole),
                    None => expected = "Expected JSON value",
                },
            }
        }
    }

    fn scalar(&mut self, token: Token<'_>, expected: &str) -> Result<Value> {
        match token.text.bytes().next() {
            None | Some(b'}' | b']' | b',' | b':') => Err(self.expected(expected, token)),
            Some(b'"') => {
                self.take(token);
                self.unescaped(token.text).map(Value::String)
            }
            Some(_) => {
                self.take(token);
                self.plain(token.text)
            }
        }
    }

    fn open_array(&mut self, token: Token<'_>) -> Result<Step> {
        self.take(token);
        let first = self.token()?;
        if first.text != "]" {
            return Ok(Step::Open(Open::Array(Vec::new())));
        }
        self.take(first);
        Ok(Step::Value(Value::Array(Vec::new())))
    }

    fn open_object(&mut self, token: Token<'_>) -> Result<Step> {
        self.take(token);
        let first = self.token()?;
        if first.text != "}" {
            let key = self.key("Expected string or \"}\"")?;
            return Ok(Step::Open(Open::Object(Vec::new(), key)));
        }
        self.take(first);
        Ok(Step::Value(Value::Object(Vec::new())))
    }

    /// `"key":`.
    fn key(&mut self, expected: &str) -> Result<String> {
        let key = self.token()?;
        if !key.text.starts_with('"') {
            return Err(self.expected(expected, key));
        }
        self.take(key);
        let colon = self.token()?;
        if colon.text != ":" {
            return Err(self.expected("Expected \":\"", colon));
        }
        self.take(colon);
        self.unescaped(key.text)
    }

    /// Puts a complete value where it belongs, and closes what ends with it; the whole, if
    /// nothing is open any more.
    fn close(&mut self, mut value: Value, open: &mut Vec<Open>) -> Result<Option<Value>> {
        while let Some(container) = open.pop() {
            let next;
            value = match container {
                Open::Array(mut elements) => {
                    elements.push(value);
                    next = self.token()?;
                    match next.text {
                        "," => {
                            open.push(Open::Array(elements));
                            self.take(next);
                            return Ok(None);
                        }
                        "]" => Value::Array(elements),
                        _ => return Err(self.expected("Expected \",\" or \"]\"", next)),
                    }
                }
                Open::Object(mut members, key) => {
                    members.push((key, value));
                    next = self.token()?;
                    match next.text {
                        "," => {
                            self.take(next);
                            let key = self.key("Expected string")?;
                            open.push(Open::Object(members, key));
                            return Ok(None);
                        }
                        "}" => object(members),
                        _ => return Err(self.expected("Expected \",\" or \"}\"", next)),
                    }
                }
            };
            self.take(next);
        }
        Ok(Some(value))
    }

    fn plain(&self, text: &str) -> Result<Value> {
        match (self.kind, text) {
            (Kind::Json, _) | (_, "null" | "true" | "false") => Ok(Value::Plain(text.to_owned())),
            (Kind::Jsonb, number) => numeric::normalised(number, PgType::NUMERIC).map(Value::Plain),
        }
    }

    /// What a string's token says; for `json` nobody looks.
    fn unescaped(&self, token: &str) -> Result<String> {
        if self.kind == Kind::Json {
            return Ok(String::new());
        }
        let mut text = String::with_capacity(token.len());
        let mut rest = &token[1..token.len() - 1];
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            let escape = rest[at + 1..].chars().next().unwrap_or_default();
            rest = &rest[at + 2..];
            match escape {
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'u' => text.push(self.unicode(&mut rest)?),
                c => text.push(c),
            }
        }
        text.push_str(rest);
        Ok(text)
    }

    /// The character of `\u`, or of two of them, whose digits `rest` begins with.
    fn unicode(&self, rest: &mut &str) -> Result<char> {
        const LOW_ALONE: &str = "Unicode low surrogate must follow a high surrogate.";
        const HIGH_AFTER_HIGH: &str = "Unicode high surrogate must not follow a high surrogate.";
        let surrogate = |detail: &str| self.error(detail.to_owned(), self.at);
        let mut unit = || {
            let digits = rest.get(..4)?;
            *rest = &rest[4..];
            u32::from_str_radix(digits, 16).ok()
        };
        let first = unit().unwrap_or_default();
        let code = match first {
            0 => return Err(Error::JsonZero),
            0xD800..0xDC00 => {
                let second = rest.strip_prefix("\\u").and_then(|tail| tail.get(..4));
                let second = second.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                match second {
                    Some(low @ 0xDC00..0xE000) => {
                        *rest = &rest[6..];
                        0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)
                    }
                    Some(0xD800..0xDC00) => return Err(surrogate(HIGH_AFTER_HIGH)),
                    _ => return Err(surrogate(LOW_ALONE)),
                }
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| surrogate(LOW_ALONE))
    }
}

/// Where the letters, digits and underscores end that stand from `start` on.
fn words(text: &str, start: usize) -> usize {
    let of_word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | 0x80..);
    start + text.as_bytes()[start..].iter().take_while(of_word).count()
}

/// Where a number ends, with what is stuck to it, and whether it is one.
fn number_length(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let byte = |at: usize| bytes.get(at).copied();
    let start = usize::from(byte(0) == Some(b'-'));
    let mut end = if byte(start) == Some(b'0') { start + 1 } else { digits(start) };
    let mut legal = end > start;
    if legal && byte(end) == Some(b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        legal = end > fraction;
    }
    if legal && matches!(byte(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        end = digits(exponent);
        legal = end > exponent;
    }
    let stuck = words(text, end);
    (stuck, legal && stuck == end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use medley_diagnostic::Diagnostic;

    #[test]
    fn jsonb_prints_as_postgresql_prints_it() {
        let check = |text: &str, printed: &str| {
            assert_eq!(normalise(text).as_deref(), Ok(printed), "{text}");
            assert_eq!(normalise(printed).as_deref(), Ok(printed), "{printed}");
            assert_eq!(check(text), Ok(()));
        };
        check(r#" {"bb":1,"a":[1,2, {}],"bb":2 } "#, r#"{"a": [1, 2, {}], "bb": 2}"#);
        check("1.50e1", "15.0");
        check("[]", "[]");
        check(r#""\u00e9\n\ud83d\ude00\u0001""#, "\"é\\n😀\\u0001\"");
        check("-0", "0");
        check("null", "null");
    }

    #[test]
    fn what_is_no_json_is_explained() {
        let check_context = |text: &str, context: &str| {
            let error = check(text).unwrap_err();
            assert_eq!(error.context().as_deref(), Some(context), "{text}");
        };
        check_context("foo", "JSON data, line 1: foo");
        check_context("{\n\"a\": x}", "JSON data, line 2: \"a\": x...");
        check_context("{\"a\" 1}", "JSON data, line 1: {\"a\" 1...");
        check_context("[1,]", "JSON data, line 1: [1,]");
        check_context(
            r#"{"a":[1,2,{"long key number one": "long value number one", "k": tru}]}"#,
            r#"JSON data, line 1: ...ey number one": "long value number one", "k": tru..."#,
        );
        let check = |text: &str, detail: &str| {
            let error = check(text).unwrap_err();
            assert_eq!(error.to_string(), "invalid input syntax for type json");
            assert_eq!(error.detail().as_deref(), Some(detail), "{text}");
        };
        check("", "The input string ended unexpectedly.");
        check("foo", "Token \"foo\" is invalid.");
        check("{\"a\" 1}", "Expected \":\", but found \"1\".");
        check("{\"a\": 1,}", "Expected string, but found \"}\".");
        check("{1: 2}", "Expected string or \"}\", but found \"1\".");
        check("[1 2]", "Expected \",\" or \"]\", but found \"2\".");
        check("[,]", "Expected array element or \"]\", but found \",\".");
        check("1 2", "Expected end of input, but found \"2\".");
        check("+1", "Token \"+\" is invalid.");
        check("-", "Token \"-\" is invalid.");
        check("1.", "Token \"1.\" is invalid.");
        check("12a", "Token \"12a\" is invalid.");
        check("1-2", "Expected end of input, but found \"-2\".");
        check("[1,]", "Expected JSON value, but found \"]\".");
        check("01", "Token \"01\" is invalid.");
        check("\"\\x\"", "Escape sequence \"\\x\" is invalid.");
        check("\"\\u12\"", "\"\\u\" must be followed by four hexadecimal digits.");
        check("\"a", "Token \"\"a\" is invalid.");
        assert_eq!(normalise("\"\\u0000\""), Err(Error::JsonZero));
        assert!(normalise("\"\\ud800\"").is_err());
        assert_eq!(super::check(&"[".repeat(100_000)), Err(Error::TooDeep));
    }
}
