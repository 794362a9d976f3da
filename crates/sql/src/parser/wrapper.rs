//! FOREIGN DATA WRAPPER.
use super::{Parser, Result};
use crate::ast::{
    AlterForeignDataWrapper, CreateForeignDataWrapper, Statement, WrapperClause, WrapperFunction,
};

const FUNCTIONS: &[(&str, WrapperFunction)] = &[
    ("handler", WrapperFunction::Handler),
    ("validator", WrapperFunction::Validator),
    ("connection", WrapperFunction::Connection),
];

impl Parser<'_> {
    /// Behind CREATE FOREIGN DATA WRAPPER.
    pub fn create_wrapper(&mut self) -> Result<Statement> {
        Ok(Statement::CreateForeignDataWrapper(CreateForeignDataWrapper {
            name: self.name()?,
            clauses: self.wrapper_clauses()?,
            options: self.create_options()?,
        }))
    }

    /// Behind ALTER FOREIGN DATA WRAPPER name.
    pub fn alter_wrapper(&mut self, name: String) -> Result<Statement> {
        let clauses = self.wrapper_clauses()?;
        if clauses.is_empty() && !self.is("options") {
            return self.unexpected();
        }
        let options = self.maybe_alter_options()?;
        Ok(Statement::AlterForeignDataWrapper(AlterForeignDataWrapper { name, clauses, options }))
    }

    fn wrapper_clauses(&mut self) -> Result<Vec<WrapperClause>> {
        let mut clauses = vec![];
        loop {
            let position = self.position();
            let none = self.eat("no");
            let Some((_, kind)) = FUNCTIONS.iter().find(|(word, _)| self.eat(word)) else {
                return if none { self.unexpected() } else { Ok(clauses) };
            };
            let function = if none { None } else { Some(self.handler_name()?) };
            clauses.push(WrapperClause { kind: *kind, function, position });
        }
    }
}
