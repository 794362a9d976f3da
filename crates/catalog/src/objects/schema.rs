use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::ids::{RoleOid, SchemaOid};

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Its oid.
    pub oid: SchemaOid,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: RoleOid,
    /// Who may use it; `None` is the default.
    pub acl: Option<Acl>,
}
