use serde::{Deserialize, Serialize};

use crate::ids::{ExtensionOid, ObjectAddress, RoleOid, SchemaOid};

/// An extension: what CREATE EXTENSION made, and goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its oid.
    pub oid: ExtensionOid,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: RoleOid,
    /// The schema it was made in.
    pub schema: SchemaOid,
    /// Its version.
    pub version: String,
    /// What it made.
    pub members: Vec<ObjectAddress>,
}
