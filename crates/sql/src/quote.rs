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
}
