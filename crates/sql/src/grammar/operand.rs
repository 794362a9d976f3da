//! What operators stand between: `c_expr`.
use medley_diagnostic::SqlState;

use super::expression::{Inside, Kind};
use crate::keyword::{Keyword, KeywordCategory};
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// What an operand turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// `ROW(...)` or `(a, b)`.
    Row,
    /// Any other `c_expr`.
    Plain,
    /// A whole `a_expr`, as DEFAULT is.
    Whole,
}

/// Values that are words alone.
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "current_date",
    "current_role",
    "current_user",
    "session_user",
    "system_user",
    "user",
    "current_catalog",
];

/// Those that take a precision.
const TIMES: &[&str] = &["current_time", "current_timestamp", "localtime", "localtimestamp"];

impl Parser<'_> {
    pub(super) fn operand(&mut self, kind: Kind) -> Result<Operand> {
        match self.peek().kind {
            TokenKind::Integer | TokenKind::Float | TokenKind::String(_) | TokenKind::Bits => {
                self.advance();
                Ok(Operand::Plain)
            }
            TokenKind::Parameter => {
                self.advance();
                self.subscripted()
            }
            TokenKind::Char('(') => match self.parentheses()? {
                Inside::Many => Ok(Operand::Row),
                _ => self.subscripted(),
            },
            TokenKind::Ident { .. } => self.column_or_call(KeywordCategory::Unreserved),
            TokenKind::Keyword(keyword) => self.word_operand(keyword, kind),
            _ => self.unexpected(),
        }
    }

    fn subscripted(&mut self) -> Result<Operand> {
        self.indirection()?;
        Ok(Operand::Plain)
    }

    fn word_operand(&mut self, keyword: &Keyword, kind: Kind) -> Result<Operand> {
        let word = keyword.word;
        if WORDS.contains(&word) {
            self.advance();
            return Ok(Operand::Plain);
        }
        if TIMES.contains(&word) {
            self.advance();
            return self.maybe_precision().map(|()| Operand::Plain);
        }
        match word {
            "row" if self.opens_at(1) => return self.explicit_row(),
            "default" if kind != Kind::Restricted => {
                self.advance();
                return Ok(Operand::Whole);
            }
            "unique" if kind != Kind::Restricted => return self.unique_predicate(),
            _ => {}
        }
        self.special_operand(word, keyword.category)?;
        Ok(Operand::Plain)
    }

    fn opens_at(&self, ahead: usize) -> bool {
        self.peek_at(ahead).kind == TokenKind::Char('(')
    }

    fn special_operand(&mut self, word: &str, category: KeywordCategory) -> Result<()> {
        match word {
            "case" => self.case(),
            "cast" => self.special_call(word),
            "array" => self.array(),
            "exists" if self.opens_at(1) => {
                self.advance();
                self.select_with_parens()
            }
            "grouping" if self.opens_at(1) => {
                self.advance();
                self.enclosed(Self::expr_list)
            }
            "collation" if self.word_at(1) == "for" => {
                self.expect("collation for")?;
                self.enclosed(Self::a_expr)
            }
            "current_schema" if !self.opens_at(1) && !self.is_string_at(1) => {
                self.advance();
                Ok(())
            }
            _ if self.begins_typed_constant(word) => self.typed_constant(),
            _ if category == KeywordCategory::ColumnName && self.opens_at(1) => {
                self.special_call(word)
            }
            _ => self.column_or_call(category).map(drop),
        }
    }

    /// `ROW(...)`.
    fn explicit_row(&mut self) -> Result<Operand> {
        self.expect("row")?;
        self.enclosed(|p| if p.is_char(')') { Ok(()) } else { p.expr_list() })?;
        Ok(Operand::Row)
    }

    fn unique_predicate(&mut self) -> Result<Operand> {
        let position = self.position();
        self.expect("unique")?;
        if self.eat("nulls") {
            self.eat("not");
            self.expect("distinct")?;
        }
        self.select_with_parens()?;
        let message = "UNIQUE predicate is not yet implemented";
        self.refuse(message, SqlState::FEATURE_NOT_SUPPORTED, position)
    }

    fn case(&mut self) -> Result<()> {
        self.expect("case")?;
        self.nested(|p| {
            if !p.is("when") {
                p.a_expr()?;
            }
            p.expect("when")?;
            loop {
                p.a_expr()?;
                p.expect("then")?;
                p.a_expr()?;
                if !p.eat("when") {
                    break;
                }
            }
            if p.eat("else") { p.a_expr() } else { Ok(()) }
        })?;
        self.expect("end")
    }

    fn array(&mut self) -> Result<()> {
        self.expect("array")?;
        if self.is_char('(') { self.select_with_parens() } else { self.array_expr() }
    }

    /// `[1, 2]` or `[[1], [2]]`.
    fn array_expr(&mut self) -> Result<()> {
        self.expect_char('[')?;
        self.nested(|p| match p.peek().kind {
            TokenKind::Char(']') => Ok(()),
            TokenKind::Char('[') => p.several(Self::array_expr),
            _ => p.expr_list(),
        })?;
        self.expect_char(']')
    }

    /// A column, a function's call, or a constant of a type that is named before it.
    fn column_or_call(&mut self, category: KeywordCategory) -> Result<Operand> {
        if category == KeywordCategory::Reserved {
            return self.unexpected();
        }
        self.advance();
        let function = category != KeywordCategory::ColumnName;
        if function && self.is_char('(') {
            self.call()?;
            return Ok(Operand::Plain);
        }
        if function && self.is_string() {
            self.advance();
            return Ok(Operand::Plain);
        }
        if category == KeywordCategory::TypeFunctionName {
            return self.unexpected();
        }
        let indirection = self.indirection()?;
        if indirection.any && self.is_char('(') {
            if !indirection.names_only {
                return self.unexpected();
            }
            self.call()?;
        } else if indirection.any && indirection.names_only && self.is_string() {
            self.advance();
        }
        Ok(Operand::Plain)
    }
}
