use std::mem;

use anyhow::{Context, Result, ensure};

use super::Matrix;
use super::answers::Key;

/// A script, cut into statements.
#[derive(Debug)]
pub struct Script {
    /// The file's name.
    pub file: String,
    /// The sections of the reference that it shows.
    pub sections: String,
    /// What it is about.
    pub subject: String,
    /// Its lines, as whole statements.
    pub statements: Vec<Statement>,
    /// What the script was made of, when it fills a table.
    pub matrix: Option<Matrix>,
}

/// The lines of a script from one end of a statement to the next: one statement, seldom several.
#[derive(Debug)]
pub struct Statement {
    /// Its first line, counted from one.
    pub line: usize,
    /// With the comments before it.
    pub text: String,
    /// How many semicolons and backslash commands end something here.
    pub count: usize,
    /// How many bytes the comments before it are.
    comments: usize,
}

impl Script {
    /// Cuts a script where psql would.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let title = text.lines().next().and_then(|line| line.strip_prefix("-- ")?.split_once(": "));
        let (sections, subject) =
            title.with_context(|| format!("{file} does not begin with `-- SECTIONS: subject`"))?;
        let mut lexer = Lexer::default();
        let (mut statements, mut statement) = (Vec::new(), Statement::after(0));
        for (index, line) in text.lines().enumerate() {
            let is_first = lexer.is_between_statements();
            statement.text.extend([line, "\n"]);
            statement.count += lexer.line(line);
            if !lexer.is_between_statements() {
                continue;
            }
            if is_first && statement.count == 0 {
                (statement.comments, statement.line) = (statement.text.len(), index + 2);
            } else {
                statements.push(mem::replace(&mut statement, Statement::after(index + 1)));
            }
        }
        ensure!(lexer.is_between_statements(), "{file} ends within a statement");
        let [file, sections, subject] = [file, sections, subject].map(str::to_owned);
        Ok(Self { file, sections, subject, statements, matrix: None })
    }

    /// How many statements it has.
    pub fn count(&self) -> usize {
        self.statements.iter().map(|statement| statement.count).sum()
    }

    /// Does it need a remote, by the name of its port?
    pub fn has_a_remote(&self) -> bool {
        self.statements.iter().any(|statement| statement.text.contains(":remote_port"))
    }

    /// Where a statement is, in words that hold when lines are added above it.
    pub fn key(&self, index: usize) -> Key {
        let statement = self.statements[index].sql();
        let before = self.statements[..index].iter().filter(|other| other.sql() == statement);
        let nth = before.count() + 1;
        Key { script: self.file.clone(), statement: statement.to_owned(), nth }
    }
}

impl Statement {
    fn after(line: usize) -> Self {
        Self { line: line + 1, text: String::new(), count: 0, comments: 0 }
    }

    /// The statement without the comments and the empty lines before it.
    pub fn sql(&self) -> &str {
        self.text[self.comments..].trim_end()
    }
}

/// As much of psql's lexer as tells where it sends what it has read.
#[derive(Debug, Default)]
struct Lexer {
    within: Within,
    parentheses: usize,
    /// Has something been read that is no blank since the last end?
    pending: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    /// Which quote, and whether a backslash takes the next character with it.
    Quotes(char, bool),
    Dollars(String),
    /// How deep.
    Comment(usize),
}

impl Lexer {
    fn is_between_statements(&self) -> bool {
        self.within == Within::Nothing && !self.pending
    }

