//! What a name without a schema means.
use std::sync::Arc;

use crate::acl::Privileges;
use crate::ids::{RelationOid, RoleOid, SchemaOid};
use crate::objects::Relation;
use crate::snapshot::Snapshot;

/// The schemas that the setting `search_path` comes to, for a role in a snapshot: those that
/// exist and that the role may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    /// Where names are looked up, in order; `pg_catalog` first unless the setting names it.
    schemas: Vec<SchemaOid>,
    /// Those that the setting names.
    named: Vec<SchemaOid>,
}

impl Snapshot {
    /// Resolves the elements of `search_path`; `$user` is the schema of the role's name.
    pub fn search_path<S: AsRef<str>>(&self, elements: &[S], role: RoleOid) -> SearchPath {
        let actor = self.actor(role);
        let mut named = Vec::new();
        for element in elements {
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
        let schemas = implicit.into_iter().chain(named.iter().copied()).collect();
        SearchPath { schemas, named }
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
