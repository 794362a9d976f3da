//! OPTIONS lists.
use super::{Parser, Result};
use crate::ast::{OptionItem, RelationOption};
use crate::token::TokenKind;

impl Parser<'_> {
    /// `[OPTIONS (name 'value', ...)]`.
    pub fn create_options(&mut self) -> Result<Vec<OptionItem>> {
        if !self.eat("options") {
            return Ok(vec![]);
        }
        self.parenthesized(Self::add_option)
    }

    /// `OPTIONS ([ADD | SET] name 'value' | DROP name, ...)`.
    pub fn alter_options(&mut self) -> Result<Vec<OptionItem>> {
        self.expect("options")?;
        self.parenthesized(Self::alter_option)
    }

    /// The same if it is there.
    pub fn maybe_alter_options(&mut self) -> Result<Option<Vec<OptionItem>>> {
        if self.is("options") { self.alter_options().map(Some) } else { Ok(None) }
    }

    fn add_option(&mut self) -> Result<OptionItem> {
        Ok(OptionItem::Add { name: self.label()?, value: self.secret()? })
    }

    /// ADD, SET and DROP are options' names when a value follows.
    fn alter_option(&mut self) -> Result<OptionItem> {
        if matches!(self.peek_at(1).kind, TokenKind::String(_)) {
            return self.add_option();
        }
        if self.eat("set") {
            return Ok(OptionItem::Set { name: self.label()?, value: self.secret()? });
        }
        if self.eat("drop") {
            return Ok(OptionItem::Drop { name: self.label()? });
        }
        self.eat("add");
        self.add_option()
    }

    /// `(name [= value], ...)` of relations and columns.
    pub fn relation_options(&mut self) -> Result<Vec<RelationOption>> {
        self.parenthesized(Self::relation_option)
    }

    fn relation_option(&mut self) -> Result<RelationOption> {
        let mut name = self.label()?;
        let mut namespace = None;
        if self.eat_char('.') {
            namespace = Some(std::mem::replace(&mut name, self.label()?));
        }
        let value = if self.eat_char('=') { Some(self.definition_value()?) } else { None };
        Ok(RelationOption { namespace, name, value })
    }

    /// `def_arg`: a word, a number or a string.
    pub fn definition_value(&mut self) -> Result<String> {
        match self.peek().kind {
            TokenKind::String(_) => self.string(),
            TokenKind::Ident { .. } | TokenKind::Keyword(_) => self.label(),
            _ => self.number(),
        }
    }
}
