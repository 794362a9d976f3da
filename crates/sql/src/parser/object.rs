//! What all kinds of object share: DROP, RENAME, OWNER TO, SET SCHEMA.
use super::{Parser, Result};
use crate::SyntaxError;
use crate::ast::{
    AlterOwner, Drop, Name, ObjectKind, QualifiedName, Rename, RenameTarget, RoleKind,
    SetObjectSchema, Statement,
};

/// Objects with a name of one part.
pub(super) const FLAT: &[(&str, ObjectKind)] = &[
    ("foreign data wrapper", ObjectKind::ForeignDataWrapper),
    ("server", ObjectKind::Server),
    ("schema", ObjectKind::Schema),
    ("extension", ObjectKind::Extension),
];

/// Objects in a schema.
pub(super) const IN_SCHEMA: &[(&str, ObjectKind)] = &[
    ("foreign table", ObjectKind::ForeignTable),
    ("table", ObjectKind::Table),
    ("view", ObjectKind::View),
    ("materialized view", ObjectKind::MaterializedView),
    ("index", ObjectKind::Index),
    ("sequence", ObjectKind::Sequence),
];

impl Parser<'_> {
    /// Behind DROP.
    pub fn drop(&mut self) -> Result<Statement> {
        if let Some((_, kind)) = FLAT.iter().find(|(words, _)| self.eat(words)) {
            return self.drop_names(*kind, Self::bare_name);
        }
        if let Some((_, kind)) = IN_SCHEMA.iter().find(|(words, _)| self.eat(words)) {
            if *kind == ObjectKind::Index {
                self.eat("concurrently");
            }
            return self.drop_names(*kind, Self::dotted_name);
        }
        if self.eat("owned") {
            return self.drop_owned();
        }
        if self.are("user mapping for") || self.are("user mapping if") {
            self.expect("user mapping")?;
            return self.drop_user_mapping();
        }
        if self.eat("role") || self.eat("user") || self.eat("group") {
            return self.drop_role();
        }
        if self.eat("database") {
            return self.drop_database();
        }
        if self.is("foreign") {
            return Err(self.after_foreign());
        }
        self.unsupported("drop")
    }

    /// There is nothing else that is FOREIGN: the error is behind it, or behind DATA.
    pub(super) fn after_foreign(&self) -> Box<SyntaxError> {
        let known = if self.are("foreign data") { 2 } else { 1 };
        self.unexpected_at(self.peek_at(known))
    }

    fn drop_names(
        &mut self,
        kind: ObjectKind,
        name: impl FnMut(&mut Self) -> Result<QualifiedName>,
    ) -> Result<Statement> {
        let if_exists = self.if_exists();
        let names = self.list(name)?;
        let behavior = self.drop_behavior();
        Ok(Statement::Drop(Drop { kind, if_exists, names, behavior }))
    }

    /// Behind CREATE and its OR REPLACE, TEMP and so on, which few kinds have.
    pub fn create(&mut self) -> Result<Statement> {
        let begin = self.at;
        if let Some(view) = self.create_view()? {
            return Ok(view);
        }
        self.at = begin;
        if self.eat("foreign") {
            return self.create_foreign();
        }
        if self.eat("server") {
            return self.create_server();
        }
        if self.eat("user") {
            return if self.is_mapping() {
                self.advance();
                self.create_user_mapping()
            } else {
                self.create_role(RoleKind::User)
            };
        }
        if self.eat("role") {
            return self.create_role(RoleKind::Role);
        }
        if self.eat("group") {
            return self.create_role(RoleKind::Group);
        }
        if self.eat("schema") {
            return self.create_schema();
        }
        if self.eat("extension") {
            return self.create_extension();
        }
        if self.eat("database") {
            return self.create_database();
        }
        self.unsupported("create")
    }

    fn create_foreign(&mut self) -> Result<Statement> {
        if self.eat("table") {
            return self.create_foreign_table();
        }
        self.expect("data wrapper")?;
        self.create_wrapper()
    }

    /// Behind ALTER.
    pub fn alter(&mut self) -> Result<Statement> {
        if self.eat("default privileges") {
            return self.alter_default_privileges();
        }
        if self.eat("user mapping for") {
            self.at -= 1;
            return self.alter_user_mapping();
        }
        if self.eat("role") || self.eat("user") {
            return self.alter_role_or_rename(Self::alter_role);
        }
        if self.eat("group") {
            return self.alter_role_or_rename(Self::alter_group);
        }
        if let Some((_, kind)) = FLAT.iter().find(|(words, _)| self.eat(words)) {
            return self.alter_flat(*kind);
        }
        if self.eat("database") {
            return self.alter_database();
        }
        if self.are("table all") {
            return self.unsupported("alter");
        }
        const RELATIONS: &[(&str, ObjectKind)] = &[
            ("foreign table", ObjectKind::ForeignTable),
            ("table", ObjectKind::Table),
            ("view", ObjectKind::View),
        ];
        if let Some((_, kind)) = RELATIONS.iter().find(|(words, _)| self.eat(words)) {
            return self.alter_relation(*kind);
        }
        if self.is("foreign") {
            return Err(self.after_foreign());
        }
        if self.eat("default") {
            return self.unexpected();
        }
        self.unsupported("alter")
    }

    fn alter_role_or_rename(
        &mut self,
        other: impl Fn(&mut Self) -> Result<Statement>,
    ) -> Result<Statement> {
        let begin = self.at;
        // The old name is a RoleId too: `none` is refused, `current_user` cannot be renamed.
        if self.word_at(1) != "rename" {
            let nobody = self.tokens[begin - 1].is_word("group")
                && !matches!(self.word_at(1), "add" | "drop");
            if nobody {
                self.role_id()?;
                return self.unexpected();
            }
            return other(self);
        }
        self.at = begin;
        let position = self.position();
        let name = QualifiedName { parts: vec![self.role_id()?], position };
        self.expect("rename to")?;
        let new_name = self.role_id()?;
        Ok(rename(ObjectKind::Role, name, new_name))
    }

    fn alter_flat(&mut self, kind: ObjectKind) -> Result<Statement> {
        let name = self.bare_name()?;
        if kind != ObjectKind::Extension && self.eat("rename") {
            self.expect("to")?;
            return Ok(rename(kind, name, self.name()?));
        }
        if kind != ObjectKind::Extension && self.eat("owner") {
            self.expect("to")?;
            let new_owner = self.role_spec()?;
            return Ok(Statement::AlterOwner(AlterOwner { kind, name, new_owner }));
        }
        if kind == ObjectKind::Extension && self.eat("set") {
            self.expect("schema")?;
            let schema = self.name()?;
            let if_exists = false;
            return Ok(Statement::SetObjectSchema(SetObjectSchema {
                kind,
                if_exists,
                name,
                schema,
            }));
        }
        let name = name.parts.into_iter().next().unwrap_or_default();
        match kind {
            ObjectKind::ForeignDataWrapper => self.alter_wrapper(name),
            ObjectKind::Server => self.alter_server(name),
            ObjectKind::Extension => self.alter_extension(name),
            _ => self.unexpected(),
        }
    }
}

fn rename(kind: ObjectKind, name: QualifiedName, new_name: Name) -> Statement {
    let (if_exists, only, target) = (false, false, RenameTarget::Object);
    Statement::Rename(Rename { kind, if_exists, only, name, target, new_name })
}
