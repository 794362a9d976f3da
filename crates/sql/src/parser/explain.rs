//! EXPLAIN.
use super::{Parser, Result};
use crate::ast::{Explain, ExplainOption, Statement};
use crate::token::TokenKind;

impl Parser<'_> {
    /// Behind EXPLAIN.
    pub fn explain(&mut self) -> Result<Statement> {
        let encloses_query = self.is_query_at(1) || self.peek_at(1).kind == TokenKind::Char('(');
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
        match (self.word(), &self.peek().kind) {
            ("true" | "false" | "on", _) => self.label(),
            (_, TokenKind::Integer | TokenKind::Float | TokenKind::Char('+' | '-')) => {
                self.number()
            }
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
            "create" => {
                self.advance();
                let kind = self.peek();
                let created = self.unsupported("create")?;
                match created.tag() {
                    "CREATE TABLE AS" | "CREATE MATERIALIZED VIEW" => Ok(created),
                    _ => Err(self.unexpected_at(kind)),
                }
            }
            "refresh" => self.unsupported(""),
            _ => self.unexpected(),
        }
    }
}
