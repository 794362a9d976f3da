//! A line as fields of tokens.

/// A word, or what stood in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub text: String,
    /// Began with a quote: it is no keyword and has no `+` or `@`.
    pub quoted: bool,
}

impl Token {
    /// Whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }

    /// What follows `mark`, if that begins an unquoted token of more than one character.
    pub fn after(&self, mark: char) -> Option<&str> {
        let rest = self.text.strip_prefix(mark)?;
        (!self.quoted && !rest.is_empty()).then_some(rest)
    }
}

/// What is separated by commas, between blanks.
pub(crate) type Field = Vec<Token>;

/// The fields of a line; `@file` is a token yet.
pub(crate) fn fields(line: &str) -> Vec<Field> {
    let mut rest = line;
    let mut fields = Vec::new();
    loop {
        let mut field = Field::new();
        let mut more = true;
        while more {
            let Some((token, comma)) = next(&mut rest) else { break };
            field.push(token);
            more = comma;
        }
        if field.is_empty() {
            return fields;
        }
        fields.push(field);
    }
}

/// Takes the next token, and says whether a comma ended it.
fn next(rest: &mut &str) -> Option<(Token, bool)> {
    let start = rest.trim_start_matches(|c| is_blank(c) || c == ',');
    let mut token = Token { text: String::new(), quoted: false };
    let (mut in_quote, mut was_quote, mut saw_quote, mut comma) = (false, false, false, false);
    let mut end = start.len();
    for (at, c) in start.char_indices() {
        match c {
            '#' if !in_quote => {
                *rest = "";
                return (saw_quote || !token.text.is_empty()).then_some((token, false));
            }
            ',' if !in_quote => comma = true,
            c if is_blank(c) && !in_quote => {}
            c => {
                if c != '"' || was_quote {
                    token.text.push(c);
                }
                was_quote = in_quote && c == '"' && !was_quote;
                if c == '"' {
                    in_quote = !in_quote;
                    saw_quote = true;
                    token.quoted |= token.text.is_empty();
                }
                continue;
            }
        }
        end = at + c.len_utf8();
        break;
    }
    *rest = &start[end..];
    (saw_quote || !token.text.is_empty()).then_some((token, comma))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&[&str]]) {
        let found: Vec<Vec<String>> = fields(line)
            .into_iter()
            .map(|field| {
                let show = |t: Token| if t.quoted { format!("'{}'", t.text) } else { t.text };
                field.into_iter().map(show).collect()
            })
            .collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn blanks_and_commas_separate() {
        check("local all,b , c  d # e", &[&["local"], &["all", "b"], &["c"], &["d"]]);
        check("a,\tb", &[&["a", "b"]]);
        check("  # nothing", &[]);
        check("", &[]);
    }

    #[test]
    fn quotes_keep_together_and_make_literal() {
        check(r#""a b","all" c"d e"f"#, &[&["'a b'", "'all'"], &["cd ef"]]);
        check(r#""a ""b""" """#, &[&[r#"'a "b"'"#], &["''"]]);
        check(r#""a # b" "#, &[&["'a # b'"]]);
        check(r#"a "open, to the end"#, &[&["a"], &["'open, to the end'"]]);
    }
}
