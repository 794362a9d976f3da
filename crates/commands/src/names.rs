//! From names to objects.
use std::sync::Arc;

use medley_catalog::ids::{DATABASE_NAME, ObjectAddress, RoleOid, RoleOrPublic, UserMappingOid};
use medley_catalog::objects::{Database, Relation, Schema, Server, UserMapping, Wrapper};
use medley_catalog::{LockMode, SearchPath, TEMP_SCHEMA};
use medley_sql::{QualifiedName, RoleSpec};

use crate::Context;
use crate::authorize::{self, Addressed, Authorized};
use crate::error::{Error, NameError, Noun, RelationError, Result};
use crate::system;

/// Roles.
impl Context<'_> {
    /// The role that is meant; PUBLIC is none.
    pub(crate) fn role(&self, spec: &RoleSpec) -> Result<RoleOid> {
        match spec {
            RoleSpec::Named(name) => self.role_named(name),
            RoleSpec::CurrentUser => Ok(self.current_role),
            RoleSpec::SessionUser => Ok(self.session_user),
            RoleSpec::Public => self.role_named("public"),
        }
    }

    /// All the roles that are meant.
    pub(crate) fn roles(&self, specs: &[RoleSpec]) -> Result<Vec<RoleOid>> {
        specs.iter().map(|spec| self.role(spec)).collect()
    }

    /// The role that is meant, or everybody.
    pub(crate) fn role_or_public(&self, spec: &RoleSpec) -> Result<RoleOrPublic> {
        match spec {
            RoleSpec::Public => Ok(RoleOrPublic::Public),
            spec => self.role(spec).map(RoleOrPublic::Role),
        }
    }

    /// The role of this name.
    pub(crate) fn role_named(&self, name: &str) -> Result<RoleOid> {
        Ok(self.catalog().find_role(name)?.oid)
    }

    /// The role's name, for messages.
    pub(crate) fn role_name(&self, role: RoleOid) -> String {
        self.catalog().role_name(role)
    }
}

/// What is in no schema.
impl Context<'_> {
    pub(crate) fn wrapper_named(&self, name: &str) -> Result<Arc<Wrapper>> {
        Ok(Arc::clone(self.catalog().find_wrapper(name)?))
    }

    pub(crate) fn database_named(&self, name: &str) -> Result<Arc<Database>> {
        Ok(Arc::clone(self.catalog().find_database(name)?))
    }

    pub(crate) fn server_named(&self, name: &str) -> Result<Arc<Server>> {
        Ok(Arc::clone(self.catalog().find_server(name)?))
    }

    /// As a schema is named by statements about schemas, to which `pg_temp` is nothing.
    pub(crate) fn schema_named(&self, name: &str) -> Result<Arc<Schema>> {
        match name {
            TEMP_SCHEMA => Err(NameError::missing(Noun::Schema, name).into()),
            name => self.schema_of_relations(name),
        }
    }

    /// As a schema is named before a relation's name.
    pub(crate) fn schema_of_relations(&self, name: &str) -> Result<Arc<Schema>> {
        Ok(Arc::clone(self.catalog().find_schema(name)?))
    }

    pub(crate) fn wrapper_of(&self, server: &Server) -> Result<Arc<Wrapper>> {
        let wrapper = self.catalog().wrapper(server.wrapper).cloned();
        wrapper.ok_or_else(|| lookup_failed(server.wrapper.address()))
    }

    /// The wrapper of a foreign table's server.
    pub(crate) fn wrapper_of_table(&self, relation: &Relation) -> Result<Arc<Wrapper>> {
        let gone = || lookup_failed(relation.oid.address());
        let table = relation.foreign_table().ok_or_else(gone)?;
        let server = self.catalog().server(table.server).cloned().ok_or_else(gone)?;
        self.wrapper_of(&server)
    }

    pub(crate) fn mapping(&self, oid: UserMappingOid) -> Result<Arc<UserMapping>> {
        self.catalog().user_mapping(oid)?.ok_or_else(|| lookup_failed(oid.address()))
    }
}

