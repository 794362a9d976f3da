//! Roles, and who is meant.
use medley_diagnostic::SqlState;

use super::{Parser, Result};
use crate::SyntaxError;
use crate::ast::{
    AlterRole, AlterRoleSettings, CreateRole, DropOwned, DropRole, GroupMembership, Name,
    PasswordChange, ReassignOwned, RoleKind, RoleOptions, RoleSpec, Statement,
};
use crate::token::TokenKind;

/// Words that are one attribute each: which, and whether it is on.
type Flag = fn(&mut RoleOptions) -> &mut Option<bool>;

const FLAGS: &[(&str, Flag)] = &[
    ("superuser", |options| &mut options.superuser),
    ("createdb", |options| &mut options.create_db),
    ("createrole", |options| &mut options.create_role),
    ("inherit", |options| &mut options.inherit),
    ("login", |options| &mut options.login),
    ("replication", |options| &mut options.replication),
    ("bypassrls", |options| &mut options.bypass_rls),
];

impl Parser<'_> {
    /// `RoleSpec`.
    pub fn role_spec(&mut self) -> Result<RoleSpec> {
        if self.eat("current_user") || self.eat("current_role") {
            return Ok(RoleSpec::CurrentUser);
        }
        if self.eat("session_user") {
            return Ok(RoleSpec::SessionUser);
        }
        let position = self.position();
        let name = self.non_reserved_word()?;
        match name.as_str() {
            "public" => Ok(RoleSpec::Public),
            "none" => Err(Box::new(SyntaxError::ReservedRole { name, position })),
            _ => Ok(RoleSpec::Named(name)),
        }
    }

    pub fn role_list(&mut self) -> Result<Vec<RoleSpec>> {
        self.list(Self::role_spec)
    }

    /// A name for a new role: `RoleId`.
    pub fn role_id(&mut self) -> Result<Name> {
        let position = self.position();
        let keyword = match self.word() {
            "current_user" => "CURRENT_USER",
            "current_role" => "CURRENT_ROLE",
            "session_user" => "SESSION_USER",
            _ => "",
        };
        if !keyword.is_empty() {
            return Err(Box::new(SyntaxError::SpecialRole { keyword, position }));
        }
        match self.role_spec()? {
            RoleSpec::Named(name) => Ok(name),
            _ => Err(Box::new(SyntaxError::ReservedRole { name: "public".to_owned(), position })),
        }
    }

    /// Behind CREATE ROLE, USER or GROUP.
    pub fn create_role(&mut self, kind: RoleKind) -> Result<Statement> {
        let name = self.role_id()?;
        self.eat("with");
        let mut options = RoleOptions::default();
        while !self.at_end() && !self.is_schema_element() {
            self.role_option(&mut options, true)?;
        }
        Ok(Statement::CreateRole(Box::new(CreateRole { kind, name, options })))
    }

    fn is_schema_element(&self) -> bool {
        matches!(self.word(), "create" | "grant")
    }

    /// Behind ALTER ROLE or ALTER USER.
    pub fn alter_role(&mut self) -> Result<Statement> {
        if self.eat("all") {
            return self.alter_role_settings(None);
        }
        let role = self.role_spec()?;
        if self.is("in") || self.is("set") || self.is("reset") {
            return self.alter_role_settings(Some(role));
        }
        self.eat("with");
        let mut options = RoleOptions::default();
        while !self.at_end() {
            self.role_option(&mut options, false)?;
        }
        Ok(Statement::AlterRole(Box::new(AlterRole { role, options })))
    }

    fn alter_role_settings(&mut self, role: Option<RoleSpec>) -> Result<Statement> {
        let database = if self.eat("in") {
            self.expect("database")?;
            Some(self.name()?)
        } else {
            None
        };
        let change = self.set_or_reset()?;
        Ok(Statement::AlterRoleSettings(AlterRoleSettings { role, database, change }))
    }

    /// Behind ALTER GROUP, when it is no rename.
    pub fn alter_group(&mut self) -> Result<Statement> {
        let group = self.role_spec()?;
        let add = self.choose(&[("add", true), ("drop", false)])?;
        self.expect("user")?;
        let members = self.role_list()?;
        Ok(Statement::GroupMembership(GroupMembership { group, add, members }))
    }

    /// Behind DROP ROLE, USER or GROUP.
    pub fn drop_role(&mut self) -> Result<Statement> {
        let if_exists = self.if_exists();
        let roles = self.role_list()?;
        Ok(Statement::DropRole(DropRole { if_exists, roles }))
    }

    /// Behind REASSIGN.
    pub fn reassign_owned(&mut self) -> Result<Statement> {
        self.expect("owned by")?;
        let roles = self.role_list()?;
        self.expect("to")?;
        let new_owner = self.role_spec()?;
        Ok(Statement::ReassignOwned(ReassignOwned { roles, new_owner }))
    }

    /// Behind DROP OWNED.
    pub fn drop_owned(&mut self) -> Result<Statement> {
        self.expect("by")?;
        let roles = self.role_list()?;
        let behavior = self.drop_behavior();
        Ok(Statement::DropOwned(DropOwned { roles, behavior }))
    }

    fn role_option(&mut self, options: &mut RoleOptions, create: bool) -> Result<()> {
        let position = self.position();
        match self.word() {
            "password" | "encrypted" => self.role_password(options, position),
            "unencrypted" => self.unencrypted(position),
            "inherit" => self.role_flag(options, position),
            "connection" => {
                self.expect("connection limit")?;
                once(&mut options.connection_limit, self.signed_integer()?, position)
            }
            "valid" => {
                self.expect("valid until")?;
                once(&mut options.valid_until, self.string()?, position)
            }
            "user" => {
                self.advance();
                self.role_members(&mut options.members, position)
            }
            "sysid" | "admin" | "role" | "in" if create => {
                self.create_role_option(options, position)
            }
            _ => self.role_flag(options, position),
        }
    }

    fn create_role_option(&mut self, options: &mut RoleOptions, position: usize) -> Result<()> {
        match self.word() {
            "sysid" => {
                self.advance();
                options.sysid = true;
                self.integer().map(drop)
            }
            "admin" => {
                self.advance();
                self.role_members(&mut options.admins, position)
            }
            "role" => {
                self.advance();
                self.role_members(&mut options.members, position)
            }
            _ => {
                self.expect("in")?;
                self.choose(&[("role", ()), ("group", ())])?;
                self.role_members(&mut options.in_roles, position)
            }
        }
    }

    fn role_members(&mut self, roles: &mut Vec<RoleSpec>, position: usize) -> Result<()> {
        let given = self.role_list()?;
        if !roles.is_empty() {
            return Err(Box::new(SyntaxError::ConflictingOptions { position }));
        }
        *roles = given;
        Ok(())
    }

    fn role_password(&mut self, options: &mut RoleOptions, position: usize) -> Result<()> {
        let encrypted = self.eat("encrypted");
        self.expect("password")?;
        let change = if !encrypted && self.eat("null") {
            PasswordChange::Clear
        } else {
            PasswordChange::Set(self.secret()?)
        };
        once(&mut options.password, change, position)
    }

    fn unencrypted(&mut self, position: usize) -> Result<()> {
        self.expect("unencrypted password")?;
        self.secret()?;
        Err(Box::new(SyntaxError::Refused {
            message: "UNENCRYPTED PASSWORD is no longer supported".to_owned(),
            position: Some(position),
            sqlstate: SqlState::FEATURE_NOT_SUPPORTED,
            hint: Some("Remove UNENCRYPTED to store the password in encrypted form instead."),
        }))
    }

    /// `SUPERUSER`, `NOLOGIN` and so on: identifiers all but INHERIT, so quotes do not matter.
    fn role_flag(&mut self, options: &mut RoleOptions, position: usize) -> Result<()> {
        let word = match &self.peek().kind {
            TokenKind::Ident { name, .. } => name.as_str(),
            TokenKind::Keyword(keyword) if keyword.word == "inherit" => keyword.word,
            _ => return self.unexpected(),
        };
        let find = |word: &str| FLAGS.iter().find(|(flag, _)| *flag == word);
        let (flag, value) = match (find(word), word.strip_prefix("no").and_then(find)) {
            (Some((_, flag)), _) => (flag, true),
            (_, Some((_, flag))) => (flag, false),
            _ => {
                let message = format!("unrecognized role option \"{word}\"");
                return self.refuse(message, SqlState::SYNTAX_ERROR, position);
            }
        };
        self.advance();
        once(flag(options), value, position)
    }
}

/// Says something of a role for the first time.
fn once<T>(option: &mut Option<T>, value: T, position: usize) -> Result<()> {
    match option.replace(value) {
        None => Ok(()),
        Some(_) => Err(Box::new(SyntaxError::ConflictingOptions { position })),
    }
}
