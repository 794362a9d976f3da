//! SERVER.
use super::{Parser, Result};
use crate::ast::{AlterServer, CreateServer, Statement};

impl Parser<'_> {
    /// Behind CREATE SERVER.
    pub fn create_server(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.name()?;
        let server_type = if self.eat("type") { Some(self.string()?) } else { None };
        let version = if self.eat("version") { self.string_or_null()? } else { None };
        self.expect("foreign data wrapper")?;
        let wrapper = self.name()?;
        let options = self.create_options()?;
        Ok(Statement::CreateServer(CreateServer {
            if_not_exists,
            name,
            server_type,
            version,
            wrapper,
            options,
        }))
    }

    /// Behind ALTER SERVER name.
    pub fn alter_server(&mut self, name: String) -> Result<Statement> {
        let version = if self.eat("version") { Some(self.string_or_null()?) } else { None };
        if version.is_none() && !self.is("options") {
            return self.unexpected();
        }
        let options = self.maybe_alter_options()?;
        Ok(Statement::AlterServer(AlterServer { name, version, options }))
    }

    /// `[IF NOT EXISTS]`. A name may be `if`: only what follows tells.
    pub fn if_not_exists(&mut self) -> Result<bool> {
        if !self.are("if not") {
            return Ok(false);
        }
        self.expect("if not exists")?;
        Ok(true)
    }
}
