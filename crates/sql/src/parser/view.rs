//! VIEW.
use super::{Parser, Result};
use crate::ast::{CheckOption, CreateView, Statement};
use crate::query;

impl Parser<'_> {
    /// Behind CREATE: a view, if it is one.
    pub fn create_view(&mut self) -> Result<Option<Statement>> {
        let or_replace = self.eat("or replace");
        let scoped = self.eat("local") || self.eat("global");
        let temporary = self.eat("temp") || self.eat("temporary");
        let recursive = (temporary || !scoped) && self.eat("recursive");
        if (scoped && !temporary) || !self.eat("view") {
            return Ok(None);
        }
        let name = self.qualified_name()?;
        let columns = match recursive {
            true => self.parenthesized(Self::name)?,
            false => self.maybe_parenthesized(Self::name)?,
        };
        let options = if self.eat("with") { self.relation_options()? } else { vec![] };
        self.expect("as")?;
        let from = self.at;
        let to = self.end_of_view();
        let (query_end, check_option) = self.check_option(from, to);
        let query = query::query(self, from, query_end)?;
        self.at = to;
        Ok(Some(Statement::CreateView(Box::new(CreateView {
            or_replace,
            temporary,
            recursive,
            name,
            columns,
            options,
            query,
            query_text: self.text_of(from, query_end).to_owned(),
            check_option,
        }))))
    }

    /// The end of the statement, or the next element of CREATE SCHEMA.
    fn end_of_view(&self) -> usize {
        let mut depth = 0_usize;
        let mut at = self.at;
        loop {
            use crate::token::TokenKind;
            let token = &self.tokens[at];
            match token.kind {
                TokenKind::End | TokenKind::Char(';') => return at,
                TokenKind::Char('(') => depth += 1,
                TokenKind::Char(')') => depth = depth.saturating_sub(1),
                _ if depth == 0 && at > self.at && self.begins_element(at) => return at,
                _ => {}
            }
            at += 1;
        }
    }

    fn begins_element(&self, at: usize) -> bool {
        let label = self.tokens[at - 1].is_word("as")
            || self.tokens[at - 1].kind == crate::token::TokenKind::Char('.');
        !label && (self.tokens[at].is_word("create") || self.tokens[at].is_word("grant"))
    }

    /// `WITH [LOCAL | CASCADED] CHECK OPTION` before the end.
    fn check_option(&self, from: usize, to: usize) -> (usize, Option<CheckOption>) {
        const ENDINGS: &[(&[&str], CheckOption)] = &[
            (&["with", "check", "option"], CheckOption::Cascaded),
            (&["with", "cascaded", "check", "option"], CheckOption::Cascaded),
            (&["with", "local", "check", "option"], CheckOption::Local),
        ];
        let ends_with = |words: &[&str]| {
            to >= from + words.len()
                && self.tokens[to - words.len()..to].iter().zip(words).all(|(t, w)| t.is_word(w))
        };
        match ENDINGS.iter().find(|(words, _)| ends_with(words)) {
            Some((words, option)) => (to - words.len(), Some(*option)),
            None => (to, None),
        }
    }
}
