//! Each session's own schema of temporary relations.
//!
//! It is a schema like others, `pg_temp_N`, and in it are relations like others: what depends on
//! them, whom they keep, is what it would be elsewhere. Only its session's transactions know it
//! as `pg_temp`, and look into it first; it goes with the session, and what a server that was
//! killed has left goes when the catalog is opened again.
use crate::acl::Behavior;
use crate::error::Result;
use crate::ids::{ObjectAddress, RoleOid, SchemaOid};
use crate::objects::Schema;
use crate::snapshot::Snapshot;
use crate::transaction::Transaction;

/// What a session calls its own.
pub const TEMP_SCHEMA: &str = "pg_temp";

/// What all of them begin with.
const PREFIX: &str = "pg_temp_";

/// The name of the session of this process id.
pub(crate) fn schema_name(process_id: u32) -> String {
    format!("{PREFIX}{process_id}")
}

impl Snapshot {
    /// Whether it is some session's schema of temporary relations.
    pub fn is_temp_schema(&self, schema: SchemaOid) -> bool {
        self.schema(schema).is_some_and(|schema| schema.name.starts_with(PREFIX))
    }

    /// Whether it is another session's.
    pub fn is_other_temp_schema(&self, schema: SchemaOid) -> bool {
        self.is_temp_schema(schema) && self.own_temp_schema() != Some(schema)
    }
}

impl Transaction {
    /// The session's schema of temporary relations, made if it is not there.
    pub fn make_temp_schema(&mut self) -> Result<SchemaOid> {
        if let Some(schema) = self.snapshot().own_temp_schema() {
            return Ok(schema);
        }
        let (oid, name) = (SchemaOid(self.allocate_oid()?), self.temp_schema_name().to_owned());
        self.create(Schema { oid, name, owner: RoleOid::BOOTSTRAP, acl: None })?;
        Ok(oid)
    }

    /// Takes the session's temporary relations out, and in silence what depends on them.
    pub fn drop_own_temp_schema(&mut self) -> Result<()> {
        match self.snapshot().own_temp_schema() {
            Some(schema) => self.drop_in_silence(&[schema.address()]),
            None => Ok(()),
        }
    }

    /// Those of all sessions.
    pub(crate) fn drop_temp_schemas(&mut self) -> Result<()> {
        let snapshot = self.snapshot();
        let all = snapshot.schemas().map(|schema| schema.oid);
        let temporary = all.filter(|schema| snapshot.is_temp_schema(*schema));
        let addresses: Vec<_> = temporary.map(SchemaOid::address).collect();
        self.drop_in_silence(&addresses)
    }

    fn drop_in_silence(&mut self, schemas: &[ObjectAddress]) -> Result<()> {
        let path = self.snapshot().search_path::<&str>(&[], RoleOid::BOOTSTRAP);
        self.drop_objects(schemas, Behavior::Cascade, &path).map(drop)
    }
}
