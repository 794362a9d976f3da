//! SCHEMA.
use medley_diagnostic::SqlState;

use super::{Parser, Result};
use crate::ast::{CreateSchema, Statement};

impl Parser<'_> {
    /// Behind CREATE SCHEMA.
    pub fn create_schema(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = if self.is("authorization") { None } else { Some(self.name()?) };
        let owner = if self.eat("authorization") { Some(self.role_spec()?) } else { None };
        let mut elements = vec![];
        while self.is("create") || self.is("grant") {
            let position = self.position();
            elements.push(self.schema_element()?);
            if if_not_exists {
                let message = "CREATE SCHEMA IF NOT EXISTS cannot include schema elements";
                return self.refuse(message, SqlState::FEATURE_NOT_SUPPORTED, position);
            }
        }
        Ok(Statement::CreateSchema(CreateSchema { if_not_exists, name, owner, elements }))
    }

    /// Only what stands in a schema and is not an SQL/MED object, as PostgreSQL has it.
    fn schema_element(&mut self) -> Result<Statement> {
        if self.eat("grant") {
            return self.grant();
        }
        if matches!(self.word_at(1), "foreign" | "server" | "user" | "role" | "group" | "schema") {
            self.advance();
            return self.unexpected();
        }
        self.expect("create")?;
        self.create()
    }
}
