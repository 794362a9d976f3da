//! SET, RESET, SHOW, DISCARD.
use super::{Parser, Result};
use crate::ast::{
    Discard, Name, Set, SetScope, SetValue, SettingArgument, SettingChange, Statement,
    TransactionScope,
};
use crate::token::TokenKind;

impl Parser<'_> {
    /// Behind SET.
    pub fn set(&mut self) -> Result<Statement> {
        if self.is("constraints") && !self.assigned() {
            self.advance();
            return self.set_constraints();
        }
        let scope = self.set_scope();
        if self.eat("session characteristics") {
            self.expect("as transaction")?;
            return self.set_modes(TransactionScope::Session);
        }
        if self.is("transaction") && !self.assigned() {
            self.advance();
            return self.set_transaction();
        }
        let change = self.setting()?;
        Ok(Statement::Set(Set::Setting { scope, change }))
    }

    /// LOCAL or SESSION, unless that is what is set.
    fn set_scope(&mut self) -> SetScope {
        if self.is("local") && !self.assigned() {
            self.advance();
            return SetScope::Local;
        }
        let whole = match self.word_at(1) {
            "authorization" => true,
            "characteristics" => !self.assigned_behind(2),
            _ => false,
        };
        if self.is("session") && !whole && !self.assigned() {
            self.advance();
        }
        SetScope::Session
    }

    fn set_transaction(&mut self) -> Result<Statement> {
        if self.eat("snapshot") {
            return Ok(Statement::Set(Set::TransactionSnapshot(self.string()?)));
        }
        self.set_modes(TransactionScope::Transaction)
    }

    fn set_modes(&mut self, scope: TransactionScope) -> Result<Statement> {
        let modes = self.transaction_modes()?;
        if modes.is_empty() {
            return self.unexpected();
        }
        Ok(Statement::Set(Set::TransactionModes { scope, modes }))
    }

    /// Behind SET CONSTRAINTS.
    fn set_constraints(&mut self) -> Result<Statement> {
        let names = if self.eat("all") { vec![] } else { self.list(Self::qualified_name)? };
        let deferred = self.choose(&[("deferred", true), ("immediate", false)])?;
        Ok(Statement::SetConstraints { names, deferred })
    }

    /// `SET ...` or `RESET ...` inside ALTER ROLE.
    pub fn set_or_reset(&mut self) -> Result<SettingChange> {
        if self.eat("reset") {
            self.reset_change()
        } else {
            self.expect("set").and_then(|()| self.setting())
        }
    }

    /// What follows SET and its scope.
    pub fn setting(&mut self) -> Result<SettingChange> {
        let (name, value) = match self.word() {
            "time" if self.word_at(1) == "zone" => {
                self.expect("time zone")?;
                ("timezone".to_owned(), self.time_zone()?)
            }
            "names" if !self.assigned() => {
                self.advance();
                ("client_encoding".to_owned(), self.encoding()?)
            }
            "role" if !self.assigned() => {
                self.advance();
                ("role".to_owned(), text(self.word_or_string()?))
            }
            "session" if self.word_at(1) == "authorization" => {
                self.expect("session authorization")?;
                let default = self.eat("default");
                let value = if default { SetValue::Default } else { text(self.word_or_string()?) };
                ("session_authorization".to_owned(), value)
            }
            "schema" if !self.assigned() => {
                self.advance();
                ("search_path".to_owned(), text(self.string()?))
            }
            "xml" if self.word_at(1) == "option" => {
                self.expect("xml option")?;
                let value = self.choose(&[("document", "DOCUMENT"), ("content", "CONTENT")])?;
                ("xmloption".to_owned(), text(value.to_owned()))
            }
            "catalog" if !self.assigned() => {
                self.advance();
                let position = self.position();
                self.string()?;
                let state = medley_diagnostic::SqlState::FEATURE_NOT_SUPPORTED;
                return self.refuse("current database cannot be changed", state, position);
            }
            _ => self.assignment()?,
        };
        Ok(SettingChange::Set { name, value })
    }

    /// Whether the word here is a setting's name after all.
    fn assigned(&self) -> bool {
        self.assigned_behind(1)
    }

    fn assigned_behind(&self, ahead: usize) -> bool {
        matches!(self.word_at(ahead), "to" | "from")
            || matches!(self.peek_at(ahead).kind, TokenKind::Char('=' | '.'))
    }

    fn assignment(&mut self) -> Result<(Name, SetValue)> {
        let name = self.setting_name()?;
        if self.eat("from") {
            self.expect("current")?;
            return Ok((name, SetValue::FromCurrent));
        }
        if !self.eat("to") {
            self.expect_char('=')?;
        }
        if self.eat("default") {
            return Ok((name, SetValue::Default));
        }
        Ok((name, SetValue::List(self.list(Self::setting_argument)?)))
    }

    /// `var_name`.
    pub fn setting_name(&mut self) -> Result<Name> {
        let mut name = self.name()?;
        while self.eat_char('.') {
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name)
    }

    /// A word, a string or a number: `var_value`.
    fn setting_argument(&mut self) -> Result<SettingArgument> {
        match self.peek().kind {
            TokenKind::Integer | TokenKind::Float | TokenKind::Char('+' | '-') => {
                self.number().map(SettingArgument::Number)
            }
            TokenKind::String(_) => self.string().map(SettingArgument::Text),
            _ => self.boolean_or_word().map(SettingArgument::Text),
        }
    }

    /// TRUE, FALSE and ON are reserved, and values all the same.
    pub fn boolean_or_word(&mut self) -> Result<Name> {
        match self.word() {
            "true" | "false" | "on" => self.label(),
            _ => self.non_reserved_word(),
        }
    }

    pub fn word_or_string(&mut self) -> Result<String> {
        if self.is_string() { self.string() } else { self.non_reserved_word() }
    }

    fn encoding(&mut self) -> Result<SetValue> {
        if self.eat("default") || self.at_end() {
            return Ok(SetValue::Default);
        }
        self.string().map(text)
    }

    fn time_zone(&mut self) -> Result<SetValue> {
        if self.eat("default") || self.eat("local") {
            return Ok(SetValue::Default);
        }
        let argument = match self.peek().kind {
            TokenKind::String(_) => SettingArgument::Text(self.string()?),
            TokenKind::Ident { .. } => SettingArgument::Text(self.label()?),
            TokenKind::Keyword(keyword) if keyword.word == "interval" => self.zone_interval()?,
            _ => SettingArgument::Number(self.number()?),
        };
        Ok(SetValue::List(vec![argument]))
    }

    /// `INTERVAL '-8' HOUR TO MINUTE`.
    fn zone_interval(&mut self) -> Result<SettingArgument> {
        self.expect("interval")?;
        let value = self.string()?;
        self.interval_fields()?;
        Ok(SettingArgument::Interval(value))
    }

    /// Behind RESET.
    pub fn reset(&mut self) -> Result<Statement> {
        let change = self.reset_change()?;
        Ok(Statement::Set(Set::Setting { scope: SetScope::Session, change }))
    }

    fn reset_change(&mut self) -> Result<SettingChange> {
        if self.eat("all") {
            return Ok(SettingChange::ResetAll);
        }
        self.shown_name().map(SettingChange::Reset)
    }

    /// Behind SHOW.
    pub fn show(&mut self) -> Result<Statement> {
        if self.eat("all") {
            return Ok(Statement::Show("all".to_owned()));
        }
        self.shown_name().map(Statement::Show)
    }

    fn shown_name(&mut self) -> Result<Name> {
        const LONG: &[(&str, &str)] = &[
            ("time zone", "timezone"),
            ("transaction isolation level", "transaction_isolation"),
            ("session authorization", "session_authorization"),
        ];
        match LONG.iter().find(|(words, _)| self.eat(words)) {
            Some((_, name)) => Ok((*name).to_owned()),
            None if self.are("transaction isolation") => {
                self.expect("transaction isolation level").map(|()| String::new())
            }
            None => self.setting_name(),
        }
    }

    /// Behind DISCARD.
    pub fn discard(&mut self) -> Result<Statement> {
        self.choose(&[
            ("all", Discard::All),
            ("plans", Discard::Plans),
            ("sequences", Discard::Sequences),
            ("temp", Discard::Temp),
            ("temporary", Discard::Temp),
        ])
        .map(Statement::Discard)
    }
}

fn text(value: String) -> SetValue {
    SetValue::List(vec![SettingArgument::Text(value)])
}
