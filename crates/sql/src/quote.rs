//! Names and strings as SQL writes them: PostgreSQL's `quote_ident` and `quote_literal`.
use std::borrow::Cow;

use crate::keyword::{KeywordCategory, keyword};

/// The name as it must be written, in quotes where it needs them.
pub fn quote_identifier(name: &str) -> Cow<'_, str> {
    if is_safe(name) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn is_safe(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(plain)
        && name.chars().all(|c| plain(c) || c.is_ascii_digit())
        && keyword(name).is_none_or(|keyword| keyword.category == KeywordCategory::Unreserved)
}

/// The text as a string constant; with backslashes in it as an `E` one.
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match doubled.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

/// The names of a list such as search_path, folded and unquoted.
pub fn parse_name_list(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim_end().to_lowercase(), &rest[end..])
            }
        };
        names.push(name);
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    names
}

fn take_quoted(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    while let Some(end) = rest.find('"') {
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (name, rest),
        }
    }
    name.push_str(rest);
    (name, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_where_needed() {
        for name in ["a", "_a1", "server", "abort"] {
            assert_eq!(quote_identifier(name), name);
        }
        for (name, quoted) in [
            ("A", "\"A\""),
            ("1a", "\"1a\""),
            ("a$", "\"a$\""),
            ("", "\"\""),
            ("é", "\"é\""),
            ("a\"b", "\"a\"\"b\""),
            ("user", "\"user\""),
            ("left", "\"left\""),
            ("none", "\"none\""),
        ] {
            assert_eq!(quote_identifier(name), quoted);
        }
    }

    #[test]
    fn literals_are_quoted() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(quote_literal(""), "''");
    }

    #[test]
    fn name_lists_are_read() {
        let check = |text: &str, expected: &[&str]| assert_eq!(parse_name_list(text), expected);
        check("\"$user\", public", &["$user", "public"]);
        check("a, \"B \"\"c\", D", &["a", "B \"c", "d"]);
        check("", &[]);
        check("\"\"", &[""]);
    }
}
