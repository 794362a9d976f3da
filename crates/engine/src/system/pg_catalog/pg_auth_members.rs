//! Memberships.
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::Membership;

use super::super::value::{flag, oid};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    match (keys.oids("member"), keys.oids("roleid")) {
        (Some(members), _) => members
            .iter()
            .flat_map(|member| snapshot.memberships_of_member(RoleOid(*member)))
            .try_for_each(|it| row(it, out)),
        (None, Some(roles)) => roles
            .iter()
            .flat_map(|role| snapshot.memberships_in_role(RoleOid(*role)))
            .try_for_each(|it| row(it, out)),
        (None, None) => snapshot.memberships().try_for_each(|it| row(it, out)),
    }
}

fn row(membership: &Membership, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(membership.oid.0),
        oid(membership.role.0),
        oid(membership.member.0),
        oid(membership.grantor.0),
        flag(membership.admin),
        flag(membership.inherit),
        flag(membership.set),
    ])
}
