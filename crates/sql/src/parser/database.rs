//! CREATE, ALTER and DROP DATABASE.
use super::{Parser, Result, integer_value};
use crate::ast::{
    AlterDatabase, AlterDatabaseAction, AlterDatabaseSettings, AlterOwner, CreateDatabase,
    DatabaseOption, DatabaseOptionValue, DropDatabase, Name, ObjectKind, QualifiedName, Rename,
    RenameTarget, Statement,
};
use crate::token::TokenKind;

/// The options whose names are keywords; any identifier may be one too.
const OPTION_KEYWORDS: &[(&str, &str)] = &[
    ("connection limit", "connection_limit"),
    ("encoding", "encoding"),
    ("location", "location"),
    ("owner", "owner"),
    ("tablespace", "tablespace"),
    ("template", "template"),
];

impl Parser<'_> {
    /// Behind CREATE DATABASE.
    pub fn create_database(&mut self) -> Result<Statement> {
        let name = self.name()?;
        self.eat("with");
        let options = self.database_options()?;
        Ok(Statement::CreateDatabase(CreateDatabase { name, options }))
    }

    /// Behind ALTER DATABASE.
    pub fn alter_database(&mut self) -> Result<Statement> {
        let position = self.position();
        let name = self.name()?;
        if self.eat("rename") {
            self.expect("to")?;
            return self.rename_database(name, position);
        }
        if self.eat("owner to") {
            return self.give_database(name, position);
        }
        if self.is("reset") || (self.is("set") && !self.sets_tablespace()) {
            let change = self.set_or_reset()?;
            return Ok(Statement::AlterDatabaseSettings(AlterDatabaseSettings { name, change }));
        }
        let action = self.alter_database_action()?;
        Ok(Statement::AlterDatabase(AlterDatabase { name, action }))
    }

    /// Whether SET is followed by TABLESPACE and not by a setting of that name.
    fn sets_tablespace(&self) -> bool {
        self.are("set tablespace")
            && !matches!(self.word_at(2), "to" | "from")
            && !matches!(self.peek_at(2).kind, TokenKind::Char('=' | '.'))
    }

    fn rename_database(&mut self, name: Name, position: usize) -> Result<Statement> {
        let new_name = self.name()?;
        Ok(Statement::Rename(Rename {
            kind: ObjectKind::Database,
            if_exists: false,
            only: false,
            name: QualifiedName { parts: vec![name], position },
            target: RenameTarget::Object,
            new_name,
        }))
    }

    fn give_database(&mut self, name: Name, position: usize) -> Result<Statement> {
        let name = QualifiedName { parts: vec![name], position };
        let new_owner = self.role_spec()?;
        Ok(Statement::AlterOwner(AlterOwner { kind: ObjectKind::Database, name, new_owner }))
    }

    fn alter_database_action(&mut self) -> Result<AlterDatabaseAction> {
        if self.eat("set tablespace") {
            return self.name().map(AlterDatabaseAction::SetTablespace);
        }
        if self.eat("refresh") {
            self.expect("collation version")?;
            return Ok(AlterDatabaseAction::RefreshCollationVersion);
        }
        self.eat("with");
        self.database_options().map(AlterDatabaseAction::Options)
    }

    /// As many as there are.
    fn database_options(&mut self) -> Result<Vec<DatabaseOption>> {
        let mut options = Vec::new();
        while !self.at_end() {
            options.push(self.database_option()?);
        }
        Ok(options)
    }

    fn database_option(&mut self) -> Result<DatabaseOption> {
        let position = self.position();
        let name = self.database_option_name()?;
        self.eat_char('=');
        let value = self.database_option_value()?;
        Ok(DatabaseOption { name, value, position })
    }

    fn database_option_name(&mut self) -> Result<Name> {
        match self.peek().kind {
            TokenKind::Ident { .. } => self.name(),
            _ => self.choose(OPTION_KEYWORDS).map(str::to_owned),
        }
    }

    fn database_option_value(&mut self) -> Result<DatabaseOptionValue> {
        if self.eat("default") {
            return Ok(DatabaseOptionValue::Default);
        }
        match self.peek().kind {
            TokenKind::Integer | TokenKind::Float | TokenKind::Char('+' | '-') => {
                self.database_option_number()
            }
            TokenKind::String(_) => self.string().map(DatabaseOptionValue::Text),
            _ => self.boolean_or_word().map(DatabaseOptionValue::Text),
        }
    }

    fn database_option_number(&mut self) -> Result<DatabaseOptionValue> {
        let is_negative = self.is_char('-');
        let digits = if is_negative || self.is_char('+') { self.peek_at(1) } else { self.peek() };
        let written = self.number()?;
        if digits.kind != TokenKind::Integer {
            return Ok(DatabaseOptionValue::Number(written));
        }
        let value = integer_value(self.written(digits));
        Ok(DatabaseOptionValue::Integer(if is_negative { -value } else { value }))
    }

    /// Behind DROP DATABASE.
    pub fn drop_database(&mut self) -> Result<Statement> {
        let if_exists = self.if_exists();
        let name = self.name()?;
        let with = self.eat("with");
        if with || self.is_char('(') {
            self.parenthesized(|parser| parser.expect("force"))?;
        }
        Ok(Statement::DropDatabase(DropDatabase { if_exists, name }))
    }
}
