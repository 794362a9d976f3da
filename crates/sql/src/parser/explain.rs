//! EXPLAIN.
use std::sync::LazyLock;

use super::synopsis::Synopses;
use super::unsupported::synopses_of;
use super::{Parser, Result};
use crate::ast::{Explain, ExplainOption, Statement};
use crate::token::TokenKind;

/// What is made of a query, and so can be explained.
static CREATIONS: LazyLock<Synopses> =
    LazyLock::new(|| synopses_of(&["CREATE TABLE AS", "CREATE MATERIALIZED VIEW"]));

impl Parser<'_> {
    /// Behind EXPLAIN.
    pub fn explain(&mut self) -> Result<Statement> {
        let values = self.word_at(1) == "values" && self.peek_at(2).kind == TokenKind::Char('(');
        let encloses_query = values
            || matches!(self.word_at(1), "select" | "with" | "table")
            || self.peek_at(1).kind == TokenKind::Char('(');
        let options = if self.is_char('(') && !encloses_query {
            self.parenthesized(Self::utility_option)?
        } else {
            self.bare_options(&["analyze", "analyse", "verbose"])
        };
        let statement = Box::new(self.explained()?);
        Ok(Statement::Explain(Explain { options, statement }))
    }

    /// The old form: words, each at most once, in this order.
    pub fn bare_options(&mut self, words: &[&str]) -> Vec<ExplainOption> {
        let mut options = vec![];
        for word in words {
            let position = self.position();
            if self.eat(word) {
                let name = word.replace("analyse", "analyze");
                options.push(ExplainOption { name, value: None, position });
            }
        }
        options
    }

    /// `name [value]`.
    pub fn utility_option(&mut self) -> Result<ExplainOption> {
        let position = self.position();
        let name = match self.word() {
            "analyze" | "analyse" => {
                self.advance();
                "analyze".to_owned()
            }
            _ => self.non_reserved_word()?,
        };
        let value = match self.peek().kind {
            TokenKind::Char(',' | ')') => None,
            _ => Some(self.option_value()?),
        };
        Ok(ExplainOption { name, value, position })
    }

    /// A word, a string, TRUE, FALSE, ON, or a number.
    pub fn option_value(&mut self) -> Result<String> {
        match self.peek().kind {
            TokenKind::Integer | TokenKind::Float | TokenKind::Char('+' | '-') => self.number(),
            _ => self.boolean_or_string(),
        }
    }

    /// The same without numbers.
    pub fn boolean_or_string(&mut self) -> Result<String> {
        match self.word() {
            "true" | "false" | "on" => self.label(),
            _ => self.word_or_string(),
        }
    }

    fn explained(&mut self) -> Result<Statement> {
        if self.is_query_at(0) || self.is_char('(') {
            return self.query_statement().map(Statement::Query);
        }
        match self.word() {
            "declare" => {
                self.advance();
                self.declare_cursor()
            }
            "execute" => {
                self.advance();
                self.execute()
            }
            "create" => self.find(&CREATIONS).map(|found| Statement::Unsupported(found.name)),
            "refresh" => self.unsupported(""),
            _ => self.unexpected(),
        }
    }
}
