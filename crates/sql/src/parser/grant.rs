//! GRANT and REVOKE.
use super::{Parser, Result};
use crate::ast::{
    AlterDefaultPrivileges, DropBehavior, FunctionName, Grant, GrantObjects, GrantRole,
    MemberOption, Name, Privilege, Privileges, QualifiedName, RoleSpec, RoutineKind, Statement,
    TypeName,
};
use crate::token::TokenKind;
use medley_diagnostic::SqlState;

/// Kinds of object besides relations, of which one word says what they are.
const OTHER_KINDS: [&str; 8] =
    ["function", "procedure", "routine", "domain", "language", "parameter", "tablespace", "type"];

const ALL_KINDS: &[(&str, &str)] = &[
    ("all sequences in schema", "SEQUENCES"),
    ("all functions in schema", "FUNCTIONS"),
    ("all procedures in schema", "PROCEDURES"),
    ("all routines in schema", "ROUTINES"),
];

const DEFAULT_KINDS: &[(&str, &str)] = &[
    ("tables", "TABLES"),
    ("sequences", "SEQUENCES"),
    ("functions", "FUNCTIONS"),
    ("routines", "FUNCTIONS"),
    ("types", "TYPES"),
    ("schemas", "SCHEMAS"),
    ("large objects", "LARGE OBJECTS"),
];

