//! Other tokens than those that were written, for what sqlparser would not read or would misread.
use sqlparser::tokenizer::Token as SqlToken;

use super::construct::{Construct, mark};
use crate::parser::Parser;
use crate::token::{Token, TokenKind};

/// What stands for some tokens, and how many of them.
pub(super) type Rewritten = (Vec<SqlToken>, usize);

/// The tokens of a query or an expression.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub tokens: &'a [Token],
}

impl<'a> Tokens<'a> {
    pub fn new(parser: &'a Parser<'_>, from: usize, to: usize) -> Self {
        Self { tokens: &parser.tokens[from..to] }
    }

    /// What is to stand for the tokens from this one on, if it is something else.
    pub fn rewritten(self, at: usize) -> Option<Rewritten> {
        let rules: &[fn(Self, usize) -> Option<Rewritten>] = &[
            Self::variadic,
            Self::star_of_row,
            Self::exclude,
            Self::rows_from,
            Self::group_by,
            Self::using_alias,
            Self::column_definitions,
            Self::order_using,
            Self::fetch,
        ];
        rules.iter().find_map(|rule| rule(self, at))
    }

    fn get(self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    fn is(self, at: usize, words: &[&str]) -> bool {
        let mut words = words.iter().enumerate();
        words.all(|(n, word)| self.get(at + n).is_some_and(|token| is(token, word)))
    }

    fn is_before(self, at: usize, words: &[&str]) -> bool {
        at.checked_sub(words.len()).is_some_and(|from| self.is(from, words))
    }

    fn name(self, at: usize) -> Option<String> {
        match &self.get(at)?.kind {
            TokenKind::Ident { name, .. } => Some(name.clone()),
            TokenKind::Keyword(keyword) => Some(keyword.word.to_owned()),
            _ => None,
        }
    }

    /// The parenthesis that this one closes.
    fn opening(self, close: usize) -> Option<usize> {
        let mut depth = 0;
        (0..=close).rev().find(|at| match self.tokens[*at].kind {
            TokenKind::Char(')') => {
                depth += 1;
                false
            }
            TokenKind::Char('(') => {
                depth -= 1;
                depth == 0
            }
            _ => false,
        })
    }

    /// `f(VARIADIC x)`
    fn variadic(self, at: usize) -> Option<Rewritten> {
        let argument = self.is(at, &["variadic"])
            && (self.is_before(at, &["("]) || self.is_before(at, &[","]));
        argument.then(|| (vec![mark(Construct::Variadic, ""), SqlToken::RArrow], 1))
    }

    /// `(x).*`, `x[1].*`, `x.*::type`
    fn star_of_row(self, at: usize) -> Option<Rewritten> {
        let cast = self.is_before(at, &["."])
            && self.get(at + 1).is_some_and(|next| next.kind == TokenKind::Symbol("::"));
        let star = self.is(at, &["*"])
            && (cast || self.is_before(at, &[")", "."]) || self.is_before(at, &["]", "."]));
        star.then(|| (vec![mark(Construct::Star, "")], 1))
    }

    /// `(w ORDER BY … EXCLUDE TIES)`
    fn exclude(self, at: usize) -> Option<Rewritten> {
        if let Some((_, length)) = self.exclusion(at) {
            return Some((Vec::new(), length));
        }
        let window = self.is_before(at, &["over"]) || self.is_before(at, &["as"]);
        if !window || !self.is(at, &["("]) {
            return None;
        }
        let mut depth = 0;
        let inside = (at..self.tokens.len()).take_while(|at| {
            match self.tokens[*at].kind {
                TokenKind::Char('(') => depth += 1,
                TokenKind::Char(')') => depth -= 1,
                _ => {}
            }
            depth > 0
        });
        let (word, _) = inside.filter_map(|at| self.exclusion(at)).last()?;
        let begins = ["partition", "order", "rows", "range", "groups"];
        let base = match begins.iter().any(|word| self.is(at + 1, &[word])) {
            true => None,
            false => self.name(at + 1),
        };
        let said = base.as_ref().map_or(word.to_owned(), |base| format!("{word} {base}"));
        let consumed = 1 + usize::from(base.is_some());
        Some((vec![SqlToken::LParen, mark(Construct::Exclude, &said)], consumed))
    }

    /// The word of an EXCLUDE, and of how many tokens it is.
    fn exclusion(self, at: usize) -> Option<(&'static str, usize)> {
        if !self.is(at, &["exclude"]) {
            return None;
        }
        let kinds: [(&[&str], &str); 4] = [
            (&["current", "row"], "current"),
            (&["group"], "group"),
            (&["ties"], "ties"),
            (&["no", "others"], "none"),
        ];
        let found = kinds.into_iter().find(|(words, _)| self.is(at + 1, words));
        found.map(|(words, word)| (word, 1 + words.len()))
    }

    fn rows_from(self, at: usize) -> Option<Rewritten> {
        self.is(at, &["rows", "from", "("]).then(|| (vec![mark(Construct::RowsFrom, "")], 2))
    }

    /// GROUP BY DISTINCT; GROUP BY ALL is GROUP BY.
    fn group_by(self, at: usize) -> Option<Rewritten> {
        if !self.is_before(at, &["group", "by"]) {
            return None;
        }
        let distinct = || vec![mark(Construct::Distinct, ""), SqlToken::Comma];
        match () {
            () if self.is(at, &["distinct"]) => Some((distinct(), 1)),
            () if self.is(at, &["all"]) => Some((Vec::new(), 1)),
            () => None,
        }
    }

    /// `JOIN … USING (a, b) AS k`
    fn using_alias(self, at: usize) -> Option<Rewritten> {
        if !self.is(at, &[")", "as"]) {
            return None;
        }
        let open = self.opening(at)?;
        let names = (open + 1..at).all(|at| self.name(at).is_some() || self.is(at, &[","]));
        let alias = self.name(at + 2)?;
        let using = self.is_before(open, &["using"]) && names && at > open + 1;
        let alias = || mark(Construct::UsingAlias, &alias);
        using.then(|| (vec![SqlToken::Comma, alias(), SqlToken::RParen], 3))
    }

    /// `f() AS (a integer, b text)`
    fn column_definitions(self, at: usize) -> Option<Rewritten> {
        const QUERIES: &[&str] =
            &["select", "values", "with", "table", "insert", "update", "delete", "merge", "("];
        let list = self.is_before(at, &[")"]) && self.is(at, &["as", "("]);
        if !list || QUERIES.iter().any(|word| self.is(at + 2, &[word])) {
            return None;
        }
        Some((vec![SqlToken::make_word("AS", None), mark(Construct::NoAlias, "")], 1))
    }

    /// `ORDER BY a USING >`
    fn order_using(self, at: usize) -> Option<Rewritten> {
        let word = match () {
            () if self.is(at, &["using", "<"]) => "ASC",
            () if self.is(at, &["using", ">"]) => "DESC",
            () => return None,
        };
        Some((vec![SqlToken::make_word(word, None)], 2))
    }

    /// `FETCH FIRST (n) ROWS ONLY` is `LIMIT (n)`.
    fn fetch(self, at: usize) -> Option<Rewritten> {
        let ties = |open: usize| {
            let counted = self.is_before(open, &["fetch", "first"])
                || self.is_before(open, &["fetch", "next"]);
            let rows = self.is(open + 2, &[")", "row", "with", "ties"])
                || self.is(open + 2, &[")", "rows", "with", "ties"]);
            counted && rows && self.is(open, &["("])
        };
        if ties(at) || at.checked_sub(2).is_some_and(ties) {
            return Some((Vec::new(), 1));
        }
        if at.checked_add(2).is_some_and(ties) {
            return None;
        }
        let begins = |at: usize| {
            self.is(at, &["fetch", "first", "("]) || self.is(at, &["fetch", "next", "("])
        };
        if begins(at) {
            return Some((vec![SqlToken::make_word("LIMIT", None)], 2));
        }
        if !self.is(at, &["row", "only"]) && !self.is(at, &["rows", "only"]) {
            return None;
        }
        let close = at.checked_sub(1).filter(|close| self.is(*close, &[")"]))?;
        let open = self.opening(close);
        begins(open?.checked_sub(2)?).then(|| (Vec::new(), 2))
    }
}

fn is(token: &Token, word: &str) -> bool {
    match token.kind {
        TokenKind::Char(c) => word.chars().eq([c]),
        TokenKind::Ident { quoted: true, .. } => false,
        _ => token.is_word(word),
    }
}
