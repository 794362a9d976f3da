use serde::{Deserialize, Serialize};

use super::Options;
use crate::ids::{Epoch, RoleOrPublic, ServerOid, UserMappingOid};

/// Which remote account a role, or everybody, has on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMapping {
    /// Its oid.
    pub oid: UserMappingOid,
    /// The server.
    pub server: ServerOid,
    /// Whose it is.
    pub user: RoleOrPublic,
    /// Set at commit; `None` while a transaction's change to it is uncommitted.
    pub epoch: Option<Epoch>,
    /// Its options. Opening the store reads what is before them.
    pub options: Options,
    /// Its role itself has said this, or agreed to it since; not known of PUBLIC's. The store
    /// keeps it behind the rest.
    #[serde(skip)]
    pub accepted: bool,
}
