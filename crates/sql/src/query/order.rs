//! What the order of tokens alone tells: words and literals where PostgreSQL's grammar has no
//! place for them, and sqlparser does not mind.
use medley_diagnostic::SqlState;

use crate::SyntaxError;
use crate::keyword::KeywordCategory;
use crate::parser::{Parser, Result};
use crate::token::{Token, TokenKind};

/// Reserved words that begin an expression.
const OPERANDS: &[&str] = &[
    "array",
    "case",
    "cast",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "false",
    "localtime",
    "localtimestamp",
    "not",
    "null",
    "select",
    "session_user",
    "system_user",
    "true",
    "user",
];

/// Those that may stand behind an operator too.
const QUANTIFIERS: &[&str] = &["all", "any", "some"];

/// Those that may stand behind a comma too.
const BEHIND_COMMA: &[&str] = &["grant", "lateral", "only", "variadic", "with"];

/// Those that may stand behind SELECT too: it may select nothing.
const BEHIND_SELECT: &[&str] = &[
    "all",
    "distinct",
    "except",
    "fetch",
    "for",
    "from",
    "group",
    "having",
    "intersect",
    "into",
    "limit",
    "offset",
    "order",
    "union",
    "where",
    "window",
];

/// Refuses the first token of these that stands wrong.
pub(super) fn check(parser: &Parser<'_>, from: usize, to: usize) -> Result<()> {
    let mut order = Order { parser, from, to, open: vec![] };
    (from..to).try_for_each(|at| order.token(at))
}

struct Order<'a> {
    parser: &'a Parser<'a>,
    from: usize,
    to: usize,
    /// Of each open bracket and parenthesis, whether it is an array's.
    open: Vec<bool>,
}

impl<'a> Order<'a> {
    fn token(&mut self, at: usize) -> Result<()> {
        self.brackets(at)?;
        self.literal(at)?;
        self.word(at)?;
        self.pair(at)?;
        self.limit(at)
    }

    fn get(&self, at: usize) -> &'a Token {
        &self.parser.tokens[at]
    }

    fn before(&self, at: usize) -> Option<&'a Token> {
        (at > self.from).then(|| self.get(at - 1))
    }

    fn refuse_if(&self, wrong: bool, at: usize) -> Result<()> {
        if wrong { Err(self.parser.unexpected_at(self.get(at))) } else { Ok(()) }
    }

    fn brackets(&mut self, at: usize) -> Result<()> {
        match self.get(at).kind {
            TokenKind::Char('(') => self.open.push(false),
            TokenKind::Char('[') => {
                let before = self.before(at);
                let array = opens_array(before, self.open.last() == Some(&true));
                self.refuse_if(!array && !before.is_some_and(ends_operand), at)?;
                self.open.push(array);
            }
            TokenKind::Char(')' | ']') => {
                let none = self.open.pop().is_none();
                self.refuse_if(none, at)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A literal does not follow a literal, nor AS; some characters follow nothing.
    fn literal(&self, at: usize) -> Result<()> {
        let token = self.get(at);
        let stray = match token.kind {
            TokenKind::Char(c) => !",()[].:+-*/%^<>=".contains(c),
            TokenKind::Symbol(":=") => !self.names_argument(at),
            TokenKind::Symbol("..") => true,
            _ => false,
        };
        let Some(before) = self.before(at) else { return self.refuse_if(stray, at) };
        let literal = matches!(token.kind, TokenKind::String(_));
        let constant = matches!(
            before.kind,
            TokenKind::String(_)
                | TokenKind::Bits
                | TokenKind::Integer
                | TokenKind::Float
                | TokenKind::Parameter
        );
        self.refuse_if(stray || (literal && (constant || before.is_word("as"))), at)
    }

    /// `f(a := 1)`.
    fn names_argument(&self, at: usize) -> bool {
        at >= self.from + 2 && matches!(self.get(at - 2).kind, TokenKind::Char('(' | ','))
    }

    /// A reserved word where an operand must be.
    fn word(&self, at: usize) -> Result<()> {
        let (TokenKind::Keyword(keyword), Some(before)) = (&self.get(at).kind, self.before(at))
        else {
            return Ok(());
        };
        if keyword.category != KeywordCategory::Reserved {
            return Ok(());
        }
        let more = match &before.kind {
            TokenKind::Char(',') => BEHIND_COMMA,
            TokenKind::Char('*') => return Ok(()),
            _ if before.is_operator() => QUANTIFIERS,
            TokenKind::Keyword(select) if select.word == "select" && !self.is_label(at - 1) => {
                BEHIND_SELECT
            }
            _ => return Ok(()),
        };
        let known = OPERANDS.contains(&keyword.word) || more.contains(&keyword.word);
        self.refuse_if(!known, at)
    }

    /// Behind AS or a dot any word is a name.
    fn is_label(&self, at: usize) -> bool {
        let before = self.before(at);
        before.is_some_and(|token| token.is_word("as") || token.kind == TokenKind::Char('.'))
    }

    /// Words that do not stand alone: the error is at what follows them.
    fn pair(&self, at: usize) -> Result<()> {
        let token = self.get(at);
        if self.is_label(at) {
            return Ok(());
        }
        let behind_from = self.before(at).is_some_and(|token| token.is_word("from"));
        if behind_from && (token.is_word("order") || token.is_word("group")) {
            return self.refuse_if(true, at);
        }
        let next = self.get((at + 1).min(self.to));
        let wrong = match &token.kind {
            TokenKind::Keyword(keyword) => match keyword.word {
                "order" => !next.is_word("by"),
                "group" => {
                    !next.is_word("by") && !self.before(at).is_some_and(|t| t.is_word("within"))
                }
                "delete" if at == self.from => !next.is_word("from"),
                "insert" | "merge" if at == self.from => !next.is_word("into"),
                _ => false,
            },
            _ => false,
        };
        self.refuse_if(wrong, (at + 1).min(self.to))
    }

    /// MySQL's `LIMIT 1, 2`.
    fn limit(&self, at: usize) -> Result<()> {
        let wrong = self.get(at).is_word("limit")
            && at + 2 < self.to
            && matches!(self.get(at + 1).kind, TokenKind::Integer | TokenKind::Parameter)
            && self.get(at + 2).kind == TokenKind::Char(',')
            && !self.is_label(at);
        if !wrong {
            return Ok(());
        }
        Err(SyntaxError::Refused {
            message: "LIMIT #,# syntax is not supported".to_owned(),
            position: Some(self.get(at).position),
            sqlstate: SqlState::SYNTAX_ERROR,
            hint: Some("Use separate LIMIT and OFFSET clauses."),
        })
    }
}

/// ARRAY opens one, and inside of it brackets do.
fn opens_array(before: Option<&Token>, inside: bool) -> bool {
    let nested = |token: &Token| matches!(token.kind, TokenKind::Char('[' | ','));
    before.is_some_and(|token| token.is_word("array") || (inside && nested(token)))
}

/// Something that can be subscripted, or a type that becomes an array.
fn ends_operand(token: &Token) -> bool {
    match token.kind {
        TokenKind::Ident { .. } | TokenKind::Parameter | TokenKind::Char(')' | ']') => true,
        TokenKind::Keyword(keyword) => keyword.category != KeywordCategory::Reserved,
        _ => false,
    }
}
