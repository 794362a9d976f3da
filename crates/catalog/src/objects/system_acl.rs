use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::ids::ObjectAddress;

/// Who may use a function, type or language of the system, since that was first changed. Of those
/// that nobody ever granted anything on there is no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemAcl {
    /// On what.
    pub on: ObjectAddress,
    /// What descriptions call it: `abs(integer)`, `text`, `sql`.
    pub name: String,
    /// The privileges.
    pub acl: Acl,
}
