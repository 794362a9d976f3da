//! GRANT and REVOKE as arithmetic on lists, after PostgreSQL's rules.
use super::{Acl, AclItem, AclItemBits, Privileges};
use crate::ids::{RoleOid, RoleOrPublic};

/// What happens to what depends on what goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// It forbids the going.
    #[default]
    Restrict,
    /// It goes too.
    Cascade,
}

/// REVOKE GRANT OPTION FOR takes the option alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantOptionsOnly(pub bool);

/// What makes a GRANT or REVOKE impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Somebody granted on what is being revoked.
    #[error("dependent privileges exist")]
    DependentPrivileges,
    /// The grant options would go in a circle.
    #[error("grant options cannot be granted back to your own grantor")]
    Circular,
    /// PUBLIC cannot have grant options.
    #[error("grant options can only be granted to roles")]
    OptionToPublic,
}

/// One change to an ACL.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// To or from whom.
    pub grantee: RoleOrPublic,
    /// By whom: see [`select_best_grantor`].
    pub grantor: RoleOid,
    /// What.
    pub privileges: Privileges,
}

impl Acl {
    /// GRANT, `with_option` being WITH GRANT OPTION.
    pub fn grant(
        &self,
        owner: RoleOid,
        grant: Grant,
        with_option: bool,
        has_privileges_of: &dyn Fn(RoleOid, RoleOid) -> bool,
    ) -> Result<Self, GrantError> {
        let grant_options = if with_option { grant.privileges } else { Privileges::NONE };
        if with_option && grant.grantee == RoleOrPublic::Public {
            return Err(GrantError::OptionToPublic);
        }
        if !grant_options.is_empty() {
            self.check_circularity(owner, grant, has_privileges_of)?;
        }
        let bits = AclItemBits { privileges: grant.privileges, grant_options };
        let mut acl = self.clone();
        let item = acl.item_for(grant);
        item.privileges = item.privileges | bits.privileges;
        item.grant_options = item.grant_options | bits.grant_options;
        acl.0.retain(|item| !item.is_empty());
        Ok(acl)
    }

    /// REVOKE, or REVOKE GRANT OPTION FOR.
    pub fn revoke(
        &self,
        owner: RoleOid,
        grant: Grant,
        only: GrantOptionsOnly,
        behavior: Behavior,
    ) -> Result<Self, GrantError> {
        let mut acl = self.clone();
        let item = acl.item_for(grant);
        let lost = item.grant_options & grant.privileges;
        if !only.0 {
            item.privileges = item.privileges - grant.privileges;
        }
        item.grant_options = item.grant_options - grant.privileges;
        acl.0.retain(|item| !item.is_empty());
        match grant.grantee {
            RoleOrPublic::Role(role) if !lost.is_empty() => {
                acl.revoke_granted_on(owner, role, lost, behavior)
            }
            _ => Ok(acl),
        }
    }

    /// The object goes to a new owner: what the old one gave and had is the new one's.
    pub fn with_new_owner(&self, old: RoleOid, new: RoleOid) -> Self {
        let moved = |role: RoleOid| if role == old { new } else { role };
        let mut acl = Self::default();
        for item in &self.0 {
            let grantee = match item.grantee {
                RoleOrPublic::Role(role) => RoleOrPublic::Role(moved(role)),
                RoleOrPublic::Public => RoleOrPublic::Public,
            };
            let grantor = moved(item.grantor);
            let place = acl.item_for(Grant { grantee, grantor, privileges: Privileges::NONE });
            place.privileges = place.privileges | item.privileges;
            place.grant_options = place.grant_options | item.grant_options;
        }
        acl
    }

    /// Everything in either: `aclmerge`.
    pub fn merged_with(&self, more: &Self) -> Self {
        let mut acl = self.clone();
        for item in &more.0 {
            let (grantee, grantor, privileges) = (item.grantee, item.grantor, item.privileges);
            let place = acl.item_for(Grant { grantee, grantor, privileges });
            place.privileges = place.privileges | privileges;
            place.grant_options = place.grant_options | item.grant_options;
        }
        acl
    }

