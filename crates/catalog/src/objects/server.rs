use serde::{Deserialize, Serialize};

use super::Options;
use crate::acl::Acl;
use crate::ids::{Epoch, RoleOid, ServerOid, WrapperOid};

/// A server: where a remote is, and what speaks to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its oid.
    pub oid: ServerOid,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: RoleOid,
    /// What speaks to it.
    pub wrapper: WrapperOid,
    /// TYPE.
    pub server_type: Option<String>,
    /// VERSION.
    pub version: Option<String>,
    /// Who may use it; `None` is the default.
    pub acl: Option<Acl>,
    /// Its options.
    pub options: Options,
    /// Set at commit; `None` while a transaction's change to it is uncommitted.
    pub epoch: Option<Epoch>,
}
