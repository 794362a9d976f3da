//! JSON taken apart as it is written: a number keeps its digits, and what nobody asks for is not
//! read.
//!
//! What is found in a text is a part of it. What the parts are made of is looked at by who reads
//! them: [`is_valid`] says it of a whole.
use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Whether it is JSON, and nothing besides.
pub fn is_valid(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The members of an object: their names, in quotes, and their values. `None` if it is no object.
pub fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    parts(text, (b'{', b'}'), |at| {
        let start = blank(text.as_bytes(), at);
        let end = string_end(text.as_bytes(), start)?;
        let (value, next) = value_at(text, expect(text.as_bytes(), end, b':')?)?;
        Some(((&text[start..end], value), next))
    })
}

/// The elements of an array. `None` if it is none.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    parts(text, (b'[', b']'), |at| value_at(text, at))
}

/// The value of a member; the last, where several have the name.
pub fn member<'a>(members: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let is_it = |key: &str| unquoted(key).is_some_and(|key| key == name);
    members.iter().rev().find(|(key, _)| is_it(key)).map(|(_, value)| *value)
}

/// What a JSON pointer (RFC 6901) points to: `/data/0/name`; the empty one to all of it.
pub fn pointed<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    pointer.split('/').skip(1).try_fold(text.trim(), |value, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        match members(value) {
            Some(members) => member(&members, &step),
            None => elements(value)?.get(step.parse::<usize>().ok()?).copied(),
        }
    })
}

/// A string's text.
pub fn unquoted(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    match inner.contains('\\') {
        false => Some(Cow::Borrowed(inner)),
        true => serde_json::from_str(quoted).ok().map(Cow::Owned),
    }
}

/// What stands between two brackets, parted by commas; each is read from a place, and is told
/// with the place behind it.
fn parts<T>(
    text: &str,
    (open, close): (u8, u8),
    read: impl Fn(usize) -> Option<(T, usize)>,
) -> Option<Vec<T>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut at = expect(bytes, 0, open)?;
    if let Some(end) = expect(bytes, at, close) {
        return (blank(bytes, end) == bytes.len()).then_some(parts);
    }
    loop {
        let (part, next) = read(at)?;
        parts.push(part);
        match expect(bytes, next, b',') {
            Some(next) => at = next,
            None => {
                let end = expect(bytes, next, close)?;
                return (blank(bytes, end) == bytes.len()).then_some(parts);
            }
        }
    }
}

/// The value from here on, and the place behind it.
fn value_at(text: &str, at: usize) -> Option<(&str, usize)> {
    let start = blank(text.as_bytes(), at);
    let end = value_end(text.as_bytes(), start)?;
    Some((&text[start..end], end))
}

/// The next byte that is no white space.
fn blank(bytes: &[u8], from: usize) -> usize {
    let rest = bytes[from..].iter();
    from + rest.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// What comes after this byte, if it is the next.
fn expect(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let at = blank(bytes, from);
    (bytes.get(at) == Some(&wanted)).then_some(at + 1)
}

fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = (bytes.get(start) == Some(&b'"')).then_some(start + 1)?;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => string_end(bytes, start),
        b'{' | b'[' => nested_end(bytes, start),
        _ => {
            let is_plain =
                |byte: &&u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E');
            let length = bytes[start..].iter().take_while(is_plain).count();
            (length > 0).then_some(start + length)
        }
    }
}

fn nested_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_taken_apart() {
        let check = |text: &str, expected: Option<&[(&str, &str)]>| {
            assert_eq!(members(text).as_deref(), expected, "{text}");
        };
        check("{}", Some(&[]));
        check(r#" {"a" : 1, "b":"x\"}" } "#, Some(&[("\"a\"", "1"), ("\"b\"", r#""x\"}""#)]));
        check(
            r#"{"a":{"b":["]"]},"c":null}"#,
            Some(&[("\"a\"", r#"{"b":["]"]}"#), ("\"c\"", "null")]),
        );
        check(r#"{"a":1"#, None);
        check(r#"{"a":1} x"#, None);
        check(r#"{"a" 1}"#, None);
        check(r#"{"a":[}"#, None);
        check("[1]", None);
        check("", None);
    }

    #[test]
    fn arrays_are_taken_apart() {
        let check = |text: &str, expected: Option<&[&str]>| {
            assert_eq!(elements(text).as_deref(), expected, "{text}");
        };
        check("[]", Some(&[]));
        check(r#" [ 1, [2,3] ,{"a":"]"}] "#, Some(&["1", "[2,3]", r#"{"a":"]"}"#]));
        check("[1,]", None);
        check("[1 2]", None);
        check("{}", None);
    }

    #[test]
    fn pointers_are_followed() {
        let text = r#"{"data": [{"a/b": 1, "m~n": {"x": "y"}}], "data2": 2}"#;
        let check = |pointer: &str, expected| assert_eq!(pointed(text, pointer), expected);
        check("", Some(text));
        check("/data/0/a~1b", Some("1"));
        check("/data/0/m~0n/x", Some("\"y\""));
        check("/data/1", None);
        check("/data/x", None);
        check("/data2/x", None);
        check("/other", None);
    }

    #[test]
    fn of_several_members_of_one_name_the_last_counts() {
        let members = members(r#"{"a": 1, "\u0061": 2}"#).expect("it is an object");
        assert_eq!(member(&members, "a"), Some("2"));
    }

    #[test]
    fn strings_are_unquoted() {
        assert_eq!(unquoted(r#""a\n\u00e4""#).as_deref(), Some("a\nä"));
        assert_eq!(unquoted(r#""\x""#), None);
        assert_eq!(unquoted("1"), None);
    }
}
