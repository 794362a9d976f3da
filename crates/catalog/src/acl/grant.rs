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

    /// Its lines by grantee (PUBLIC first) and grantor: `aclitemsort`.
    pub fn sorted(mut self) -> Self {
        self.0.sort_by_key(|item| (item.grantee.oid(), item.grantor));
        self
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::AclKind;

    const OWNER: RoleOid = RoleOid(1);
    const A: RoleOid = RoleOid(2);
    const B: RoleOid = RoleOid(3);
    const C: RoleOid = RoleOid(4);
    const USAGE: Privileges = Privileges::USAGE;

    fn shown(acl: &Acl) -> String {
        let name =
            |role: RoleOid| Some(["postgres", "a", "b", "c"].get(role.0 as usize - 1)?.to_string());
        format!("{{{}}}", acl.shown(name).join(","))
    }

    fn to(grantee: impl Into<RoleOrPublic>, grantor: RoleOid) -> Grant {
        Grant { grantee: grantee.into(), grantor, privileges: USAGE }
    }

    fn start() -> Acl {
        Acl::default_for(AclKind::Server, OWNER)
    }

    fn granted(acl: &Acl, grant: Grant, with_option: bool) -> Acl {
        acl.grant(OWNER, grant, with_option, &|one, other| one == other).unwrap()
    }

    fn revoked(acl: &Acl, grant: Grant, behavior: Behavior) -> Result<Acl, GrantError> {
        acl.revoke(OWNER, grant, GrantOptionsOnly(false), behavior)
    }

    #[test]
    fn defaults_are_those_of_acldefault() {
        assert_eq!(shown(&start()), "{postgres=U/postgres}");
        let of = |kind| shown(&Acl::default_for(kind, OWNER));
        assert_eq!(of(AclKind::Relation), "{postgres=arwdDxtm/postgres}");
        assert_eq!(of(AclKind::Schema), "{postgres=UC/postgres}");
        assert_eq!(of(AclKind::Database), "{=Tc/postgres,postgres=CTc/postgres}");
        assert_eq!(of(AclKind::Column), "{}");
    }

    #[test]
    fn grants_are_appended_and_add_up() {
        let acl = granted(&start(), to(A, OWNER), true);
        let acl = granted(&acl, to(RoleOrPublic::Public, OWNER), false);
        assert_eq!(shown(&acl), "{postgres=U/postgres,a=U*/postgres,=U/postgres}");
        assert_eq!(granted(&acl, to(A, OWNER), false), acl);
    }

    #[test]
    fn revoking_everything_leaves_an_empty_list() {
        let acl = revoked(&start(), to(OWNER, OWNER), Behavior::Restrict).unwrap();
        assert_eq!(shown(&acl), "{}");
        assert_eq!(revoked(&acl, to(A, OWNER), Behavior::Restrict).unwrap(), acl);
    }

    #[test]
    fn what_was_granted_on_restricts_or_goes_too() {
        let acl = granted(&start(), to(A, OWNER), true);
        let acl = granted(&acl, to(B, A), true);
        let acl = granted(&acl, to(C, B), false);
        let error = revoked(&acl, to(A, OWNER), Behavior::Restrict);
        assert_eq!(error, Err(GrantError::DependentPrivileges));
        let gone = revoked(&acl, to(A, OWNER), Behavior::Cascade).unwrap();
        assert_eq!(shown(&gone), "{postgres=U/postgres}");
    }

    #[test]
    fn grant_options_alone_can_go() {
        let acl = granted(&start(), to(A, OWNER), true);
        let acl = granted(&acl, to(B, A), false);
        let only = GrantOptionsOnly(true);
        let error = acl.revoke(OWNER, to(A, OWNER), only, Behavior::Restrict);
        assert_eq!(error, Err(GrantError::DependentPrivileges));
        let acl = acl.revoke(OWNER, to(A, OWNER), only, Behavior::Cascade).unwrap();
        assert_eq!(shown(&acl), "{postgres=U/postgres,a=U/postgres}");
    }

    #[test]
    fn a_second_source_of_an_option_keeps_what_was_granted_on() {
        let acl = granted(&start(), to(A, OWNER), true);
        let acl = granted(&acl, to(B, OWNER), true);
        let acl = granted(&acl, to(A, B), true);
        let acl = granted(&acl, to(C, A), false);
        let acl = revoked(&acl, to(A, OWNER), Behavior::Restrict).unwrap();
        assert_eq!(shown(&acl), "{postgres=U/postgres,b=U*/postgres,a=U*/b,c=U/a}");
    }

    #[test]
    fn grant_options_do_not_go_in_a_circle() {
        let acl = granted(&start(), to(A, OWNER), true);
        let acl = granted(&acl, to(B, A), true);
        let same = |one: RoleOid, other: RoleOid| one == other;
        let error = acl.grant(OWNER, to(A, B), true, &same);
        assert_eq!(error, Err(GrantError::Circular));
        assert!(acl.grant(OWNER, to(A, B), false, &same).is_ok());
        let error = acl.grant(OWNER, to(RoleOrPublic::Public, OWNER), true, &same);
        assert_eq!(error, Err(GrantError::OptionToPublic));
    }

    #[test]
    fn a_new_owner_takes_the_old_ones_place() {
        let acl = granted(&start(), to(A, OWNER), false);
        assert_eq!(shown(&acl.with_new_owner(OWNER, B)), "{b=U/b,a=U/b}");
        let merged = granted(&acl, to(B, OWNER), true).with_new_owner(OWNER, B);
        assert_eq!(shown(&merged), "{b=U*/b,a=U/b}");
    }

    #[test]
    fn the_grantor_is_the_one_who_may_grant_most() {
        let acl = granted(&start(), to(B, OWNER), true);
        let best = |roles: &[RoleOid], as_owner| {
            let best = select_best_grantor(&acl, OWNER, roles, as_owner, USAGE);
            (best.grantor, best.outcome(USAGE, false, true))
        };
        assert_eq!(best(&[OWNER], false), (OWNER, GrantOutcome::All));
        assert_eq!(best(&[A], true), (OWNER, GrantOutcome::All));
        assert_eq!(best(&[A, B], false), (B, GrantOutcome::All));
        assert_eq!(best(&[A, OWNER], false), (OWNER, GrantOutcome::All));
        assert_eq!(best(&[C], false), (C, GrantOutcome::Nothing));
        let none = BestGrantor { grantor: C, grantable: Privileges::NONE };
        assert_eq!(none.outcome(USAGE, false, false), GrantOutcome::Denied);
    }

    #[test]
    fn names_are_quoted_in_aclitem_text_where_they_must() {
        let item = start().items()[0];
        let name = |name: &'static str| move |_: RoleOid| Some(name.to_owned());
        assert_eq!(item.shown(name("Bob_1")), "Bob_1=U/Bob_1");
        assert_eq!(item.shown(name("a b\"")), "\"a b\"\"\"=U/\"a b\"\"\"");
        assert_eq!(item.shown(|_| None), "1=U/1");
    }
}
