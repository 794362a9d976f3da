//! The memberships of enabled roles.
use std::collections::BTreeSet;

use medley_catalog::ids::RoleOid;

use super::super::value::{text, yes_or_no};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    applicable(session).into_iter().try_for_each(|row| push(session, row, out))
}

/// Member, role and ADMIN option, each once.
pub(super) fn applicable(session: &Session) -> BTreeSet<(RoleOid, RoleOid, bool)> {
    let actor = session.snapshot.actor(session.role);
    let grants = session.snapshot.memberships().map(|it| (it.member, it.role, it.admin));
    // Whoever owns the database is a member of this one without a grant.
    let implicit =
        session.snapshot.databases().map(|it| (it.owner, RoleOid::DATABASE_OWNER, false));
    grants.chain(implicit).filter(|(member, ..)| actor.has_privileges_of(*member)).collect()
}

/// Adds one of them.
pub(super) fn push(
    session: &Session,
    (member, role, admin): (RoleOid, RoleOid, bool),
    out: &mut RowSink,
) -> Result<()> {
    let name = |role| text(session.snapshot.role_name(role));
    out.push(&[name(member), name(role), yes_or_no(admin)])
}
