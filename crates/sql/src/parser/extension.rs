//! EXTENSION.
use medley_diagnostic::SqlState;

use super::{Parser, Result};
use crate::SyntaxError;
use crate::ast::{AlterExtension, AlterExtensionAction, CreateExtension, Name, Statement};

impl Parser<'_> {
    /// Behind CREATE EXTENSION.
    pub fn create_extension(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.name()?;
        self.eat("with");
        let mut extension =
            CreateExtension { if_not_exists, name, schema: None, version: None, cascade: false };
        while !self.at_end() {
            self.extension_option(&mut extension)?;
        }
        Ok(Statement::CreateExtension(extension))
    }

    fn extension_option(&mut self, extension: &mut CreateExtension) -> Result<()> {
        let position = self.position();
        let again = if self.eat("schema") {
            extension.schema.replace(self.name()?).is_some()
        } else if self.eat("version") {
            extension.version.replace(self.word_or_string()?).is_some()
        } else if self.eat("cascade") {
            std::mem::replace(&mut extension.cascade, true)
        } else if self.is("from") {
            self.advance();
            self.word_or_string()?;
            let message = "CREATE EXTENSION ... FROM is no longer supported";
            return self.refuse(message, SqlState::FEATURE_NOT_SUPPORTED, position);
        } else {
            return self.unexpected();
        };
        if again { Err(Box::new(SyntaxError::ConflictingOptions { position })) } else { Ok(()) }
    }

    /// `[TO version]`, which the grammar takes more than once.
    fn extension_version(&mut self) -> Result<Option<String>> {
        let mut version = None;
        loop {
            let position = self.position();
            if !self.eat("to") {
                return Ok(version);
            }
            if version.replace(self.word_or_string()?).is_some() {
                return Err(Box::new(SyntaxError::ConflictingOptions { position }));
            }
        }
    }

    /// Behind ALTER EXTENSION name, when it is not SET SCHEMA.
    pub fn alter_extension(&mut self, name: Name) -> Result<Statement> {
        let action = if self.eat("update") {
            AlterExtensionAction::Update(self.extension_version()?)
        } else {
            let add = self.choose(&[("add", true), ("drop", false)])?;
            AlterExtensionAction::Member { add, object: self.extension_member()? }
        };
        Ok(Statement::AlterExtension(AlterExtension { name, action }))
    }
}