    /// Reads a line; returns how many things it ends.
    fn line(&mut self, line: &str) -> usize {
        let mut ended = 0;
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let length = match &self.within {
                Within::Nothing => match self.outside(rest, c) {
                    Step::Over(length) => length,
                    Step::End(length) => {
                        (self.pending, self.parentheses, ended) = (false, 0, ended + 1);
                        length
                    }
                },
                _ => self.inside(rest, c),
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        ended
    }

    fn outside(&mut self, rest: &str, c: char) -> Step {
        if rest.starts_with("--") || c.is_whitespace() {
            return Step::Over(if c == '-' { rest.len() } else { c.len_utf8() });
        }
        if rest.starts_with("/*") {
            self.within = Within::Comment(1);
            return Step::Over(2);
        }
        match c {
            // A backslash command takes the rest of its line.
            '\\' => return Step::End(rest.len()),
            ';' if self.parentheses == 0 => return Step::End(1),
            _ => self.pending = true,
        }
        let mut length = c.len_utf8();
        match c {
            '(' => self.parentheses += 1,
            ')' => self.parentheses = self.parentheses.saturating_sub(1),
            '\'' | '"' => self.within = Within::Quotes(c, false),
            '$' => {
                if let Some(tag) = dollar_tag(rest) {
                    length = tag.len();
                    self.within = Within::Dollars(tag.to_owned());
                }
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                if rest[..length].eq_ignore_ascii_case("e") && rest[length..].starts_with('\'') {
                    self.within = Within::Quotes('\'', true);
                    length += 1;
                }
            }
            _ => {}
        }
        Step::Over(length)
    }

    /// How many bytes to go on, having seen to whether they end what they are in.
    fn inside(&mut self, rest: &str, c: char) -> usize {
        match &mut self.within {
            Within::Quotes(_, true) if c == '\\' => {
                return 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            Within::Quotes(quote, _) if *quote == c => self.within = Within::Nothing,
            Within::Dollars(tag) if rest.starts_with(tag.as_str()) => {
                let length = tag.len();
                self.within = Within::Nothing;
                return length;
            }
            Within::Comment(depth) if rest.starts_with("/*") => {
                *depth += 1;
                return 2;
            }
            Within::Comment(depth) if rest.starts_with("*/") => {
                *depth -= 1;
                if *depth == 0 {
                    self.within = Within::Nothing;
                }
                return 2;
            }
            _ => {}
        }
        c.len_utf8()
    }
}

enum Step {
    Over(usize),
    End(usize),
}

/// `$$` or `$tag$` at the beginning of the text.
fn dollar_tag(rest: &str) -> Option<&str> {
    let length = rest[1..].find('$')? + 2;
    let tag = &rest[1..length - 1];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| &rest[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let script = Script::parse("a.sql", &format!("-- 1.1: title\n{text}")).unwrap();
        let cut: Vec<_> = script
            .statements
            .iter()
            .map(|statement| (statement.line - 1, statement.sql()))
            .collect();
        assert_eq!(cut, expected);
    }

    #[test]
    fn statements_are_cut_where_psql_sends_them() {
        check(
            "a;\nb\n  c;\n\n-- why\nd; e;\n\\c - x\n",
            &[(1, "a;"), (2, "b\n  c;"), (6, "d; e;"), (7, "\\c - x")],
        );
        check("a '; \n;'';' \";\" ;\n", &[(1, "a '; \n;'';' \";\" ;")]);
        check(
            "a E'\\';' $$;'$$ $x$;$$;$x$ /* ; /* ' */ */;\nb -- ;\n;\n",
            &[(1, "a E'\\';' $$;'$$ $x$;$$;$x$ /* ; /* ' */ */;"), (2, "b -- ;\n;")],
        );
        check("a (b;\nc);\na (b \\g\nd;\n", &[(1, "a (b;\nc);"), (3, "a (b \\g"), (4, "d;")]);
        check("a$1$ ';' f('e');\nb;\n-- end\n", &[(1, "a$1$ ';' f('e');"), (2, "b;")]);
    }

    #[test]
    fn statements_are_counted() {
        let script = Script::parse("a.sql", "-- 1: t\na; b;\nc;\n").unwrap();
        let counts: Vec<_> = script.statements.iter().map(|statement| statement.count).collect();
        assert_eq!(counts, [2, 1]);
    }

    #[test]
    fn a_statement_that_comes_again_has_a_number() {
        let script = Script::parse("a.sql", "-- 1: t\na;\nb;\na;\n").unwrap();
        let key = script.key(2);
        assert_eq!((key.statement.as_str(), key.nth), ("a;", 2));
    }

    #[test]
    fn what_is_no_script_is_refused() {
        for text in ["select 1;\n", "-- 1: t\nselect 'a;\n", "-- 1: t\na (b;\n"] {
            assert!(Script::parse("a.sql", text).is_err(), "{text}");
        }
    }
}
