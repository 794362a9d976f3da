//! PREPARE, EXECUTE, DEALLOCATE.
use super::{Parser, Result};
use crate::ast::{Execute, Prepare, Statement};

impl Parser<'_> {
    /// Behind PREPARE, when it is no transaction's.
    pub fn prepare(&mut self) -> Result<Statement> {
        let name = self.name()?;
        let types = self.maybe_parenthesized(Self::type_name)?;
        self.expect("as")?;
        if !self.is_query_at(0) && !self.is_char('(') {
            return self.unexpected();
        }
        let statement = self.query_statement()?;
        Ok(Statement::Prepare(Prepare { name, types, statement }))
    }

    /// Behind EXECUTE.
    pub fn execute(&mut self) -> Result<Statement> {
        let name = self.name()?;
        let arguments = self.maybe_parenthesized(|parser| Ok(*parser.any_expression()?.ast))?;
        Ok(Statement::Execute(Execute { name, arguments }))
    }

    /// Behind DEALLOCATE.
    pub fn deallocate(&mut self) -> Result<Statement> {
        if self.is("prepare")
            && !matches!(
                self.peek_at(1).kind,
                crate::token::TokenKind::End | crate::token::TokenKind::Char(';')
            )
        {
            self.advance();
        }
        let name = if self.eat("all") { None } else { Some(self.name()?) };
        Ok(Statement::Deallocate(name))
    }
}
