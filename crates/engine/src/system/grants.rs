//! Access control lists, line by line and privilege by privilege.
use medley_catalog::Actor;
use medley_catalog::acl::{Acl, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic};

use super::Session;

/// One privilege that a grantor gave a grantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// By whom.
    pub grantor: RoleOid,
    /// To whom.
    pub grantee: RoleOrPublic,
    /// What.
    pub privilege: Privileges,
    /// Its word.
    pub word: &'static str,
    /// WITH GRANT OPTION.
    pub grantable: bool,
}

/// Every privilege of an ACL, as `aclexplode` lists them.
pub fn explode(acl: &Acl) -> Vec<Grant> {
    let items = acl.items().iter();
    items
        .flat_map(|item| {
            item.privileges.iter().map(move |(privilege, _, word)| Grant {
                grantor: item.grantor,
                grantee: item.grantee,
                privilege,
                word,
                grantable: item.grant_options.contains(privilege),
            })
        })
        .collect()
}

/// Which grants a view of `information_schema` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those by and to enabled roles, and to PUBLIC.
    WithPublic,
    /// Those by and to enabled roles.
    EnabledRoles,
}

impl Listed {
    /// Whether the actor sees this grant.
    pub fn includes(self, actor: &Actor<'_>, grant: &Grant) -> bool {
        let to_enabled = match grant.grantee.role() {
            Some(role) => actor.has_privileges_of(role),
            None => self == Self::WithPublic,
        };
        to_enabled || actor.has_privileges_of(grant.grantor)
    }
}

impl Grant {
    /// `is_grantable`: whether the grantee may grant it on, as the owner may anyway.
    pub fn is_grantable(&self, session: &Session, owner: RoleOid) -> bool {
        let owns = |role| session.snapshot.actor(role).has_privileges_of(owner);
        self.grantable || self.grantee.role().is_some_and(owns)
    }

    /// The grantee's name; `PUBLIC` in capitals, as `information_schema` has it.
    pub fn grantee_name(&self, session: &Session) -> String {
        let name = |role| session.snapshot.role_name(role);
        self.grantee.role().map_or_else(|| "PUBLIC".to_owned(), name)
    }
}
