//! USER MAPPING.
use super::{Parser, Result};
use crate::ast::{AlterUserMapping, CreateUserMapping, DropUserMapping, RoleSpec, Statement};

impl Parser<'_> {
    /// Behind CREATE USER: whether a mapping follows, and not a role called `mapping`.
    pub fn is_mapping(&self) -> bool {
        self.is("mapping") && matches!(self.word_at(1), "for" | "if")
    }

    /// Behind CREATE USER MAPPING.
    pub fn create_user_mapping(&mut self) -> Result<Statement> {
        let if_not_exists = self.eat("if");
        if if_not_exists {
            self.expect("not exists")?;
        }
        let (role, server) = self.mapped()?;
        let options = self.create_options()?;
        Ok(Statement::CreateUserMapping(CreateUserMapping { if_not_exists, role, server, options }))
    }

    /// Behind ALTER USER MAPPING.
    pub fn alter_user_mapping(&mut self) -> Result<Statement> {
        let (role, server) = self.mapped()?;
        let options = self.alter_options()?;
        Ok(Statement::AlterUserMapping(AlterUserMapping { role, server, options }))
    }

    /// Behind DROP USER MAPPING.
    pub fn drop_user_mapping(&mut self) -> Result<Statement> {
        let if_exists = self.eat("if");
        if if_exists {
            self.expect("exists")?;
        }
        let (role, server) = self.mapped()?;
        Ok(Statement::DropUserMapping(DropUserMapping { if_exists, role, server }))
    }

    /// `FOR who SERVER server`: here alone USER is somebody.
    fn mapped(&mut self) -> Result<(RoleSpec, String)> {
        self.expect("for")?;
        let role = if self.eat("user") { RoleSpec::CurrentUser } else { self.role_spec()? };
        self.expect("server")?;
        Ok((role, self.name()?))
    }
}
