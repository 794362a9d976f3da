//! OPTIONS lists.
use super::{Parser, Result};
use crate::ast::{OptionItem, RelationOption};
use crate::keyword::KeywordCategory;
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

    /// `def_arg` as text: a word, a number, a string, or whatever is written.
    pub fn definition_value(&mut self) -> Result<String> {
        let from = self.at;
        self.def_arg()?;
        let token = &self.tokens[from];
        if self.at - from > 1 || token.is_operator() {
            return Ok(self.text_of(from, self.at).to_owned());
        }
        self.at = from;
        match token.kind {
            TokenKind::String(_) => self.string(),
            TokenKind::Ident { .. } | TokenKind::Keyword(_) => self.label(),
            _ => self.number(),
        }
    }

    /// `def_arg`: a type, a reserved word, an operator, a number, a string.
    pub fn def_arg(&mut self) -> Result<()> {
        let numeric = |kind: &TokenKind| matches!(kind, TokenKind::Integer | TokenKind::Float);
        match &self.peek().kind {
            TokenKind::String(_) => self.string().map(drop),
            TokenKind::Char('+' | '-') if numeric(&self.peek_at(1).kind) => self.number().map(drop),
            kind if numeric(kind) => self.number().map(drop),
            TokenKind::Keyword(word) if word.category == KeywordCategory::Reserved => {
                self.label().map(drop)
            }
            TokenKind::Keyword(word) if word.word == "none" => self.label().map(drop),
            TokenKind::Keyword(word) if word.word == "operator" => self.any_operator(),
            TokenKind::Ident { .. } | TokenKind::Keyword(_) => self.func_type(),
            _ => self.any_operator(),
        }
    }
}
