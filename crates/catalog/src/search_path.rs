//! What a name without a schema means.
use std::sync::Arc;

use crate::acl::Privileges;
use crate::ids::{RelationOid, RoleOid, SchemaOid};
use crate::objects::Relation;
use crate::snapshot::Snapshot;
use crate::temporary::TEMP_SCHEMA;

/// The schemas that the setting `search_path` comes to, for a role in a snapshot: those that
/// exist and that the role may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    /// Where names are looked up, in order; temporary relations and then `pg_catalog` first,
    /// unless the setting names them.
    schemas: Vec<SchemaOid>,
    /// Those that the setting names.
    named: Vec<SchemaOid>,
    /// New relations are temporary ones: `pg_temp` is named before any other that is there.
    creates_temporary: bool,
}

impl Snapshot {
    /// Resolves the elements of `search_path`; `$user` is the schema of the role's name.
    pub fn search_path<S: AsRef<str>>(&self, elements: &[S], role: RoleOid) -> SearchPath {
        let actor = self.actor(role);
        let (mut named, mut creates_temporary) = (Vec::new(), false);
        for element in elements {
            creates_temporary |= named.is_empty() && element.as_ref() == TEMP_SCHEMA;
            let schema = match element.as_ref() {
                "$user" => self.role(role).and_then(|role| self.schema_named(&role.name)),
                name => self.schema_named(name),
            };
            let usable = schema.map(|schema| schema.oid).filter(|schema| {
                !named.contains(schema) && actor.has_all(schema.address(), Privileges::USAGE)
            });
            named.extend(usable);
        }
        let implicit = (!named.contains(&SchemaOid::PG_CATALOG)).then_some(SchemaOid::PG_CATALOG);
        let own = self.own_temp_schema().filter(|own| !named.contains(own));
        let schemas = own.into_iter().chain(implicit).chain(named.iter().copied()).collect();
        SearchPath { schemas, named, creates_temporary }
    }
}

impl SearchPath {
    /// Where names are looked up, in order: `current_schemas(true)`.
    pub fn schemas(&self) -> &[SchemaOid] {
        &self.schemas
    }

    /// The same without what is there implicitly: `current_schemas(false)`.
    pub fn named(&self) -> &[SchemaOid] {
        &self.named
    }

    /// Where new objects go: `current_schema`. The role may still lack CREATE on it.
    pub fn creation_schema(&self) -> Option<SchemaOid> {
        self.named.first().copied()
    }

    /// Whether new relations are temporary ones.
    pub fn creates_temporary(&self) -> bool {
        self.creates_temporary
    }

    /// The relation that a bare name means. The system's own relations are not here.
    pub fn relation<'a>(&self, snapshot: &'a Snapshot, name: &str) -> Option<&'a Arc<Relation>> {
        self.schemas.iter().find_map(|schema| snapshot.relation_named(*schema, name))
    }

    /// `pg_table_is_visible`: its bare name means it.
    pub fn sees(&self, snapshot: &Snapshot, relation: RelationOid) -> bool {
        let found = snapshot.relation(relation).and_then(|it| self.relation(snapshot, &it.name));
        found.is_some_and(|found| found.oid == relation)
    }
}
