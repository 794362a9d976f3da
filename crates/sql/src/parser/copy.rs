//! COPY.
use medley_diagnostic::SqlState;

use super::{Parser, Result};
use crate::SyntaxError;
use crate::ast::{Copy, CopyDirection, CopyEnd, CopyOption, CopySource, Expression, Statement};
use crate::token::TokenKind;

/// The old form's words that take a string.
const OLD_STRINGS: &[&str] = &["delimiter", "null", "quote", "escape"];

/// The old form's words that take columns: how they are written, and the new form's names.
const OLD_COLUMNS: &[(&str, &str)] = &[
    ("force quote", "force_quote"),
    ("force not null", "force_not_null"),
    ("force null", "force_null"),
];

impl Parser<'_> {
    /// Behind COPY.
    pub fn copy(&mut self) -> Result<Statement> {
        let mut options = vec![];
        let position = self.position();
        let (source, direction) = if self.is_char('(') {
            (self.copied_query()?, self.choose(&[("to", CopyDirection::To)])?)
        } else {
            if self.eat("binary") {
                options.push(old_option("format", vec!["binary".to_owned()], position));
            }
            let name = self.qualified_name()?;
            let columns = self.maybe_parenthesized(Self::name)?;
            let directions = [("from", CopyDirection::From), ("to", CopyDirection::To)];
            (CopySource::Table { name, columns }, self.choose(&directions)?)
        };
        let end = self.copy_end()?;
        let of_table = matches!(source, CopySource::Table { .. });
        self.copy_options(of_table, &mut options)?;
        let filter = if of_table { self.copy_filter(direction)? } else { None };
        Ok(Statement::Copy(Copy { source, direction, end, options, filter }))
    }

    fn copied_query(&mut self) -> Result<CopySource> {
        self.expect_char('(')?;
        let query = self.query_statement()?;
        self.expect_char(')')?;
        Ok(CopySource::Query(query))
    }

    fn copy_end(&mut self) -> Result<CopyEnd> {
        if self.eat("stdin") || self.eat("stdout") {
            return Ok(CopyEnd::Client);
        }
        if !self.eat("program") {
            return self.string().map(CopyEnd::File);
        }
        if self.is("stdin") || self.is("stdout") {
            return Err(Box::new(SyntaxError::Refused {
                message: "STDIN/STDOUT not allowed with PROGRAM".to_owned(),
                position: None,
                sqlstate: SqlState::SYNTAX_ERROR,
                hint: None,
            }));
        }
        self.string().map(CopyEnd::Program)
    }

    /// Delimiters may be said before the other options, but not of a query's rows.
    fn copy_options(&mut self, of_table: bool, options: &mut Vec<CopyOption>) -> Result<()> {
        let position = self.position();
        let using = of_table && self.eat("using");
        if using {
            self.expect("delimiters")?;
        }
        if using || of_table && self.eat("delimiters") {
            options.push(old_option("delimiter", vec![self.string()?], position));
        }
        self.eat("with");
        if self.is_char('(') {
            options.extend(self.parenthesized(Self::copy_option)?);
            return Ok(());
        }
        while let Some(option) = self.old_copy_option()? {
            options.push(option);
        }
        Ok(())
    }

    fn copy_option(&mut self) -> Result<CopyOption> {
        let position = self.position();
        let name = self.label()?;
        let values = match self.peek().kind {
            TokenKind::Char(',' | ')') => vec![],
            TokenKind::Char('*') => {
                self.advance();
                vec!["*".to_owned()]
            }
            TokenKind::Char('(') => self.parenthesized(Self::boolean_or_string)?,
            _ => vec![self.copy_value()?],
        };
        Ok(CopyOption { name, values, position })
    }

    fn copy_value(&mut self) -> Result<String> {
        if self.is("default") { self.label() } else { self.option_value() }
    }

    fn old_copy_option(&mut self) -> Result<Option<CopyOption>> {
        let position = self.position();
        if let Some((_, name)) = OLD_COLUMNS.iter().find(|(words, _)| self.eat(words)) {
            let values = match self.eat_char('*') {
                true => vec!["*".to_owned()],
                false => self.list(Self::name)?,
            };
            return Ok(Some(old_option(name, values, position)));
        }
        if self.is("force") {
            return self.choose(OLD_COLUMNS).map(|_| None);
        }
        if let Some(index) = self.eat_one_of(OLD_STRINGS) {
            self.eat("as");
            return Ok(Some(old_option(OLD_STRINGS[index], vec![self.string()?], position)));
        }
        let option = match self.word() {
            "binary" | "csv" => old_option("format", vec![self.word().to_owned()], position),
            "freeze" | "header" => old_option(self.word(), vec![], position),
            "encoding" => {
                self.advance();
                return Ok(Some(old_option("encoding", vec![self.string()?], position)));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(option))
    }

    fn copy_filter(&mut self, direction: CopyDirection) -> Result<Option<Expression>> {
        if !self.is("where") {
            return Ok(None);
        }
        let position = self.position();
        self.advance();
        let filter = self.any_expression()?;
        if direction == CopyDirection::To {
            let state = SqlState::SYNTAX_ERROR;
            return self.refuse("WHERE clause not allowed with COPY TO", state, position);
        }
        Ok(Some(filter))
    }
}

fn old_option(name: &str, values: Vec<String>, position: usize) -> CopyOption {
    CopyOption { name: name.to_owned(), values, position }
}
