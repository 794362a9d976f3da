use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::ids::{DatabaseOid, RoleOid};

/// The database: who may connect to it, make schemas in it, and change it. Its comment and its
/// settings are rows of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its oid.
    pub oid: DatabaseOid,
    /// Its name.
    pub name: String,
    /// Who owns it, and is the one member of `pg_database_owner`.
    pub owner: RoleOid,
    /// Who may connect to it and make schemas in it; `None` is the default.
    pub acl: Option<Acl>,
    /// How many sessions it may have at once; -1 for any number.
    pub connection_limit: i32,
    /// Whether sessions may begin in it.
    pub allow_connections: bool,
    /// Whether whoever may make databases may copy it; it then cannot be dropped.
    pub is_template: bool,
}

impl Database {
    /// The one database, as a new catalog has it.
    pub fn medley() -> Self {
        Self {
            oid: DatabaseOid::MEDLEY,
            name: crate::ids::DATABASE_NAME.to_owned(),
            owner: RoleOid::BOOTSTRAP,
            acl: None,
            connection_limit: -1,
            allow_connections: true,
            is_template: false,
        }
    }
}