impl Parser<'_> {
    /// Behind GRANT.
    pub fn grant(&mut self) -> Result<Statement> {
        let privileges = self.privileges()?;
        if let Some(roles) = self.granted_roles(&privileges) {
            return self.grant_role(roles);
        }
        self.expect("on")?;
        let objects = self.grant_objects()?;
        self.expect("to")?;
        let grantees = self.list(Self::grantee)?;
        let grant_option = self.with_grant_option()?;
        let granted_by = self.granted_by()?;
        let behavior = DropBehavior::Restrict;
        Ok(Statement::Grant(Grant {
            revoke: false,
            privileges,
            objects,
            grantees,
            grant_option,
            granted_by,
            behavior,
        }))
    }

    /// Behind REVOKE.
    pub fn revoke(&mut self) -> Result<Statement> {
        let grant_option = self.grant_option_for()?;
        if !grant_option && self.word_at(1) == "option" && self.is_col_id(0) {
            return self.revoke_role_option();
        }
        let privileges = self.privileges()?;
        if let Some(roles) = self.granted_roles(&privileges).filter(|_| !grant_option) {
            return self.revoke_role(roles, vec![]);
        }
        self.expect("on")?;
        let objects = self.grant_objects()?;
        self.expect("from")?;
        let grantees = self.list(Self::grantee)?;
        let granted_by = self.granted_by()?;
        let behavior = self.drop_behavior();
        Ok(Statement::Grant(Grant {
            revoke: true,
            privileges,
            objects,
            grantees,
            grant_option,
            granted_by,
            behavior,
        }))
    }

    /// Behind ALTER DEFAULT PRIVILEGES.
    pub fn alter_default_privileges(&mut self) -> Result<Statement> {
        let (mut roles, mut schemas, mut twice) = (vec![], vec![], None);
        loop {
            let position = self.position();
            let is_again =
                (self.is("for") && !roles.is_empty()) || (self.is("in") && !schemas.is_empty());
            if self.eat("for") {
                self.choose(&[("role", ()), ("user", ())])?;
                roles.extend(self.role_list()?);
            } else if self.eat("in") {
                self.expect("schema")?;
                schemas.extend(self.list(Self::name)?);
            } else {
                break;
            }
            if is_again {
                twice.get_or_insert(position);
            }
        }
        let revoke = self.choose(&[("grant", false), ("revoke", true)])?;
        let mut grant_option = revoke && self.grant_option_for()?;
        let privileges = self.privileges()?;
        self.expect("on")?;
        let objects = self.choose(DEFAULT_KINDS)?;
        self.expect(if revoke { "from" } else { "to" })?;
        let grantees = self.list(Self::grantee)?;
        let behavior = match revoke {
            true => self.drop_behavior(),
            false => {
                grant_option = self.with_grant_option()?;
                DropBehavior::Restrict
            }
        };
        if let Some(position) = twice {
            let message = "conflicting or redundant options";
            return self.refuse(message, SqlState::SYNTAX_ERROR, position);
        }
        Ok(Statement::AlterDefaultPrivileges(AlterDefaultPrivileges {
            roles,
            schemas,
            revoke,
            privileges,
            objects,
            grantees,
            grant_option,
            behavior,
        }))
    }

    fn grant_option_for(&mut self) -> Result<bool> {
        let found = self.eat("grant");
        if found {
            self.expect("option for")?;
        }
        Ok(found)
    }

    fn with_grant_option(&mut self) -> Result<bool> {
        let found = self.eat("with");
        if found {
            self.expect("grant option")?;
        }
        Ok(found)
    }

    fn granted_by(&mut self) -> Result<Option<RoleSpec>> {
        if !self.eat("granted") {
            return Ok(None);
        }
        self.expect("by")?;
        self.role_spec().map(Some)
    }

    fn grantee(&mut self) -> Result<RoleSpec> {
        self.eat("group");
        self.role_spec()
    }

    fn privileges(&mut self) -> Result<Privileges> {
        if self.eat("all") {
            self.eat("privileges");
            let columns = self.maybe_parenthesized(Self::name)?;
            return Ok(Privileges::All { columns });
        }
        self.list(Self::privilege).map(Privileges::Named)
    }

    fn privilege(&mut self) -> Result<Privilege> {
        if self.eat("alter system") {
            return Ok(Privilege { name: "alter system".to_owned(), columns: vec![] });
        }
        let name = match self.word() {
            "select" | "references" | "create" => self.label()?,
            _ => self.name()?,
        };
        let columns = self.maybe_parenthesized(Self::name)?;
        Ok(Privilege { name, columns })
    }

    /// The privileges are roles, if no ON follows.
    fn granted_roles(&self, privileges: &Privileges) -> Option<Vec<Privilege>> {
        let copy = |privilege: &Privilege| Privilege {
            name: privilege.name.clone(),
            columns: privilege.columns.clone(),
        };
        match privileges {
            Privileges::Named(roles) if matches!(self.word(), "to" | "from") => {
                Some(roles.iter().map(copy).collect())
            }
            _ => None,
        }
    }

    fn grant_role(&mut self, roles: Vec<Privilege>) -> Result<Statement> {
        self.expect("to")?;
        let members = self.role_list()?;
        let options = if self.eat("with") { self.list(Self::member_option)? } else { vec![] };
        let granted_by = self.granted_by()?;
        Ok(Statement::GrantRole(GrantRole {
            revoke: false,
            roles,
            members,
            options,
            granted_by,
            behavior: DropBehavior::Restrict,
        }))
    }

    fn member_option(&mut self) -> Result<MemberOption> {
        let (position, name) = (self.position(), self.label()?);
        let value = self.choose(&[("option", true), ("true", true), ("false", false)])?;
        Ok(MemberOption { name, value, position })
    }

    /// `REVOKE ADMIN OPTION FOR ...`.
    fn revoke_role_option(&mut self) -> Result<Statement> {
        let (position, name) = (self.position(), self.name()?);
        self.expect("option for")?;
        let roles = self.list(Self::privilege)?;
        self.revoke_role(roles, vec![MemberOption { name, value: false, position }])
    }

    fn revoke_role(
        &mut self,
        roles: Vec<Privilege>,
        options: Vec<MemberOption>,
    ) -> Result<Statement> {
        self.expect("from")?;
        let members = self.role_list()?;
        let granted_by = self.granted_by()?;
        let behavior = self.drop_behavior();
        Ok(Statement::GrantRole(GrantRole {
            revoke: true,
            roles,
            members,
            options,
            granted_by,
            behavior,
        }))
    }

    fn grant_objects(&mut self) -> Result<GrantObjects> {
        if self.eat("table") {
            return self.list(Self::qualified_name).map(GrantObjects::Tables);
        }
        if self.eat("foreign") {
            let make = self.choose::<fn(Vec<Name>) -> GrantObjects>(&[
                ("data wrapper", GrantObjects::ForeignDataWrappers),
                ("server", GrantObjects::ForeignServers),
            ]);
            return self.list(Self::name).map(make?);
        }
        if self.is("all") {
            return self.all_in_schema();
        }
        // A table may be called `schema`: a kind's word has a name behind it.
        if self.kind_follows("schema") {
            return self.list(Self::name).map(GrantObjects::Schemas);
        }
        if self.kind_follows("database") {
            return self.list(Self::name).map(GrantObjects::Databases);
        }
        if self.kind_follows("sequence") {
            return self.list(Self::qualified_name).map(GrantObjects::Sequences);
        }
        self.other_objects()
    }

    fn kind_follows(&mut self, word: &str) -> bool {
        let follows = self.is(word)
            && match self.peek_at(1).kind {
                TokenKind::Ident { .. } => true,
                TokenKind::Keyword(keyword) => !matches!(keyword.word, "to" | "from"),
                _ => false,
            };
        if follows {
            self.advance();
        }
        follows
    }

    fn all_in_schema(&mut self) -> Result<GrantObjects> {
        if self.eat("all tables") {
            self.expect("in schema")?;
            return self.list(Self::name).map(GrantObjects::AllTablesInSchema);
        }
        let kind = self.choose(ALL_KINDS)?;
        let schemas = self.list(Self::name)?;
        Ok(GrantObjects::AllInSchema { kind, schemas })
    }

    fn other_objects(&mut self) -> Result<GrantObjects> {
        if self.eat("large object") {
            return self.list(Self::number).map(GrantObjects::LargeObjects);
        }
        let Some(kind) = OTHER_KINDS.iter().find(|word| self.kind_follows(word)) else {
            return self.list(Self::qualified_name).map(GrantObjects::Tables);
        };
        match *kind {
            "domain" | "type" => {
                let names = self.list(Self::dotted_name)?;
                Ok(GrantObjects::Types { domains: *kind == "domain", names })
            }
            "language" => self.list(Self::name).map(GrantObjects::Languages),
            "tablespace" => self.list(Self::name).map(GrantObjects::Tablespaces),
            "parameter" => self.list(Self::setting_name).map(GrantObjects::Parameters),
            "procedure" => self.functions(RoutineKind::Procedure),
            "routine" => self.functions(RoutineKind::Routine),
            _ => self.functions(RoutineKind::Function),
        }
    }

    fn functions(&mut self, kind: RoutineKind) -> Result<GrantObjects> {
        let functions = self.list(Self::routine_with_arguments)?;
        Ok(GrantObjects::Functions { kind, functions })
    }

    /// `f(integer, text)`: of the arguments those that go in.
    fn routine_with_arguments(&mut self) -> Result<FunctionName> {
        let (from, position) = (self.at, self.position());
        // The grammar takes subscripts too, and refuses them once it has read them.
        self.function_name()?;
        self.at = from;
        let mut parts = vec![self.label()?];
        while self.eat_char('.') {
            parts.push(self.label()?);
        }
        let name = QualifiedName { parts, position };
        if !self.is_char('(') {
            return Ok(FunctionName { name, arguments: None });
        }
        // Where an error is, PostgreSQL's grammar says; then there is none.
        let from = self.at;
        self.pass("arguments")?;
        self.at = from;
        let mut arguments = vec![];
        self.expect_char('(')?;
        while !self.eat_char(')') {
            arguments.extend(self.routine_argument()?);
            self.eat_char(',');
        }
        Ok(FunctionName { name, arguments: Some(arguments) })
    }

    /// `[mode] [name] type`, in either order; none for OUT.
    fn routine_argument(&mut self) -> Result<Option<TypeName>> {
        let mode = self.argument_mode();
        if let Some(t) = self.whole_argument() {
            return Ok(Some(t).filter(|_| mode.is_none_or(|mode| mode)));
        }
        self.type_function_name()?;
        let mode = mode.or_else(|| self.argument_mode());
        let t = self.type_name()?;
        Ok(Some(t).filter(|_| mode.is_none_or(|mode| mode)))
    }

    /// Whether the argument goes in, if that is said.
    fn argument_mode(&mut self) -> Option<bool> {
        let goes_in = self.eat("in out") || self.eat_one_of(&["in", "inout", "variadic"]).is_some();
        match goes_in {
            true => Some(true),
            false => self.eat("out").then_some(false),
        }
    }

    /// An argument that is its type alone.
    fn whole_argument(&mut self) -> Option<TypeName> {
        let from = self.at;
        match self.type_name() {
            Ok(t) if self.is_char(',') || self.is_char(')') => Some(t),
            _ => {
                self.at = from;
                None
            }
        }
    }
}