/// Relations.
impl Context<'_> {
    /// Where bare names are looked up.
    pub(crate) fn path(&self) -> SearchPath {
        self.catalog().search_path(self.search_path, self.current_role)
    }

    /// The relation that is meant.
    pub(crate) fn relation(&self, name: &QualifiedName) -> Result<Arc<Relation>> {
        let missing = || match system::named(self, name) {
            Some(relation) => system::refusal(self, relation),
            None => NameError::missing(Noun::Relation, name.to_string()).into(),
        };
        self.find_relation(name)?.ok_or_else(missing)
    }

    /// The relation that is meant, if there is one: in its schema, or along the search path.
    pub(crate) fn find_relation(&self, name: &QualifiedName) -> Result<Option<Arc<Relation>>> {
        check_database(name)?;
        let Some(schema) = name.schema() else {
            return Ok(self.path().relation(self.catalog(), name.name()).cloned());
        };
        let schema = authorize::usage(self, self.schema_of_relations(schema)?)?;
        Ok(self.catalog().relation_named(schema.get().oid, name.name()).cloned())
    }

    /// The schema that a new relation of this name goes to, with the right to make it there. It
    /// stays until this transaction ends.
    pub(crate) fn creation_schema(
        &mut self,
        name: &QualifiedName,
        temporary: bool,
    ) -> Result<Authorized<Arc<Schema>>> {
        let find = |ctx: &mut Self| ctx.find_creation_schema(name, temporary);
        self.lock_resolved_as(LockMode::Reference, find)
    }

    fn find_creation_schema(
        &mut self,
        name: &QualifiedName,
        temporary: bool,
    ) -> Result<Authorized<Arc<Schema>>> {
        check_database(name)?;
        let schema = match name.schema() {
            Some(schema) => Some(self.schema_to_create_in(schema)?),
            None if temporary || self.path().creates_temporary() => Some(self.temp_schema()?),
            None => {
                let schema = self.path().creation_schema();
                schema.and_then(|schema| self.catalog().schema(schema).cloned())
            }
        };
        let schema = authorize::create_in(self, schema.ok_or(NameError::NoSchemaSelected)?)?;
        self.check_temporary(schema.get(), temporary)?;
        Ok(schema)
    }

    /// The schema of this name, where `pg_temp` is the session's own, which is made if need be.
    pub(crate) fn schema_to_create_in(&mut self, name: &str) -> Result<Arc<Schema>> {
        match name {
            TEMP_SCHEMA => self.temp_schema(),
            name => self.schema_named(name),
        }
    }

    fn temp_schema(&mut self) -> Result<Arc<Schema>> {
        if self.catalog().own_temp_schema().is_none() {
            authorize::make_temp_schema(self)?;
            self.change(|tx| tx.make_temp_schema())?;
        }
        let own = self.catalog().own_temp_schema();
        let schema = own.and_then(|schema| self.catalog().schema(schema).cloned());
        Ok(schema.ok_or(NameError::NoSchemaSelected)?)
    }

    /// What is temporary is in the session's own schema, and nothing is in another's.
    fn check_temporary(&self, schema: &Schema, temporary: bool) -> Result<()> {
        if self.catalog().is_other_temp_schema(schema.oid) {
            return Err(RelationError::TemporaryOfOthers.into());
        }
        match temporary && self.catalog().own_temp_schema() != Some(schema.oid) {
            true => Err(RelationError::TemporaryElsewhere.into()),
            false => Ok(()),
        }
    }

    /// Refuses a name that a relation of the schema has.
    pub(crate) fn check_relation_name_is_free(&self, schema: &Schema, name: &str) -> Result<()> {
        match self.catalog().relation_named(schema.oid, name) {
            None => Ok(()),
            Some(_) => Err(NameError::exists(Noun::Relation, name).into()),
        }
    }

    /// Finds what a name means and keeps everybody else from changing it, over again until the
    /// name means the same before and after the wait.
    pub(crate) fn lock_resolved<T: Addressed>(
        &mut self,
        resolve: impl Fn(&Self) -> Result<T>,
    ) -> Result<T> {
        self.lock_resolved_as(LockMode::Exclusive, |ctx| resolve(ctx))
    }

    /// The same for what only must not go or be called otherwise until this transaction ends.
    pub(crate) fn keep_resolved<T: Addressed>(
        &mut self,
        resolve: impl Fn(&Self) -> Result<T>,
    ) -> Result<T> {
        self.lock_resolved_as(LockMode::Reference, |ctx| resolve(ctx))
    }

    fn lock_resolved_as<T: Addressed>(
        &mut self,
        mode: LockMode,
        resolve: impl Fn(&mut Self) -> Result<T>,
    ) -> Result<T> {
        loop {
            let address = resolve(self)?.address();
            self.change(|tx| tx.lock_object(address, mode))?;
            let found = resolve(self)?;
            if found.address() == address {
                return Ok(found);
            }
        }
    }
}

/// Only this database's objects can be named.
fn check_database(name: &QualifiedName) -> Result<()> {
    match name.catalog() {
        Some(catalog) if catalog != DATABASE_NAME => {
            Err(NameError::OtherDatabase(format!("\"{name}\"")).into())
        }
        _ => Ok(()),
    }
}

/// What was just looked up is not there any more.
pub(crate) fn lookup_failed(address: ObjectAddress) -> Error {
    medley_catalog::Error::CacheLookup { class: address.class, oid: address.oid }.into()
}
