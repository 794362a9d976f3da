use serde::{Deserialize, Serialize};

use super::Options;
use crate::acl::Acl;
use crate::ids::{Epoch, RoleOid, WrapperOid};

/// A foreign-data wrapper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapper {
    /// Its oid.
    pub oid: WrapperOid,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: RoleOid,
    /// The handler function's name, `postgres_fdw_handler` say.
    pub handler: Option<String>,
    /// The validator function's name.
    pub validator: Option<String>,
    /// Who may use it; `None` is the default.
    pub acl: Option<Acl>,
    /// Its options.
    pub options: Options,
    /// Set at commit; `None` while a transaction's change to it is uncommitted.
    pub epoch: Option<Epoch>,
}
