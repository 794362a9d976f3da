//! SCHEMA.
use std::sync::LazyLock;

use medley_diagnostic::SqlState;

use super::synopsis::Synopses;
use super::unsupported::synopses_of;
use super::{Parser, Result};
use crate::ast::{CreateSchema, Statement};

/// What Medley does not have of what may stand in CREATE SCHEMA.
static ELEMENTS: LazyLock<Synopses> = LazyLock::new(|| {
    synopses_of(&["CREATE TABLE", "CREATE INDEX", "CREATE SEQUENCE", "CREATE TRIGGER"])
});

impl Parser<'_> {
    /// Behind CREATE SCHEMA.
    pub fn create_schema(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = if self.is("authorization") { None } else { Some(self.name()?) };
        let owner = if self.eat("authorization") { Some(self.role_spec()?) } else { None };
        let mut elements = vec![];
        let position = self.position();
        while self.is("create") || self.is("grant") {
            elements.push(self.schema_element()?);
        }
        if if_not_exists && !elements.is_empty() {
            let message = "CREATE SCHEMA IF NOT EXISTS cannot include schema elements";
            return self.refuse(message, SqlState::FEATURE_NOT_SUPPORTED, position);
        }
        Ok(Statement::CreateSchema(CreateSchema { if_not_exists, name, owner, elements }))
    }

    /// Only what stands in a schema and is not an SQL/MED object, as PostgreSQL has it.
    fn schema_element(&mut self) -> Result<Statement> {
        if self.eat("grant") {
            return self.grant();
        }
        let begin = self.at;
        self.expect("create")?;
        if let Some(view) = self.create_view()? {
            return Ok(view);
        }
        self.at = begin;
        self.unsupported_of(&ELEMENTS)
    }
}