    /// The same lines in whatever order: `aclequal` after sorting.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|item| other.0.contains(item))
    }

    /// What this role itself may grant on; an owner may always.
    pub fn grant_options_of(&self, role: RoleOid, owner: RoleOid) -> Privileges {
        if role == owner {
            return Privileges::all();
        }
        self.given_to(|grantee| grantee == RoleOrPublic::Role(role)).grant_options
    }

    fn item_for(&mut self, grant: Grant) -> &mut AclItem {
        let same = |item: &AclItem| item.grantee == grant.grantee && item.grantor == grant.grantor;
        let index = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(AclItem {
                grantee: grant.grantee,
                grantor: grant.grantor,
                privileges: Privileges::NONE,
                grant_options: Privileges::NONE,
            });
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// Takes back what a role granted on by options that it has no longer.
    fn revoke_granted_on(
        self,
        owner: RoleOid,
        role: RoleOid,
        lost: Privileges,
        behavior: Behavior,
    ) -> Result<Self, GrantError> {
        let lost = lost - self.grant_options_of(role, owner);
        let mut acl = self;
        while let Some(item) = acl.0.iter().copied().find(|item| {
            item.grantor == role && item.privileges.intersects(lost) && !lost.is_empty()
        }) {
            if behavior == Behavior::Restrict {
                return Err(GrantError::DependentPrivileges);
            }
            let grant = Grant { grantee: item.grantee, grantor: role, privileges: lost };
            acl = acl.revoke(owner, grant, GrantOptionsOnly(false), behavior)?;
        }
        Ok(acl)
    }

    /// A grantor must keep its grant options even if all those of the grantee went.
    fn check_circularity(
        &self,
        owner: RoleOid,
        grant: Grant,
        has_privileges_of: &dyn Fn(RoleOid, RoleOid) -> bool,
    ) -> Result<(), GrantError> {
        if grant.grantor == owner {
            return Ok(());
        }
        let mut acl = self.clone();
        while let Some(item) = acl
            .0
            .iter()
            .copied()
            .find(|item| item.grantee == grant.grantee && !item.grant_options.is_empty())
        {
            let gone = Grant {
                grantee: item.grantee,
                grantor: item.grantor,
                privileges: item.grant_options,
            };
            acl = acl.revoke(owner, gone, GrantOptionsOnly(true), Behavior::Cascade)?;
        }
        if has_privileges_of(grant.grantor, owner) {
            return Ok(());
        }
        let own = acl.given_to(|grantee| match grantee {
            RoleOrPublic::Public => true,
            RoleOrPublic::Role(role) => has_privileges_of(grant.grantor, role),
        });
        match own.grant_options.contains(grant.privileges) {
            true => Ok(()),
            false => Err(GrantError::Circular),
        }
    }
}

impl AclItem {
    fn is_empty(&self) -> bool {
        self.privileges.is_empty() && self.grant_options.is_empty()
    }
}

impl Privileges {
    fn all() -> Self {
        Self::TABLE.iter().fold(Self::NONE, |all, (privilege, ..)| all | *privilege)
    }
}

/// Who is recorded as the grantor of a GRANT or REVOKE, and what it may grant of what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestGrantor {
    /// The grantor.
    pub grantor: RoleOid,
    /// Which of the privileges asked for it has grant options for.
    pub grantable: Privileges,
}

/// Chooses the grantor. `roles` is the actor and then those whose privileges it has, the near
/// ones first; `as_owner` says that the actor is a superuser.
pub fn select_best_grantor(
    acl: &Acl,
    owner: RoleOid,
    roles: &[RoleOid],
    as_owner: bool,
    privileges: Privileges,
) -> BestGrantor {
    if as_owner || roles.first() == Some(&owner) {
        return BestGrantor { grantor: owner, grantable: privileges };
    }
    let mut best = BestGrantor {
        grantor: roles.first().copied().unwrap_or(owner),
        grantable: Privileges::NONE,
    };
    for role in roles {
        let grantable = acl.grant_options_of(*role, owner) & privileges;
        if grantable.len() > best.grantable.len() {
            best = BestGrantor { grantor: *role, grantable };
        }
        if grantable == privileges {
            break;
        }
    }
    best
}

/// How much of a GRANT or REVOKE is within the grantor's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantOutcome {
    /// All of it.
    All,
    /// Some: these.
    Part(Privileges),
    /// Nothing, though the actor has some privilege on the object.
    Nothing,
    /// The actor has no privilege at all on the object: 42501.
    Denied,
}

impl BestGrantor {
    /// Judges what was asked for. `all` says that it was ALL PRIVILEGES, of which a part is
    /// enough; `has_any` that the grantor has some privilege or grant option on the object.
    pub fn outcome(self, asked: Privileges, all: bool, has_any: bool) -> GrantOutcome {
        match self.grantable {
            grantable if grantable.is_empty() && !has_any => GrantOutcome::Denied,
            grantable if grantable.is_empty() => GrantOutcome::Nothing,
            grantable if grantable == asked || all => GrantOutcome::All,
            grantable => GrantOutcome::Part(grantable),
        }
    }
}
