//! Expressions inside DDL: how far they reach, before sqlparser reads them.
use super::{Parser, Result};
use crate::ast::Expression;
use crate::query;
use crate::token::TokenKind;

/// What ends the expression of DEFAULT: PostgreSQL's `b_expr` knows none of these.
const CLAUSES: &[&str] = &[
    "check",
    "collate",
    "constraint",
    "default",
    "deferrable",
    "enforced",
    "generated",
    "initially",
    "not",
    "null",
    "primary",
    "references",
    "unique",
];

impl Parser<'_> {
    /// `(expression)`: the text is what the parentheses enclose.
    pub fn parenthesized_expression(&mut self) -> Result<Expression> {
        self.expect_char('(')?;
        let from = self.at;
        while !self.is_char(')') {
            self.skip_one()?;
        }
        let expression = self.expression(from, self.at)?;
        self.advance();
        Ok(expression)
    }

    /// The expression of DEFAULT, up to the next clause.
    pub fn default_expression(&mut self) -> Result<Expression> {
        let from = self.at;
        let mut cases = 0_usize;
        loop {
            match self.word() {
                "case" => cases += 1,
                "end" => cases = cases.saturating_sub(1),
                word if cases == 0 && self.at > from && self.ends_default(word) => break,
                _ => {}
            }
            if self.at_end() || matches!(self.peek().kind, TokenKind::Char(',' | ')')) {
                break;
            }
            self.skip_one()?;
        }
        self.expression(from, self.at)
    }

    fn ends_default(&self, word: &str) -> bool {
        let distinct = word == "not" && self.tokens[self.at - 1].is_word("is");
        let operand = word == "null" && self.tokens[self.at - 1].is_operator();
        CLAUSES.contains(&word) && !distinct && !operand
    }

    /// An expression up to a comma or the end of the action: USING.
    pub fn last_expression(&mut self) -> Result<Expression> {
        let from = self.at;
        while !self.at_end() && !self.is_char(',') {
            self.skip_one()?;
        }
        self.expression(from, self.at)
    }

    fn expression(&mut self, from: usize, to: usize) -> Result<Expression> {
        let position = self.tokens[from].position;
        let ast = query::expression(self, from, to)?;
        Ok(Expression { text: self.text_of(from, to).to_owned(), ast: Box::new(ast), position })
    }
}
