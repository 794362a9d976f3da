use serde::{Deserialize, Serialize};

use crate::ids::{MembershipOid, RoleOid};

/// A grant of a role to another: one for each (role, member, grantor).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Its oid.
    pub oid: MembershipOid,
    /// What was granted.
    pub role: RoleOid,
    /// To whom.
    pub member: RoleOid,
    /// By whom.
    pub grantor: RoleOid,
    /// The member may grant the role on.
    pub admin: bool,
    /// The member has the role's privileges without SET ROLE.
    pub inherit: bool,
    /// The member may SET ROLE to it.
    pub set: bool,
}
